//! An execution environment: the runtime process, the Runtime API that serves it, and the processes that come of it.
//!
//! The runtime is this same program, started again with the one argument `__runtime`; tests and benches may name another
//! bootstrap. It is a process group of its own, so that Ctrl-C on the terminal reaches only us and we end the whole tree in
//! order: SIGTERM to the runtime, which may have files to remove, and then SIGKILL to everything (`process_tree`).
//! Nothing outlives the `Environment`; its thread must, since the kernel takes the end of the thread that starts a runtime for its
//! parent's end.

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
use self::variables::LOG_STREAM_NAME;
pub use self::variables::RESERVED;
use super::function::Function;
use super::identifiers::log_stream_name;
use super::process_tree::ProcessTree;
use super::runtime_api::{Init, RuntimeApi};
use super::sandbox::Sandbox;

/// Runs the runtime in this process, which ends with all of its own processes when `coshell` has ended, even by SIGKILL.
#[must_use]
pub fn run_the_runtime() -> ExitCode {
    let _ = prctl::set_pdeathsig(Signal::SIGTERM); // without it a handler would run on to its end
    crate::runtime::main()
}

/// How long a runtime may take to end on SIGTERM; Lambda gives 300 to 500 ms.
const TERM_GRACE: Duration = Duration::from_millis(500);
/// How long the killed tree is looked after; SIGKILL is not refused, but a process may be stuck in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(5);
const KILL_AGAIN: Duration = Duration::from_millis(2);

/// Which program is the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bootstrap {
    /// This program itself.
    ThisProgram,
    /// This program, in a place like Lambda's.
    Sandboxed(Sandbox),
    /// An executable, as in a function's zip.
    Executable(PathBuf),
}

/// What a runtime process is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The function.
    pub function: Function,
    /// The runtime's program.
    pub bootstrap: Bootstrap,
    /// AWS_LAMBDA_FUNCTION_MEMORY_SIZE in MB; the figure is told, not enforced.
    pub memory_mb: u32,
    /// More variables, which win over the developer's own environment and over Lambda's.
    pub variables: Vec<(OsString, OsString)>,
    /// Where the log goes, such as a file or the writing end of a pipe; `None` means our own stderr.
    pub log: Option<Arc<File>>,
}

impl Settings {
    /// What the function's environment will have of this variable, as far as the developer decides it; else nothing.
    pub(crate) fn variable(&self, name: &str) -> OsString {
        let given = self.variables.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone());
        given.or_else(|| std::env::var_os(name)).unwrap_or_default()
    }
}

/// A running runtime process and its Runtime API; dropping it ends all of its processes.
#[derive(Debug)]
pub struct Environment {
    api: RuntimeApi,
    started: Instant,
    processes: Arc<Processes>,
}

/// What ends an environment, from any thread.
#[derive(Clone, Debug)]
pub struct Ending(Arc<Processes>);

#[derive(Debug)]
struct Processes {
    leader: Pid,
    running: Mutex<Option<Running>>,
}

/// The processes until they are ended; `None` afterwards, so that nobody signals a reaped pid.
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
    /// When the bootstrap cannot be started, or no port or thread is to be had.
    pub fn start(settings: &Settings) -> Result<Environment> {
        let api = RuntimeApi::start()?;
        let stream = log_stream_name();
        let mut command = command(settings, &api, &stream)?;
        let started = Instant::now();
        let folder = &settings.function.task_root;
        let child = command.spawn().with_context(|| match folder.is_dir() {
            true => format!("cannot start the runtime {:?}", command.get_program()),
            false => format!("the function's folder `{}` is not there any more", folder.display()),
        })?;
        let tree = ProcessTree::new(child.id(), &format!("{LOG_STREAM_NAME}={stream}"));
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

    /// The runtime's pid; it stays its own until the environment is ended.
    #[must_use]
    pub fn runtime_pid(&self) -> u32 {
        self.processes.leader.as_raw().unsigned_abs()
    }

    /// Whether the runtime process has ended.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        exit_status::has_exited(self.processes.leader)
    }

    /// Waits for the end of init, at most for `limit`.
    #[must_use]
    pub fn wait_for_init(&self, limit: Duration) -> Init {
        self.api.wait_for_init(limit)
    }

    /// The memory of all living processes in bytes, as `ProcessTree::memory_bytes` counts it; 0 once ended.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.processes.running().as_mut().map_or(0, |running| running.tree.memory_bytes())
    }

    /// The pids of all living processes, the runtime's own among them; none once ended.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.processes.running().as_mut().map_or_else(Vec::new, |running| running.tree.pids())
    }

    /// What ends this environment from another thread.
    #[must_use]
    pub fn ending(&self) -> Ending {
        Ending(Arc::clone(&self.processes))
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.ending().end();
    }
}

impl Ending {
    /// Ends every process of the environment, and returns when they are gone. The second call does nothing.
    pub fn end(&self) {
        let mut running = self.0.running();
        if let Some(running) = running.take() {
            end(self.0.leader, running);
        }
    }

    /// Whether the environment has been ended; not while that is under way.
    pub(crate) fn is_over(&self) -> bool {
        self.0.running.try_lock().is_ok_and(|running| running.is_none())
    }
}

impl Processes {
    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end(leader: Pid, mut running: Running) {
    running.tree.look(); // orphans-to-be are known by their parents now, and by nothing later
    if kill(leader, Signal::SIGTERM).is_ok() {
        let _ = kill(leader, Signal::SIGCONT);
        let _ = running.exited.recv_timeout(TERM_GRACE);
    }
    let limit = Instant::now() + KILL_LIMIT;
    while running.tree.kill() && Instant::now() < limit {
        std::thread::sleep(KILL_AGAIN);
    }
    let _ = running.child.wait(); // reaped last: until here its pid was nobody else's
}
