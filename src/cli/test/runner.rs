//! Runs all events in one environment, and starts a new environment if it ended.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::case::Case;
use super::durable;
use super::setup::Setup;
use crate::cli::interruption::Interruption;
use crate::cli::invoke::json_output;
use crate::cli::invoke::result::status_and_error;
use crate::cli::startup;
use crate::lambda::environment::{Bootstrap, Environment, Settings};
use crate::lambda::function::Function;
use crate::lambda::invocation::{FunctionError, Invoke, Outcome, Response};

const PATH: &str = "PATH";
const MEMORY_MB: u32 = 128;

/// The answer to an event.
#[derive(Debug)]
pub(super) enum Answer {
    Response(Response),
    /// The handler failed.
    Failure(FunctionError),
    /// The time limit passed, or the runtime ended. Such a result is never an expected answer.
    Unanswered(FunctionError),
    /// Init failed, so the event was not sent.
    InitFailed(FunctionError),
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) answer: Answer,
    /// The time from sending the event to its answer.
    pub(super) duration: Duration,
    /// The log lines that were written in this time.
    pub(super) log: String,
    /// The history of a durable execution, as lines that are the same in each run.
    pub(super) history: Option<String>,
}

/// Runs events in an environment.
pub(super) struct Runner {
    settings: Settings,
    timeout: Duration,
    interruption: Interruption,
    environment: Option<Environment>,
    init_failed: bool,
    _setup: Option<Setup>,
    log: Arc<File>,
    log_bytes: u64,
}

impl Runner {
    /// `stubs` is the folder of the commands that come first on PATH; `given` are the variables of the function.
    pub(super) fn new(
        function: Function,
        given: &[(OsString, OsString)],
        stubs: Option<PathBuf>,
        timeout: Duration,
        interruption: Interruption,
    ) -> Result<Runner> {
        let log = json_output::log()?;
        let setup = Setup::run(&function.task_root)?;
        let mut all = setup.as_ref().map(|setup| setup.variables.clone()).unwrap_or_default();
        all.extend(given.iter().cloned()); // these replace the variables of the setup
        let settings = Settings {
            variables: variables(&all, stubs)?,
            function,
            bootstrap: Bootstrap::ThisProgram,
            memory_mb: MEMORY_MB,
            snap_start: false,
            log: Some(Arc::clone(&log)),
        };
        Ok(Runner {
            settings,
            timeout,
            interruption,
            environment: None,
            init_failed: false,
            _setup: setup,
            log,
            log_bytes: 0,
        })
    }

