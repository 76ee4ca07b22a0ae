//! The entries of the array LAMBDA_EVENT: an event's JSON, flattened to paths and values; no I/O.
//!
//! - A path joins the names of members and the numbers of array items by dots: `Records.0.s3.object.key`. A dot or backslash in a name
//!   gets a backslash. The path `.` takes the place of an empty one, since Bash refuses an empty subscript: of a string, number or literal
//!   that is the whole event.
//! - A value is the text of a string, or a number, `true` or `false` exactly as the event writes it. `null` makes no entry.
//! - `PATH.length` is the number of items of an array or members of an object; `length` is that of the whole event. A member with the name
//!   `length` is written `\length`, so that `PATH.length` is always a number: scripts use it in arithmetic, where Bash would run a
//!   command in a text such as `a[$(…)]`.
//! - The last of several members with one name counts. NUL, which Bash cannot hold, is left out. Bytes that are not UTF-8, and halves of
//!   surrogate pairs, become U+FFFD.

mod json;

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use serde::de::Deserialize;
use serde_json::value::RawValue;

use self::json::{Members, Text};

/// An array with more entries would take Bash longer to fill than jq takes to start.
const MAX_ENTRIES: usize = 10_000;
/// Each level is read once for each level above it.
const MAX_DEPTH: usize = 50;
/// All paths and values together; long names may stand in many paths.
const MAX_BYTES: usize = 16 * 1024 * 1024;
const LENGTH: &str = "length";
/// The path of an event that is neither an object nor an array.
const WHOLE: &str = ".";

/// A path and its value.
pub(crate) type Entry = (String, String);

/// Why the array stays empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    NotJson(String),
    TooMany,
    TooDeep,
    TooLarge,
}

impl Display for Unfit {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Unfit::NotJson(reason) => write!(f, "it is not JSON ({reason})"),
            Unfit::TooMany => write!(f, "it has more than {MAX_ENTRIES} entries"),
            Unfit::TooDeep => write!(f, "it has more than {MAX_DEPTH} levels"),
            Unfit::TooLarge => write!(f, "its entries have more than {} MiB", MAX_BYTES >> 20),
        }
    }
}

/// The entries of `event`.
///
/// # Errors
/// When it has no entries that Bash could take.
pub(crate) fn entries(event: &[u8]) -> Result<Vec<Entry>, Unfit> {
    let text = String::from_utf8_lossy(event);
    let value: &RawValue = parse(&text)?;
    let mut entries = Entries::default();
    entries.add(value, 0)?;
    Ok(entries.list)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Unfit> {
    serde_json::from_str(text).map_err(|error| Unfit::NotJson(error.to_string()))
}

#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    bytes: usize,
    /// Of the value that is added.
    path: String,
}

impl Entries {
    fn add(&mut self, value: &RawValue, depth: usize) -> Result<(), Unfit> {
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err(Unfit::TooDeep),
            Some(b'{' | b'[') => self.add_members(parse(text)?, depth),
            Some(b'"') => self.push(parse::<Text>(text)?.0),
            Some(b'n') => Ok(()),
            _ => self.push(text.to_owned()),
        }
    }

    fn add_members(&mut self, members: Members, depth: usize) -> Result<(), Unfit> {
        let list = match members {
            Members::TooMany => return Err(Unfit::TooMany),
            Members::Few(list) => list,
        };
        self.at(LENGTH, depth, |entries| entries.push(list.len().to_string()))?;
        list.into_iter()
            .try_for_each(|(name, value)| self.at(&escaped(&name), depth, |entries| entries.add(value, depth + 1)))
    }

    /// Calls `add` with `name`, which is a member of a value at `depth`, at the end of the path.
    fn at(
        &mut self,
        name: &str,
        depth: usize,
        add: impl FnOnce(&mut Entries) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let before = self.path.len();
        self.path.push_str(if depth > 0 { "." } else { "" });
        self.path.push_str(name);
        let added = add(self);
        self.path.truncate(before);
        added
    }

    fn push(&mut self, value: String) -> Result<(), Unfit> {
        let path = if self.path.is_empty() { WHOLE } else { &self.path };
        self.bytes += path.len() + value.len();
        match (self.list.len() < MAX_ENTRIES, self.bytes <= MAX_BYTES) {
            (false, _) => Err(Unfit::TooMany),
            (_, false) => Err(Unfit::TooLarge),
            (true, true) => {
                self.list.push((without_nul(path.to_owned()), without_nul(value)));
                Ok(())
            }
        }
    }
}

