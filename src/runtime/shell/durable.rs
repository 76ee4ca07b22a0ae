//! Runs an event that belongs to a durable execution, and makes its answer.

use std::io::{Read as _, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

use super::Shell;
use super::convention::Stream;
use super::execution::Execution;
use super::io::Read;
use crate::runtime::channel::Channel;
use crate::runtime::durable::{DurableEvent, ErrorObject, FailedCommand, Outcome, Session, Surroundings, Verdict};
use crate::runtime::failure::{self, CustomError, Ending, Failure, Place};
use crate::runtime::invocation::Invocation;
use crate::runtime::logs::driver_text::DriverText;
use crate::runtime::logs::{Level, Log, Owner};
use crate::runtime::payload::Payload;
use crate::runtime::processes::Process;
use crate::runtime::response::Response;
use crate::runtime::stack::{self, Record};

/// How long the EXIT traps of a suspended handler may take.
const SUSPENSION_GRACE: Duration = Duration::from_millis(100);
/// The longest margin before a deadline that is not set by COSHELL_TIMEOUT_MARGIN_MS. A checkpoint must fit into it.
const MAX_MARGIN: Duration = Duration::from_secs(1);
/// BASH_COMMAND where the command of an operation is called (functions/durable.bash).
const OWN_COMMAND: &str = "\"$@\"";
/// How many reads take the log lines that were written before a question: more than a pipe can hold.
const MAX_READS: usize = 64;

impl Shell {
    /// Runs the handler on the input of the execution, and answers with what came of it.
    pub(super) fn call_durable(
        &mut self,
        event: DurableEvent,
        invocation: &Invocation,
        response: &mut Response,
    ) -> Result<(), Failure> {
        response.buffer();
        let members = vec![("executionArn", event.arn.as_str().into())];
        let owner = Owner { more: Some(Arc::new(members)), ..Owner::of(invocation) };
        let end = invocation.remaining().map(|left| Instant::now() + left);
        let result = match Session::begin(event, invocation, self.caller.take(), &self.pipes.channel) {
            Ok(session) => {
                let handlers = invocation.with_event(session.input().into_bytes(), session.variables());
                self.session = Some(session);
                self.run(&handlers, None, response)
            }
            Err(verdict) => return self.answer(&verdict, &owner, response),
        };
        let Some(mut session) = self.session.take() else { return result };
        let outcome = match (session.verdict().cloned(), result) {
            (Some(verdict), _) => Err(verdict),
            (None, Ok(())) => match session.unfinished() {
                Some(operation) => {
                    let message = format!("the handler ended while {operation} was not done: wait for it");
                    Err(Verdict::Failed(ErrorObject::new("Function.NotDeterministic", message)))
                }
                None => Ok(Outcome::of_result(response.unsent())),
            },
            (None, Err(failure @ Failure::Handler(_))) if !is_crash(&failure) => {
                self.host.log.fail(Level::Error, &owner, &failure);
                Ok(Outcome::Failed(error_of_execution(&failure, session.last_error())))
            }
            (None, Err(failure @ Failure::TimedOut(_))) if session.fail_running(&error_object(&failure, None)) => {
                self.host.log.fail(Level::Warn, &owner, &failure);
                Ok(Outcome::Pending)
            }
            (None, Err(failure)) => {
                self.caller = Some(session.close(end).0);
                return Err(failure);
            }
        };
        let outcome = outcome.and_then(|outcome| match &outcome {
            Outcome::Succeeded(result) if outcome.is_too_large() => {
                session.record_end("SUCCEED", json!({"Payload": result}), end)?;
                Ok(Outcome::Succeeded(String::new()))
            }
            _ => Ok(outcome),
        });
        let (caller, flushed) = session.close(end);
        self.caller = Some(caller);
        match outcome.and_then(|outcome| flushed.map(|()| outcome)) {
            Ok(outcome) => {
                response.replace(Payload::from(outcome.body()));
                Ok(())
            }
            Err(verdict) => self.answer(&verdict, &owner, response),
        }
    }

    /// How long before the deadline the event is ended. In a durable execution it always is: a step that runs then has failed an
    /// attempt, and the execution goes on.
    pub(super) fn margin(&self, remaining: Option<Duration>) -> Option<Duration> {
        let of_session = || self.session.is_some().then(|| remaining.map(|left| (left / 10).min(MAX_MARGIN))).flatten();
        self.timeout_margin.or_else(of_session)
    }

    /// Answers an event that ended before its handler did.
    fn answer(&self, verdict: &Verdict, owner: &Owner, response: &mut Response) -> Result<(), Failure> {
        let outcome = match verdict {
            Verdict::Suspended | Verdict::Closed => Outcome::Pending,
            Verdict::Failed(error) => {
                self.host.log.say(Level::Error, owner, &format!("the durable execution has failed: {}", error.message));
                Outcome::Failed(error.clone())
            }
            Verdict::Broken(cause) => return Err(Failure::Checkpoint { cause: cause.clone() }),
        };
        response.replace(Payload::from(outcome.body()));
        Ok(())
    }
}

/// Whether the handler's process was killed, as for want of memory. Lambda invokes again then, as after a crash of any runtime.
fn is_crash(failure: &Failure) -> bool {
    failure.of_handler().is_some_and(|failure| matches!(failure.ending, Ending::Signal(Signal::SIGKILL)))
}

/// The error with which the execution ends: that of the operation, if the handler failed because `durable` did.
fn error_of_execution(failure: &Failure, of_operation: Option<&ErrorObject>) -> ErrorObject {
    let place = failure.of_handler().and_then(|failure| failure.place.as_ref());
    let begins =
        |before: &str| before.ends_with(|c: char| c.is_whitespace() || "(;&|{!`\"".contains(c)) || before.is_empty();
    let is_of_durable = place.is_some_and(|place| {
        let mut calls = place.command.match_indices("durable ");
        calls.any(|(at, _)| begins(&place.command[..at]))
    });
    match of_operation {
        Some(error) if is_of_durable => error.clone(),
        _ => error_object(failure, failure.of_handler().map(|failure| failure.ending)),
    }
}

fn error_object(failure: &Failure, ending: Option<Ending>) -> ErrorObject {
    let status = ending.map(|ending| match ending {
        Ending::Status(status) => status,
        Ending::Signal(signal) => 128 + signal as i32,
    });
    ErrorObject {
        error_type: failure::reported_type(failure),
        message: failure::reported_message(failure),
        data: status.map(|status| status.to_string()),
        stack: failure::stack_trace(failure),
    }
}

impl Execution<'_, '_> {
    /// Gives the first log lines of a durable execution their members.
    pub(super) fn begin_session(&mut self) {
        if let Some(mut session) = self.shell.session.take() {
            session.label_log(0, self);
            self.shell.session = Some(session);
        }
    }

    /// Serves the questions of `durable`, if the event belongs to a durable execution.
    pub(super) fn serve_session(&mut self) {
        if let Some(mut session) = self.shell.session.take() {
            session.serve(self);
            self.shell.session = Some(session);
        }
    }

    /// Whether the session has ended the event.
    pub(super) fn has_verdict(&self) -> bool {
        self.shell.session.as_ref().is_some_and(|session| session.verdict().is_some())
    }

    /// Ends the processes of an event before its handler has ended. Bash may run its EXIT traps; everything else is killed.
    pub(super) fn end_early(&mut self) -> Result<(), Failure> {
        let (forks, running) = self.running();
        if let Some(pid) = self.subshell() {
            let _ = kill(pid, Signal::SIGTERM);
        }
        forks.iter().for_each(|fork| fork.signal(Signal::SIGTERM));
        self.wait_for_end(SUSPENSION_GRACE)?;
        running.iter().chain(&forks).for_each(Process::kill);
        if self.done.is_none() && !self.succeeded {
            self.shell.kill_subshell();
        }
        self.close_stdout()
    }

    /// The command of an operation itself, if nothing is known of a command inside it.
    fn place_of_own(&self, records: &[Record], failed: &FailedCommand) -> Option<Place> {
        let of_level = |record: &&Record| record.level == failed.level;
        let record = records.iter().rev().find(of_level);
        let is_own = record.is_none_or(|record| record.command == OWN_COMMAND);
        is_own.then(|| Place {
            command: failed.command.clone(),
            status: failed.status,
            frames: record.map(|record| record.frames.clone()).unwrap_or_default(),
            ..Place::default()
        })
    }
}

impl Surroundings for Execution<'_, '_> {
    fn channel(&self) -> &Channel {
        &self.shell.pipes.channel
    }

    fn log(&self) -> (&Log, Owner, &Arc<DriverText>) {
        (&self.shell.host.log, self.lines.owner().clone(), &self.shell.driver_text)
    }

    fn mutes_repeats(&self) -> bool {
        !self.shell.logs_repeats
    }

    fn read_log(&mut self) {
        let mut reads = 0;
        while self.stderr_open && reads < MAX_READS && self.read_stream(Stream::Stderr) == Read::Some {
            reads += 1;
        }
    }

    fn label_log(&mut self, members: Arc<Vec<(&'static str, Value)>>, is_repeated: bool) {
        self.lines.label(members, is_repeated && !self.shell.logs_repeats);
    }

    fn mark(&mut self) -> u64 {
        self.lines.forget_tail();
        self.shell.pipes.trace.file.metadata().map_or(0, |file| file.len())
    }

    fn error(&mut self, failed: &FailedCommand) -> ErrorObject {
        let (mut bytes, mut stderr) = (Vec::new(), self.lines.tail());
        let file = match &failed.branch {
            Some((file, tail)) => {
                stderr.clone_from(tail);
                file.try_clone()
            }
            None => self.shell.pipes.trace.file.try_clone(),
        };
        // Without the records, the error names no place.
        drop(file.and_then(|mut file| {
            file.seek(SeekFrom::Start(failed.trace_start))?;
            file.read_to_end(&mut bytes)
        }));
        let records = stack::records(&bytes, self.turn, &self.shell.pipes.driver);
        let evidence = self.shell.evidence(&records, failed.level, &stderr);
        let own = || self.place_of_own(&records, failed);
        let place = own().or_else(|| match Ending::of_command(failed.status) {
            Ending::Status(_) => evidence.failure(),
            Ending::Signal(_) => None,
        });
        let ending = Ending::of_command(failed.status);
        let custom_error = CustomError::parse(failed.stdout);
        let is_own_error = custom_error.is_some();
        let failure = self.shell.failure(ending, place, stderr, custom_error);
        let mut error = error_object(&Failure::Handler(Box::new(failure)), Some(Ending::Status(failed.status)));
        if !is_own_error {
            error.message = format!("{}: {}", failed.what, error.message);
        }
        error
    }
}
