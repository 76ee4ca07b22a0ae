//! One execution environment: a persistent Bash that takes one event at a time, and is replaced when it has ended.

use std::time::Duration;

use crate::config::Config;
use crate::failure::Failure;
use crate::handler::Handler;
use crate::invocation::Invocation;
use crate::logs::Log;
use crate::logs::leftovers::Leftovers;
use crate::shell::{Response, Shell, Starting};

/// How long the next subshell is waited for before `next` is called.
const READY_PATIENCE: Duration = Duration::from_millis(50);
/// After so many attempts in a row to source the script anew, the environment is given up.
const MOST_FAILED_STARTS: u32 = 3;

/// Everything that it takes to start a Bash, once and again.
#[derive(Debug)]
struct Origin {
    config: Config,
    handler: Handler,
    log: Log,
    leftovers: Leftovers,
}

/// An environment whose Bash is sourcing the script.
#[derive(Debug)]
pub(crate) struct Opening {
    origin: Origin,
    starting: Starting,
}

/// An environment that takes events.
#[derive(Debug)]
pub(crate) struct Environment {
    origin: Origin,
    /// `None` while the script cannot be sourced any more.
    shell: Option<Shell>,
    failed_starts: u32,
}

impl Origin {
    fn start(&self) -> Result<Starting, Failure> {
        Starting::spawn(&self.config, &self.handler, &self.log, &self.leftovers)
    }
}

impl Opening {
    /// Starts Bash, and does not wait for it.
    ///
    /// # Errors
    /// When `_HANDLER` names no script, or Bash cannot be started.
    pub(crate) fn begin(config: &Config, log: &Log) -> Result<Opening, Failure> {
        let handler = Handler::resolve(&config.handler, &config.task_root)?;
        let leftovers = Leftovers::start(log).map_err(|error| Failure::NoChannel { cause: error.to_string() })?;
        let origin = Origin { config: config.clone(), handler, log: log.clone(), leftovers };
        Ok(Opening { starting: origin.start()?, origin })
    }

    /// Waits until the script is sourced.
    ///
    /// # Errors
    /// Whatever keeps it from being sourced.
    pub(crate) fn finish(self) -> Result<Environment, Failure> {
        Ok(Environment { shell: Some(self.starting.finish()?), origin: self.origin, failed_starts: 0 })
    }
}

impl Environment {
    /// Runs the handler on `invocation`, in a new Bash if need be.
    pub(crate) fn call(&mut self, invocation: &Invocation) -> Result<Response, Failure> {
        if self.shell.as_mut().is_some_and(Shell::has_died) {
            self.shell = None;
        }
        match &mut self.shell {
            Some(shell) => shell.call(invocation),
            None => self.restart()?.call(invocation),
        }
    }

    /// Makes ready for the next event: lets the subshell of this one go, and replaces a Bash that has ended.
    ///
    /// # Errors
    /// When the script could not be sourced several times in a row.
    pub(crate) fn settle(&mut self) -> anyhow::Result<()> {
        match &mut self.shell {
            Some(shell) => {
                shell.settle(READY_PATIENCE);
                if shell.is_dead() {
                    self.shell = None;
                    // If it fails, the next event tells the reason.
                    drop(self.restart());
                }
            }
            None if self.failed_starts >= MOST_FAILED_STARTS => {
                anyhow::bail!(
                    "the script could not be sourced {MOST_FAILED_STARTS} times in a row; this environment ends"
                );
            }
            None => {}
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<&mut Shell, Failure> {
        self.failed_starts += 1;
        let shell = self.origin.start()?.finish()?;
        self.failed_starts = 0;
        Ok(self.shell.insert(shell))
    }
}
