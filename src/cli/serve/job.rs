//! An event on its way to a worker, and the answer that comes back.

use std::time::Duration;

use crate::lambda::contract::Caller;
use crate::lambda::invocation::{FunctionError, Invoke, Response};

/// An event as a worker takes it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) invoke: Invoke,
    /// Whether the caller wants the end of the event's log.
    pub(super) log_wanted: bool,
    /// Who will use the response; `None` where that can only be told from the event.
    pub(super) caller: Option<Caller>,
}

/// What a caller gets.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: Result<Response, FunctionError>,
    /// From delivery to the answer.
    pub(super) duration: Duration,
    /// The end of the event's log, where it was asked for.
    pub(super) log_tail: Option<Vec<u8>>,
}
