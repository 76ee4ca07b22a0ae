//! Ending on a signal: SIGTERM from Lambda, SIGINT from a terminal.
//!
//! One thread waits for them, and it alone may end the process on one. The script's own top-level traps (TERM, EXIT) run first, for
//! which Bash is told to end, and the subshell that waits for an event is let go. After [`PATIENCE`] nothing is left either way:
//! Lambda sends SIGKILL 300 to 500 ms after SIGTERM.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, write};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::logs::leftovers::Leftovers;
use crate::processes::Process;

const PATIENCE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(2);
/// Tells a waiting subshell to end; see driver.bash.
const QUIT: &[u8] = b"q";

/// A running Bash, as far as its end is concerned.
#[derive(Debug)]
struct Entry {
    bash: Pid,
    wake: OwnedFd,
    /// A private folder that must not be left behind.
    folder: Option<PathBuf>,
}

/// The Bashes that are running.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    entries: Arc<Mutex<Vec<Entry>>>,
    /// Whether the process is being ended.
    ending: Arc<AtomicBool>,
}

impl Roster {
    /// Enters a Bash; `wake` is a descriptor of its wake-up pipe.
    pub(crate) fn enter(&self, bash: u32, wake: OwnedFd, folder: Option<PathBuf>) {
        let bash = Pid::from_raw(i32::try_from(bash).unwrap_or_default());
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(Entry { bash, wake, folder });
    }

    /// Strikes out a Bash. After this its number may belong to another process.
    pub(crate) fn leave(&self, bash: u32) {
        let left = |entry: &Entry| u32::try_from(entry.bash.as_raw()) == Ok(bash);
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).retain(|entry| !left(entry));
    }

    /// Stays here for good if the process is being ended: what its Bashes do then is no failure of theirs.
    pub(crate) fn wait_if_ending(&self) {
        while self.ending.load(Ordering::SeqCst) {
            std::thread::park();
        }
    }

    /// Ends them all; holds the lock to the end, so that none is waited for, or started, meanwhile.
    fn end(&self, leftovers: &Leftovers) {
        self.ending.store(true, Ordering::SeqCst);
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let below: Vec<Process> = entries.iter().flat_map(|entry| Process::below(entry.bash.as_raw())).collect();
        for entry in entries.iter() {
            let _ = kill(entry.bash, Signal::SIGTERM);
            let _ = write(&entry.wake, QUIT);
        }
        let until = Instant::now() + PATIENCE;
        while entries.iter().any(|entry| is_running(entry.bash)) && Instant::now() < until {
            std::thread::sleep(POLL);
        }
        for entry in entries.iter() {
            let _ = kill(entry.bash, Signal::SIGKILL);
            entry.folder.iter().for_each(|folder| drop(std::fs::remove_dir_all(folder)));
        }
        below.iter().for_each(Process::kill);
        leftovers.drain();
        // The process ends with the lock held.
        std::process::exit(0);
    }
}

/// Starts the thread.
pub(crate) fn watch(roster: &Roster, leftovers: &Leftovers) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let (roster, leftovers) = (roster.clone(), leftovers.clone());
    let wait = move || {
        if signals.forever().next().is_some() {
            roster.end(&leftovers);
        }
    };
    std::thread::Builder::new().name("signals".into()).stack_size(128 * 1024).spawn(wait)?;
    Ok(())
}

/// Whether our child `pid` has not ended yet. It stays for its own environment to wait for.
fn is_running(pid: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    matches!(waitid(Id::Pid(pid), flags), Ok(WaitStatus::StillAlive))
}
