//! Warns when the time limit of an event is near, and ends the event if COSHELL_TIMEOUT_MARGIN_MS is set. Also warns when the
//! handler has ended but another process still holds its stdout.
//!
//! To end an event and still learn where it was, the subshell is signalled first, and then the process that it waits for is
//! killed. Bash runs its trap as soon as that process has ended, before errexit takes effect and before any further command of
//! the handler. The signal is one that no program sends and no handler traps. Without COSHELL_TIMEOUT_MARGIN_MS, it is never
//! sent.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::fstat;
use nix::unistd::Pid;

use super::execution::Execution;
use super::{Phase, parity};
use crate::runtime::durable::Session;
use crate::runtime::failure::{Failure, MORE_TIME, Timeout};
use crate::runtime::logs::Level;
use crate::runtime::processes::{Process, list};

/// The signal that tells the subshell that its time is up: `trap … STKFLT` in the driver. (The `Signal` of nix has no real-time
/// signals.)
const TIME_IS_UP: Signal = Signal::SIGSTKFLT;
/// The least time that the subshell has for its traps after the signal.
const GRACE: Duration = Duration::from_millis(50);
/// How long background processes may hold stdout after the end of the handler before a warning is logged.
const HOLDER_PATIENCE: Duration = Duration::from_secs(1);

impl Execution<'_, '_> {
    /// When the runtime must act even if nothing happens.
    pub(super) fn next_alarm(&self) -> Option<Instant> {
        let partial = self.lines.partial_wait().map(|wait| Instant::now() + wait);
        let session = self.shell.session.as_ref().and_then(Session::next_alarm);
        [partial, self.deadline.next(), self.holder_alarm(), session].into_iter().flatten().min()
    }

    /// Writes the warnings that are due, and ends the event if its time is up.
    ///
    /// # Errors
    /// When the pipes to Bash fail.
    pub(super) fn keep_time(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        if self.holder_alarm().is_some_and(|alarm| alarm <= now) {
            self.warn_of_holders();
        }
        if self.deadline.warn_at.is_some_and(|warn_at| warn_at <= now) {
            self.deadline.warn_at = None;
            self.warn_of_deadline();
        }
        match self.deadline.end_at {
            Some((end_at, margin)) if end_at <= now => self.end(margin),
            _ => Ok(()),
        }
    }

    fn holder_alarm(&self) -> Option<Instant> {
        self.ended_at.filter(|_| self.stdout_open && !self.warned_of_holders).map(|ended_at| ended_at + HOLDER_PATIENCE)
    }

    fn warn_of_holders(&mut self) {
        self.warned_of_holders = true;
        let holders = self.holders();
        let message = format!(
            "the handler has ended, but a background process still holds its stdout, and the response waits for it: {}; \
             redirect its output, as in `command >&2 &`",
            if holders.is_empty() { "which one cannot be seen".to_owned() } else { list(&holders) }
        );
        self.shell.host.log.say(Level::Warn, self.lines.owner(), &message);
    }

    fn warn_of_deadline(&self) {
        let after = self.deadline.started.elapsed().as_secs_f64();
        let (_, running) = self.running();
        let what = if running.is_empty() { "Bash itself".to_owned() } else { list(&running) };
        let message = format!("the time limit is near; after {after:.1} s this is running: {what}; {MORE_TIME}");
        self.shell.host.log.say(Level::Warn, self.lines.owner(), &message);
    }

    /// The processes that have the event's stdout open.
    fn holders(&self) -> Vec<Process> {
        let end = &self.shell.pipes.outputs.stdout[parity(self.turn)];
        fstat(end.fd.as_fd()).map(|file| Process::with_open_file((file.st_dev, file.st_ino))).unwrap_or_default()
    }

    /// The subshell while it runs the handler.
    pub(super) fn subshell(&self) -> Option<Pid> {
        let runs = self.shell.phase == Phase::Running && self.shell.turn == self.turn;
        self.shell.subshell.filter(|_| runs).map(Pid::from_raw)
    }

    /// The processes that belong to the event: first the forks of Bash, then all others. These are the processes below the
    /// subshell, and a program that has replaced the subshell with `exec`. After the subshell has ended, they are the processes
    /// that hold its stdout. The subshell is older than the event, so the age of such a program is at most the event's.
    pub(super) fn running(&self) -> (Vec<Process>, Vec<Process>) {
        let Some(pid) = self.subshell() else { return (Vec::new(), self.holders()) };
        let driver = self.shell.pipes.driver.display().to_string();
        let (forks, others): (Vec<Process>, _) =
            Process::descendants(pid.as_raw()).into_iter().partition(|process| process.command.contains(&driver));
        let itself = Process::find(pid.as_raw()).filter(|process| !process.command.contains(&driver));
        let itself = itself.map(|process| process.no_older_than(self.deadline.started.elapsed()));
        (forks, itself.into_iter().chain(others).collect())
    }

    /// Ends the event, `margin` before its deadline. If the subshell ends in time, Bash is kept for the next event.
    fn end(&mut self, margin: Duration) -> Result<(), Failure> {
        let after = self.deadline.started.elapsed();
        let (forks, running) = self.running();
        if let Some(pid) = self.subshell() {
            let _ = kill(pid, TIME_IS_UP);
        }
        let hanging = if running.is_empty() { &forks } else { &running };
        hanging.iter().for_each(Process::kill);
        self.wait_for_end(GRACE.max(margin / 2))?;
        if self.subshell().is_some() {
            if let Some(pid) = self.subshell() {
                let _ = kill(pid, Signal::SIGKILL);
            }
            self.wait_for_end(GRACE)?;
        }
        forks.iter().for_each(Process::kill);
        if self.done.is_none() && !self.succeeded {
            self.shell.end();
        }
        self.close_stdout()?;
        let is_durable = self.shell.session.is_some();
        let running = running.iter().map(Process::to_string).collect();
        self.timeout = Some(Timeout { after, margin, is_durable, running });
        Ok(())
    }

    pub(super) fn wait_for_end(&mut self, patience: Duration) -> Result<(), Failure> {
        let until = Instant::now() + patience;
        while self.subshell().is_some() && !self.shell.is_dead() && Instant::now() < until {
            self.wait(Some(until))?;
            self.read();
        }
        Ok(())
    }
}
