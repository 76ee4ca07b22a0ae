//! Formats log lines as JSON objects. Source: AWS Lambda Developer Guide, "Using Lambda advanced logging controls". The keys are
//! those of Lambda's own runtimes.
//!
//! A line that is already a JSON object keeps its text, and missing members are added at its end. An object with `_aws` (embedded
//! metrics, CloudWatch's "Embedded metric format specification") is not changed.

use std::collections::HashMap;
use std::time::SystemTime;

use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::{Level, Owner};
use crate::runtime::failure::{self, BashMessage, Failure};

/// The size of the largest event that CloudWatch keeps: 1 MB, without the newline. Source: Amazon CloudWatch Logs API Reference,
/// "PutLogEvents": "Each log event can be no larger than 1 MB", and a batch has at most 1,048,576 bytes.
///
/// A batch counts 26 more bytes for each event. They are not subtracted here: it is not documented how Lambda sends its batches,
/// and to split a line that CloudWatch might have accepted would certainly break that line.
pub(crate) const MAX_EVENT_BYTES: usize = 1_048_576;

/// The size of the parts of a long line in JSON format, in which one byte may become several.
pub(super) const PART_BYTES: usize = 256 * 1024;

/// The end of a part of a long line: at most [`PART_BYTES`], and not inside a character.
pub(super) fn end_of_part(bytes: &[u8]) -> usize {
    let is_start = |end: &usize| bytes[*end] & 0xC0 != 0x80;
    (PART_BYTES - 3..=PART_BYTES).rev().find(is_start).unwrap_or(PART_BYTES)
}

/// A line that is a JSON object, in the form in which it is logged; `None` for any other line. Missing members are not added if
/// the line would become too long.
pub(crate) fn object(bytes: &[u8], owner: &Owner) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let members = Members::of(&text)?;
    let whole = if members.is_of_metrics() { text.into_owned() } else { with_missing_members(&text, &members, owner) };
    Some(with_newline(whole.into_bytes()))
}

/// Any other line, without its newline, in the form in which it is logged. `part` numbers the parts of a line that is too long.
pub(crate) fn plain(bytes: &[u8], owner: &Owner, part: Option<u32>) -> Vec<u8> {
    entry(bytes, level(&String::from_utf8_lossy(bytes)), owner, part)
}

/// An entry with `message`.
pub(super) fn entry(message: &[u8], level: Level, owner: &Owner, part: Option<u32>) -> Vec<u8> {
    let mut entry = head(level, &String::from_utf8_lossy(message), owner);
    if let Some(part) = part {
        entry.insert("part".into(), part.into());
    }
    with_newline(Value::Object(entry).to_string().into_bytes())
}

/// An entry for a failure, with its type and its stack.
pub(super) fn failure(message: &str, level: Level, failure: &Failure, owner: &Owner) -> Vec<u8> {
    let mut entry = head(level, message, owner);
    entry.insert("errorType".into(), failure::reported_type(failure).into());
    entry.insert("stackTrace".into(), failure::stack_trace(failure).into());
    with_newline(Value::Object(entry).to_string().into_bytes())
}

fn head(level: Level, message: &str, owner: &Owner) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("timestamp".into(), timestamp().into());
    head.insert("level".into(), level.word().into());
    head.insert("message".into(), message.into());
    for (key, value) in owner_members(owner) {
        head.insert(key.into(), value);
    }
    head
}

fn owner_members(owner: &Owner) -> impl Iterator<Item = (&'static str, Value)> {
    let members = [("requestId", &owner.request_id), ("tenantId", &owner.tenant_id)];
    let members = members.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?.into())));
    members.chain(owner.more.iter().flat_map(|more| more.iter().cloned()))
}

/// The names of an object's members. The values are checked but not kept, because they could need a hundred times the memory of
/// their text.
#[derive(Debug)]
struct Members(HashMap<String, IgnoredAny>);

