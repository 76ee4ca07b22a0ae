//! Runs `coshell invoke --shell`: starts Bash with the script sourced and the event in EVENT, to call the handler step by step.
//!
//! Bash replaces this process, so Ctrl-C, job control and the exit status are Bash's own. The runtime is not used. Without a terminal, Bash
//! reads its commands from stdin.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Error, Result, anyhow, bail};
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::lambda::environment::{self, Bootstrap, Settings};
use crate::lambda::function::Function;
use crate::lambda::invocation::Invoke;
use crate::lambda::sandbox;
use crate::runtime::cgi::Request;
use crate::runtime::config;
use crate::runtime::event_entries;
use crate::runtime::functions;
use crate::runtime::handler::Handler;
use crate::runtime::invocation::Invocation;
use crate::runtime::shell::Convention;
use crate::runtime::shell::posix::{self, PosixMode};

const RC: &str = include_str!("shell.bash");

/// Replaces this process with Bash; returns only if this fails.
pub(super) fn run(settings: &Settings, invoke: &Invoke) -> Error {
    let command = command(settings, invoke);
    command.map_or_else(|error| error, |mut command| anyhow!("cannot start Bash: {}", command.exec()))
}

fn command(settings: &Settings, invoke: &Invoke) -> Result<Command> {
    let function = &settings.function;
    let handler = Handler::resolve(&function.handler, &function.task_root).map_err(Error::msg)?;
    let (script, name) = match &handler {
        Handler::Function { script, function } => (script, function),
        Handler::Executable(program) => {
            bail!("`{}` is a program, not a script that Bash can source", program.display())
        }
    };
    let variable = |name: &str| settings.variable(name);
    let convention = Convention::named(&variable("COSHELL_CONVENTION").to_string_lossy()).map_err(Error::msg)?;
    let rc = file("rc", (functions::definitions(&functions::NAMES) + RC).as_bytes())?;
    let given = file("given", &given(invoke, &convention)?)?;
    let bash = Some(variable("COSHELL_BASH")).filter(|bash| !bash.is_empty());
    let bash = bash.unwrap_or_else(|| "bash".into());
    let (mut command, script) = match &settings.bootstrap {
        Bootstrap::Sandboxed(sandbox) => {
            (sandbox.command(&function.task_root, &bash)?, path_in_sandbox(function, script))
        }
        Bootstrap::ThisProgram | Bootstrap::Executable(_) => (Command::new(&bash), script.clone()),
    };
    settings.bootstrap.inherit_variables(&mut command);
    command.envs(env::var_os("TERM").map(|term| ("TERM", term)));
    command.envs(environment::variables_of(settings)).envs(convention.environment.iter().copied());
    command.envs([
        ("__coshell_script", script.as_os_str()),
        ("__coshell_function", name.as_ref()),
        ("__coshell_options", convention.options.as_ref()),
        ("__coshell_bash_env", &variable("BASH_ENV")),
        ("__coshell_posix", &variable("POSIXLY_CORRECT")),
        ("__coshell_posix_mode", needs_posix_mode(settings, &handler, &convention)?.as_ref()),
        ("__coshell_rc_fd", rc.as_raw_fd().to_string().as_ref()),
        ("__coshell_given_fd", given.as_raw_fd().to_string().as_ref()),
    ]);
    let rc_path = format!("/proc/self/fd/{}", rc.as_raw_fd());
    command.env_remove("POSIXLY_CORRECT").arg("--noprofile");
    if std::io::stdin().is_terminal() {
        command.env("__coshell_hint", hint(function.handler.as_ref(), name, &convention));
        command.args(["--rcfile", &rc_path, "-i"]);
    } else {
        command.env("BASH_ENV", rc_path).env("__coshell_hint", "");
    }
    command.current_dir(&function.task_root);
    // Bash opens both files by their descriptors, so they must stay open.
    std::mem::forget((rc, given));
    Ok(command)
}

/// `1` if the runtime would start Bash in POSIX mode, else an empty string.
fn needs_posix_mode(settings: &Settings, handler: &Handler, convention: &Convention) -> Result<&'static str> {
    let setting = settings.variable(config::POSIX);
    let setting = PosixMode::named(&setting.to_string_lossy()).unwrap_or_default();
    let reason = posix::reason_for(handler.file(), &settings.function.task_root, setting, convention);
    Ok(if reason.context("cannot read the script")?.is_some() { "1" } else { "" })
}

/// The path of the script in the sandbox.
fn path_in_sandbox(function: &Function, script: &Path) -> PathBuf {
    Path::new(sandbox::TASK_ROOT).join(script.strip_prefix(&function.task_root).unwrap_or(script))
}

/// The two lines before the first prompt.
fn hint(handler: &OsStr, name: &str, convention: &Convention) -> String {
    let (what, call) = match () {
        () if convention.is_cgi() => ("the request's body", format!("printf %s \"$EVENT\" | {name}")),
        () if convention.on_stdin() => ("the event", format!("{name} <<<\"$EVENT\"")),
        () => ("the event", format!("{name} \"$EVENT\"")),
    };
    let strict = if convention.options.contains('e') {
        format!(
            "errexit is off. To stop at the first failing command, as on Lambda: ( set -e; {call} ). To leave: exit"
        )
    } else {
        "To leave: exit or Ctrl-D".to_owned()
    };
    format!(
        "coshell: {} is sourced and {what} is in EVENT. To call the handler: {call}\ncoshell: {strict}",
        handler.display()
    )
}

/// The event, or the body of the request in it, the variables that come with it, the entries of LAMBDA_EVENT (path and value), and the
/// number of variables, each ended by a NUL.
fn given(invoke: &Invoke, convention: &Convention) -> Result<Vec<u8>> {
    let deadline = SystemTime::now() + invoke.timeout;
    let invocation = Invocation {
        request_id: invoke.request_id.clone(),
        deadline_ms: deadline.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|at| at.as_millis().try_into().ok()),
        function_arn: invoke.function_arn.clone(),
        client_context: invoke.client_context.clone(),
        ..Invocation::default()
    };
    let request = convention.is_cgi().then(|| Request::of(&invoke.payload)).transpose().map_err(Error::msg)?;
    let event = request.as_ref().map_or(&invoke.payload[..], |request| &request.body);
    let end = event.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let mut given: Vec<u8> = event[..end].iter().copied().filter(|byte| *byte != 0).collect();
    given.push(0);
    let mut variables = invocation.variables();
    variables.extend(convention.more(&variables));
    variables.iter().for_each(|(name, value)| given.extend(format!("{name}={value}\0").bytes()));
    for (name, value) in request.iter().flat_map(|request| &request.variables) {
        given.extend([name.as_bytes(), b"=", value, b"\0"].concat());
    }
    let count = variables.len() + request.as_ref().map_or(0, |request| request.variables.len());
    let entries = event_entries::entries(&invoke.payload).unwrap_or_default();
    entries.iter().for_each(|(path, value)| given.extend(format!("{path}\0{value}\0").bytes()));
    given.extend(format!("{count}\0").bytes());
    Ok(given)
}

/// A file in memory that Bash inherits.
fn file(name: &str, content: &[u8]) -> Result<File> {
    let mut file = File::from(memfd_create(name, MFdFlags::empty()).context("cannot make a file in memory")?);
    file.write_all(content).context("cannot write to a file in memory")?;
    Ok(file)
}
