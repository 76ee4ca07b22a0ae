//! One event in one subshell, from the wake-up to the answer.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

use super::outcome::Response;
use super::status::Status;
use super::stdout::Stdout;
use super::{Phase, Read, Shell, WAKE, event, lane, poll_timeout, read_once};
use crate::api::MOST_RESPONSE_BYTES;
use crate::deadline::Deadline;
use crate::failure::{Failure, Overdue};
use crate::invocation::Invocation;
use crate::logs::Owner;
use crate::logs::lines::Lines;

/// What a pipe holds at most: all that was written to it before we learnt of the handler's end.
const PIPE_BYTES: usize = 64 * 1024;
/// How often a wait without an end looks around.
const READY_POLL: Duration = Duration::from_secs(1);

/// One event while it runs.
pub(super) struct Turn<'a> {
    pub(super) shell: &'a mut Shell,
    /// Its own number: the shell's may be that of the next turn already, whose subshell waits as soon as this one's has ended.
    pub(super) number: u64,
    pub(super) lines: Lines,
    pub(super) stdout: Stdout,
    pub(super) stdout_open: bool,
    stderr_open: bool,
    /// The handler returned 0, and nothing of its own is pending.
    pub(super) succeeded: bool,
    /// The subshell's exit status, once it is gone.
    pub(super) done: Option<i32>,
    /// When the first of the two above became known.
    pub(super) ended_at: Option<Instant>,
    /// Whether the log has said who holds stdout past the handler's end.
    pub(super) holders_told: bool,
    pub(super) deadline: Deadline,
    /// What the times of traced commands are counted from.
    since: SystemTime,
    /// Set when the event was ended for its deadline.
    pub(super) overdue: Option<Overdue>,
}

impl Shell {
    /// Runs the handler on `invocation`. All of the event's log lines so far have been written when this returns.
    ///
    /// # Errors
    /// The handler's failure, or that of the Bash that ran it.
    pub(crate) fn call(&mut self, invocation: &Invocation) -> Result<Response, Failure> {
        let deadline = Deadline::new(Instant::now(), invocation.remaining(), self.timeout_margin);
        self.wait_until_ready()?;
        self.wake(invocation)?;
        self.steps.begin();
        let mut turn = Turn {
            lines: self.log.lines(Owner::of(invocation)),
            number: self.turn,
            shell: self,
            stdout: Stdout::up_to(MOST_RESPONSE_BYTES + 1),
            stdout_open: true,
            stderr_open: true,
            succeeded: false,
            done: None,
            ended_at: None,
            holders_told: false,
            deadline,
            since: SystemTime::now(),
            overdue: None,
        };
        while !turn.is_over() {
            turn.wait(turn.next_alarm())?;
            turn.read();
            turn.keep_time()?;
        }
        turn.finish()
    }

    fn wait_until_ready(&mut self) -> Result<(), Failure> {
        loop {
            match self.phase {
                Phase::Waiting { .. } => return Ok(()),
                Phase::Dead(status) if self.stillborn > 0 => {
                    return Err(Failure::NoSubshell {
                        status: status.and_then(|status| status.code()).unwrap_or_default(),
                    });
                }
                Phase::Dead(status) => return Err(Failure::ShellDied { status }),
                Phase::Forking | Phase::Running { .. } | Phase::Lingering | Phase::Ending => {
                    self.wait(READY_POLL).map_err(lost)?;
                }
            }
        }
    }

    fn wake(&mut self, invocation: &Invocation) -> Result<(), Failure> {
        loop {
            event::write(&self.plumbing.event.file, self.turn, invocation).map_err(lost)?;
            match (write(&self.plumbing.wake.fd, WAKE), self.phase) {
                (Ok(_), Phase::Waiting { pid }) => {
                    self.phase = Phase::Running { pid };
                    return Ok(());
                }
                // The waiting subshell was killed: no harm done, the next one takes the event.
                (Err(nix::Error::EPIPE), Phase::Waiting { .. }) => {
                    self.phase = Phase::Ending;
                    self.wait_until_ready()?;
                }
                (Err(error), _) => return Err(lost(error.into())),
                (Ok(_), _) => return Err(Failure::ShellDied { status: None }),
            }
        }
    }
}

