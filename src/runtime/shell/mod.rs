//! Runs the persistent Bash: it starts once, sources the script, and forks a subshell for each event before the event arrives.
//!
//! Each subshell has a number, its *turn*. A subshell waits, is woken, runs the handler, and ends; [`Phase`] lists these states
//! in order. The answer to an event needs two things: end-of-file on stdout, which `$( )` also waits for, and the status of the
//! handler. The status comes early from the subshell itself, if the handler returned 0 and nothing is pending. Otherwise it comes
//! from Bash after the subshell has ended.

mod bash;
mod convention;
mod driver;
mod durable;
mod event_file;
mod execution;
mod headers_file;
mod io;
mod line_splitter;
mod output;
mod pipes;
pub(crate) mod posix;
mod readiness;
mod result;
mod script_scan;
pub(crate) mod sources;
mod start;
pub(crate) mod status;
mod termination;
mod timeout;
pub(crate) mod xtrace;

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

pub(crate) use self::convention::Convention;
use self::io::{ChildSignals, Read, poll_timeout, read_once};
use self::pipes::{OutputPipes, Pipes, parity};
use self::status::{Status, StatusReader};
use self::xtrace::TraceOutput;
use super::durable::{Caller, Session};
use super::handler::Handler;
use super::host::Host;
use super::logs::driver_text::DriverText;
use super::logs::leftovers::Holder;
use super::logs::lines::Lines;
use super::process_registry::{Bash, BashState};

pub(crate) use self::start::ShellStart;

const WAKE: &[u8] = b"e";
/// Wakes the subshell for a large event, which Bash can copy without care for the bytes 1 and 127.
const WAKE_FOR_LARGE: &[u8] = b"l";
const RELEASE: &[u8] = b"r";
const REPLACE: &[u8] = b"x";
/// How many subshells in a row may end before they could wait for an event; then Bash is killed.
const MAX_FAILED_FORKS: u32 = 3;

/// The state of the current subshell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Bash has not forked the subshell yet, or the previous subshell has not ended yet.
    Forking,
    /// The subshell waits for its event.
    Waiting,
    /// The subshell runs the handler.
    Running,
    /// The handler returned 0. The subshell stays until it is released.
    Lingering,
    /// The subshell is ending, or has ended.
    Ending,
    /// Bash itself has ended.
    Dead(Option<ExitStatus>),
}

/// A running Bash that has sourced the script.
#[derive(Debug)]
pub(crate) struct Shell {
    bash: Bash,
    /// Becomes readable after a SIGCHLD.
    child_signals: ChildSignals,
    /// Whether `child_signals` was readable after the last wait.
    signalled: bool,
    pipes: Pipes,
    records: StatusReader,
    turn: u64,
    /// The last turn that got an event.
    called: u64,
    phase: Phase,
    /// The process number of the current subshell, after it was reported and until the subshell ends.
    subshell: Option<i32>,
    failed_forks: u32,
    /// The log of the last answered turn, while its pipe may still have writers.
    last_log: Option<(u64, Lines)>,
    trace_output: TraceOutput,
    handler: Handler,
    task_root: PathBuf,
    /// The text of the driver, which must not appear in the log.
    driver_text: Arc<DriverText>,
    convention: Convention,
    /// Whether the script declares the array LAMBDA_EVENT.
    has_event_array: bool,
    timeout_margin: Option<Duration>,
    /// Whether a subshell takes the next event, too, with COSHELL_STATE=keep.
    keeps_state: bool,
    state_max_mb: Option<u64>,
    /// The durable execution of the event under way.
    session: Option<Session>,
    /// The thread that records checkpoints, after the first durable execution.
    caller: Option<Caller>,
    /// Whether log lines of the repeated part of a durable execution are shown.
    logs_repeats: bool,
    host: Host,
}

