//! Ending Bash and its subshells: by their numbers, and never somebody else's process.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Shell;
use crate::runtime::processes::{self, Process};

/// A process that is busy in the kernel stops when it comes back from there.
const STOP_PATIENCE: Duration = Duration::from_millis(100);
const STOP_POLL: Duration = Duration::from_micros(200);

impl Shell {
    /// Ends Bash, and the subshell that it may leave: one without its Bash would find the pipes of the next.
    pub(super) fn end(&mut self) {
        if !self.is_dead() {
            self.bash.kill();
            self.note_state();
        }
        self.kill_subshell();
    }

    /// Whether the subshell that has just said that it waits holds pipes of the last event's: the one between was killed before it
    /// got an event, and this one has the pipes of the turn before that. Whoever still holds those, the event's response would wait
    /// for this subshell as well, and what this one writes to its log would stand under that event. The one after it has pipes
    /// that nobody used.
    pub(super) fn has_pipes_of_earlier_event(&self) -> bool {
        self.turn == self.called + 2
    }

    /// Ends the current subshell, and what its handler has started: nobody waits for a `sleep 1000` any more.
    pub(super) fn kill_subshell(&mut self) {
        if let Some(pid) = self.subshell.take().filter(|pid| self.is_ours(*pid)) {
            stop(pid); // or it would go on starting processes while they are listed
            let below = Process::descendants(pid);
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            below.iter().for_each(Process::kill);
        }
    }

    /// Whether `pid` is a subshell of our Bash: its command line has the path of our driver, which nobody else's has. (It is no
    /// child of ours, so its number may have been given to another process.)
    fn is_ours(&self, pid: i32) -> bool {
        let driver = self.pipes.driver.path.as_os_str().as_encoded_bytes();
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == driver)
    }
}

/// Stops a process, and waits until it has stopped.
fn stop(pid: i32) {
    let until = Instant::now() + STOP_PATIENCE;
    if kill(Pid::from_raw(pid), Signal::SIGSTOP).is_ok() {
        while processes::is_running(pid) && Instant::now() < until {
            std::thread::sleep(STOP_POLL);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.end();
    }
}
