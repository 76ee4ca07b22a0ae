//! JSON as the entries need it: the members of a value in their original text, and strings with any surrogates.

use std::collections::BTreeMap;
use std::fmt::{self, Formatter};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::MAX_ENTRIES;

/// The members of an object, or the items of an array with their numbers.
pub(super) enum Members<'a> {
    Few(Vec<(String, &'a RawValue)>),
    /// More than there may be entries.
    TooMany,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = BTreeMap::new();
        while members.len() <= MAX_ENTRIES {
            let Some((Text(name), value)) = map.next_entry()? else {
                return Ok(Members::Few(members.into_iter().collect()));
            };
            members.insert(name, value);
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Members::TooMany)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while members.len() <= MAX_ENTRIES {
            let Some(value) = items.next_element()? else { return Ok(Members::Few(members)) };
            members.push((members.len().to_string(), value));
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Members::TooMany)
    }
}

/// A string of JSON, with U+FFFD for each half of a surrogate pair.
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    /// serde_json gives half of a surrogate pair as three bytes, the first of which is 0xED.
    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().first().filter(|byte| **byte == 0xED).map(|_| '\u{fffd}'));
        }
        Ok(Text(text))
    }
}
