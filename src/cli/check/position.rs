//! A position in a script.

use std::fmt::{self, Display, Formatter};

/// A line and, where it is known, a column. Both begin with 1, and columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: Option<u32>,
}

impl Position {
    /// A line without a column.
    pub(super) fn of_line(line: u32) -> Position {
        Position { line, column: None }
    }
}

/// `LINE:COLUMN`, or `LINE`.
impl Display for Position {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{}:{column}", self.line),
            None => write!(f, "{}", self.line),
        }
    }
}

/// The column at which `text` stands in `line`: `expected`, if the text is there, or else the only place where the line has the text as a word of its
/// own.
pub(super) fn column(line: &str, expected: Option<usize>, text: &str) -> Option<u32> {
    let text = text.trim_start_matches("\\\n").trim_start().lines().next()?;
    let number = |column: usize| u32::try_from(column).ok();
    if text.is_empty() {
        return None;
    }
    if let Some(expected) = expected.filter(|column| *column > 0)
        && let Some((at, _)) = line.char_indices().nth(expected - 1)
        && line[at..].starts_with(text)
    {
        return number(expected);
    }
    let is_part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let is_whole = |at: &usize| {
        let before = line[..*at].chars().next_back().filter(|_| text.starts_with(is_part_of_word));
        let after = line[*at + text.len()..].chars().next().filter(|_| text.ends_with(is_part_of_word));
        !before.into_iter().chain(after).any(is_part_of_word)
    };
    let mut places = line.match_indices(text).map(|(at, _)| at).filter(is_whole);
    let only = places.next().filter(|_| places.next().is_none())?;
    number(line[..only].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_the_expected_one_or_that_of_the_only_such_word() {
        for (line, expected, text, found) in [
            ("  jq .a", Some(3), "jq", Some(3)),
            ("ü jq .a", Some(3), "jq", Some(3)),
            ("x=$(jq .a)", Some(1), "jq", Some(5)),
            ("jq .a; x=$(jq .a)", None, "jq", None),
            ("jq2 my-jq jq", None, "jq", Some(11)),
            ("jq .a", Some(9), "tar", None),
            ("a \"$1\nb\"", Some(3), "\"$1\nb\"", Some(3)),
            ("a <(b)", None, "<(", Some(3)),
            ("a", Some(0), "", None),
        ] {
            assert_eq!(column(line, expected, text), found, "{line}: {text}");
        }
    }
}
