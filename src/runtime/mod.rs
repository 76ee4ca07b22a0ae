//! The runtime: what `bootstrap` runs on AWS Lambda.
//!
//! [`main`] runs from the start of the process to the first `next`; `slots` then holds the loop.

// Start: the configuration, the handler, what all execution environments share
pub mod config;
mod descriptors;
mod environment;
pub mod handler;
mod host;
mod process_registry;
mod secrets;
mod signals;
mod slots;
mod snap_start;

// An event arrives ...
pub(crate) mod api;
pub(crate) mod cgi;
pub mod invocation;
pub mod payload;

// ... runs ...
mod channel;
mod deadline;
pub(crate) mod durable;
pub(crate) mod event_entries;
pub mod event_source;
pub(crate) mod functions;
mod processes;
pub(crate) mod shell;
pub(crate) mod stack;

// ... and ends in a response, log lines, and perhaps a failure.
pub mod failure;
pub mod logs;
pub mod response;
pub(crate) mod script;
pub(crate) mod syntax;

use std::env;
use std::process::ExitCode;

use nix::sys::prctl;

use self::api::{Api, extension};
use self::config::Config;
use self::host::Host;
use self::logs::{Level, Log, Owner};
use self::snap_start::Stage;

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
    let count = slots::count(&config);
    let host = Host::start(&config, count)?;
    // Else /proc/PID/fd of a program that its user may not read belongs to root, and Bash cannot open it.
    let _ = prctl::set_dumpable(true);
    for complaint in &config.complaints {
        host.log.say(Level::Warn, &Owner::default(), complaint);
    }
    if config.log_env {
        log_environment(&host.log);
    }
    slots::log_count(count, &config, &host.log);
    let openings = slots::begin(count, &config, &host);
    let mut api = Api::connect(&config.api); // while each Bash sources the script
    if config.shutdown_hook {
        extension::start(&config.api, &host.log);
    }
    let mut stage = Stage::Init;
    let openings = match openings {
        Ok(openings) if config.snap_start => snap_start::pass(openings, &mut api, &mut stage, &config, &host),
        openings => openings,
    };
    match openings.and_then(slots::finish) {
        // From here on every fault belongs to an invocation: the first `next` ends init.
        Ok(environments) => {
            let ended = slots::serve(environments, api, &config, &host);
            host.processes.end(); // other slots may be running handlers still, and nobody would take their answers
            match ended? {}
        }
        Err(failure) => {
            host.processes.wait_if_ending();
            host.log.fail(Level::Fatal, &Owner::default(), &failure);
            let posted = stage.report(&api, &failure);
            host.processes.end(); // other slots may be sourcing the script still
            posted.map_err(anyhow::Error::msg)?;
            Ok(ExitCode::FAILURE)
        }
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
