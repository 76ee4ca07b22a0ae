//! Types that pass between the endpoints and the workers: an event to run, and its answer.

use std::time::Duration;

use crate::lambda::contract::Caller;
use crate::lambda::invocation::{FunctionError, Invoke, Response};

/// An event for a worker.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) invoke: Invoke,
    /// Whether the caller wants the end of the event's log.
    pub(super) log_wanted: bool,
    /// Who will use the response; `None` if only the event can tell.
    pub(super) caller: Option<Caller>,
}

/// The result of an event.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: Result<Response, FunctionError>,
    /// The time from the event's delivery to the runtime until its response.
    pub(super) duration: Duration,
    /// The end of the event's log, if the caller asked for the log.
    pub(super) log_tail: Option<Vec<u8>>,
}