impl Members {
    fn of(text: &str) -> Option<Members> {
        if text.trim_start().starts_with('{') { serde_json::from_str(text).ok().map(Members) } else { None }
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn is_of_metrics(&self) -> bool {
        self.has("_aws")
    }
}

/// The object's own text, with timestamp and request id added if they are missing.
fn with_missing_members(text: &str, members: &Members, owner: &Owner) -> String {
    let timestamp = timestamp();
    let wanted = std::iter::once(("timestamp", Value::from(timestamp))).chain(owner_members(owner));
    let added = wanted.filter(|(key, _)| !members.has(key)).map(|(key, value)| format!("{}:{value}", json!(key)));
    let added: Vec<String> = added.collect();
    let open = text.trim_end().strip_suffix('}').unwrap_or(text);
    let comma = if members.0.is_empty() || added.is_empty() { "" } else { "," };
    let completed = format!("{open}{comma}{}}}", added.join(","));
    if completed.len() > MAX_EVENT_BYTES { text.to_owned() } else { completed }
}

/// A line of the runtime's own with fields that machines read.
pub(crate) fn note(level: Level, name: &str, fields: &[(&str, usize)]) -> Vec<u8> {
    let mut entry = json!({"timestamp": timestamp(), "level": level.word(), "message": name});
    for (field, number) in fields {
        entry[field] = json!(number);
    }
    with_newline(entry.to_string().into_bytes())
}

/// The level with which a plain line begins.
fn level(text: &str) -> Level {
    if BashMessage::parse(text).is_some_and(|message| message.file.contains('/')) {
        return Level::Error;
    }
    let text = text.trim_start();
    let bracketed = text.strip_prefix('[');
    let word: String = bracketed.unwrap_or(text).chars().take_while(char::is_ascii_alphabetic).collect();
    let next = bracketed.unwrap_or(text)[word.len()..].chars().next();
    let marked = match next {
        Some(']') => bracketed.is_some(),
        Some(':') => true,
        Some(' ') | None => bracketed.is_none() && word == word.to_ascii_uppercase(),
        Some(_) => false,
    };
    if marked { Level::named(&word).unwrap_or_default() } else { Level::default() }
}

fn timestamp() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

fn with_newline(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner { request_id: Some("r-1".into()), tenant_id: None, more: None }
    }

    fn line(bytes: &[u8], owner: &Owner) -> Vec<u8> {
        object(bytes, owner).unwrap_or_else(|| plain(bytes, owner, None))
    }

    fn parsed(text: &[u8]) -> Value {
        serde_json::from_slice(&line(text, &owner())).unwrap()
    }

    #[test]
    fn a_plain_line_becomes_an_entry_of_the_level_it_begins_with() {
        for (text, level) in [
            ("hello", "INFO"),
            ("[ERROR] x", "ERROR"),
            ("WARN: x", "WARN"),
            ("warning: x", "WARN"),
            ("DEBUG x", "DEBUG"),
            ("Error handling is fine", "INFO"),
            ("[errors] x", "INFO"),
            ("INFORM: x", "INFO"),
            ("/var/task/f.sh: line 3: x: unbound variable", "ERROR"),
            ("[é", "INFO"),
            ("", "INFO"),
        ] {
            let entry = parsed(text.as_bytes());
            assert_eq!((&entry["level"], &entry["message"]), (&level.into(), &text.into()));
            assert_eq!(entry["requestId"], "r-1");
        }
    }

    #[test]
    fn an_object_keeps_its_text_and_gets_what_it_lacks() {
        let text = String::from_utf8(line(b"{\"n\": 1.00, \"requestId\":\"mine\"} ", &owner())).unwrap();
        assert!(text.starts_with("{\"n\": 1.00, \"requestId\":\"mine\",\"timestamp\":\""), "{text}");
        assert_eq!(parsed(b"{}")["requestId"], "r-1");
        let whole = b"{\"timestamp\":1,\"requestId\":2,\"tenantId\":3}";
        assert_eq!(line(whole, &owner()), [&whole[..], b"\n"].concat());
    }

    #[test]
    fn embedded_metrics_pass_untouched_and_invalid_utf8_is_replaced() {
        let metrics = b"{ \"_aws\": {} }";
        assert_eq!(line(metrics, &owner()), [&metrics[..], b"\n"].concat());
        assert_eq!(parsed(b"{\"_aws\":{},\"a\":\"\xff\"}")["a"], "\u{fffd}");
        assert_eq!(parsed(b"a\xffb")["message"], "a\u{fffd}b");
    }
}