fn escaped(name: &str) -> Cow<'_, str> {
    match name {
        LENGTH => r"\length".into(),
        _ if name.contains(['.', '\\']) => name.replace('\\', r"\\").replace('.', r"\.").into(),
        _ => name.into(),
    }
}

fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: impl AsRef<[u8]>) -> Vec<Entry> {
        let mut entries = entries(event.as_ref()).unwrap();
        entries.sort();
        entries
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<Entry> {
        of.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn leaves_have_paths_and_containers_have_lengths() {
        let event = r#"{"Records":[{"s3":{"key":"a b"}},{}],"n":null,"empty":""}"#;
        assert_eq!(
            of(event),
            pairs(&[
                ("Records.0.length", "1"),
                ("Records.0.s3.key", "a b"),
                ("Records.0.s3.length", "1"),
                ("Records.1.length", "0"),
                ("Records.length", "2"),
                ("empty", ""),
                ("length", "3"),
            ])
        );
        assert_eq!(of("[1,[]]"), pairs(&[("0", "1"), ("1.length", "0"), ("length", "2")]));
        for (event, value) in [("\"x\"", "x"), (" 1.0 ", "1.0"), ("true", "true")] {
            assert_eq!(of(event), pairs(&[(".", value)]));
        }
        assert_eq!(of("null"), []);
    }

    #[test]
    fn numbers_keep_their_text() {
        for number in ["1.0", "1e400", "-0", "12345678901234567890123", "1E-7", "0.10"] {
            assert_eq!(of(format!("[{number}]"))[0].1, number);
        }
    }

    #[test]
    fn names_are_escaped_and_the_last_of_two_counts() {
        assert_eq!(of(r#"{"a.b":{"c\\":1}}"#)[0].0, r"a\.b.c\\");
        assert_eq!(of(r#"{"a":{"b":1},"a":{"c":2}}"#), pairs(&[("a.c", "2"), ("a.length", "1"), ("length", "1")]));
        assert_eq!(of(r#"{"a":1,"a":null}"#), pairs(&[("length", "1")]));
        let event = r#"{"length":"7","x":{"length":null}}"#;
        assert_eq!(of(event), pairs(&[(r"\length", "7"), ("length", "2"), ("x.length", "1")]));
        assert_eq!(of(r#"{"":{"":1}}"#), pairs(&[(".", "1"), (".length", "1"), ("length", "1")]));
    }

    #[test]
    fn text_that_bash_cannot_hold_loses_only_that() {
        let texts = [
            (r#""a\u0000b""#, "ab"),
            (r#""x\ud83dy""#, "x\u{fffd}y"),
            (r#""\udc00\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
        ];
        for (json, text) in texts {
            assert_eq!(of(json)[0].1, text);
            assert!(of(format!("{{{json}:1}}")).contains(&(text.to_owned(), "1".to_owned())));
        }
        assert_eq!(of(b"\"\xff\"")[0].1, "\u{fffd}");
    }

    #[test]
    fn an_event_beyond_a_limit_has_no_entries_at_all() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(of(nested(MAX_DEPTH)).len(), MAX_DEPTH);
        assert_eq!(entries(nested(MAX_DEPTH + 1).as_bytes()), Err(Unfit::TooDeep));
        assert_eq!(entries(nested(20_000).as_bytes()), Err(Unfit::TooDeep));
        let items = |count| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(of(items(MAX_ENTRIES - 1)).len(), MAX_ENTRIES);
        assert_eq!(entries(items(MAX_ENTRIES).as_bytes()), Err(Unfit::TooMany));
        assert_eq!(entries(items(MAX_ENTRIES * 3).as_bytes()), Err(Unfit::TooMany));
        let members: Vec<String> = (0..MAX_ENTRIES * 2).map(|number| format!("\"{number}\":[]")).collect();
        assert_eq!(entries(format!("{{{}}}", members.join(",")).as_bytes()), Err(Unfit::TooMany));
        let long = format!("{{\"{}\":{}}}", "x".repeat(100_000), items(1000));
        assert_eq!(entries(long.as_bytes()), Err(Unfit::TooLarge));
        for bad in ["", "{", "[1,]", "{\"a\":1}x", "nul", "\"\n\""] {
            assert!(matches!(entries(bad.as_bytes()), Err(Unfit::NotJson(_))), "{bad}");
        }
    }
}
