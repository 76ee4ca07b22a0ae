//! The loop: next, call, respond or fail.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::prctl;

use crate::api::{Api, Posted};
use crate::config::Config;
use crate::failure::Failure;
use crate::handler::Handler;
use crate::invocation::Invocation;
use crate::logs::leftovers::Leftovers;
use crate::logs::{Level, Log, Owner};
use crate::shell::{Response, Shell, Starting};

/// How long the next subshell is waited for before `next` is called.
const READY_PATIENCE: Duration = Duration::from_millis(50);
/// After so many attempts in a row to source the script anew, this environment is given up.
const MOST_FAILED_STARTS: u32 = 3;

/// Runs the runtime until its process must end, and says why on stderr.
pub fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            Log::default().say(Level::Fatal, &Owner::default(), &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let config = Config::from_env().map_err(anyhow::Error::msg)?;
    let log = Log::new(config.log_format, config.log_level);
    let api = Api::new(&config.api);
    // Else /proc/PID/fd of a program that its user may not read belongs to root, and Bash cannot open it.
    let _ = prctl::set_dumpable(true);
    if config.log_env {
        log_environment(&log);
    }
    match start(&config, &log) {
        Ok(mut environment) => environment.serve(&api).map(|()| ExitCode::SUCCESS),
        Err(failure) => {
            log.fail(Level::Fatal, &Owner::default(), &failure);
            api.fail_init(&failure).map_err(anyhow::Error::msg)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn start(config: &Config, log: &Log) -> Result<Environment, Failure> {
    let handler = Handler::resolve(&config.handler, &config.task_root)?;
    let leftovers = Leftovers::start(log).map_err(|error| Failure::NoChannel { cause: error.to_string() })?;
    let shell = Starting::spawn(config, &handler, log, &leftovers)?.finish()?;
    Ok(Environment {
        config: config.clone(),
        handler,
        log: log.clone(),
        leftovers,
        shell: Some(shell),
        failed_starts: 0,
    })
}

/// One execution environment: one event at a time, in one persistent Bash.
struct Environment {
    config: Config,
    handler: Handler,
    log: Log,
    leftovers: Leftovers,
    /// `None` while the script cannot be sourced any more.
    shell: Option<Shell>,
    failed_starts: u32,
}

impl Environment {
    /// From here on every fault belongs to an invocation: the first `next` ends init.
    fn serve(&mut self, api: &Api) -> anyhow::Result<()> {
        loop {
            let invocation = api.next().map_err(anyhow::Error::msg)?;
            let (id, owner) = (&invocation.request_id, Owner::of(&invocation));
            let posted = match self.call(&invocation) {
                Ok(response) => {
                    self.warn_of_overflow(&owner, &response);
                    api.respond(id, &response.bytes)
                }
                Err(failure) => {
                    self.log.fail(Level::Error, &owner, &failure);
                    api.fail(id, &failure)
                }
            };
            if let Posted::Refused(answer) = posted.map_err(anyhow::Error::msg)? {
                self.log.say(Level::Warn, &owner, &format!("the Runtime API refused the answer: {answer}"));
            }
            self.settle()?;
        }
    }

    fn call(&mut self, invocation: &Invocation) -> Result<Response, Failure> {
        match &mut self.shell {
            Some(shell) => shell.call(invocation),
            None => self.restart()?.call(invocation),
        }
    }

    /// Makes ready for the next event: lets the subshell of this one go, and replaces a Bash that has ended.
    fn settle(&mut self) -> anyhow::Result<()> {
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
        let shell = Starting::spawn(&self.config, &self.handler, &self.log, &self.leftovers)?.finish()?;
        self.failed_starts = 0;
        Ok(self.shell.insert(shell))
    }

    fn warn_of_overflow(&self, owner: &Owner, response: &Response) {
        if let Some(total) = response.overflow {
            let told = format!("the response has {total} bytes, and Lambda takes at most 6 MiB and 100 bytes");
            self.log.say(Level::Error, owner, &told);
        }
    }
}

/// What the tutorial's "Update the runtime" step prints, with what must stay secret masked.
fn log_environment(log: &Log) {
    let mut lines: Vec<String> = env::vars_os()
        .map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let value = if is_secret(&name) { "***".into() } else { value.to_string_lossy() };
            format!("\n{name}={value}")
        })
        .collect();
    lines.sort();
    log.say(Level::Info, &Owner::default(), &format!("environment:{}", lines.concat()));
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE", "ACCESS_KEY", "API_KEY"]
        .iter()
        .any(|word| name.contains(word))
}
