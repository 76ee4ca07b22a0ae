//! One event in one subshell, from the wake-up to the answer.

use std::os::fd::AsFd;
use std::time::{Duration, Instant, SystemTime};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

use super::convention::Stream;
use super::status::Status;
use super::{Phase, Read, Shell, WAKE, event_file, lane, poll_timeout};
use crate::runtime::deadline::Deadline;
use crate::runtime::event_entries::{self, Entry};
use crate::runtime::failure::{Failure, Overdue};
use crate::runtime::invocation::Invocation;
use crate::runtime::logs::lines::Lines;
use crate::runtime::logs::{Level, Owner};
use crate::runtime::response::Response;

/// For so long at first only the handler's end is waited for: most handlers are done by then, and reading their output as it comes
/// would wake this thread several times for one event. (A full pipe holds the handler back no longer than that.)
const QUIET: Duration = Duration::from_millis(1);

/// The status of a subshell that has said S.
const SAID_ALL: i32 = 47;

/// One event while it runs.
pub(super) struct Turn<'a, 'r> {
    pub(super) shell: &'a mut Shell,
    pub(super) invocation: &'a Invocation,
    /// Its number. Bash may be at the next one already, while a background process still holds this one's stdout.
    pub(super) number: u64,
    pub(super) lines: Lines,
    pub(super) response: &'a mut Response<'r>,
    pub(super) stdout_open: bool,
    pub(super) stderr_open: bool,
    /// Whether output is read as it comes.
    listening: bool,
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
    pub(super) since: SystemTime,
    /// Set when the event was ended for its deadline.
    pub(super) overdue: Option<Overdue>,
}

impl Shell {
    /// Runs the handler on `invocation`, and feeds what it writes to `response`. All of the event's log lines so far have been
    /// written when this returns.
    ///
    /// # Errors
    /// The handler's failure, or that of the Bash that ran it.
    pub(crate) fn call(&mut self, invocation: &Invocation, response: &mut Response) -> Result<(), Failure> {
        let mut deadline = Deadline::new(Instant::now(), invocation.remaining(), self.timeout_margin);
        let owner = Owner::of(invocation);
        let since = SystemTime::now();
        self.wait_until_ready(&mut deadline, &owner)?;
        self.wake(invocation, &mut deadline, &owner)?;
        self.traced.steps.begin();
        let mut turn = Turn {
            lines: self.host.log.lines(owner).without(&self.driver_text),
            number: self.turn,
            shell: self,
            invocation,
            response,
            stdout_open: true,
            stderr_open: true,
            listening: false,
            succeeded: false,
            done: None,
            ended_at: None,
            holders_told: false,
            deadline,
            since,
            overdue: None,
        };
        while !turn.is_over() {
            turn.wait(turn.next_alarm())?;
            turn.read();
            turn.keep_time()?;
        }
        if turn.never_began() {
            return self.call(invocation, response);
        }
        turn.end_trace();
        turn.finish()
    }

    fn wake(&mut self, invocation: &Invocation, deadline: &mut Deadline, owner: &Owner) -> Result<(), Failure> {
        self.forget_records();
        let entries = self.has_event_array.then(|| self.entries(invocation, owner));
        loop {
            let (plumbing, convention) = (&mut self.plumbing, &self.convention);
            event_file::write(plumbing, convention, self.turn, invocation, entries.as_deref()).map_err(lost)?;
            match write(&self.plumbing.wake.fd, WAKE) {
                Ok(_) => {
                    self.phase = Phase::Running;
                    self.called = self.turn;
                    return Ok(());
                }
                // The waiting subshell was killed: no harm done, the next one takes the event.
                Err(nix::Error::EPIPE) => {
                    self.phase = Phase::Ending;
                    self.wait_until_ready(deadline, owner)?;
                }
                Err(error) => return Err(lost(error.into())),
            }
        }
    }
}

