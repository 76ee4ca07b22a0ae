//! Defines the exit status of the commands other than `invoke`, which has its own (`invoke::result`).

use std::process::ExitCode;

use anyhow::Error;

use super::terminal;

/// The exit status of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// The command did its work and found no problem: 0.
    Success,
    /// The command failed, or found a problem: 1.
    Failed,
    /// The arguments are wrong; nothing was done: 2.
    Usage,
    /// A signal stopped the command: 128 plus the signal's number.
    Interrupted(u8),
}

impl ExitStatus {
    /// Prints the error to stderr and returns this status.
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
