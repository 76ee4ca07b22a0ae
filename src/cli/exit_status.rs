//! What the exit status of a command says that runs no single event.

use std::process::ExitCode;

use anyhow::Error;

use super::terminal;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked, and all was well.
    Done,
    /// It did not, or something it looked at was not well.
    Failed,
    /// It was asked wrongly; nothing was done.
    Usage,
    /// A signal stopped it: 128 and the signal's number.
    Interrupted(u8),
}

impl Exit {
    /// Says the error's sentence on stderr, and is this.
    #[must_use]
    pub fn with(self, error: &Error) -> Exit {
        terminal::say(format_args!("error: {}", terminal::printable(&format!("{error:#}"))));
        self
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Interrupted(status) => status,
        })
    }
}
