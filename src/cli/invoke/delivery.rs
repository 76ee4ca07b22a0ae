//! One event from its delivery to what came of it: the response is written at once, all else is told when the log has ended.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::live_log::LiveLog;
use super::output::{self, Report};
use super::response_stream::{self, Writer, Written};
use super::result::{billed, judge};
use super::{Arguments, Asked, Status, init, sample};
use crate::cli::events::Sample;
use crate::cli::stdin_hint;
use crate::cli::terminal::{stderr_is_a_terminal, stdout_is_a_terminal};
use crate::lambda::contract::{self, Caller};
use crate::lambda::environment::Environment;
use crate::lambda::invocation::{Bytes, Completion, FunctionError, Invocation, Invoke, Outcome, Response};

/// A status, the response or the error that explains it, and the figures, once the runtime was ready.
#[derive(Default)]
pub(super) struct CameOfIt {
    pub(super) status: Status,
    pub(super) response: Option<Bytes>,
    pub(super) error: Option<FunctionError>,
    pub(super) request_id: String,
    /// What the caller could not use of the response.
    pub(super) warnings: Vec<String>,
    pub(super) report: Option<Report>,
    pub(super) report_wanted: bool,
    /// Whether what is written to stderr would stand in the last line of the response.
    pub(super) line_is_open: bool,
}

impl CameOfIt {
    /// Whether anything is to be written to stderr.
    pub(super) fn says_more(&self) -> bool {
        !self.warnings.is_empty() || self.error.is_some() || (self.report_wanted && self.report.is_some())
    }
}

/// Waits for the init, sends the event and waits for its answer.
///
/// # Errors
/// When the event cannot be sent, or stdout does not take the response.
pub(super) fn of_event(
    environment: &Environment,
    asked: &Asked,
    arguments: &Arguments,
    log: &LiveLog,
) -> Result<CameOfIt> {
    let invoke = asked.invoke.clone();
    let request_id = invoke.request_id.clone();
    let init_duration = match init(environment) {
        Ok(duration) => duration,
        Err(error) => {
            return Ok(CameOfIt { status: Status::InitFailed, error: Some(error), request_id, ..CameOfIt::default() });
        }
    };
    let writer = if arguments.json { None } else { Some(Writer::start()?) };
    let (listener, writer) = writer.unzip();
    let invocation = environment.api().submit(Invoke { listener, ..invoke }).context("cannot send the event")?;
    let completion = invocation.wait();
    let streamed = writer.map_or(Ok(Written::default()), Writer::finish)?;
    let response = whole_response(&completion, arguments);
    if let Some(response) = response.as_ref().filter(|_| !arguments.json) {
        log.look(); // what was written before
        output::response(response)?; // at once; an error is told when the log has ended
    }
    let (status, error) = judge(&completion, invocation.invoke());
    let line_is_open = leaves_line_open(response.as_ref(), &streamed, arguments);
    let warnings = match &completion.outcome {
        Outcome::Response(response) if status == Status::Success => {
            warnings(arguments, asked, response, streamed.prelude)
        }
        Outcome::Response(_) | Outcome::Error(_) | Outcome::RuntimeExited(_) | Outcome::TimedOut => Vec::new(),
    };
    let report_wanted = arguments.report || stderr_is_a_terminal();
    let report =
        (report_wanted || arguments.json).then(|| report(environment, &completion, &invocation, init_duration));
    Ok(CameOfIt { status, response, error, request_id, warnings, report, report_wanted, line_is_open })
}

/// The response, unless it has been written as it came.
fn whole_response(completion: &Completion, arguments: &Arguments) -> Option<Bytes> {
    match &completion.outcome {
        Outcome::Response(response) if response.streaming && !arguments.json => None,
        Outcome::Response(response) => Some(response.bytes.clone()),
        Outcome::Error(_) | Outcome::RuntimeExited(_) | Outcome::TimedOut => None,
    }
}

/// Whether stderr goes where the response has left a line without its end. On a terminal a whole response has got a line end.
fn leaves_line_open(response: Option<&Bytes>, streamed: &Written, arguments: &Arguments) -> bool {
    let whole = response.filter(|_| !arguments.json && !stdout_is_a_terminal());
    let last = whole.and_then(|bytes| bytes.last().copied()).or(streamed.last);
    last.is_some_and(|last| last != b'\n') && output::streams_are_one()
}

fn report(
    environment: &Environment,
    completion: &Completion,
    invocation: &Invocation,
    init_duration: Duration,
) -> Report {
    Report {
        request_id: invocation.invoke().request_id.clone(),
        duration: billed(completion, invocation),
        init_duration,
        max_memory_bytes: environment.memory_bytes(),
    }
}

/// What the caller could not use of a response; `prelude` is that of a stream that has been written as it came.
pub(super) fn warnings(
    arguments: &Arguments,
    asked: &Asked,
    response: &Response,
    prelude: Option<Map<String, Value>>,
) -> Vec<String> {
    let event = &asked.invoke.payload;
    let named = arguments.caller.or_else(|| sample(arguments).map(Sample::caller));
    let caller = named.unwrap_or_else(|| Caller::of(event));
    let mut warnings = contract::warnings_of(caller, event, response);
    if named.is_none() && caller == Caller::None {
        warnings.extend(contract::log_line_warning(response));
    }
    let prelude = prelude.or_else(|| response_stream::prelude_of(response));
    warnings.extend(prelude.iter().flat_map(|prelude| contract::headers::warnings(caller, prelude)));
    warnings.extend(stdin_hint::warning(&asked.settings, response));
    warnings
}
