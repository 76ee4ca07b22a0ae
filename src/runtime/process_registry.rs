//! Keeps the list of the Bash processes that this process has started, reaps child processes, and ends them all when this process
//! is told to end.
//!
//! This module waits for every child of this process, under one lock. Children that are not in the list are orphans: processes
//! that a handler left behind. They become our children because we are PID 1 of a container or a *child subreaper*. If nobody
//! reaped them, each would use up one of the 1,024 processes that Lambda allows. A Bash is started under the same lock. So a Bash
//! that ends at once is never taken for an orphan, and its exit status is kept for the thread that asks for it. This work is only
//! done after a SIGCHLD. An event without orphans causes none, because its subshell is Bash's child, not ours.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, write};

use super::processes::{Process, is_descendant};

/// How long the Bash processes may take for their traps. Lambda sends SIGKILL 300 to 500 ms after SIGTERM.
const PATIENCE: Duration = Duration::from_millis(200);
/// The part of [`PATIENCE`] that running handlers may take: Bash waits for them before it runs a trap.
const HANDLER_PATIENCE: Duration = Duration::from_millis(100);
const POLL: Duration = Duration::from_millis(2);
/// How many subshells are remembered, over all slots.
const MAX_SUBSHELLS: usize = 64;
/// How often the remaining processes are killed: a process that forks while the list is made may leave a child.
const MAX_KILLS: u32 = 5;
/// The byte that tells a waiting subshell to end; see driver.bash.
const QUIT: &[u8] = b"q";

/// Whether a Bash process still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BashState {
    /// The process runs.
    Running,
    /// The process has ended, with this status; `None` if the status is unknown.
    Ended(Option<ExitStatus>),
}

#[derive(Debug)]
struct Entry {
    child: Child,
    state: BashState,
    /// A descriptor of the wake-up pipe of this Bash.
    wake: Arc<OwnedFd>,
    /// Private folders of this Bash, to be removed at the end.
    folders: Vec<PathBuf>,
}

/// The Bash processes that this process has started. Clones share the same list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessRegistry {
    entries: Arc<Mutex<Vec<Entry>>>,
    /// Whether this process is being ended.
    ending: Arc<AtomicBool>,
    /// The most recent subshells. A subshell that signals its whole process group may be gone when the signal is handled.
    subshells: Arc<Mutex<VecDeque<i32>>>,
}

/// One Bash process. Dropping the value ends the process and removes it from the list.
#[derive(Debug)]
pub(crate) struct Bash {
    id: u32,
    processes: ProcessRegistry,
}

impl ProcessRegistry {
    /// Starts a Bash with `spawn` and adds it to the list. `wake` is a descriptor of its wake-up pipe.
    ///
    /// # Errors
    /// Those of `spawn`.
    pub(crate) fn start(
        &self,
        wake: Arc<OwnedFd>,
        folders: Vec<PathBuf>,
        spawn: impl FnOnce() -> io::Result<Child>,
    ) -> io::Result<Bash> {
        self.wait_if_ending();
        let mut entries = self.entries();
        let child = spawn()?;
        let id = child.id();
        entries.push(Entry { child, state: BashState::Running, wake, folders });
        Ok(Bash { id, processes: self.clone() })
    }

    /// Remembers a subshell that waits for its event.
    pub(crate) fn note_subshell(&self, pid: i32) {
        let mut subshells = self.subshells.lock().unwrap_or_else(PoisonError::into_inner);
        if subshells.len() == MAX_SUBSHELLS {
            subshells.pop_front();
        }
        subshells.push_back(pid);
    }

    /// Whether `pid` is, or recently was, a process of a handler.
    pub(crate) fn is_handler_process(&self, pid: i32) -> bool {
        let subshells = self.subshells.lock().unwrap_or_else(PoisonError::into_inner);
        subshells.contains(&pid) || is_descendant(pid)
    }

    /// Reaps every child that has ended, and stores the status of each Bash.
    pub(crate) fn reap(&self) {
        reap(&mut self.entries());
    }

    /// Never returns if this process is being ended: a Bash that ends now has not failed.
    pub(crate) fn wait_if_ending(&self) {
        while self.ending.load(Ordering::SeqCst) {
            std::thread::park();
        }
    }

