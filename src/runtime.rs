//! The loop: next, call, respond or fail.

use std::env;
use std::process::ExitCode;

use nix::sys::prctl;

use crate::api::{Api, Posted, extension};
use crate::config::Config;
use crate::environment::{Environment, Opening};
use crate::host::Host;
use crate::logs::{Level, Log, Owner};
use crate::response::{Delivery, Response};
use crate::secrets;

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
    let host = Host::start(&config)?;
    // Else /proc/PID/fd of a program that its user may not read belongs to root, and Bash cannot open it.
    let _ = prctl::set_dumpable(true);
    for complaint in &config.complaints {
        host.log.say(Level::Warn, &Owner::default(), complaint);
    }
    if config.log_env {
        log_environment(&host.log);
    }
    let opening = Opening::begin(&config, &host);
    let api = Api::connect(&config.api); // while Bash sources the script
    if config.shutdown_hook {
        extension::start(&config.api, &host.log);
    }
    match opening.and_then(Opening::finish) {
        Ok(environment) => serve(environment, &api, &host, config.delivery).map(|()| ExitCode::SUCCESS),
        Err(failure) => {
            host.roster.wait_if_ending();
            host.log.fail(Level::Fatal, &Owner::default(), &failure);
            api.fail_init(&failure).map_err(anyhow::Error::msg)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// From here on every fault belongs to an invocation: the first `next` ends init.
fn serve(mut environment: Environment, api: &Api, host: &Host, delivery: Delivery) -> anyhow::Result<()> {
    let log = &host.log;
    loop {
        let invocation = api.next().map_err(anyhow::Error::msg)?;
        let owner = Owner::of(&invocation);
        let mut response = Response::to(&invocation.request_id, delivery, api);
        let called = environment.call(&invocation, &mut response);
        if let Some(told) = response.overflow() {
            log.say(Level::Error, &owner, &told);
        }
        let posted = match called {
            Ok(()) => response.post(),
            Err(failure) => {
                host.roster.wait_if_ending();
                log.fail(Level::Error, &owner, &failure);
                response.fail(&failure)
            }
        };
        if let Posted::Refused(answer) = posted.map_err(anyhow::Error::msg)? {
            log.say(Level::Warn, &owner, &format!("the Runtime API refused the answer: {answer}"));
        }
        environment.settle()?;
    }
}

/// What the tutorial's "Update the runtime" step prints, with what must stay secret masked.
fn log_environment(log: &Log) {
    let mut lines: Vec<String> = env::vars_os()
        .map(|(name, value)| {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            format!("\n{name}={}", secrets::shown(&name, &value))
        })
        .collect();
    lines.sort();
    log.say(Level::Info, &Owner::default(), &format!("environment:{}", lines.concat()));
}
