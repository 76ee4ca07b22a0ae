//! An environment that has come to its first `next`, and why one has not.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use super::environment_log::Log;
use super::platform_log::start_line;
use super::watch::Watch;
use crate::cli::interruption::Interruption;
use crate::cli::invoke::result::{INIT_LIMIT, exit_error, init_timeout};
use crate::lambda::environment::{Environment, Settings};
use crate::lambda::invocation::{Completion, FunctionError, Invocation, Invoke};
use crate::lambda::runtime_api::Init;

/// What every environment is made from.
#[derive(Debug)]
pub(super) struct Template {
    /// The log is each environment's own.
    pub(super) settings: Settings,
    pub(super) interruption: Interruption,
    pub(super) watch: Option<Watch>,
    readiness: Mutex<Readiness>,
}

/// How the environment that was started last has fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Starting,
    Ready,
    Failed,
}

impl Template {
    pub(super) fn new(settings: Settings, interruption: Interruption, watch: Option<Watch>) -> Template {
        Template { settings, interruption, watch, readiness: Mutex::new(Readiness::Starting) }
    }

    pub(super) fn readiness(&self) -> Readiness {
        *self.readiness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It serves one event at a time.
#[derive(Debug)]
pub(super) struct Warm {
    pub(super) environment: Environment,
    pub(super) log: Log,
    /// How long init took, until an event's report has said so.
    pub(super) init: Option<Duration>,
}

/// Why there is no environment, and what it wrote.
pub(super) struct NotReady {
    pub(super) error: FunctionError,
    /// Whether it is Lambda that says so, not the runtime.
    pub(super) by_lambda: bool,
    pub(super) log: Option<Log>,
}

impl Warm {
    /// Starts one and waits for its init.
    pub(super) fn start(template: &Template) -> Result<Warm, NotReady> {
        let started = Warm::start_unnoted(template);
        let readiness = if started.is_ok() { Readiness::Ready } else { Readiness::Failed };
        *template.readiness.lock().unwrap_or_else(PoisonError::into_inner) = readiness;
        started
    }

    fn start_unnoted(template: &Template) -> Result<Warm, NotReady> {
        let (environment, log) = environment(template).map_err(|error| NotReady {
            error: FunctionError::by_lambda("Runtime.InvalidEntrypoint", &format!("{error:#}")),
            by_lambda: true,
            log: None,
        })?;
        let (error, by_lambda) = match environment.wait_for_init(INIT_LIMIT) {
            Init::Ready(ready) => {
                let init = Some(ready.saturating_duration_since(environment.started()));
                return Ok(Warm { environment, log, init });
            }
            Init::Failed(error) => (error, false),
            Init::RuntimeExited(how) => (exit_error(&how), true),
            Init::TimedOut => (init_timeout(), true),
        };
        drop(environment);
        log.flush(Some(&error));
        Err(NotReady { error, by_lambda, log: Some(log) })
    }

    /// Runs one event to its end.
    pub(super) fn invocation(&self, invoke: &Invoke) -> Result<(Invocation, Completion), NotReady> {
        self.log.begin(&invoke.request_id, &start_line(&invoke.request_id));
        let invocation = self.environment.api().submit(invoke.clone()).map_err(|error| NotReady {
            error: FunctionError::by_lambda("Runtime.Unknown", &format!("cannot send the event: {error:#}")),
            by_lambda: true,
            log: None,
        })?;
        let completion = invocation.wait();
        Ok((invocation, completion))
    }
}

fn environment(template: &Template) -> Result<(Environment, Log)> {
    let (log, writer) = Log::start()?;
    let settings = Settings { log: Some(writer), ..template.settings.clone() };
    let environment = Environment::start(&settings).context("cannot start an environment")?;
    template.interruption.register(&environment);
    Ok((environment, log))
}
