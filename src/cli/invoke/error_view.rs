//! Shows an error to a person: the message, the source around the line that failed, and the stack trace.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::terminal::{DIM, RED, paint, printable};
use crate::lambda::invocation::FunctionError;

/// How many lines of source are shown before and after the line that failed.
const NEIGHBOURS: usize = 2;

/// The content of an error report.
pub(crate) struct ErrorView {
    pub(crate) error_type: String,
    pub(crate) message: String,
    /// Innermost first: `fetch (function.sh:12)`.
    frames: Vec<String>,
}

impl ErrorView {
    /// `None` if the report is not in Lambda's format.
    pub(crate) fn of(error: &FunctionError) -> Option<ErrorView> {
        let report: Value = serde_json::from_slice(&error.body).ok()?;
        let frames = report["stackTrace"].as_array().into_iter().flatten();
        Some(ErrorView {
            error_type: report["errorType"].as_str().unwrap_or(&error.error_type).to_owned(),
            message: report["errorMessage"].as_str()?.to_owned(),
            frames: frames.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    /// The text for a terminal.
    pub(crate) fn render(&self, task_root: &Path, in_colour: bool) -> String {
        let paint = |colour: &str, text: &str| paint(in_colour, colour, &printable(text));
        let mut shown = format!("\n{}: {}\n", paint(RED, &self.error_type), printable(&self.message));
        if let Some((file, line)) = self.frames.iter().find_map(|frame| location(frame)) {
            let source = fs::read(task_root.join(file)).unwrap_or_default();
            for (number, text) in around(&String::from_utf8_lossy(&source), line) {
                let row = format!("{} {number:>5} | {text}", if number == line { '>' } else { ' ' });
                let row = if number == line { paint(RED, &row) } else { paint(DIM, &row) };
                shown.push_str(&format!("{row}\n"));
            }
        }
        self.frames.iter().for_each(|frame| shown.push_str(&format!("    at {}\n", printable(frame))));
        shown
    }
}

/// File and line of a frame.
pub(super) fn location(frame: &str) -> Option<(&str, usize)> {
    let (file, line) = frame.rsplit_once('(')?.1.strip_suffix(')')?.rsplit_once(':')?;
    Some((file, line.parse().ok()?))
}

/// The lines around `line`, with their numbers; none if the file has no such line.
fn around(text: &str, line: usize) -> Vec<(usize, &str)> {
    if line == 0 || line > text.lines().count() {
        return Vec::new();
    }
    let first = line.saturating_sub(NEIGHBOURS).max(1);
    (1..).zip(text.lines()).skip(first - 1).take(line + NEIGHBOURS + 1 - first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_failed_is_marked_between_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f.sh"), "one\ntwo\nthree\x1b[2J\nfour\nfive\nsix\n").unwrap();
        let frames = vec!["source".to_owned(), "g (f.sh:3)".to_owned(), "h (f.sh:6)".to_owned()];
        let explained = ErrorView { error_type: "A.B".into(), message: "oh".into(), frames };
        let text = explained.render(folder.path(), false);
        let expected = "\nA.B: oh\n      1 | one\n      2 | two\n>     3 | three\u{fffd}[2J\n      4 | four\n      5 | five\n    \
            at source\n    at g (f.sh:3)\n    at h (f.sh:6)\n";
        assert_eq!(text, expected);
        assert!(explained.render(folder.path(), true).contains("\x1b[1;31m>     3 | three\u{fffd}[2J\x1b[0m"));
    }

    #[test]
    fn a_file_without_that_line_shows_nothing() {
        assert_eq!(around("one\n", 2), []);
        assert_eq!(around("one\n", 0), []);
        assert_eq!(around("one\ntwo", 1), [(1, "one"), (2, "two")]);
        assert_eq!(location("main"), None);
        assert_eq!(location("f (function.sh)"), None);
    }
}
