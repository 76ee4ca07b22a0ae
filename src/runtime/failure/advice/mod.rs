//! Chooses the advice at the end of a failure message: what the failure usually means, and what helps.
//!
//! The message of a program is the best evidence, then the variable that Bash names, the program itself, and how the program ended. The rules are asked in
//! this order, and the first rule that applies gives the advice.

mod by_ending;
mod by_message;
mod by_name;
mod by_program;
mod by_variable;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::ending::Ending;
use super::message::{BashMessage, last_line};
use crate::runtime::event_source::EventSource;
use crate::runtime::syntax::advice_on_syntax_error;

const WINDOWS_LINE_ENDS: &str =
    "the file has Windows line ends: save it with Unix ones, or run `sed -i 's/\\r$//'` on it";
const LOOKED_AT_BYTES: u64 = 64 * 1024;

pub(super) use self::by_message::lacks_a_file_to_run;

/// The known facts about a failed command, or about a handler whose failed command is not known.
#[derive(Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) ending: Ending,
    /// The command; empty if it is not known.
    pub(super) command: &'a str,
    /// Whether the command is a condition before `&&` or `||` in a list that is the last command of its function.
    pub(super) is_condition: bool,
    pub(super) stderr: &'a str,
    /// The innermost function, or [`crate::runtime::stack::TOP_LEVEL`]; empty if it is not known.
    pub(super) function: &'a str,
    /// The function that gets the event.
    pub(super) handler: &'a str,
    /// Where this function finds the event.
    pub(super) event_source: EventSource,
    /// Whether the command is a member of a pipeline.
    pub(super) in_pipeline: bool,
}

impl<'a> Circumstances<'a> {
    /// The line of stderr that carries the reason.
    fn reason(&self) -> &'a str {
        last_line(self.stderr).unwrap_or_default()
    }
}

/// The advice for a failure; empty if there is none.
pub(super) fn advice(of: &Circumstances) -> String {
    let rules = [by_message::advice, by_variable::advice, by_program::advice, by_ending::advice];
    rules.iter().find_map(|rule| rule(of)).unwrap_or_default()
}

/// The advice for a syntax error in `file`, of which Bash wrote `line` and perhaps, before it, a warning. The path may lead to any file, so only the beginning of a regular file
/// is read. Bash only shows Windows line ends if they are in a word of its message.
pub(super) fn advice_on_syntax(file: &Path, line: &str, stderr: &str) -> Option<String> {
    let mut beginning = Vec::new();
    if !file.is_file() || File::open(file).ok()?.take(LOOKED_AT_BYTES).read_to_end(&mut beginning).is_err() {
        return None;
    }
    if beginning.windows(2).any(|pair| pair == b"\r\n") {
        return Some(WINDOWS_LINE_ENDS.to_owned());
    }
    let is_warning = |line: &&str| line.contains("delimited by end-of-file");
    let message = BashMessage::parse(stderr.lines().find(is_warning).unwrap_or(line))?;
    advice_on_syntax_error(&String::from_utf8_lossy(&beginning), message.line?, message.text)
}

#[cfg(test)]
mod tests;
