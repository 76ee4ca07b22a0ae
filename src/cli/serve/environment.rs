//! Starts execution environments and waits for their init.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use super::environment_log::Log;
use super::log_prefix::LogPrefix;
use super::platform_log::start_line;
use super::watch::Watch;
use crate::cli::interruption::Interruption;
use crate::cli::startup::{self, Startup, StartupFailure};
use crate::lambda::environment::{Environment, Settings};
use crate::lambda::invocation::{Completion, FunctionError, Invocation, Invoke};

/// Starts the environments of one function.
#[derive(Debug)]
pub(super) struct Launcher {
    /// Without a log: each environment gets its own.
    pub(super) settings: Settings,
    pub(super) interruption: Interruption,
    pub(super) watch: Option<Watch>,
    pub(super) log_prefix: LogPrefix,
    /// The function's time limit.
    timeout: Duration,
    readiness: Mutex<Readiness>,
}

/// The state of the environment that was started last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Starting,
    Ready,
    Failed,
}

impl Launcher {
    pub(super) fn new(
        settings: Settings,
        interruption: Interruption,
        watch: Option<Watch>,
        log_prefix: LogPrefix,
        timeout: Duration,
    ) -> Launcher {
        Launcher { settings, interruption, watch, log_prefix, timeout, readiness: Mutex::new(Readiness::Starting) }
    }

    pub(super) fn readiness(&self) -> Readiness {
        *self.readiness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An environment whose init has succeeded. It runs one event at a time.
#[derive(Debug)]
pub(super) struct WarmEnvironment {
    pub(super) environment: Environment,
    pub(super) log: Log,
    /// How long the start took; `None` once the report of an event has included the duration.
    pub(super) startup: Option<Startup>,
}

/// The reason why no environment could take the event, and the log of the environment.
pub(super) struct EnvironmentFailure {
    pub(super) error: FunctionError,
    /// Whether Lambda reports the error, not the runtime.
    pub(super) by_lambda: bool,
    pub(super) log: Option<Log>,
}

impl WarmEnvironment {
    /// Starts an environment, waits for its init, and records the result as the readiness.
    pub(super) fn start(launcher: &Launcher) -> Result<WarmEnvironment, EnvironmentFailure> {
        let started = WarmEnvironment::start_environment(launcher);
        let readiness = if started.is_ok() { Readiness::Ready } else { Readiness::Failed };
        *launcher.readiness.lock().unwrap_or_else(PoisonError::into_inner) = readiness;
        started
    }

    fn start_environment(launcher: &Launcher) -> Result<WarmEnvironment, EnvironmentFailure> {
        let (environment, log) = environment(launcher).map_err(|error| EnvironmentFailure {
            error: FunctionError::by_lambda("Runtime.InvalidEntrypoint", &format!("{error:#}")),
            by_lambda: true,
            log: None,
        })?;
        let say = |step: &str| {
            log.flush(None); // the lines that were written before the step
            launcher.log_prefix.say(step);
        };
        let StartupFailure { error, by_lambda } = match startup::wait(&environment, launcher.timeout, say) {
            Ok(startup) => return Ok(WarmEnvironment { environment, log, startup: Some(startup) }),
            Err(failure) => failure,
        };
        drop(environment);
        log.flush(Some(&error));
        Err(EnvironmentFailure { error, by_lambda, log: Some(log) })
    }

    /// Runs one event and waits until it has ended.
    pub(super) fn invocation(&self, invoke: &Invoke) -> Result<(Invocation, Completion), EnvironmentFailure> {
        self.log.begin(&invoke.request_id, &start_line(&invoke.request_id));
        let invocation = self.environment.api().submit(invoke.clone()).map_err(|error| EnvironmentFailure {
            error: FunctionError::by_lambda("Runtime.Unknown", &format!("cannot send the event: {error:#}")),
            by_lambda: true,
            log: None,
        })?;
        let completion = invocation.wait();
        Ok((invocation, completion))
    }
}

fn environment(launcher: &Launcher) -> Result<(Environment, Log)> {
    let (log, writer) = Log::start(launcher.log_prefix.clone())?;
    let settings = Settings { log: Some(writer), ..launcher.settings.clone() };
    let environment = Environment::start(&settings).context("cannot start an environment")?;
    launcher.interruption.register(&environment);
    Ok((environment, log))
}
