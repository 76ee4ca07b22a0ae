//! Delivers one event and collects the result. The response is written at once; everything else is printed after the end of the log.

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::live_log::LiveLog;
use super::output::{self, Report};
use super::response_stream::{self, Writer, Written};
use super::result::{billed, status_and_error};
use super::{Arguments, Request, Status, sample};
use crate::cli::events::Sample;
use crate::cli::handler_hints;
use crate::cli::startup::{self, Startup};
use crate::cli::terminal::{say, stderr_is_a_terminal, stdout_is_a_terminal};
use crate::lambda::contract::{self, Caller};
use crate::lambda::environment::Environment;
use crate::lambda::invocation::{Bytes, Completion, FunctionError, Invocation, Invoke, Outcome, Response};

/// The result of one event: a status, the response or the error, and the measurements if init succeeded.
#[derive(Default)]
pub(super) struct EventResult {
    pub(super) status: Status,
    pub(super) response: Option<Bytes>,
    pub(super) error: Option<FunctionError>,
    pub(super) request_id: String,
    /// Warnings about the parts of the response that the caller cannot use.
    pub(super) warnings: Vec<String>,
    pub(super) report: Option<Report>,
    pub(super) report_wanted: bool,
    /// Whether text on stderr would continue the last line of the response.
    pub(super) lacks_final_newline: bool,
}

impl EventResult {
    /// Whether there is more to write to stderr.
    pub(super) fn has_stderr_output(&self) -> bool {
        !self.warnings.is_empty() || self.error.is_some() || (self.report_wanted && self.report.is_some())
    }
}

/// Waits for init, sends the event and waits for its answer.
///
/// # Errors
/// When the event cannot be sent, or the response cannot be written to stdout.
pub(super) fn deliver(
    environment: &Environment,
    request: &Request,
    arguments: &Arguments,
    log: &LiveLog,
) -> Result<EventResult> {
    let invoke = request.invoke.clone();
    let request_id = invoke.request_id.clone();
    let say = |step: &str| {
        log.update(); // shows the lines that were written before the step
        say(step);
    };
    let startup = match startup::wait(environment, invoke.timeout, |step| {
        if !arguments.json {
            say(step)
        }
    }) {
        Ok(startup) => startup,
        Err(failure) => {
            return Ok(EventResult {
                status: Status::InitFailed,
                error: Some(failure.error),
                request_id,
                ..EventResult::default()
            });
        }
    };
    let writer = if arguments.json { None } else { Some(Writer::start()?) };
    let (listener, writer) = writer.unzip();
    let invocation = environment.api().submit(Invoke { listener, ..invoke }).context("cannot send the event")?;
    let completion = invocation.wait();
    let streamed = writer.map_or(Ok(Written::default()), Writer::finish)?;
    let response = whole_response(&completion, arguments);
    if let Some(response) = response.as_ref().filter(|_| !arguments.json) {
        log.update(); // shows the lines that were written before the response
        output::response(response)?; // at once; an error is printed after the end of the log
    }
    let (status, error) = status_and_error(&completion, invocation.invoke());
    let lacks_final_newline = lacks_final_newline(response.as_ref(), &streamed, arguments);
    let warnings = match &completion.outcome {
        Outcome::Response(response) if status == Status::Success => {
            warnings(arguments, request, response, streamed.prelude)
        }
        Outcome::Response(_) | Outcome::Error(_) | Outcome::RuntimeExited(_) | Outcome::TimedOut => Vec::new(),
    };
    let report_wanted = arguments.report || stderr_is_a_terminal();
    let report = (report_wanted || arguments.json).then(|| report(environment, &completion, &invocation, startup));
    Ok(EventResult { status, response, error, request_id, warnings, report, report_wanted, lacks_final_newline })
}

/// The response, unless its parts have already been written to stdout.
fn whole_response(completion: &Completion, arguments: &Arguments) -> Option<Bytes> {
    match &completion.outcome {
        Outcome::Response(response) if response.streaming && !arguments.json => None,
        Outcome::Response(response) => Some(response.bytes.clone()),
        Outcome::Error(_) | Outcome::RuntimeExited(_) | Outcome::TimedOut => None,
    }
}

/// Whether the response ends without a newline and stderr goes to the same file. On a terminal a buffered response always gets a newline.
fn lacks_final_newline(response: Option<&Bytes>, streamed: &Written, arguments: &Arguments) -> bool {
    let whole = response.filter(|_| !arguments.json && !stdout_is_a_terminal());
    let last = whole.and_then(|bytes| bytes.last().copied()).or(streamed.last);
    output::lacks_newline(last)
}

fn report(environment: &Environment, completion: &Completion, invocation: &Invocation, startup: Startup) -> Report {
    Report {
        request_id: invocation.invoke().request_id.clone(),
        duration: billed(completion, invocation),
        startup,
        max_memory_bytes: environment.memory_bytes(),
    }
}

/// Warnings about the parts of a response that the caller cannot use. `prelude` is the prelude of a stream whose parts are already written.
pub(super) fn warnings(
    arguments: &Arguments,
    request: &Request,
    response: &Response,
    prelude: Option<Map<String, Value>>,
) -> Vec<String> {
    let event = &request.invoke.payload;
    let named = arguments.caller.or_else(|| sample(arguments).map(Sample::caller));
    let caller = named.unwrap_or_else(|| Caller::of(event));
    let mut warnings = contract::warnings_of(caller, event, response);
    if named.is_none() && caller == Caller::None {
        warnings.extend(contract::log_line_warning(response));
    }
    let prelude = prelude.or_else(|| response_stream::prelude_of(response));
    warnings.extend(prelude.iter().flat_map(|prelude| contract::headers::stream_warnings(caller, prelude)));
    warnings.extend(handler_hints::warnings(&request.settings, response));
    warnings
}
