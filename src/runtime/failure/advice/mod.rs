//! Advice at the end of a failure's sentence: what the failure usually means, and what helps.
//!
//! What a program said is the best evidence, then the program itself, then how the program ended. So the rules are asked in that order,
//! and the first one that knows something gives the advice.

mod by_ending;
mod by_message;
mod by_program;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::ending::Ending;
use super::message::last_line;

pub(super) const WINDOWS_LINE_ENDS: &str =
    "the file has Windows line ends: save it with Unix ones, or run `sed -i 's/\\r$//'` on it";
const LOOKED_AT_BYTES: u64 = 64 * 1024;

pub(super) use self::by_message::lacks_a_file_to_run;

/// What is known of a failed command, or of a handler of which no command is known.
#[derive(Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) ending: Ending,
    /// Empty where no command is known.
    pub(super) command: &'a str,
    /// Whether the command is a condition before `&&` or `||`, and the list is the last command of its function.
    pub(super) is_condition: bool,
    pub(super) stderr: &'a str,
    /// The innermost function, or [`crate::runtime::stack::TOP_LEVEL`]; empty where none is known.
    pub(super) function: &'a str,
    /// The function that gets the event.
    pub(super) handler: &'a str,
}

impl<'a> Circumstances<'a> {
    /// The line of stderr that says why.
    fn reason(&self) -> &'a str {
        last_line(self.stderr).unwrap_or_default()
    }
}

/// The advice for a failure; empty when there is none.
pub(super) fn advice(of: &Circumstances) -> String {
    let rules = [by_message::advice, by_program::advice, by_ending::advice];
    rules.iter().find_map(|rule| rule(of)).unwrap_or_default()
}

/// Whether the beginning of a file has Windows line ends: Bash names them only where they are in a word that Bash shows. The path may
/// lead anywhere, so only a plain file is read, and not all of a large one.
pub(super) fn has_windows_line_ends(file: &Path) -> bool {
    let mut beginning = Vec::new();
    file.is_file()
        && File::open(file).is_ok_and(|file| file.take(LOOKED_AT_BYTES).read_to_end(&mut beginning).is_ok())
        && beginning.windows(2).any(|pair| pair == b"\r\n")
}

#[cfg(test)]
mod tests;