impl Shell {
    /// Releases the subshell of the answered event, and waits at most `patience` until the next subshell is ready. Lambda may
    /// freeze the processes after `next` is called, and unfinished work would then run during the next event.
    pub(crate) fn settle(&mut self, patience: Duration) {
        self.release();
        let until = Instant::now() + patience;
        while !matches!(self.phase, Phase::Waiting | Phase::Dead(_)) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.wait(left).is_err() {
                return;
            }
        }
    }

    /// Checks whether Bash has ended, so that a new one is needed.
    pub(crate) fn has_died(&mut self) -> bool {
        // If poll fails here, it also fails during the event, and the event reports the reason.
        drop(self.wait(Duration::ZERO));
        self.is_dead()
    }

    /// Whether Bash is known to have ended.
    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.phase, Phase::Dead(_))
    }

    fn release(&mut self) {
        if self.phase == Phase::Lingering && self.keeps_state {
            self.begin_wait(self.turn + 1, self.subshell);
            self.replace_if_too_large();
        } else if self.phase == Phase::Lingering {
            // If the subshell was killed meanwhile, the write fails, and no release is needed.
            let _ = write(&self.pipes.wake.fd, RELEASE);
            self.phase = Phase::Ending;
        }
    }

    /// Waits for a status record or the end of Bash, and updates the state.
    fn wait(&mut self, timeout: Duration) -> std::io::Result<()> {
        let mut fds = [
            PollFd::new(self.pipes.status.fd.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.child_signals.as_fd(), PollFlags::POLLIN),
        ];
        let timeout = if timeout.is_zero() { PollTimeout::ZERO } else { poll_timeout(timeout) };
        match poll(&mut fds, timeout) {
            Ok(0) | Err(nix::Error::EINTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        self.signalled = fds[1].any() == Some(true);
        self.read_statuses();
        Ok(())
    }

    /// Reads the status records of the driver, and updates the state.
    fn read_statuses(&mut self) -> Vec<Status> {
        let mut buffer = [0; 4096];
        let statuses = match read(&self.pipes.status.fd, &mut buffer) {
            Ok(count) => self.records.read(&buffer[..count]),
            Err(_) => Vec::new(),
        };
        for status in &statuses {
            self.note(status);
        }
        self.note_end_of_bash();
        statuses
    }

    fn note(&mut self, status: &Status) {
        match *status {
            // The same turn again: a kept subshell ended while it waited, and a new one took its place.
            Status::Waiting { turn, pid } if turn > self.turn || (turn == self.turn && turn > self.called) => {
                self.host.processes.note_subshell(pid);
                self.failed_forks = 0;
                self.begin_wait(turn, Some(pid).filter(|pid| *pid > 0));
            }
            Status::Succeeded { turn } if turn == self.turn && matches!(self.phase, Phase::Running) => {
                self.phase = Phase::Lingering;
            }
            Status::Done { turn, .. } if turn == self.turn => {
                self.phase = Phase::Ending;
                self.subshell = None;
            }
            // A subshell that ended before it could report that it waits.
            Status::Done { turn, .. } if turn > self.turn => {
                self.turn = turn;
                self.phase = Phase::Forking;
                self.failed_forks += 1;
                if self.failed_forks >= MAX_FAILED_FORKS {
                    self.end();
                }
            }
            _ => {}
        }
    }

    /// The subshell `pid` waits for the event of `turn`.
    fn begin_wait(&mut self, turn: u64, pid: Option<i32>) {
        self.turn = turn;
        self.phase = Phase::Waiting;
        self.subshell = pid;
        self.pipes.renew_stdin(turn - 1);
        if self.has_pipes_of_earlier_event() {
            self.kill_subshell();
            self.phase = Phase::Ending;
        }
        self.hand_over_last_log();
    }

    /// Checks whether Bash has ended, but only after a SIGCHLD: then some child has ended.
    fn note_end_of_bash(&mut self) {
        if !std::mem::take(&mut self.signalled) || !self.child_signals.have_come() {
            return;
        }
        self.note_state();
    }

    fn note_state(&mut self) {
        if let BashState::Ended(status) = self.bash.state() {
            self.phase = Phase::Dead(status);
        }
    }

    /// Keeps the log of an answered turn until its subshell has ended.
    fn keep_log(&mut self, turn: u64, lines: Lines) {
        self.last_log = Some((turn, lines));
        if self.turn > turn {
            self.hand_over_last_log();
        }
    }

    /// Passes the last log on after its subshell has ended, which is so when the next subshell waits. If its pipe still has a
    /// writer, the writer is a background process. Then the log thread reads that pipe from now on, and the turn after next gets
    /// a new pipe.
    fn hand_over_last_log(&mut self) {
        let Some((turn, mut lines)) = self.last_log.take() else { return };
        let end = &mut self.pipes.outputs.stderr[parity(turn)];
        if read_once(end, &mut |bytes| lines.feed(bytes)) != Read::End
            && let Ok(old) = self.pipes.channel.renew(end)
        {
            self.host.leftovers.adopt(old, lines, Holder::Background);
        } else {
            lines.finish();
        }
    }

    /// The last turn that got an event.
    pub(crate) fn begun(&self) -> u64 {
        self.called
    }

    /// The number of the last turn.
    pub(crate) fn turn(&self) -> u64 {
        self.turn
    }
}