impl Turn<'_> {
    fn is_over(&self) -> bool {
        let ended = self.succeeded || self.done.is_some();
        (ended && !self.stdout_open) || self.overdue.is_some() || self.shell.is_dead()
    }

    /// Waits until something happens, at most until `alarm`.
    pub(super) fn wait(&self, alarm: Option<Instant>) -> Result<(), Failure> {
        let plumbing = &self.shell.plumbing;
        let lane = lane(self.number);
        let mut fds = vec![
            PollFd::new(plumbing.status.fd.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.shell.children.as_fd(), PollFlags::POLLIN),
        ];
        if self.stdout_open {
            fds.push(PollFd::new(plumbing.lanes.stdout[lane].fd.as_fd(), PollFlags::POLLIN));
        }
        if let Some((xtrace, _)) = &plumbing.xtrace {
            fds.push(PollFd::new(xtrace.fd.as_fd(), PollFlags::POLLIN));
        }
        if self.stderr_open {
            fds.push(PollFd::new(plumbing.lanes.stderr[lane].fd.as_fd(), PollFlags::POLLIN));
        }
        let left = alarm.map(|alarm| alarm.saturating_duration_since(Instant::now()));
        let timeout = left.map_or(PollTimeout::NONE, poll_timeout);
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(lost(error.into())),
        }
    }

    /// Takes what there is. The statuses come first: what was written to the pipes before is in them then.
    pub(super) fn read(&mut self) {
        let turn = self.number;
        for status in self.shell.read_statuses() {
            match status {
                Status::Succeeded { turn: of } if of == turn => self.succeeded = true,
                Status::Done { turn: of, status } if of == turn => self.done = Some(status),
                _ => {}
            }
        }
        if self.succeeded || self.done.is_some() {
            self.ended_at.get_or_insert_with(Instant::now);
        }
        let lane = lane(turn);
        let stderr = &self.shell.plumbing.lanes.stderr[lane];
        if self.stderr_open {
            self.stderr_open = read_once(stderr, &mut |bytes| self.lines.feed(bytes)) != Read::End;
            self.lines.write_partial_when_due();
        }
        if self.stdout_open {
            self.read_stdout(lane);
        }
        self.log_steps();
        if self.succeeded && self.stdout_open {
            // A background process holds stdout: the subshell must not wait for the answer, or both would wait for ever.
            self.shell.release();
        }
    }

    /// Writes the commands that were traced; not those of the driver, or of a background process of another event.
    fn log_steps(&mut self) {
        let Some((xtrace, _)) = &self.shell.plumbing.xtrace else { return };
        let mut steps = Vec::new();
        while read_once(xtrace, &mut |bytes| steps.extend(self.shell.steps.read(bytes))) == Read::Some {}
        let driver = &self.shell.plumbing.driver.path;
        for step in steps.iter().filter(|step| step.turn == self.number && Path::new(&step.file) != driver) {
            self.shell.log.trace(self.lines.owner(), &step.describe(self.since, &self.shell.task_root));
        }
    }

    fn read_stdout(&mut self, lane: usize) {
        let end = &self.shell.plumbing.lanes.stdout[lane];
        loop {
            match read_once(end, &mut |bytes| self.stdout.feed(bytes)) {
                Read::Some => {}
                Read::NothingYet => return,
                Read::End => {
                    self.stdout_open = false;
                    return;
                }
            }
        }
    }

    /// Gives up what may still come on stdout: the turn after next gets a new pipe.
    pub(super) fn close_stdout(&mut self) -> Result<(), Failure> {
        if self.stdout_open {
            let end = &mut self.shell.plumbing.lanes.stdout[lane(self.number)];
            self.shell.plumbing.channel.renew(end).map_err(lost)?;
            self.stdout_open = false;
        }
        Ok(())
    }

    /// The event's lines are out before its answer is posted: those that were written before the handler ended. A background
    /// process that goes on writing is not waited for.
    pub(super) fn drain_log(&mut self) {
        let end = &self.shell.plumbing.lanes.stderr[lane(self.number)];
        let mut drained = 0;
        while self.stderr_open && drained < PIPE_BYTES {
            let read = read_once(end, &mut |bytes| {
                drained += bytes.len();
                self.lines.feed(bytes);
            });
            match read {
                Read::Some => {}
                Read::NothingYet => break,
                Read::End => self.stderr_open = false,
            }
        }
        self.lines.finish();
    }
}

fn lost(error: std::io::Error) -> Failure {
    Failure::NoChannel { cause: error.to_string() }
}
