//! Starts and ends an execution environment: the runtime process, the Runtime API that serves the runtime, and all its child processes.
//!
//! The runtime is this same program, started again with the argument `__runtime`; tests and benches can name another bootstrap. The runtime
//! has its own process group, so that Ctrl-C on the terminal reaches only `coshell`. `coshell` then ends the processes in order: SIGTERM to
//! the runtime, which may have files to remove, and then SIGKILL to the whole tree (`process_tree`).
//! No process outlives the `Environment`. The thread that starts an environment must outlive it, because the kernel treats the end of this
//! thread as the end of the runtime's parent.

mod command;
mod exit_status;
mod variables;

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, ExitCode};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use self::command::command;
pub(crate) use self::command::variables_of;
use self::variables::METADATA_TOKEN;
pub use self::variables::RESERVED;
use super::function::Function;
use super::process_tree::ProcessTree;
use super::runtime_api::{Credentials, Features, Init, RuntimeApi};
use super::sandbox::Sandbox;

/// Runs the runtime in this process. The runtime and its processes end when `coshell` ends, even by SIGKILL.
#[must_use]
pub fn run_runtime() -> ExitCode {
    let _ = prctl::set_pdeathsig(Signal::SIGTERM); // otherwise a handler would run on to its end
    crate::runtime::main()
}

/// How long a runtime may take to end after SIGTERM; Lambda gives 300 to 500 ms.
const TERM_GRACE: Duration = Duration::from_millis(500);
/// How long to wait for the end of the killed tree: no process can ignore SIGKILL, but a process can be stuck in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(5);
const KILL_INTERVAL: Duration = Duration::from_millis(2);

/// Which program is the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bootstrap {
    /// This program itself.
    ThisProgram,
    /// This program, in a sandbox like Lambda's.
    Sandboxed(Sandbox),
    /// An executable, as in a function's zip.
    Executable(PathBuf),
}

/// The settings of a runtime process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The function.
    pub function: Function,
    /// The runtime's program.
    pub bootstrap: Bootstrap,
    /// AWS_LAMBDA_FUNCTION_MEMORY_SIZE in MB; the limit is not enforced.
    pub memory_mb: u32,
    /// More variables, which replace the developer's own and Lambda's.
    pub variables: Vec<(OsString, OsString)>,
    /// Whether the environment is restored from a snapshot (SnapStart).
    pub snap_start: bool,
    /// Where the log goes: a file or the writing end of a pipe; `None` means the stderr of this process.
    pub log: Option<Arc<File>>,
}

impl Settings {
    /// The value of a variable that the developer sets for the function; empty if the developer does not set the variable.
    pub(crate) fn variable(&self, name: &str) -> OsString {
        let given = self.variables.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone());
        given.or_else(|| std::env::var_os(name)).unwrap_or_default()
    }

    fn features(&self) -> Features {
        Features { snap_start: self.snap_start, credentials: self.snap_start.then(|| self.credentials()).flatten() }
    }

    /// The credentials in the developer's variables; `None` if there are none.
    fn credentials(&self) -> Option<Credentials> {
        let text = |name| self.variable(name).into_string().unwrap_or_default();
        let [access_key_id, secret_access_key, session_token] = variables::KEYS.map(text);
        (!access_key_id.is_empty() && !secret_access_key.is_empty()).then_some(Credentials {
            access_key_id,
            secret_access_key,
            session_token,
        })
    }
}

/// A running runtime process and its Runtime API; dropping it ends all of its processes.
#[derive(Debug)]
pub struct Environment {
    api: RuntimeApi,
    started: Instant,
    processes: Arc<Processes>,
}

/// Ends an environment, from any thread.
#[derive(Clone, Debug)]
pub struct Terminator(Arc<Processes>);

#[derive(Debug)]
struct Processes {
    leader: Pid,
    running: Mutex<Option<Running>>,
}

/// The processes, until they are ended; `None` afterwards, so that no reaped pid is signalled.
#[derive(Debug)]
struct Running {
    child: Child,
    exited: mpsc::Receiver<()>,
    tree: ProcessTree,
}

impl Environment {
    /// Starts the Runtime API and the runtime process; returns without waiting for its init.
    ///
    /// # Errors
    /// When the bootstrap cannot be started, or no port or thread is available.
    pub fn start(settings: &Settings) -> Result<Environment> {
        let api = RuntimeApi::start_with(settings.features())?;
        let mut command = command(settings, &api)?;
        let started = Instant::now();
        let folder = &settings.function.task_root;
        let child = command.spawn().with_context(|| match folder.is_dir() {
            true => format!("cannot start the runtime {:?}", command.get_program()),
            false => format!("the function's folder `{}` no longer exists", folder.display()),
        })?;
        let tree = ProcessTree::new(child.id(), &format!("{METADATA_TOKEN}={}", api.metadata_token()));
        let leader = Pid::from_raw(i32::try_from(child.id()).unwrap_or_default());
        let exited = exit_status::watch(leader, api.exit_notice());
        let running = Mutex::new(Some(Running { child, exited, tree }));
        Ok(Environment { api, started, processes: Arc::new(Processes { leader, running }) })
    }

    /// The Runtime API that serves this environment.
    #[must_use]
    pub fn api(&self) -> &RuntimeApi {
        &self.api
    }

    /// When the runtime process was started: init counts from here to the first `next`.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The runtime's pid; no other process gets this pid before the environment is ended.
    #[must_use]
    pub fn runtime_pid(&self) -> u32 {
        self.processes.leader.as_raw().unsigned_abs()
    }

    /// Whether the runtime process has ended.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        exit_status::has_exited(self.processes.leader)
    }

    /// Waits for the end of init, at most `limit`.
    #[must_use]
    pub fn wait_for_init(&self, limit: Duration) -> Init {
        self.api.wait_for_init(limit)
    }

    /// The memory of all living processes in bytes, as counted by `ProcessTree::memory_bytes`; 0 after the environment is ended.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.processes.running().as_mut().map_or(0, |running| running.tree.memory_bytes())
    }

    /// The pids of all living processes, including the runtime; none after the environment is ended.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.processes.running().as_mut().map_or_else(Vec::new, |running| running.tree.pids())
    }

    /// A handle that can end this environment from another thread.
    #[must_use]
    pub fn terminator(&self) -> Terminator {
        Terminator(Arc::clone(&self.processes))
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.terminator().terminate();
    }
}

impl Terminator {
    /// Ends every process of the environment and returns when all have ended. A second call does nothing.
    pub fn terminate(&self) {
        let mut running = self.0.running();
        if let Some(running) = running.take() {
            end(self.0.leader, running);
        }
    }

    /// Whether the environment has been ended; false while `terminate` is still running.
    pub(crate) fn has_terminated(&self) -> bool {
        self.0.running.try_lock().is_ok_and(|running| running.is_none())
    }
}

impl Processes {
    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end(leader: Pid, mut running: Running) {
    running.tree.refresh(); // after the runtime's end, orphans can no longer be found through their parents
    if kill(leader, Signal::SIGTERM).is_ok() {
        let _ = kill(leader, Signal::SIGCONT);
        let _ = running.exited.recv_timeout(TERM_GRACE);
    }
    let limit = Instant::now() + KILL_LIMIT;
    while running.tree.kill() && Instant::now() < limit {
        std::thread::sleep(KILL_INTERVAL);
    }
    let _ = running.child.wait(); // reaped last, so that no other process could get the pid before
}
