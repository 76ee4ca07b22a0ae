//! Formats texts that several failure messages share: a place in a file, a shortened text, the first word of a command.

use crate::runtime::stack::Frame;

/// Whether a command only passes a status on.
pub(super) fn gives_status(command: &str) -> bool {
    ["return", "exit", "wait"].iter().any(|word| begins_with(command, word))
}

pub(super) fn begins_with(command: &str, word: &str) -> bool {
    command.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// `function.sh:12`, or the file alone.
pub(super) fn location(file: &str, frame: &Frame) -> String {
    frame.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// The words for a command of which only the line is known.
pub(super) fn on_line(frame: Option<&Frame>) -> &'static str {
    frame.and_then(|frame| frame.line).map_or("", |_| " on this line")
}

/// Shortens `text` to at most `most` bytes, between two characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("aéb", 2), "a…");
        assert_eq!(shortened("aéb", 4), "aéb");
    }
}
