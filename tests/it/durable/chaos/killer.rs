//! Kills Bash and the runtime below a running `coshell serve`, at random moments.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::program::runs;

/// The most calls to the runner from one kill to the next: so the kills keep pace with the work, however fast the machine is. The local
/// runner fails an execution after five failed invocations in a row, which must stay very unlikely.
const MAX_CALLS: usize = 160;
const POLL_PAUSE: Duration = Duration::from_millis(2);

/// How many were killed.
#[derive(Debug, Default)]
pub(super) struct Kills {
    pub(super) bash: usize,
    pub(super) runtimes: usize,
}

impl Kills {
    /// Kills one process, if there is one.
    fn one_more(&mut self, rng: &mut Rng, serve: i32) -> bool {
        let Some(runtime) = rng.choice(children(serve)) else { return false };
        if self.runtimes <= self.bash {
            let is_killed = end(runtime);
            self.runtimes += usize::from(is_killed);
            return is_killed;
        }
        let is_killed = children(runtime).first().is_some_and(|bash| end(*bash));
        self.bash += usize::from(is_killed);
        is_killed
    }
}

pub(super) struct Killer {
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<Kills>,
}

impl Killer {
    /// Starts to kill below the process `serve`, a runtime and Bash in turn; `calls` counts the calls to the runner.
    pub(super) fn start(serve: i32, seed: u64, calls: Arc<AtomicUsize>) -> Killer {
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = Arc::clone(&stopped);
        let thread = std::thread::spawn(move || {
            let (mut rng, mut kills) = (Rng::with_seed(seed), Kills::default());
            let mut next = rng.usize(0..MAX_CALLS);
            while !is_stopped.load(Ordering::Relaxed) {
                std::thread::sleep(POLL_PAUSE);
                if calls.load(Ordering::Relaxed) >= next && kills.one_more(&mut rng, serve) {
                    next += rng.usize(0..MAX_CALLS);
                }
            }
            kills
        });
        Killer { stopped, thread }
    }

    pub(super) fn stop(self) -> Kills {
        self.stopped.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn end(pid: i32) -> bool {
    kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok()
}

/// The children of a process that still run, whichever of its threads has started them.
fn children(pid: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids: Vec<String> =
        lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    pids.iter().filter(|pid| runs(pid)).filter_map(|pid| pid.parse().ok()).collect()
}