impl Shell {
    /// What Bash puts into the array LAMBDA_EVENT.
    fn entries(&self, invocation: &Invocation, owner: &Owner) -> Vec<Entry> {
        event_entries::entries(&invocation.event).unwrap_or_else(|unfit| {
            let warning =
                format!("LAMBDA_EVENT is empty for this event: {unfit}; read the event from `$1`, with jq for example");
            self.host.log.say(Level::Warn, owner, &warning);
            Vec::new()
        })
    }
}

impl Turn<'_, '_> {
    /// Whether the subshell was killed before it took its event: it was dying already when it was woken, and the byte that woke it is
    /// still there. Then the next one may take the event; in any other case the handler may have begun, and is not run twice.
    fn never_began(&self) -> bool {
        let killed = self.done.is_some_and(|status| status > 128) && !self.succeeded && self.overdue.is_none();
        killed && self.response.is_empty() && self.shell.plumbing.take_back(WAKE)
    }

    fn is_over(&self) -> bool {
        let ended = self.succeeded || self.done.is_some();
        (ended && !self.stdout_open) || self.overdue.is_some() || self.shell.is_dead()
    }

    /// Waits until something happens, at most until `alarm`.
    pub(super) fn wait(&mut self, alarm: Option<Instant>) -> Result<(), Failure> {
        let plumbing = &self.shell.plumbing;
        let lane = lane(self.number);
        let reads = |stream| self.listening && self.has_room(stream);
        let ends = [
            Some(&plumbing.status),
            plumbing.xtrace.as_ref().filter(|_| self.listening),
            Some(&plumbing.lanes.stdout[lane]).filter(|_| self.stdout_open && reads(Stream::Stdout)),
            Some(&plumbing.lanes.stderr[lane]).filter(|_| self.stderr_open && reads(Stream::Stderr)),
        ];
        let peer = self.response.waits_for().map(|peer| PollFd::new(peer, PollFlags::POLLOUT | PollFlags::POLLIN));
        let ends = ends.into_iter().flatten().map(|end| end.fd.as_fd()).chain([self.shell.children.as_fd()]);
        let ends = ends.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let mut fds: Vec<PollFd> = peer.into_iter().chain(ends).collect();
        let left = alarm.map(|alarm| alarm.saturating_duration_since(Instant::now()));
        let quiet = Some(QUIET).filter(|_| !self.listening);
        let timeout = [left, quiet].into_iter().flatten().min().map_or(PollTimeout::NONE, poll_timeout);
        match poll(&mut fds, timeout) {
            Ok(ready) => {
                self.shell.signalled = fds.last().and_then(PollFd::any) == Some(true);
                self.listening |= ready == 0;
            }
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(lost(error.into())),
        }
        Ok(())
    }

    /// Takes what there is. The statuses come first: what was written to the pipes before is in them then.
    pub(super) fn read(&mut self) {
        let turn = self.number;
        for status in self.shell.read_statuses() {
            match status {
                Status::Succeeded { turn: of } if of == turn => self.succeeded = true,
                Status::Done { turn: of, status } if of == turn => self.done = Some(status),
                // Nothing is said of a subshell that ends with this status: it said S, or it is the handler's own status.
                Status::Waiting { turn: of, .. } if of > turn && !self.succeeded => {
                    self.done.get_or_insert(SAID_ALL);
                }
                _ => {}
            }
        }
        if self.succeeded || self.done.is_some() {
            self.ended_at.get_or_insert_with(Instant::now);
        }
        self.read_stdout();
        // At the end of the turn stderr is drained anyway; but as long as somebody holds stdout it must not wait for a full pipe.
        if self.stderr_open && !self.is_over() && self.has_room(Stream::Stderr) {
            self.stderr_open = self.read_stream(Stream::Stderr) != Read::End;
            self.lines.write_partial_when_due();
        }
        self.response.push();
        self.write_steps();
        if self.succeeded && self.stdout_open {
            // A background process holds stdout: the subshell must not wait for the answer, or both would wait for ever.
            self.shell.release();
        }
    }
}

pub(super) fn lost(error: std::io::Error) -> Failure {
    Failure::NoChannel { cause: error.to_string() }
}
