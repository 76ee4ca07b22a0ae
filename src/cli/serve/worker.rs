//! Keeps one execution environment warm between events, and replaces the environment when it has died, has timed out, or is out of date.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::environment::{EnvironmentFailure, Launcher, WarmEnvironment};
use super::job::{Answer, Job};
use super::platform_log::{Ending, Report};
use super::watch::{Snapshot, Watch};
use crate::cli::handler_hints;
use crate::cli::invoke::result::{Status, billed, status_and_error};
use crate::lambda::contract::{self, Caller};
use crate::lambda::invocation::{Completion, FunctionError, Invocation, Invoke, Outcome, Response};

/// Runs one event at a time.
#[derive(Debug)]
pub(super) struct Worker {
    launcher: Arc<Launcher>,
    warm: Option<WarmEnvironment>,
    /// The scripts at the last start of an environment, also if the start failed.
    sourced_files: Option<Snapshot>,
}

impl Worker {
    pub(super) fn new(launcher: Arc<Launcher>) -> Worker {
        Worker { launcher, warm: None, sourced_files: None }
    }

    /// Starts an environment before an event comes, so that an error in the script is reported early, and only once.
    pub(super) fn prepare(&mut self) {
        let fresh = self.warm.is_none() && self.sourced_files.is_none();
        if !fresh && self.changed().is_empty() {
            return;
        }
        if let Err(EnvironmentFailure { error, .. }) = self.warm_up() {
            self.launcher.log_prefix.explain(&error, self.task_root());
        }
    }

    /// Runs one event. If the environment has to be ended, all of its processes have ended when this returns. Returns `None` if Ctrl-C
    /// ended the event, because that is not an error of the function.
    pub(super) fn run(&mut self, job: Job) -> Option<Answer> {
        let Job { invoke, log_wanted, caller } = job;
        let answer = match self.invocation(&invoke) {
            Ok((invocation, completion)) => self.answer_to(&invocation, &completion, log_wanted),
            Err(failure) => self.answer_without_run(&invoke, failure, log_wanted),
        };
        if self.launcher.interruption.exit_status().is_some() {
            return None;
        }
        match &answer.outcome {
            Ok(response) => self.warn(caller, &invoke, response),
            Err(error) => self.launcher.log_prefix.explain(error, self.task_root()),
        }
        Some(answer)
    }

    /// Runs the event. If the runtime died before it took the event, the event goes to a new environment.
    fn invocation(&mut self, invoke: &Invoke) -> Result<(Invocation, Completion), EnvironmentFailure> {
        let (invocation, completion) = self.warm_up()?.invocation(invoke)?;
        if matches!(completion.outcome, Outcome::RuntimeExited(_)) && completion.delivered.is_none() {
            self.warm = None;
            return self.warm_up()?.invocation(invoke);
        }
        Ok((invocation, completion))
    }

    fn answer_to(&mut self, invocation: &Invocation, completion: &Completion, log_wanted: bool) -> Answer {
        let invoke = invocation.invoke();
        let (status, error) = status_and_error(completion, invoke);
        let memory_bytes = if log_wanted { self.memory_bytes() } else { 0 };
        let lost = matches!(completion.outcome, Outcome::RuntimeExited(_) | Outcome::TimedOut);
        let (log, startup) = match if lost { self.warm.take() } else { None } {
            Some(WarmEnvironment { environment, log, startup }) => {
                drop(environment); // before the answer: when the client has the answer, no process of the event is left
                (Some(log), startup)
            }
            None => self.warm.as_mut().map_or((None, None), |warm| (Some(warm.log.clone()), warm.startup.take())),
        };
        let error = error.map(|error| if lost { with_request_id(&error, &invoke.request_id) } else { error });
        log.iter().for_each(|log| log.flush(error.as_ref()));
        let duration = run_time(completion, invoke);
        let ending = match status {
            Status::TimedOut => Ending::TimedOut,
            _ if lost => Ending::RuntimeExited,
            _ => Ending::Answered,
        };
        let log_tail = log.filter(|_| log_wanted).map(|log| {
            let report = Report {
                request_id: &invoke.request_id,
                duration: billed(completion, invocation),
                startup,
                memory_mb: self.launcher.settings.memory_mb,
                memory_bytes,
                ending,
                error: error.as_ref().filter(|_| lost),
            };
            log.tail(&report.to_string())
        });
        Answer { outcome: outcome(completion, error), duration, log_tail }
    }

