//! Puts the function's name before each log line, so that the lines of several functions can be told apart: `orders | text`.

use std::fmt::Display;
use std::path::Path;

use crate::cli::invoke::error_view::ErrorView;
use crate::cli::terminal::{self, in_colour, printable, stderr_is_a_terminal};
use crate::lambda::invocation::FunctionError;

/// The text before each line; empty if only one function is served.
#[derive(Clone, Debug, Default)]
pub(super) struct LogPrefix(String);

impl LogPrefix {
    /// The prefix of the function `name`; the names of all functions have at most `width` characters.
    pub(super) fn of(name: &str, width: usize) -> LogPrefix {
        LogPrefix(format!("{:width$} | ", printable(name)))
    }

    /// A line, without its newline.
    pub(super) fn line(&self, text: impl Display) -> String {
        format!("{}{text}", self.0)
    }

    /// Text of complete lines, or of a line's part. `in_line` says whether the text before has ended inside a line, and is updated.
    pub(super) fn lines(&self, text: &[u8], in_line: &mut bool) -> Vec<u8> {
        let mut lines = Vec::with_capacity(text.len());
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !*in_line {
                lines.extend_from_slice(self.0.as_bytes());
            }
            lines.extend_from_slice(line);
            *in_line = !line.ends_with(b"\n");
        }
        lines
    }

    /// Writes a line of coshell's own to stderr.
    pub(super) fn say(&self, text: impl Display) {
        terminal::say(self.line(text));
    }

    /// Writes a warning to stderr.
    pub(super) fn warn(&self, warning: &str) {
        terminal::warn(&self.line(warning));
    }

    /// Explains an error, if stderr is a terminal. Elsewhere the runtime's own lines report the error.
    pub(super) fn explain(&self, error: &FunctionError, task_root: &Path) {
        if let Some(explained) = ErrorView::of(error).filter(|_| stderr_is_a_terminal()) {
            let text = self.lines(explained.render(task_root, in_colour()).as_bytes(), &mut false);
            terminal::show(String::from_utf8_lossy(&text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_gets_the_prefix_once_also_if_it_comes_in_parts() {
        let (prefix, mut in_line) = (LogPrefix::of("a", 3), false);
        let mut text = prefix.lines(b"one\ntw", &mut in_line);
        text.extend(prefix.lines(b"o\n\nthree\n", &mut in_line));
        assert_eq!(String::from_utf8(text).unwrap(), "a   | one\na   | two\na   | \na   | three\n");
        assert_eq!(LogPrefix::default().lines(b"one\n", &mut false), b"one\n");
    }
}
