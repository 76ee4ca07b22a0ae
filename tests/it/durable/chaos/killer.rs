//! Kills Bash and the runtime below a running `coshell serve`, at random moments.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The longest time from one kill to the next. The local runner fails an execution after five failed invocations in a row, which must
/// stay very unlikely.
const MAX_PAUSE_MS: u64 = 5000;

/// How many were killed.
#[derive(Debug, Default)]
pub(super) struct Kills {
    pub(super) bash: usize,
    pub(super) runtimes: usize,
}

pub(super) struct Killer {
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<Kills>,
}

impl Killer {
    /// Starts to kill below the process `serve`.
    pub(super) fn start(serve: i32, seed: u64) -> Killer {
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = Arc::clone(&stopped);
        let thread = std::thread::spawn(move || {
            let (mut rng, mut kills) = (Rng::with_seed(seed), Kills::default());
            while !is_stopped.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(rng.u64(0..MAX_PAUSE_MS)));
                let runtimes = children(serve);
                let Some(runtime) = rng.choice(&runtimes).copied() else { continue };
                if rng.bool() {
                    kills.runtimes += usize::from(end(runtime));
                } else if let Some(bash) = children(runtime).first() {
                    kills.bash += usize::from(end(*bash));
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

/// The children of a process, whichever of its threads has started them.
fn children(pid: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()).collect()
}
