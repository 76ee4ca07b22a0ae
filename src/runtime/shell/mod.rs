//! The persistent Bash: started once, it sources the script and forks a subshell for each event before the event comes.
//!
//! A turn is one such subshell: it waits, is woken, runs the handler, and ends. Its states, in order, are those of [`Phase`]. The
//! answer of an event needs two things: stdout's end-of-file, as `$( )` waits for it, and how the handler ended. The latter comes
//! either early, from the subshell itself (it returned 0 and nothing is pending), or from Bash when the subshell is gone.

mod apostrophes;
mod bash;
mod channel;
mod convention;
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
mod sources;
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
use self::io::{Children, Read, poll_timeout, read_once};
use self::pipes::{Lanes, Plumbing, lane};
use self::status::{Records, Status};
use self::xtrace::Traced;
use super::handler::Handler;
use super::host::Host;
use super::logs::driver_text::DriverText;
use super::logs::leftovers::Whose;
use super::logs::lines::Lines;
use super::process_registry::{Bash, Life};

pub(crate) use self::start::Starting;

const WAKE: &[u8] = b"e";
const RELEASE: &[u8] = b"r";
/// After so many subshells in a row that ended before they could wait, Bash is given up.
const MOST_STILLBORN: u32 = 3;

/// Where the current turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Bash has yet to fork its subshell, or the subshell of the turn before has yet to end.
    Forking,
    /// The subshell waits for its event.
    Waiting,
    /// It runs the handler.
    Running,
    /// The handler returned 0; the subshell stays until it is released.
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
    /// Readable after a SIGCHLD.
    children: Children,
    /// Whether it was found readable.
    signalled: bool,
    plumbing: Plumbing,
    records: Records,
    turn: u64,
    /// The last turn that was given an event.
    called: u64,
    phase: Phase,
    /// The current turn's subshell, while there is one and it has told its number.
    subshell: Option<i32>,
    stillborn: u32,
    /// The log of the last turn that was answered, while its pipe may still have writers.
    last_log: Option<(u64, Lines)>,
    traced: Traced,
    handler: Handler,
    task_root: PathBuf,
    /// What must not appear in the log.
    driver_text: Arc<DriverText>,
    convention: Convention,
    /// Whether the script declares the array LAMBDA_EVENT.
    has_event_array: bool,
    timeout_margin: Option<Duration>,
    host: Host,
}

impl Shell {
    /// Lets the subshell of the answered event go, and waits at most `patience` until the next one is ready. What is unfinished
    /// when `next` is called may be frozen, and would be finished inside the next event.
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

    /// Whether Bash has ended, perhaps while nobody looked, and a new one is needed.
    pub(crate) fn has_died(&mut self) -> bool {
        // A failing poll would fail the event as well, with its reason.
        drop(self.wait(Duration::ZERO));
        self.is_dead()
    }

    /// Whether Bash is known to have ended.
    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.phase, Phase::Dead(_))
    }

    fn release(&mut self) {
        if self.phase == Phase::Lingering {
            // A subshell that was killed meanwhile needs no release.
            let _ = write(&self.plumbing.wake.fd, RELEASE);
            self.phase = Phase::Ending;
        }
    }

    /// Waits for a status or the end of Bash, and takes note of it.
    fn wait(&mut self, timeout: Duration) -> std::io::Result<()> {
        let mut fds = [
            PollFd::new(self.plumbing.status.fd.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.children.as_fd(), PollFlags::POLLIN),
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

    /// Reads what the driver says, and takes note of it.
    fn read_statuses(&mut self) -> Vec<Status> {
        let mut buffer = [0; 4096];
        let statuses = match read(&self.plumbing.status.fd, &mut buffer) {
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
            Status::Waiting { turn, pid } if turn > self.turn => {
                self.turn = turn;
                self.phase = Phase::Waiting;
                self.subshell = Some(pid).filter(|pid| *pid > 0);
                self.host.roster.note_subshell(pid);
                self.stillborn = 0;
                self.plumbing.renew_stdin(turn - 1);
                if self.is_in_the_way() {
                    self.kill_subshell();
                    self.phase = Phase::Ending;
                }
                self.hand_over_last_log();
            }
            Status::Succeeded { turn } if turn == self.turn && matches!(self.phase, Phase::Running) => {
                self.phase = Phase::Lingering;
            }
            Status::Done { turn, .. } if turn == self.turn => {
                self.phase = Phase::Ending;
                self.subshell = None;
            }
            // A subshell that could not even say that it waits.
            Status::Done { turn, .. } if turn > self.turn => {
                self.turn = turn;
                self.phase = Phase::Forking;
                self.stillborn += 1;
                if self.stillborn >= MOST_STILLBORN {
                    self.end();
                }
            }
            _ => {}
        }
    }

    /// SIGCHLD says that some child has ended; ask only then whether it was Bash.
    fn note_end_of_bash(&mut self) {
        if !std::mem::take(&mut self.signalled) || !self.children.have_changed() {
            return;
        }
        self.note_life();
    }

    fn note_life(&mut self) {
        if let Life::Ended(status) = self.bash.life() {
            self.phase = Phase::Dead(status);
        }
    }

    /// Keeps the log of an answered turn until its subshell is gone.
    fn keep_log(&mut self, turn: u64, lines: Lines) {
        self.last_log = Some((turn, lines));
        if self.turn > turn {
            self.hand_over_last_log();
        }
    }

    /// When the next subshell waits, the one before is gone. Whoever still holds its log pipe is a background process: from now on
    /// the log thread reads that pipe, and the turn after next gets a new one.
    fn hand_over_last_log(&mut self) {
        let Some((turn, mut lines)) = self.last_log.take() else { return };
        let end = &mut self.plumbing.lanes.stderr[lane(turn)];
        if read_once(end, &mut |bytes| lines.feed(bytes)) != Read::End
            && let Ok(old) = self.plumbing.channel.renew(end)
        {
            self.host.leftovers.adopt(old, lines, Whose::Background);
        } else {
            lines.finish();
        }
    }

    /// The last turn that was given an event.
    pub(crate) fn begun(&self) -> u64 {
        self.called
    }

    /// The number of the last turn.
    pub(crate) fn turn(&self) -> u64 {
        self.turn
    }
}
