//! The Bashes that run below this process: who they are, how each ended, and their end when the process is told to end.
//!
//! All children of this process are waited for here, under one lock. Those that are not in the processes are orphans: what a handler
//! left behind comes to us, since we are PID 1 of a container or ask for it as a *child subreaper* (where nobody else reaps, each
//! would cost one of the 1,024 processes that Lambda allows, for ever). A Bash is started under the same lock, so that one that ends
//! at once is never taken for an orphan, and its status is kept for the thread that asks for it. Nothing of this is done unless a
//! SIGCHLD came, and an event without orphans brings none: its subshell is Bash's child, not ours.

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

/// How long the Bashes may take for their traps; Lambda sends SIGKILL 300 to 500 ms after SIGTERM.
const PATIENCE: Duration = Duration::from_millis(200);
/// How much of it the handlers that run may take: Bash waits for them before it runs a trap.
const HANDLER_PATIENCE: Duration = Duration::from_millis(100);
const POLL: Duration = Duration::from_millis(2);
/// So many subshells are remembered: those of all slots.
const MAX_SUBSHELLS: usize = 64;
/// How often what is left is killed: who forks while it is being listed may leave a child.
const MAX_KILLS: u32 = 5;
/// Tells a waiting subshell to end; see driver.bash.
const QUIT: &[u8] = b"q";

/// Whether a Bash runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BashState {
    /// It does.
    Running,
    /// It has ended, so; `None` where that could not be learnt.
    Ended(Option<ExitStatus>),
}

#[derive(Debug)]
struct Entry {
    child: Child,
    state: BashState,
    /// A descriptor of its wake-up pipe.
    wake: OwnedFd,
    /// Private folders that must not be left behind.
    folders: Vec<PathBuf>,
}

/// The Bashes of this process. clones are the same registry.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessRegistry {
    entries: Arc<Mutex<Vec<Entry>>>,
    /// Whether the process is being ended.
    ending: Arc<AtomicBool>,
    /// The last subshells: one that signals its whole process group may be gone when the signal is looked at.
    subshells: Arc<Mutex<VecDeque<i32>>>,
}

/// One Bash; dropping it ends it and strikes it out.
#[derive(Debug)]
pub(crate) struct Bash {
    id: u32,
    processes: ProcessRegistry,
}

impl ProcessRegistry {
    /// Starts a Bash by `spawn` and enters it. `wake` is a descriptor of its wake-up pipe.
    ///
    /// # Errors
    /// Those of `spawn`.
    pub(crate) fn start(
        &self,
        wake: OwnedFd,
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

    /// Takes note of a subshell that waits for its event.
    pub(crate) fn note_subshell(&self, pid: i32) {
        let mut subshells = self.subshells.lock().unwrap_or_else(PoisonError::into_inner);
        if subshells.len() == MAX_SUBSHELLS {
            subshells.pop_front();
        }
        subshells.push_back(pid);
    }

    /// Whether `pid` is, or was lately, a process of a handler.
    pub(crate) fn is_handler_process(&self, pid: i32) -> bool {
        let subshells = self.subshells.lock().unwrap_or_else(PoisonError::into_inner);
        subshells.contains(&pid) || is_descendant(pid)
    }

    /// Waits for every child that has ended, and takes note of those that are Bashes.
    pub(crate) fn reap(&self) {
        reap(&mut self.entries());
    }

    /// Stays here for good if the process is being ended: what its Bashes do then is no failure of theirs.
    pub(crate) fn wait_if_ending(&self) {
        while self.ending.load(Ordering::SeqCst) {
            std::thread::park();
        }
    }

    /// Ends them all, and with them every process below this one; the script's own traps run first, within [`PATIENCE`]. From now
    /// on none is started.
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

    /// What comes of `what` for each that runs.
    fn map_running<T>(&self, what: impl Fn(&Entry) -> T) -> Vec<T> {
        let mut entries = self.entries();
        reap(&mut entries);
        entries.iter().filter(|entry| entry.state == BashState::Running).map(what).collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bash {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Whether it runs.
    pub(crate) fn state(&self) -> BashState {
        let mut entries = self.processes.entries();
        reap(&mut entries);
        entries.iter().find(|entry| entry.child.id() == self.id).map_or(BashState::Ended(None), |entry| entry.state)
    }

    /// Ends it, and waits until it has ended.
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
    /// Tells Bash first and then its children, since its TERM trap runs as soon as the one that it waits for has ended, before any
    /// further command. Says what ran below it.
    fn terminate(&self) -> Vec<Process> {
        let bash = pid(&self.child);
        let below = Process::descendants(bash.as_raw());
        let _ = kill(bash, Signal::SIGTERM);
        below.iter().filter(|process| process.parent == bash.as_raw()).for_each(|child| child.signal(Signal::SIGTERM));
        below
    }

    /// Said again and again: a Bash that does not end by the signal forks one more subshell, which may be the first to hear it.
    fn send_quit(&self) {
        let _ = write(&self.wake, QUIT);
    }

    /// Takes note if it has ended.
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
            // One of ours that ended after it was looked at: once more.
            Ok(ended) if entries.iter().any(|entry| ended.pid() == Some(pid(&entry.child))) => continue,
            Ok(orphan) => orphan.pid(),
            // A real-time signal ended it, for which nix has no name: whoever it is, it is the first that can be waited for.
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
