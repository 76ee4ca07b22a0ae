//! Turns the outcome of an invocation into the program's exit status, the error that Lambda would return, and the billed duration.
//!
//! `invoke`, `serve` and `test` share this module, so that all three report errors in the same words as Lambda.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::lambda::invocation::{Completion, FunctionError, Invocation, Invoke, Outcome};

/// How long the report waits for the `next` call that ends the billed duration.
const NEXT_PATIENCE: Duration = Duration::from_millis(200);

/// The exit status of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// The handler gave a response.
    #[default]
    Success,
    /// The handler failed, or the runtime ended.
    HandlerFailed,
    /// The command line or the event is wrong; nothing was run.
    Usage,
    /// The runtime did not call `next`.
    InitFailed,
    /// The time limit passed.
    TimedOut,
    /// The response could not be written to stdout.
    WriteFailed,
    /// The reader of stdout has closed it, as `head` does: 128 plus the number of SIGPIPE.
    BrokenPipe,
    /// A signal stopped the program: 128 plus the signal's number.
    Interrupted(u8),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Success => 0,
            Status::HandlerFailed => 1,
            Status::Usage => 2,
            Status::InitFailed => 3,
            Status::WriteFailed => 4,
            Status::TimedOut => 124,
            Status::BrokenPipe => 141,
            Status::Interrupted(status) => status,
        })
    }
}

/// The exit status, and the error that Lambda would return to the caller.
pub(crate) fn status_and_error(completion: &Completion, invoke: &Invoke) -> (Status, Option<FunctionError>) {
    match &completion.outcome {
        Outcome::Response(response) => {
            let has_trailing_error = response.trailing_error.is_some();
            let status = if has_trailing_error { Status::HandlerFailed } else { Status::Success };
            (status, response.trailing_error.clone())
        }
        Outcome::Error(error) => (Status::HandlerFailed, Some(error.clone())),
        Outcome::RuntimeExited(how) => (Status::HandlerFailed, Some(exit_error(how))),
        Outcome::TimedOut => (Status::TimedOut, Some(timeout_error(invoke))),
    }
}

/// The billed duration: from delivery to the runtime's following `next`, or to its answer if no `next` comes.
pub(crate) fn billed(completion: &Completion, invocation: &Invocation) -> Duration {
    let since = |until: Option<Instant>| {
        let until = until.unwrap_or_else(Instant::now);
        completion.delivered.map_or(Duration::ZERO, |delivered| until.saturating_duration_since(delivered))
    };
    match completion.outcome {
        Outcome::Response(_) | Outcome::Error(_) => {
            since(invocation.wait_for_next(NEXT_PATIENCE).or(completion.answered))
        }
        Outcome::RuntimeExited(_) => since(None),
        Outcome::TimedOut => invocation.invoke().timeout,
    }
}

/// The error for a runtime that ended; `how` is its exit status or signal.
pub(crate) fn exit_error(how: &str) -> FunctionError {
    FunctionError::by_lambda("Runtime.ExitError", &format!("Runtime exited with error: {how}"))
}

/// The error for an event whose time limit passed.
pub(crate) fn timeout_error(invoke: &Invoke) -> FunctionError {
    let message = format!("Task timed out after {:.2} seconds", invoke.timeout.as_secs_f64());
    FunctionError::by_lambda("Sandbox.Timedout", &message)
}