    /// The folder of the function's sources.
    pub(super) fn task_root(&self) -> &Path {
        &self.settings.function.task_root
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether init failed. It would fail for the next event too.
    pub(super) fn init_failed(&self) -> bool {
        self.init_failed
    }

    /// Sends an event and waits for its answer.
    ///
    /// # Errors
    /// When no environment can be started, or its log cannot be read.
    pub(super) fn run(&mut self, name: &str, event: &[u8]) -> Result<Run> {
        let environment = match self.environment.take() {
            Some(environment) => environment,
            None => match self.start()? {
                Ok(environment) => environment,
                Err(error) => {
                    self.init_failed = true;
                    return Ok(Run {
                        answer: Answer::InitFailed(error),
                        duration: Duration::ZERO,
                        log: self.new_log()?,
                        history: None,
                    });
                }
            },
        };
        let sent = Instant::now();
        let invocation = environment.api().submit(self.invoke(name, event)).context("cannot send the event")?;
        let completion = invocation.wait();
        let duration = sent.elapsed();
        let (_, error) = status_and_error(&completion, invocation.invoke());
        let answer = match (completion.outcome, error) {
            (Outcome::Response(response), None) => Answer::Response(response),
            (Outcome::TimedOut | Outcome::RuntimeExited(_), error) => Answer::Unanswered(error.unwrap_or_default()),
            (Outcome::Response(_) | Outcome::Error(_), error) => Answer::Failure(error.unwrap_or_default()),
        };
        if matches!(answer, Answer::Unanswered(_)) {
            drop(environment); // the next event gets a new environment, as on Lambda
        } else {
            self.environment = Some(environment);
        }
        Ok(Run { answer, duration, log: self.new_log()?, history: None })
    }

    /// Runs a durable execution to its end. Waits and retries pass at once. The execution has its own environments.
    ///
    /// # Errors
    /// When the input is not UTF-8, or the log cannot be read.
    pub(super) fn run_durable(&mut self, case: &Case, input: &[u8]) -> Result<Run> {
        let input = std::str::from_utf8(input).context("the input of a durable execution must be UTF-8")?;
        let begun = Instant::now();
        let execution =
            durable::run(&self.settings, &self.invoke(&case.name, b""), input, case.callbacks()?, &self.interruption);
        let (answer, history) = match execution {
            Ok((Ok(result), history)) => {
                (Answer::Response(Response { bytes: result.into(), ..Response::default() }), Some(history))
            }
            Ok((Err(error), history)) => (Answer::Failure(error), Some(history)),
            Err(error) => {
                let message = format!("the execution cannot go on: {error:#}");
                (Answer::Unanswered(FunctionError::by_lambda("Execution.Stopped", &message)), None)
            }
        };
        Ok(Run { answer, duration: begun.elapsed(), log: self.new_log()?, history })
    }

    fn start(&self) -> Result<Result<Environment, FunctionError>> {
        let environment = Environment::start(&self.settings)?;
        self.interruption.register(&environment);
        Ok(match startup::wait(&environment, self.timeout, |_| ()) {
            Ok(_) => Ok(environment),
            Err(failure) => Err(failure.error),
        })
    }

    fn invoke(&self, name: &str, event: &[u8]) -> Invoke {
        Invoke {
            payload: event.to_vec().into(),
            request_id: request_id(name),
            timeout: self.timeout,
            function_arn: Some(self.settings.function.arn()),
            trace_id: Some(trace_id(name)),
            ..Invoke::default()
        }
    }

    /// Reads the new part of the log without moving the file offset, at which the runtime writes to the same open file.
    fn new_log(&mut self) -> Result<String> {
        let length = self.log.metadata().context("cannot read the log")?.len();
        let mut bytes = vec![0; usize::try_from(length - self.log_bytes)?];
        self.log.read_exact_at(&mut bytes, self.log_bytes).context("cannot read the log")?;
        self.log_bytes = length;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The given variables, with the stubs first on PATH.
fn variables(given: &[(OsString, OsString)], stubs: Option<PathBuf>) -> Result<Vec<(OsString, OsString)>> {
    let mut variables = given.to_vec();
    if let Some(stubs) = stubs {
        let given = given.iter().rev().find(|(name, _)| name == PATH).map(|(_, path)| path.clone());
        let path = given.or_else(|| std::env::var_os(PATH)).unwrap_or_default();
        let folders: Vec<PathBuf> = std::iter::once(stubs).chain(std::env::split_paths(&path)).collect();
        let path = std::env::join_paths(folders).context("a folder with `:` in its name cannot be on PATH")?;
        variables.push((PATH.into(), path));
    }
    Ok(variables)
}

/// A UUID that depends only on the event's name.
fn request_id(name: &str) -> String {
    let digits = digits(name);
    format!("{}-{}-4{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32])
}

/// A trace id that depends only on the event's name.
fn trace_id(name: &str) -> String {
    let digits = digits(name);
    format!("Root=1-{}-{};Parent={};Sampled=0", &digits[..8], &digits[8..32], &digits[32..48])
}

fn digits(name: &str) -> String {
    Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_uuid_and_always_the_same() {
        let id = request_id("order");
        assert_eq!(id, request_id("order"));
        assert_ne!(id, request_id("orders"));
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }

    #[test]
    fn stubs_come_before_the_path_that_was_given() {
        let given = [(OsString::from(PATH), OsString::from("/a:/b"))];
        assert_eq!(variables(&given, None).unwrap(), given);
        let with_stubs = variables(&given, Some("/f/tests/bin".into())).unwrap();
        assert_eq!(with_stubs.last(), Some(&(PATH.into(), "/f/tests/bin:/a:/b".into())));
    }
}
