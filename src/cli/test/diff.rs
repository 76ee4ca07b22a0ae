//! Shows the difference between two answers: a line that begins with `-` was expected, a line that begins with `+` is the actual answer.
//!
//! JSON is formatted before it is compared line by line, because most responses are one long line of JSON. For binary data, the sizes and the
//! first differing byte are shown.

use std::time::Duration;

use serde_json::Value;
use similar::TextDiff;

/// How many lines are shown around a difference.
const NEIGHBOURS: usize = 2;
/// The maximum number of lines that are shown.
const SHOWN_LINES: usize = 60;
/// A longer line is shown only around its first difference.
const LONG_LINE_CHARACTERS: usize = 240;
/// How many characters are shown before the difference; three times as many are shown from there.
const WINDOW_CHARACTERS: usize = 40;
/// After this time the diff algorithm uses a coarser approximation.
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// The difference; `None` if the answers are equal.
pub(super) fn of_bytes(expected: &[u8], actual: &[u8]) -> Option<String> {
    if expected == actual {
        return None;
    }
    Some(match (text(expected), text(actual)) {
        (Some(expected), Some(actual)) => of_texts(expected, actual),
        _ => of_binaries(expected, actual),
    })
}

/// The bytes as text, if they are text.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn of_texts(expected: &str, actual: &str) -> String {
    match (pretty_json(expected), pretty_json(actual)) {
        (Some(expected), Some(actual)) if expected != actual => of_lines(&expected, &actual),
        (Some(_), Some(_)) => format!("the same JSON, written differently:\n{}", of_lines(expected, actual)),
        _ => of_lines(expected, actual),
    }
}

fn pretty_json(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    (value.is_object() || value.is_array()).then(|| format!("{value:#}"))
}

fn of_lines(expected: &str, actual: &str) -> String {
    let is_long = |text: &str| text.lines().any(|line| line.chars().count() > LONG_LINE_CHARACTERS);
    if is_long(expected) || is_long(actual) {
        return window(expected, actual);
    }
    let difference = TextDiff::configure().timeout(TIME_LIMIT).newline_terminated(true).diff_lines(expected, actual);
    let lines = difference.unified_diff().context_radius(NEIGHBOURS).missing_newline_hint(false).to_string();
    let mut lines: Vec<&str> = lines.lines().collect();
    let more = lines.len().saturating_sub(SHOWN_LINES);
    lines.truncate(SHOWN_LINES);
    let more = if more > 0 { format!("\n… {more} more lines") } else { String::new() };
    lines.join("\n") + &more
}

/// Both texts, from shortly before the first difference.
fn window(expected: &str, actual: &str) -> String {
    let common = expected.chars().zip(actual.chars()).take_while(|(one, other)| one == other).count();
    let from = common.saturating_sub(WINDOW_CHARACTERS);
    let part = |text: &str| {
        let part: String = text.chars().skip(from).take(4 * WINDOW_CHARACTERS).collect();
        let (before, after) = (
            if from > 0 { "…" } else { "" },
            if text.chars().count() > from + 4 * WINDOW_CHARACTERS { "…" } else { "" },
        );
        format!("{before}{}{after}", part.replace('\n', "\\n"))
    };
    format!("from character {}:\n-{}\n+{}", from + 1, part(expected), part(actual))
}

fn of_binaries(expected: &[u8], actual: &[u8]) -> String {
    let common = expected.iter().zip(actual).take_while(|(one, other)| one == other).count();
    let byte = |bytes: &[u8]| bytes.get(common).map_or("end of data".to_owned(), |byte| format!("0x{byte:02x}"));
    format!(
        "size in bytes: {} expected, {} actual; first difference at offset {common}: {} expected, {} actual",
        expected.len(),
        actual.len(),
        byte(expected),
        byte(actual)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(expected: &str, actual: &str) -> String {
        of_bytes(expected.as_bytes(), actual.as_bytes()).unwrap()
    }

    #[test]
    fn texts_are_compared_by_lines_and_json_after_formatting() {
        assert_eq!(of_bytes(b"a\n", b"a\n"), None);
        assert_eq!(difference("a\nb\nc\nd", "a\nb\nx\nd"), "@@ -1,4 +1,4 @@\n a\n b\n-c\n+x\n d");
        assert_eq!(
            difference("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}"),
            "@@ -1,4 +1,4 @@\n {\n   \"a\": 1,\n-  \"b\": 2\n+  \"b\": 3\n }"
        );
        assert!(difference("{\"a\":1}", "{\"a\": 1}").starts_with("the same JSON, written differently:\n@@"));
    }

    #[test]
    fn a_long_line_is_shown_where_it_differs() {
        let long = |end: &str| format!("{}{end}", "ä".repeat(1000));
        let shown = difference(&long("b"), &long("c"));
        assert_eq!(shown, format!("from character 961:\n-…{0}b\n+…{0}c", "ä".repeat(40)));
    }

    #[test]
    fn binary_data_is_shown_by_the_first_differing_byte() {
        let shown = of_bytes(b"\xff\x00\x01", b"\xff\x00").unwrap();
        assert_eq!(
            shown,
            "size in bytes: 3 expected, 2 actual; first difference at offset 2: 0x01 expected, end of data actual"
        );
    }

    #[test]
    fn a_difference_of_many_lines_is_cut() {
        let shown = difference(&"a\n".repeat(500), &"b\n".repeat(500));
        assert!(shown.ends_with("\n… 941 more lines"), "{shown}");
    }
}
