//! Keeps one execution environment warm between events and restarts it when it has died, was too slow, or is out of date.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::environment::{NotReady, Template, Warm};
use super::job::{Answer, Job};
use super::platform_log::{Ending, Report};
use super::watch::{Snapshot, Watch};
use crate::cli::invoke::output;
use crate::cli::invoke::result::{Status, billed, status_and_error};
use crate::cli::stdin_hint;
use crate::cli::terminal;
use crate::lambda::contract::{self, Caller};
use crate::lambda::invocation::{Completion, FunctionError, Invocation, Invoke, Outcome, Response};

/// Runs one event at a time.
#[derive(Debug)]
pub(super) struct Worker {
    template: Arc<Template>,
    warm: Option<Warm>,
    /// The scripts that the last environment was made from, or would have been, had it come to life.
    made_from: Option<Snapshot>,
}

impl Worker {
    pub(super) fn new(template: Arc<Template>) -> Worker {
        Worker { template, warm: None, made_from: None }
    }

    /// Starts an environment before there is an event, so that a script with a fault says so early; once for each fault.
    pub(super) fn prepare(&mut self) {
        let fresh = self.warm.is_none() && self.made_from.is_none();
        if !fresh && self.changed().is_empty() {
            return;
        }
        if let Err(NotReady { error, .. }) = self.warm_up() {
            output::explained(&error, self.task_root());
        }
    }

    /// Runs one event to its end; every process of an environment that is given up is gone when this returns. There is no
    /// answer where Ctrl-C ended it: that is no fault of the function.
    pub(super) fn run(&mut self, job: Job) -> Option<Answer> {
        let Job { invoke, log_wanted, caller } = job;
        let answer = match self.invocation(&invoke) {
            Ok((invocation, completion)) => self.judged(&invocation, &completion, log_wanted),
            Err(not_ready) => self.not_run(&invoke, not_ready, log_wanted),
        };
        if self.template.interruption.exit_status().is_some() {
            return None;
        }
        match &answer.outcome {
            Ok(response) => self.warn(caller, &invoke, response),
            Err(error) => drop(output::explained(error, self.task_root())),
        }
        Some(answer)
    }

    /// An event that reached no runtime, since that was just dying, goes to a new one.
    fn invocation(&mut self, invoke: &Invoke) -> Result<(Invocation, Completion), NotReady> {
        let (invocation, completion) = self.warm_up()?.invocation(invoke)?;
        if matches!(completion.outcome, Outcome::RuntimeExited(_)) && completion.delivered.is_none() {
            self.warm = None;
            return self.warm_up()?.invocation(invoke);
        }
        Ok((invocation, completion))
    }

    fn judged(&mut self, invocation: &Invocation, completion: &Completion, log_wanted: bool) -> Answer {
        let invoke = invocation.invoke();
        let (status, error) = status_and_error(completion, invoke);
        let memory_bytes = if log_wanted { self.memory_bytes() } else { 0 };
        let lost = matches!(completion.outcome, Outcome::RuntimeExited(_) | Outcome::TimedOut);
        let (log, init) = match if lost { self.warm.take() } else { None } {
            Some(Warm { environment, log, init }) => {
                drop(environment); // before the answer: who has it finds no process of the event
                (Some(log), init)
            }
            None => self.warm.as_mut().map_or((None, None), |warm| (Some(warm.log.clone()), warm.init.take())),
        };
        let error = error.map(|error| if lost { told_by_lambda(&error, &invoke.request_id) } else { error });
        log.iter().for_each(|log| log.flush(error.as_ref()));
        let duration = until_answered(completion, invoke);
        let ending = match status {
            Status::TimedOut => Ending::TimedOut,
            _ if lost => Ending::RuntimeExited,
            _ => Ending::Answered,
        };
        let log_tail = log.filter(|_| log_wanted).map(|log| {
            let report = Report {
                request_id: &invoke.request_id,
                duration: billed(completion, invocation),
                init,
                memory_mb: self.template.settings.memory_mb,
                memory_bytes,
                ending,
                error: error.as_ref().filter(|_| lost),
            };
            log.tail(&report.to_string())
        });
        Answer { outcome: outcome(completion, error), duration, log_tail }
    }

