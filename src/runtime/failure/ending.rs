//! Interprets how a command or a subshell ended: with an exit status or by a signal.

use std::fmt::{self, Display, Formatter};

use nix::sys::signal::Signal;

use super::location::Place;

/// How a command, or the subshell of a handler, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With an exit status.
    Status(i32),
    /// By a signal that killed it.
    Signal(Signal),
}

impl Ending {
    /// The ending for `$?` = `status`. Bash reports a death by signal N as 128 + N.
    pub(crate) fn of_command(status: i32) -> Ending {
        Signal::try_from(status - 128).map_or(Ending::Status(status), Ending::Signal)
    }

    /// The ending of a subshell with this status. If a trap of the subshell still ran with this status, as `place` shows, the
    /// subshell was not killed.
    pub(crate) fn of_subshell(status: i32, place: Option<&Place>) -> Ending {
        if place.is_some_and(|place| place.status == status) {
            Ending::Status(status)
        } else {
            Ending::of_command(status)
        }
    }
}

/// `exited with status N`, or `was killed by SIGNAL`.
impl Display for Ending {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Ending::Signal(signal) => write!(f, "was killed by {}", signal.as_str()),
            Ending::Status(status) => write!(f, "exited with status {status}"),
        }
    }
}
