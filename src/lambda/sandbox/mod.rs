//! Runs a function in a sandbox that looks like Lambda: the folder of the function as /var/task, layers in /opt, a read-only root except
//! /tmp, no /dev/fd, no home, and a user of its own.
//!
//! The sandbox is a user namespace and a mount namespace, so it needs no root. A process that creates these namespaces must have only one
//! thread and cannot leave them. So this program starts itself again with the hidden argument `__sandbox`. The new process builds the
//! sandbox around itself (`filesystem`) and then becomes the program that runs in the sandbox. The sandbox imitates the differences that
//! break handlers. It is no security boundary: processes, network and kernel are those of the machine.

mod filesystem;
mod layers;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Error, Result, anyhow, bail};

use super::hidden_arguments::{RUNTIME_ARGUMENT, SANDBOX_ARGUMENT};

/// The argument after the last layer.
const PROGRAM_FOLLOWS: &str = "--";
/// The function's folder inside the sandbox.
pub(crate) const TASK_ROOT: &str = "/var/task";
/// The runtime's name inside the sandbox.
const BOOTSTRAP: &str = "/var/task/bootstrap";

/// Lambda's own values. Source: AWS Lambda Developer Guide, "Defined runtime environment variables".
pub(crate) const VARIABLES: [(&str, &str); 3] = [
    ("LANG", "en_US.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    ("LD_LIBRARY_PATH", "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"),
];

/// The settings of a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Folders and zips that are unpacked into /opt, in this order.
    layers: Vec<PathBuf>,
}

impl Sandbox {
    /// Prepares a sandbox for the function in `task_root`. A trial run checks that the sandbox can be built.
    ///
    /// # Errors
    /// When a layer does not exist, or namespaces are not allowed; the error says what to do.
    pub fn new(task_root: &Path, layers: &[PathBuf]) -> Result<Sandbox> {
        if let Some(missing) = layers.iter().find(|layer| !layer.exists()) {
            bail!("the layer `{}` does not exist: name a folder or a zip", missing.display());
        }
        for layer in layers {
            layers::check(layer).with_context(|| format!("cannot unpack the layer `{}`", layer.display()))?;
        }
        let absolute = layers.iter().map(std::path::absolute).collect::<std::io::Result<Vec<PathBuf>>>();
        let empty = Sandbox { layers: Vec::new() };
        let mut trial = empty.command(task_root, "true")?;
        let trial = trial.stdin(Stdio::null()).output().context("cannot start this program again")?;
        if !trial.status.success() {
            let message = String::from_utf8_lossy(&trial.stderr);
            bail!("{}", message.trim().strip_prefix("error: ").unwrap_or(message.trim()));
        }
        Ok(Sandbox { layers: absolute.context("cannot make a layer's path absolute")? })
    }

    /// The command that runs `program` in the sandbox; the caller adds the arguments of the program.
    ///
    /// # Errors
    /// When this program's own file cannot be found.
    pub(crate) fn command(&self, task_root: &Path, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
        command.arg(SANDBOX_ARGUMENT).arg(task_root).args(&self.layers).arg(PROGRAM_FOLLOWS).arg(program);
        Ok(command)
    }

    /// Whether the sandbox inherits this variable of the developer.
    pub(crate) fn inherits_variable(name: &OsStr) -> bool {
        let name = name.to_string_lossy();
        name.starts_with("AWS_") || name.starts_with("COSHELL_")
    }
}

/// Builds the sandbox around this process and becomes the program that the arguments name. Returns only the error that prevented this.
#[must_use]
pub fn enter() -> Error {
    let arguments: Vec<OsString> = std::env::args_os().skip(2).collect();
    match become_program(&arguments) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn become_program(arguments: &[OsString]) -> Result<std::convert::Infallible> {
    let mut parts = arguments.splitn(2, |argument| argument == PROGRAM_FOLLOWS);
    let (Some([task_root, layers @ ..]), Some([program, rest @ ..])) = (parts.next(), parts.next()) else {
        bail!("`{SANDBOX_ARGUMENT}` is an internal argument of coshell and needs a folder and a program");
    };
    // An open file stays open in the sandbox, but this process's names in /proc do not exist there.
    let trace = filesystem::open_trace().context("cannot open the trace file")?;
    filesystem::build(Path::new(task_root), layers)?;
    let mut command = if program == RUNTIME_ARGUMENT {
        let mut command = Command::new("/proc/self/exe");
        command.arg0(BOOTSTRAP).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(rest).envs(trace);
    Err(anyhow!("cannot start `{}` in the sandbox: {}", program.display(), command.exec()))
}
