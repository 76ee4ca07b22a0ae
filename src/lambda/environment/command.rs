//! Builds the command that starts a runtime.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::{Bootstrap, Settings, variables};
use crate::lambda::hidden_arguments::RUNTIME_ARGUMENT;
use crate::lambda::runtime_api::RuntimeApi;
use crate::lambda::sandbox::Sandbox;

/// The variables for a program that runs without a runtime: those that Lambda sets, except the Runtime API's address, and those of
/// `settings`.
pub(crate) fn variables_of(settings: &Settings) -> Vec<(OsString, OsString)> {
    variables::variables(settings, None)
}

pub(super) fn command(settings: &Settings, api: &RuntimeApi) -> Result<Command> {
    let task_root = &settings.function.task_root;
    let mut command = match &settings.bootstrap {
        Bootstrap::ThisProgram => {
            let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
            command.arg(RUNTIME_ARGUMENT);
            command
        }
        Bootstrap::Sandboxed(sandbox) => sandbox.command(task_root, RUNTIME_ARGUMENT)?,
        Bootstrap::Executable(path) => {
            let path = std::path::absolute(path); // the runtime starts in the task root
            Command::new(path.context("cannot make the bootstrap's path absolute")?)
        }
    };
    settings.bootstrap.inherit_variables(&mut command);
    for name in variables::absent(settings, api) {
        command.env_remove(name);
    }
    command
        .envs(variables::variables(settings, Some(api)))
        .current_dir(task_root)
        .stdin(Stdio::null())
        .stdout(log(settings)?)
        .stderr(log(settings)?)
        .process_group(0);
    Ok(command)
}

impl Bootstrap {
    /// Removes most of the developer's own variables if the command runs in a sandbox.
    pub(crate) fn inherit_variables(&self, command: &mut Command) {
        match self {
            Bootstrap::ThisProgram | Bootstrap::Executable(_) => {}
            Bootstrap::Sandboxed(_) => {
                command.env_clear().envs(std::env::vars_os().filter(|(name, _)| Sandbox::inherits_variable(name)));
            }
        }
    }
}

/// The log, for stderr and stdout of the runtime, as on Lambda. The stdout of `coshell` is for the response only.
fn log(settings: &Settings) -> Result<Stdio> {
    let descriptor = match &settings.log {
        Some(file) => file.as_fd().try_clone_to_owned(),
        None => std::io::stderr().as_fd().try_clone_to_owned(),
    };
    Ok(Stdio::from(descriptor.context("cannot hand the log to the runtime")?))
}
