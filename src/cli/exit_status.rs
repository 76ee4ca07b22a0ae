//! What the exit status of a command says that runs no single event.

use std::process::ExitCode;

use anyhow::Error;

use super::terminal;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It did what was asked, and all was well.
    Success,
    /// It did not, or something it looked at was not well.
    Failed,
    /// It was asked wrongly; nothing was done.
    Usage,
    /// A signal stopped it: 128 and the signal's number.
    Interrupted(u8),
}

impl ExitStatus {
    /// Says the error's sentence on stderr, and is this.
    #[must_use]
    pub fn with_error(self, error: &Error) -> ExitStatus {
        terminal::say(format_args!("error: {}", terminal::printable(&format!("{error:#}"))));
        self
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(exit: ExitStatus) -> ExitCode {
        ExitCode::from(match exit {
            ExitStatus::Success => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Usage => 2,
            ExitStatus::Interrupted(status) => status,
        })
    }
}
