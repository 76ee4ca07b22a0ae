//! Writes text to stdout and stderr. Colours are used on a terminal only, not in a pipe or a file.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};

pub(crate) const RED: &str = "\x1b[1;31m";
pub(crate) const GREEN: &str = "\x1b[1;32m";
pub(crate) const YELLOW: &str = "\x1b[1;33m";
pub(crate) const DIM: &str = "\x1b[2m";
pub(crate) const PLAIN: &str = "\x1b[0m";

/// Whether to use colours on a terminal. Source: no-color.org.
pub(crate) fn in_colour() -> bool {
    let set = |name| std::env::var_os(name).unwrap_or_default();
    set("NO_COLOR").is_empty() && set("TERM") != "dumb"
}

pub(crate) fn stdout_is_a_terminal() -> bool {
    std::io::stdout().is_terminal()
}

pub(crate) fn stderr_is_a_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// `text` in this colour if `coloured`, else `text`.
pub(crate) fn paint(coloured: bool, colour: &str, text: &str) -> String {
    if coloured { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
}

/// Writes all bytes to stdout. An error means, for example, that the reader has gone or the disk is full.
pub(crate) fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("cannot write to stdout")
}

/// `text` with a replacement character for each control character except tab and newline.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Prints a warning on a line of stderr.
pub(crate) fn warn(warning: &str) {
    let word = paint(stderr_is_a_terminal() && in_colour(), YELLOW, "warning");
    say(format_args!("{word}: {}", printable(warning)));
}

/// Prints a line on stderr. `eprintln!` would panic if stderr is full or closed.
pub(crate) fn say(line: impl Display) {
    show(format_args!("{line}\n"));
}

/// Prints text on stderr in one write, because the log can be written there at the same time.
pub(crate) fn show(text: impl Display) {
    let _ = std::io::stderr().write_all(text.to_string().as_bytes()); // there is no place left to report the error
}

/// `text` as one word of the shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `path` as one word of the shell that no command mistakes for an option.
pub(crate) fn quoted_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    quoted(&if text.starts_with('-') { format!("./{text}") } else { text.into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_and_not_an_option() {
        for (path, word) in [("a/b", "a/b"), ("-x", "./-x"), ("my dir/it's", r"'my dir/it'\''s'"), ("-a b", "'./-a b'")]
        {
            assert_eq!(quoted_path(Path::new(path)), word);
        }
    }
}
