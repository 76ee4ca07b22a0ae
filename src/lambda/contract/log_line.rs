//! Finds a log line that a handler printed to stdout beside its JSON response.

use serde_json::Value;

/// How many characters of the line are shown.
const SHOWN: usize = 80;
/// How many log lines may come before the JSON.
const MAX_LINES: usize = 100;

/// The first line of `response` that does not belong to the JSON, if there is JSON before or after the line.
pub(super) fn beside_json(response: &[u8]) -> Option<String> {
    let text = str::from_utf8(response).ok()?.trim();
    before_json(text).or_else(|| after_json(text)).map(shown)
}

/// The first line of `response`, if the JSON begins on a later line and nothing follows the JSON.
pub(super) fn before_document(response: &[u8]) -> Option<String> {
    let text = str::from_utf8(response).ok()?.trim();
    let line = before_json(text)?;
    let mut rest = text.match_indices('\n').map(|(at, _)| text[at + 1..].trim_start());
    let is_document = |rest: &str| rest.starts_with(['{', '[']) && serde_json::from_str::<Value>(rest).is_ok();
    rest.by_ref().take(MAX_LINES).any(is_document).then(|| shown(line))
}

fn shown(line: &str) -> String {
    let line = line.trim();
    let shown: String = line.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if line.chars().nth(SHOWN).is_some() { shown + "…" } else { shown }
}

fn before_json(text: &str) -> Option<&str> {
    let (first, _) = text.split_once('\n')?;
    let mut lines = text.match_indices('\n').map(|(at, _)| text[at + 1..].trim_start()).take(MAX_LINES);
    let begins_json = |rest: &str| rest.starts_with(['{', '[']) && first_value(rest).is_some();
    (first_value(first).is_none() && lines.any(begins_json)).then_some(first)
}

fn after_json(text: &str) -> Option<&str> {
    let rest = text[first_value(text)?..].trim_start_matches([' ', '\t', '\r']).strip_prefix('\n')?;
    rest.trim_start().lines().next()
}

/// The end of the object or list that `text` begins with.
fn first_value(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let is_document = matches!(values.next()?, Ok(Value::Object(_) | Value::Array(_)));
    is_document.then(|| values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_before_or_after_the_json_is_found() {
        for (response, line) in [
            ("Downloading x\n{\"statusCode\": 200}\n", Some("Downloading x")),
            ("one\ntwo\n\n{\n  \"a\": 1\n}\n", Some("one")),
            ("[INFO] one\n[INFO] two\n[1]\n", Some("[INFO] one")),
            ("{\"a\": 1}\ndone\n", Some("done")),
            ("start\n{\"a\": 1}\ndone\n", Some("start")),
            ("hello\n", None),
            ("hello\nworld\n", None),
            ("{\"a\": 1\n", None),
            ("{\"a\": 1}", None),
            ("7\ndone\n", None),
        ] {
            assert_eq!(beside_json(response.as_bytes()).as_deref(), line, "{response}");
        }
        assert_eq!(beside_json(b"\xff\n{}"), None);
    }

    #[test]
    fn for_an_unknown_caller_only_a_line_before_a_whole_document_is_found() {
        for (response, line) in [
            ("Downloading x\n{\"statusCode\": 200}\n", Some("Downloading x")),
            ("{\"a\": 1}\n{\"a\": 2}\n", None),
            ("start\n{\"a\": 1}\ndone\n", None),
            ("list:\n- [1]\n- [2]\n", None),
        ] {
            assert_eq!(before_document(response.as_bytes()).as_deref(), line, "{response}");
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        let response = format!("{}\n{{}}", "é".repeat(200));
        assert_eq!(beside_json(response.as_bytes()), Some("é".repeat(SHOWN) + "…"));
    }
}