    /// The answer to an event that no runtime took.
    fn answer_without_run(&self, invoke: &Invoke, failure: EnvironmentFailure, log_wanted: bool) -> Answer {
        let EnvironmentFailure { error, by_lambda, log } = failure;
        let error = if by_lambda { with_request_id(&error, &invoke.request_id) } else { error };
        let log_tail = log.filter(|_| log_wanted).map(|log| {
            let report = Report {
                request_id: &invoke.request_id,
                duration: Duration::ZERO,
                startup: None,
                memory_mb: self.launcher.settings.memory_mb,
                memory_bytes: 0,
                ending: Ending::InitFailed,
                error: Some(&error),
            };
            log.tail(&report.to_string())
        });
        Answer { outcome: Err(error), duration: Duration::ZERO, log_tail }
    }

    fn warm_up(&mut self) -> Result<&mut WarmEnvironment, EnvironmentFailure> {
        let changed = self.changed();
        if let Some(watch) = self.launcher.watch.as_ref().filter(|_| !changed.is_empty()) {
            let files: Vec<String> = changed.iter().map(|file| watch.shown(file)).collect();
            self.launcher.log_prefix.say(format_args!("changed: {}; sourcing again", files.join(", ")));
            self.warm = None;
        }
        let warm = match self.warm.take().filter(|warm| !warm.environment.has_exited()) {
            Some(warm) => warm,
            None => {
                self.sourced_files = self.launcher.watch.as_ref().map(Watch::snapshot); // before Bash reads the files
                WarmEnvironment::start(&self.launcher)?
            }
        };
        if let Some(startup) = warm.startup.filter(|_| !changed.is_empty()) {
            self.launcher
                .log_prefix
                .say(format_args!("sourced again in {:.2} ms", startup.init.as_secs_f64() * 1000.0));
        }
        Ok(self.warm.insert(warm))
    }

    /// The scripts that have changed since the last start of an environment.
    fn changed(&self) -> Vec<PathBuf> {
        let watched = self.launcher.watch.as_ref().zip(self.sourced_files.as_ref());
        watched.map_or_else(Vec::new, |(watch, sourced_files)| watch.changed_since(sourced_files))
    }

    /// Warns about a response that the caller cannot use.
    fn warn(&self, caller: Option<Caller>, invoke: &Invoke, response: &Response) {
        let caller = caller.unwrap_or_else(|| Caller::of(&invoke.payload));
        let warnings = contract::warnings_of(caller, &invoke.payload, response);
        let unread = handler_hints::warnings(&self.launcher.settings, response);
        warnings.iter().chain(&unread).for_each(|warning| self.launcher.log_prefix.warn(warning));
    }

    fn memory_bytes(&self) -> u64 {
        self.warm.as_ref().map_or(0, |warm| warm.environment.memory_bytes())
    }

    fn task_root(&self) -> &Path {
        &self.launcher.settings.function.task_root
    }
}

fn outcome(completion: &Completion, error: Option<FunctionError>) -> Result<Response, FunctionError> {
    match (&completion.outcome, error) {
        (Outcome::Response(response), None) => Ok(response.clone()),
        (_, Some(error)) => Err(error),
        (_, None) => Err(FunctionError::default()), // `status_and_error` gives an error for every other outcome
    }
}

fn run_time(completion: &Completion, invoke: &Invoke) -> Duration {
    match (completion.delivered, completion.answered) {
        (Some(delivered), Some(answered)) => answered.saturating_duration_since(delivered),
        (Some(delivered), None) => delivered.elapsed().min(invoke.timeout),
        (None, _) => Duration::ZERO,
    }
}

/// An error that Lambda reports, as a caller gets it: with the request id before the message.
fn with_request_id(error: &FunctionError, request_id: &str) -> FunctionError {
    let report: serde_json::Value = serde_json::from_slice(&error.body).unwrap_or_default();
    let sentence = report["errorMessage"].as_str().unwrap_or_default();
    FunctionError::by_lambda(&error.error_type, &format!("RequestId: {request_id} Error: {sentence}"))
}
