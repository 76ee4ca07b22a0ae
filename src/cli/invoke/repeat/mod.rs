//! Runs `coshell invoke --repeat N`: sends the same event N times to one environment and measures the durations.
//!
//! The events are sent one after another, as on Lambda. A failure is counted and the next event is sent. The repetition stops only if the
//! environment ends: after a timeout, after the end of the runtime, or on Ctrl-C. Two durations are measured for each answered event: until
//! its answer, for which the caller waits, and until the runtime asks for the next event, which is the billed duration.

mod progress;
mod statistics;
mod summary;

use std::time::Duration;

use anyhow::{Context, Result};

use self::progress::ProgressView;
use super::result::{billed, status_and_error};
use super::{Arguments, Request, Status, delivery, json_output, output};
use crate::cli::interruption::Interruption;
use crate::cli::startup;
use crate::cli::terminal::{say, show, warn};
use crate::lambda::environment::Environment;
use crate::lambda::identifiers::random_uuid;
use crate::lambda::invocation::{FunctionError, Invocation, Invoke, Outcome, Response};

/// The results of all events.
#[derive(Debug, Default)]
struct Summary {
    requested: u32,
    status: Status,
    /// From the start of the runtime process to its first `next`; `None` if init failed.
    init: Option<Duration>,
    /// From delivery to the answer, for each event that was answered.
    answered: Vec<Duration>,
    /// From delivery to the following `next`, for the same events.
    billed: Vec<Duration>,
    /// The first response, and the number of all responses.
    response: Option<Response>,
    responses: u32,
    /// How many responses differ from the first.
    different: u32,
    first_error: Option<FunctionError>,
    /// The number of errors of each type, in the order of their first occurrence.
    errors: Vec<(String, u32)>,
    /// Whether a timeout or the end of the runtime has ended the environment.
    environment_ended: bool,
    max_memory_bytes: u64,
    /// The number of log lines that were not shown.
    hidden_lines: u64,
}

/// Sends the event `times` times and prints the results.
///
/// # Errors
/// When an event cannot be sent or the result cannot be written.
pub(super) fn run(
    environment: Environment,
    request: &Request,
    times: u32,
    arguments: &Arguments,
    interruption: &Interruption,
) -> Result<Status> {
    let mut summary = Summary { requested: times, ..Summary::default() };
    let progress = ProgressView::start(times, request.settings.log.clone().filter(|_| !arguments.json));
    match startup::wait(&environment, request.invoke.timeout, |step| {
        if !arguments.json {
            say(step)
        }
    }) {
        Ok(startup) => {
            summary.init = Some(startup.init);
            summary.send_all(&environment, &request.invoke, &progress, interruption)?;
        }
        Err(failure) => summary.note_error(Status::InitFailed, failure.error),
    }
    summary.max_memory_bytes = environment.memory_bytes();
    drop(environment); // ends every process of the environment, and the log, before the result is printed
    summary.hidden_lines = progress.finish();
    if let Some(status) = interruption.exit_status() {
        summary.status = Status::Interrupted(status);
    }
    if arguments.json {
        json_output::write(&summary.object(&json_output::lines(request.settings.log.as_deref())?))?;
        return Ok(summary.status);
    }
    let mut written = Ok(());
    if let Some(response) = summary.common_response() {
        written = output::response(&response.bytes);
        delivery::warnings(arguments, request, response, None).iter().for_each(|warning| warn(warning));
    }
    summary.first_error.iter().for_each(|error| output::error(error, &request.settings.function.task_root));
    show(summary.to_text());
    written.map(|()| summary.status)
}

impl Summary {
    fn send_all(
        &mut self,
        environment: &Environment,
        invoke: &Invoke,
        progress: &ProgressView,
        interruption: &Interruption,
    ) -> Result<()> {
        while self.sent() < self.requested && !self.environment_ended {
            let event = Invoke { request_id: random_uuid(), ..invoke.clone() };
            let invocation = environment.api().submit(event).context("cannot send the event")?;
            drop(invocation.wait());
            if interruption.exit_status().is_some() {
                progress.show_unfinished();
                break; // Ctrl-C ended this event
            }
            let failed_before = self.failed();
            self.note(&invocation);
            progress.advance(self.failed() > failed_before);
        }
        Ok(())
    }

    fn note(&mut self, invocation: &Invocation) {
        let completion = invocation.wait();
        if let (Some(delivered), Some(answered)) = (completion.delivered, completion.answered) {
            self.answered.push(answered.saturating_duration_since(delivered));
            self.billed.push(billed(&completion, invocation));
        }
        if let (status, Some(error)) = status_and_error(&completion, invocation.invoke()) {
            self.note_error(status, error);
        }
        match completion.outcome {
            Outcome::Response(response) if response.trailing_error.is_none() => self.note_response(response),
            Outcome::Response(_) | Outcome::Error(_) => {}
            Outcome::TimedOut | Outcome::RuntimeExited(_) => self.environment_ended = true,
        }
    }

    fn note_response(&mut self, response: Response) {
        self.responses += 1;
        let first = self.response.get_or_insert_with(|| response.clone());
        self.different += u32::from(first.bytes != response.bytes);
    }

    fn note_error(&mut self, status: Status, error: FunctionError) {
        self.status = status;
        match self.errors.iter_mut().find(|(error_type, _)| *error_type == error.error_type) {
            Some((_, count)) => *count += 1,
            None => self.errors.push((error.error_type.clone(), 1)),
        }
        self.first_error.get_or_insert(error);
    }

    /// The number of events with a result.
    fn sent(&self) -> u32 {
        self.responses + self.failed()
    }

    fn failed(&self) -> u32 {
        self.errors.iter().map(|(_, count)| count).sum()
    }

    /// The response, if every requested event gave the same response.
    fn common_response(&self) -> Option<&Response> {
        self.response.as_ref().filter(|_| self.responses == self.requested && self.different == 0)
    }
}
