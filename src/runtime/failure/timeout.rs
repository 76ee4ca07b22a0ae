//! Reports an event that was ended shortly before its deadline: because COSHELL_TIMEOUT_MARGIN_MS is set, or in a durable execution.

use std::fmt::{self, Formatter};
use std::time::Duration;

use super::handler::HandlerFailure;

/// The advice on where to set the time limit, on Lambda and on a developer's machine.
pub(crate) const MORE_TIME: &str =
    "the time limit is the function's timeout setting, 3 s by default, and `--timeout` on your own machine";

/// The state of an event when it was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeout {
    /// How long the event had run.
    pub after: Duration,
    /// How long before its deadline the event was ended.
    pub margin: Duration,
    /// Whether the event belongs to a durable execution.
    pub is_durable: bool,
    /// The processes that ran below the handler, each with its age, outermost first.
    pub running: Vec<String>,
}

/// An event that took too long.
#[derive(Debug)]
pub struct TimedOut {
    /// The handler, and the command that it was running.
    pub handler: HandlerFailure,
    /// When the event was ended, and which processes ran then.
    pub timeout: Timeout,
}

impl TimedOut {
    pub(super) fn describe(&self, f: &mut Formatter) -> fmt::Result {
        let Timeout { after, margin, is_durable, running } = &self.timeout;
        write!(f, "timed out after {:.2} s ", after.as_secs_f64())?;
        match &self.handler.place {
            Some(place) if place.in_exit_trap => write!(f, "in the EXIT trap of `{}`", self.handler.function)?,
            Some(place) => self.handler.describe_where(f, place)?,
            None => write!(f, "in handler `{}`; Bash cannot tell where", self.handler.function)?,
        }
        match running.as_slice() {
            [] => f.write_str("; Bash itself was running, or waiting for input")?,
            running => write!(f, "; running: {}", running.join(", "))?,
        }
        let why = if *is_durable {
            "so that the durable execution could record it"
        } else {
            "because COSHELL_TIMEOUT_MARGIN_MS is set"
        };
        write!(f, "; ended {} ms before its deadline, {why}; {MORE_TIME}", margin.as_millis())
    }
}
