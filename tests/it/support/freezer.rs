//! Stops all processes of a runtime for a while, as Lambda does between events: by signals, or by a control group where one can be
//! made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::running::{GIVE_UP, until};
use super::skip::skip;

/// How the processes are stopped.
#[derive(Debug)]
pub enum Freezer {
    Signals,
    /// A folder of the control groups' file system; version 1 has `freezer.state`, version 2 `cgroup.freeze`.
    Group(PathBuf),
}

/// All is stopped until this is dropped.
pub struct Frozen<'a, Pids: Fn() -> Vec<u32>> {
    freezer: &'a Freezer,
    pids: Pids,
}

/// How long a freeze lasts: COSHELL_TEST_FREEZE_MS.
pub fn span() -> Duration {
    Duration::from_millis(dial("COSHELL_TEST_FREEZE_MS", 50))
}

/// A number that the environment may set.
pub fn dial(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

impl Freezer {
    /// Each way that works here.
    pub fn all() -> Vec<Freezer> {
        let group = Freezer::group();
        if group.is_none() {
            skip("no control group can be made that freezes");
        }
        [Some(Freezer::Signals), group].into_iter().flatten().collect()
    }

    fn group() -> Option<Freezer> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("coshell-test-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let made = ["/sys/fs/cgroup/freezer", "/sys/fs/cgroup"].iter().map(|folder| Path::new(folder).join(&name));
        made.filter(|folder| fs::create_dir(folder).is_ok()).map(Freezer::Group).find(Freezer::can_freeze)
    }

    fn can_freeze(&self) -> bool {
        let Freezer::Group(folder) = self else { return true };
        folder.join("freezer.state").exists() || folder.join("cgroup.freeze").exists()
    }

    /// Commands that start the runtime in it.
    pub fn start(&self) -> String {
        match self {
            Freezer::Signals => "exec \"$@\"".to_owned(),
            Freezer::Group(folder) => format!("echo $$ >'{}/cgroup.procs'; exec \"$@\"", folder.display()),
        }
    }

    /// Stops all of `pids`, and whatever they start meanwhile. Returns when all of them stand still.
    pub fn freeze<Pids: Fn() -> Vec<u32>>(&self, pids: Pids) -> Frozen<'_, Pids> {
        let frozen = Frozen { freezer: self, pids };
        match self {
            Freezer::Signals => until("all stopped", || {
                let running: Vec<u32> = (frozen.pids)().into_iter().filter(|pid| !is_stopped(*pid)).collect();
                running.iter().for_each(|pid| signal(*pid, Signal::SIGSTOP));
                running.is_empty().then_some(())
            }),
            Freezer::Group(folder) => set(folder, true),
        }
        frozen
    }
}

impl<Pids: Fn() -> Vec<u32>> Drop for Frozen<'_, Pids> {
    fn drop(&mut self) {
        match self.freezer {
            Freezer::Signals => (self.pids)().into_iter().for_each(|pid| signal(pid, Signal::SIGCONT)),
            Freezer::Group(folder) => set(folder, false),
        }
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        let Freezer::Group(folder) = self else { return };
        let until = Instant::now() + GIVE_UP;
        while fs::remove_dir(&folder).is_err() && Instant::now() < until {
            let left = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            left.lines().filter_map(|pid| pid.parse().ok()).for_each(|pid| signal(pid, Signal::SIGKILL));
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn signal(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid.try_into().unwrap()), signal); // it may have ended
}

/// Whether it stands still, or has ended.
fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with(['T', 'Z', 'X']))
}

fn set(folder: &Path, frozen: bool) {
    let state = folder.join("freezer.state");
    if state.exists() {
        let word = if frozen { "FROZEN" } else { "THAWED" };
        fs::write(&state, word).unwrap();
        until(word, || (fs::read_to_string(&state).unwrap().trim() == word).then_some(()));
    } else {
        let number = if frozen { "1" } else { "0" };
        fs::write(folder.join("cgroup.freeze"), number).unwrap();
        let line = format!("frozen {number}");
        until(&line, || fs::read_to_string(folder.join("cgroup.events")).unwrap().contains(&line).then_some(()));
    }
}
