//! One execution environment: a persistent Bash that takes one event at a time, and is replaced when it has ended.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use super::config::Config;
use super::failure::Failure;
use super::handler::Handler;
use super::host::Host;
use super::invocation::Invocation;
use super::response::Response;
use super::shell::{Shell, ShellStart};

/// How long the next subshell is waited for before `next` is called.
const READY_PATIENCE: Duration = Duration::from_millis(50);
/// After so many attempts in a row to source the script anew, the environment is given up.
const MAX_FAILED_STARTS: u32 = 3;

/// Everything that it takes to start a Bash, once and again.
#[derive(Debug)]
struct Origin {
    config: Config,
    handler: Handler,
    host: Host,
}

/// An environment whose Bash is sourcing the script.
#[derive(Debug)]
pub(crate) struct Opening {
    origin: Origin,
    starting: ShellStart,
}

/// An environment that takes events.
#[derive(Debug)]
pub(crate) struct Environment {
    origin: Origin,
    /// `None` while the script cannot be sourced any more.
    shell: Option<Shell>,
    failed_starts: u32,
    /// How many turns there were in Bashes that have ended.
    turns: u64,
}

impl Origin {
    fn start(&self, first_turn: u64) -> Result<ShellStart, Failure> {
        ShellStart::spawn(&self.config, &self.handler, &self.host, first_turn)
    }
}

impl Opening {
    /// Starts Bash, and does not wait for it.
    ///
    /// # Errors
    /// When `_HANDLER` names no script, or Bash cannot be started.
    pub(crate) fn begin(config: &Config, host: &Host) -> Result<Opening, Failure> {
        let handler = Handler::resolve(&config.handler, &config.task_root)?;
        let origin = Origin { config: config.clone(), handler, host: host.clone() };
        Ok(Opening { starting: origin.start(0)?, origin })
    }

    /// Waits until the functions that the script registered in LAMBDA_BEFORE_SNAPSHOT have run.
    ///
    /// # Errors
    /// As for [`Opening::finish`].
    pub(crate) fn prepare(self) -> Result<Opening, Failure> {
        Ok(Opening { starting: self.starting.prepare()?, origin: self.origin })
    }

    /// Waits until the script is sourced.
    ///
    /// # Errors
    /// Whatever keeps it from being sourced.
    pub(crate) fn finish(self) -> Result<Environment, Failure> {
        Ok(Environment { shell: Some(self.starting.finish()?), origin: self.origin, failed_starts: 0, turns: 0 })
    }
}

impl Environment {
    /// Runs the handler on `invocation`, in a new Bash if need be, and feeds what it writes to `response`.
    pub(crate) fn call(&mut self, invocation: &Invocation, response: &mut Response) -> Result<(), Failure> {
        if self.shell.as_mut().is_some_and(Shell::has_died) {
            self.drop_shell();
        }
        if let Some(shell) = &mut self.shell {
            let begun = shell.begun();
            match shell.call(invocation, response) {
                // It was dying when the event came: a busy machine takes its time to end a killed process.
                Err(Failure::ShellDied { status: Some(status) })
                    if status.signal().is_some() && shell.begun() == begun =>
                {
                    self.drop_shell();
                }
                called => return called,
            }
        }
        self.restart()?.call(invocation, response)
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
                    self.drop_shell();
                    // If it fails, the next event tells the reason.
                    drop(self.restart());
                }
            }
            None if self.failed_starts >= MAX_FAILED_STARTS => {
                anyhow::bail!(
                    "the script could not be sourced {MAX_FAILED_STARTS} times in a row; this environment ends"
                );
            }
            None => {}
        }
        Ok(())
    }

    fn drop_shell(&mut self) {
        self.turns = self.shell.take().map_or(self.turns, |shell| shell.turn());
    }

    fn restart(&mut self) -> Result<&mut Shell, Failure> {
        self.failed_starts += 1;
        let shell = self.origin.start(self.turns)?.finish()?;
        self.failed_starts = 0;
        Ok(self.shell.insert(shell))
    }
}