    /// Ends every Bash and every other process below this one. The script's own traps run first, within [`PATIENCE`]. No new Bash
    /// is started after this call.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
        let running = self.map_running(Entry::terminate).concat();
        self.wait_for_end(HANDLER_PATIENCE);
        running.iter().for_each(Process::kill);
        self.wait_for_end(PATIENCE - HANDLER_PATIENCE);
        kill_all_below();
        let entries = self.entries();
        entries.iter().flat_map(|entry| &entry.folders).for_each(|folder| drop(std::fs::remove_dir_all(folder)));
    }

    fn wait_for_end(&self, patience: Duration) {
        let until = Instant::now() + patience;
        while !self.map_running(Entry::send_quit).is_empty() && Instant::now() < until {
            std::thread::sleep(POLL);
        }
    }

    /// Calls `action` for each Bash that runs, and returns the results.
    fn map_running<T>(&self, action: impl Fn(&Entry) -> T) -> Vec<T> {
        let mut entries = self.entries();
        reap(&mut entries);
        entries.iter().filter(|entry| entry.state == BashState::Running).map(action).collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bash {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether this Bash still runs.
    pub(crate) fn state(&self) -> BashState {
        let mut entries = self.processes.entries();
        reap(&mut entries);
        entries.iter().find(|entry| entry.child.id() == self.id).map_or(BashState::Ended(None), |entry| entry.state)
    }

    /// Kills this Bash, and waits until it has ended.
    pub(crate) fn kill(&self) {
        if let Some(entry) = self.processes.entries().iter_mut().find(|entry| entry.child.id() == self.id) {
            entry.kill();
        }
    }
}

impl Drop for Bash {
    fn drop(&mut self) {
        self.kill();
        self.processes.entries().retain(|entry| entry.child.id() != self.id);
    }
}

impl Entry {
    /// Sends SIGTERM to Bash first and then to its children: Bash runs its TERM trap as soon as the child that it waits for has
    /// ended, before any further command. Returns the processes that ran below Bash.
    fn terminate(&self) -> Vec<Process> {
        let bash = pid(&self.child);
        let below = Process::descendants(bash.as_raw());
        let _ = kill(bash, Signal::SIGTERM);
        below.iter().filter(|process| process.parent == bash.as_raw()).for_each(|child| child.signal(Signal::SIGTERM));
        below
    }

    /// Writes the quit byte. This is repeated: a Bash that does not end by the signal forks one more subshell, which may be the
    /// first to read the byte.
    fn send_quit(&self) {
        let _ = write(&self.wake, QUIT);
    }

    /// Stores the exit status if the process has ended.
    fn update_state(&mut self) {
        if self.state == BashState::Running {
            self.state = match self.child.try_wait() {
                Ok(None) => BashState::Running,
                Ok(status) => BashState::Ended(status),
                Err(_) => BashState::Ended(None),
            };
        }
    }

    fn kill(&mut self) {
        if self.state == BashState::Running {
            drop(self.child.kill());
            self.state = BashState::Ended(self.child.wait().ok());
        }
    }
}

fn reap(entries: &mut [Entry]) {
    loop {
        entries.iter_mut().for_each(Entry::update_state);
        let orphan = match waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT) {
            Ok(WaitStatus::StillAlive) => return,
            // A Bash of ours that ended after its state was checked: check again.
            Ok(ended) if entries.iter().any(|entry| ended.pid() == Some(pid(&entry.child))) => continue,
            Ok(orphan) => orphan.pid(),
            // A real-time signal ended a child, and nix has no name for the signal: reap the first child that can be reaped.
            Err(Errno::EINVAL) => None,
            Err(Errno::EINTR) => continue,
            Err(_) => return,
        };
        let _ = waitpid(orphan, Some(WaitPidFlag::WNOHANG));
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap_or_default())
}

fn kill_all_below() {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    for _ in 0..MAX_KILLS {
        let left = Process::descendants(own);
        if left.is_empty() {
            return;
        }
        left.iter().for_each(Process::kill);
    }
}