    /// The answer where the event reached no runtime.
    fn not_run(&self, invoke: &Invoke, not_ready: NotReady, log_wanted: bool) -> Answer {
        let NotReady { error, by_lambda, log } = not_ready;
        let error = if by_lambda { told_by_lambda(&error, &invoke.request_id) } else { error };
        let log_tail = log.filter(|_| log_wanted).map(|log| {
            let report = Report {
                request_id: &invoke.request_id,
                duration: Duration::ZERO,
                init: None,
                memory_mb: self.template.settings.memory_mb,
                memory_bytes: 0,
                ending: Ending::InitFailed,
                error: Some(&error),
            };
            log.tail(&report.to_string())
        });
        Answer { outcome: Err(error), duration: Duration::ZERO, log_tail }
    }

    fn warm_up(&mut self) -> Result<&mut Warm, NotReady> {
        let changed = self.changed();
        if let Some(watch) = self.template.watch.as_ref().filter(|_| !changed.is_empty()) {
            let files: Vec<String> = changed.iter().map(|file| watch.shown(file)).collect();
            terminal::say(format_args!("changed: {}; sourcing anew", files.join(", ")));
            self.warm = None;
        }
        let warm = match self.warm.take().filter(|warm| !warm.environment.has_exited()) {
            Some(warm) => warm,
            None => {
                self.made_from = self.template.watch.as_ref().map(Watch::snapshot); // before it is read by Bash
                Warm::start(&self.template)?
            }
        };
        if let Some(init) = warm.init.filter(|_| !changed.is_empty()) {
            terminal::say(format_args!("sourced anew in {:.2} ms", init.as_secs_f64() * 1000.0));
        }
        Ok(self.warm.insert(warm))
    }

    /// The scripts that have changed since the last environment was made.
    fn changed(&self) -> Vec<PathBuf> {
        let watched = self.template.watch.as_ref().zip(self.made_from.as_ref());
        watched.map_or_else(Vec::new, |(watch, made_from)| watch.changed_since(made_from))
    }

    /// Says what the caller could not use.
    fn warn(&self, caller: Option<Caller>, invoke: &Invoke, response: &Response) {
        let caller = caller.unwrap_or_else(|| Caller::of(&invoke.payload));
        let warnings = contract::warnings_of(caller, &invoke.payload, response);
        let unread = stdin_hint::warning(&self.template.settings, response);
        warnings.iter().chain(&unread).for_each(|warning| terminal::warn(warning));
    }

    fn memory_bytes(&self) -> u64 {
        self.warm.as_ref().map_or(0, |warm| warm.environment.memory_bytes())
    }

    fn task_root(&self) -> &Path {
        &self.template.settings.function.task_root
    }
}

fn outcome(completion: &Completion, error: Option<FunctionError>) -> Result<Response, FunctionError> {
    match (&completion.outcome, error) {
        (Outcome::Response(response), None) => Ok(response.clone()),
        (_, Some(error)) => Err(error),
        (_, None) => Err(FunctionError::default()), // `status_and_error` gives an error to each of these
    }
}

fn until_answered(completion: &Completion, invoke: &Invoke) -> Duration {
    match (completion.delivered, completion.answered) {
        (Some(delivered), Some(answered)) => answered.saturating_duration_since(delivered),
        (Some(delivered), None) => delivered.elapsed().min(invoke.timeout),
        (None, _) => Duration::ZERO,
    }
}

/// An error of Lambda's own as it tells a caller: with the request id before the sentence.
fn told_by_lambda(error: &FunctionError, request_id: &str) -> FunctionError {
    let report: serde_json::Value = serde_json::from_slice(&error.body).unwrap_or_default();
    let sentence = report["errorMessage"].as_str().unwrap_or_default();
    FunctionError::by_lambda(&error.error_type, &format!("RequestId: {request_id} Error: {sentence}"))
}
