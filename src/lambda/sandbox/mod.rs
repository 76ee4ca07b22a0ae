//! A place like Lambda's to run a function in: the folder of the function as /var/task, layers in /opt, a root that can only be read
//! but for /tmp, no /dev/fd, no home, a user that is nobody else's.
//!
//! It is made of a user and a mount namespace, so that nobody needs root for it. Whoever makes them must have one thread only, and may
//! not be the process that goes on working outside: so this program is started once more, with the hidden argument `__sandbox`, builds
//! the place around itself (`place`) and then becomes what is to run there. It imitates what handlers trip over; it keeps
//! nobody in: processes, network and the kernel are the machine's.

mod filesystem;
mod layers;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Error, Result, anyhow, bail};

use super::hidden_arguments::{RUNTIME_ARGUMENT, SANDBOX_ARGUMENT};

/// Ends the layers.
const PROGRAM_FOLLOWS: &str = "--";
/// Where the function's folder is inside.
pub(crate) const TASK_ROOT: &str = "/var/task";
/// What the runtime is called inside.
const BOOTSTRAP: &str = "/var/task/bootstrap";

/// Lambda's own values. Source: AWS Lambda Developer Guide, "Defined runtime environment variables".
pub(crate) const VARIABLES: [(&str, &str); 3] = [
    ("LANG", "en_US.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    ("LD_LIBRARY_PATH", "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"),
];

/// A place to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Folders and zips whose content is in /opt, later ones over earlier ones.
    layers: Vec<PathBuf>,
}

impl Sandbox {
    /// A place for the function in `task_root`, which is built once to see that it can be.
    ///
    /// # Errors
    /// When a layer is not there, or namespaces are not allowed; the sentence says what may be done.
    pub fn new(task_root: &Path, layers: &[PathBuf]) -> Result<Sandbox> {
        if let Some(missing) = layers.iter().find(|layer| !layer.exists()) {
            bail!("the layer `{}` is not there: name a folder or a zip", missing.display());
        }
        for layer in layers {
            layers::check(layer).with_context(|| format!("cannot unpack the layer `{}`", layer.display()))?;
        }
        let absolute = layers.iter().map(std::path::absolute).collect::<std::io::Result<Vec<PathBuf>>>();
        let empty = Sandbox { layers: Vec::new() };
        let mut trial = empty.command(task_root, "true")?;
        let trial = trial.stdin(Stdio::null()).output().context("cannot start this program once more")?;
        if !trial.status.success() {
            let told = String::from_utf8_lossy(&trial.stderr);
            bail!("{}", told.trim().strip_prefix("error: ").unwrap_or(told.trim()));
        }
        Ok(Sandbox { layers: absolute.context("cannot make a layer's path absolute")? })
    }

    /// What runs `program` inside; its arguments are to be added.
    ///
    /// # Errors
    /// When this program's own file cannot be found.
    pub(crate) fn command(&self, task_root: &Path, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
        command.arg(SANDBOX_ARGUMENT).arg(task_root).args(&self.layers).arg(PROGRAM_FOLLOWS).arg(program);
        Ok(command)
    }

    /// Whether a variable of the developer's own is had inside as well.
    pub(crate) fn lets_through(name: &OsStr) -> bool {
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
        bail!("`{SANDBOX_ARGUMENT}` is for this program's own use");
    };
    // What is open stays so; names of /proc that are ours are not inside.
    let trace = filesystem::open_trace().context("cannot open the trace's file")?;
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
