//! Ends Bash and its subshells by their process numbers, and never signals an unrelated process.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::fstat;
use nix::unistd::{Pid, write};

use super::execution::Execution;
use super::{Phase, REPLACE, Shell, parity};
use crate::runtime::logs::{Level, Owner};
use crate::runtime::processes::{self, Process};

/// How long to wait until a process has stopped: a process that is busy in the kernel stops when it leaves the kernel.
const STOP_PATIENCE: Duration = Duration::from_millis(100);
const STOP_POLL: Duration = Duration::from_micros(200);

impl Shell {
    /// Ends Bash and its current subshell: a subshell that outlives its Bash would use the pipes of the next Bash.
    pub(super) fn end(&mut self) {
        if !self.is_dead() {
            self.bash.kill();
            self.note_state();
        }
        self.kill_subshell();
    }

    /// Whether the subshell that has just reported that it waits uses the same pipes as the last event. This happens if the
    /// subshell in between was killed before it got an event. If a process still held those pipes, the response of the last event
    /// would wait for this subshell too, and the log of this subshell would appear under the last event. The next subshell has
    /// unused pipes.
    pub(super) fn has_pipes_of_earlier_event(&self) -> bool {
        self.turn == self.called + 2
    }

    /// Replaces a waiting subshell that has kept its state and uses more memory than COSHELL_STATE_MAX_MB.
    pub(super) fn replace_if_too_large(&mut self) {
        let (Some(max), Some(pid)) = (self.state_max_mb, self.subshell) else { return };
        let used = processes::resident_mb(pid);
        if used > max && self.replace_subshell() {
            let message = format!(
                "the handler's shell uses {used} MB, more than COSHELL_STATE_MAX_MB={max}: a new shell takes the next event, with the \
                 state that the script left at init"
            );
            self.host.log.say(Level::Info, &Owner::default(), &message);
        }
    }

    /// Tells the waiting subshell to end. Another one takes the next event.
    pub(super) fn replace_subshell(&mut self) -> bool {
        let is_told = write(&self.pipes.wake.fd, REPLACE).is_ok();
        if is_told {
            self.phase = Phase::Ending;
        }
        is_told
    }

    /// Ends the current subshell and the processes that its handler has started: nothing waits for a `sleep 1000` any more.
    pub(super) fn kill_subshell(&mut self) {
        if let Some(pid) = self.subshell.take().filter(|pid| self.is_ours(*pid)) {
            stop(pid); // otherwise the subshell could start more processes while they are listed
            let below = Process::descendants(pid);
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            below.iter().for_each(Process::kill);
        }
    }

    /// Whether `pid` is a subshell of our Bash: only those have the path of our driver in their command line. The subshell is not
    /// our child, so its number may now belong to another process.
    fn is_ours(&self, pid: i32) -> bool {
        let driver = self.pipes.driver.as_os_str().as_encoded_bytes();
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == driver)
    }
}

impl Execution<'_, '_> {
    /// Replaces a kept subshell that holds the event's stdout in another descriptor, as after `exec 3>&1`: the answer waits for the end of
    /// stdout. The subshell is replaced as well if its descriptors cannot be seen.
    pub(super) fn end_shell_that_holds_stdout(&mut self) {
        let Some(pid) = self.shell.subshell.filter(|_| self.shell.keeps_state && self.shell.phase == Phase::Lingering)
        else {
            return;
        };
        let end = &self.shell.pipes.outputs.stdout[parity(self.turn)];
        let is_held = fstat(end.fd.as_fd())
            .is_ok_and(|file| processes::has_open_file(pid, (file.st_dev, file.st_ino)).unwrap_or(true));
        if is_held && self.shell.replace_subshell() {
            let message = "the handler's shell still holds the stdout of this event, and the response waits for it: a new shell takes the next \
                 event, with the state that the script left at init; close the descriptor in the handler, as in `exec 3>&-` after `exec 3>&1`";
            self.shell.host.log.say(Level::Warn, self.lines.owner(), message);
        }
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
