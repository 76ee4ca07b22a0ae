//! The Bashes that run below this process: who they are, how each ended, and their end when the process is told to end.
//!
//! All children of this process are waited for here, under one lock. Those that are not in the roster are orphans: what a handler
//! left behind comes to us, since we are PID 1 of a container or ask for it as a *child subreaper* (where nobody else reaps, each
//! would cost one of the 1,024 processes that Lambda allows, for ever). A Bash is started under the same lock, so that one that ends
//! at once is never taken for an orphan, and its status is kept for the thread that asks for it. Nothing of this is done unless a
//! SIGCHLD came, and an event without orphans brings none: its subshell is Bash's child, not ours.

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

use crate::processes::Process;

/// How long the Bashes may take for their traps; Lambda sends SIGKILL 300 to 500 ms after SIGTERM.
const PATIENCE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(2);
/// How often what is left is killed: who forks while it is being listed may leave a child.
const MOST_KILLS: u32 = 5;
/// Tells a waiting subshell to end; see driver.bash.
const QUIT: &[u8] = b"q";

/// Whether a Bash runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It does.
    Running,
    /// It has ended, so; `None` where that could not be learnt.
    Ended(Option<ExitStatus>),
}

#[derive(Debug)]
struct Entry {
    child: Child,
    life: Life,
    /// A descriptor of its wake-up pipe.
    wake: OwnedFd,
    /// A private folder that must not be left behind.
    folder: Option<PathBuf>,
}

/// The Bashes of this process. Clones are the same roster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    entries: Arc<Mutex<Vec<Entry>>>,
    /// Whether the process is being ended.
    ending: Arc<AtomicBool>,
}

/// One Bash; dropping it ends it and strikes it out.
#[derive(Debug)]
pub(crate) struct Bash {
    id: u32,
    roster: Roster,
}

impl Roster {
    /// Starts a Bash by `spawn` and enters it. `wake` is a descriptor of its wake-up pipe.
    ///
    /// # Errors
    /// Those of `spawn`.
    pub(crate) fn start(
        &self,
        wake: OwnedFd,
        folder: Option<PathBuf>,
        spawn: impl FnOnce() -> io::Result<Child>,
    ) -> io::Result<Bash> {
        self.wait_if_ending();
        let mut entries = self.entries();
        let child = spawn()?;
        let id = child.id();
        entries.push(Entry { child, life: Life::Running, wake, folder });
        Ok(Bash { id, roster: self.clone() })
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
        self.living(Entry::tell_to_end);
        let until = Instant::now() + PATIENCE;
        while self.living(|_| {}) > 0 && Instant::now() < until {
            std::thread::sleep(POLL);
        }
        kill_all_below();
        let entries = self.entries();
        entries.iter().flat_map(|entry| &entry.folder).for_each(|folder| drop(std::fs::remove_dir_all(folder)));
    }

    /// Counts those that run, and does `what` to each.
    fn living(&self, what: impl Fn(&Entry)) -> usize {
        let mut entries = self.entries();
        reap(&mut entries);
        entries.iter().filter(|entry| entry.life == Life::Running).map(what).count()
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
    pub(crate) fn life(&self) -> Life {
        let mut entries = self.roster.entries();
        reap(&mut entries);
        entries.iter().find(|entry| entry.child.id() == self.id).map_or(Life::Ended(None), |entry| entry.life)
    }

    /// Ends it, and waits until it has ended.
    pub(crate) fn kill(&self) {
        if let Some(entry) = self.roster.entries().iter_mut().find(|entry| entry.child.id() == self.id) {
            entry.kill();
        }
    }
}

impl Drop for Bash {
    fn drop(&mut self) {
        self.kill();
        self.roster.entries().retain(|entry| entry.child.id() != self.id);
    }
}

impl Entry {
    fn tell_to_end(&self) {
        let _ = kill(pid(&self.child), Signal::SIGTERM);
        let _ = write(&self.wake, QUIT);
    }

    /// Takes note if it has ended.
    fn look(&mut self) {
        if self.life == Life::Running {
            self.life = match self.child.try_wait() {
                Ok(None) => Life::Running,
                Ok(status) => Life::Ended(status),
                Err(_) => Life::Ended(None),
            };
        }
    }

    fn kill(&mut self) {
        if self.life == Life::Running {
            drop(self.child.kill());
            self.life = Life::Ended(self.child.wait().ok());
        }
    }
}

fn reap(entries: &mut [Entry]) {
    loop {
        entries.iter_mut().for_each(Entry::look);
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
    for _ in 0..MOST_KILLS {
        let left = Process::below(own);
        if left.is_empty() {
            return;
        }
        left.iter().for_each(Process::kill);
    }
}
