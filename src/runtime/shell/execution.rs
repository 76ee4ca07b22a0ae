//! Runs one event in one subshell, from the wake-up to the answer.

use std::os::fd::AsFd;
use std::time::{Duration, Instant, SystemTime};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

use super::convention::Stream;
use super::status::Status;
use super::{Phase, Read, Shell, WAKE, WAKE_FOR_LARGE, event_file, parity, poll_timeout};
use crate::runtime::cgi::{self, Request};
use crate::runtime::deadline::Deadline;
use crate::runtime::durable::{DurableEvent, Session};
use crate::runtime::event_entries::{self, Entry};
use crate::runtime::failure::{Failure, Timeout};
use crate::runtime::invocation::Invocation;
use crate::runtime::logs::lines::Lines;
use crate::runtime::logs::{Level, Owner};
use crate::runtime::response::Response;

/// For this time, the runtime only waits for the end of the handler. Most handlers finish within it, and reading their output at
/// once would wake this thread several times for one event. A handler that fills a pipe is held up at most this long.
const QUIET: Duration = Duration::from_millis(1);

/// The exit status of a subshell that has written an S record.
const SAID_ALL: i32 = 47;

/// The run of one event in one subshell.
pub(super) struct Execution<'a, 'r> {
    pub(super) shell: &'a mut Shell,
    pub(super) invocation: &'a Invocation,
    /// The number of the subshell. Bash may already be at the next turn while a background process still holds the stdout of this
    /// turn.
    pub(super) turn: u64,
    pub(super) lines: Lines,
    pub(super) response: &'a mut Response<'r>,
    pub(super) stdout_open: bool,
    pub(super) stderr_open: bool,
    /// Whether output is read as soon as it is written.
    listening: bool,
    /// Whether the handler returned 0 and has no EXIT trap pending.
    pub(super) succeeded: bool,
    /// The exit status of the subshell, after it has ended.
    pub(super) done: Option<i32>,
    /// When `succeeded` or `done` was set first.
    pub(super) ended_at: Option<Instant>,
    /// Whether the log has a warning about processes that hold stdout after the handler has ended.
    pub(super) warned_of_holders: bool,
    pub(super) deadline: Deadline,
    /// The time from which the times of traced commands are counted.
    pub(super) since: SystemTime,
    /// Set if the event was ended because of its deadline.
    pub(super) timeout: Option<Timeout>,
}

impl Shell {
    /// Runs the handler on `invocation`, and passes its output to `response`. When this returns, all log lines of the event so
    /// far have been written.
    ///
    /// # Errors
    /// The failure of the handler, or of the Bash that ran it.
    pub(crate) fn call(&mut self, invocation: &Invocation, response: &mut Response) -> Result<(), Failure> {
        if let Some(event) = DurableEvent::of(&invocation.event) {
            return self.call_durable(event, invocation, response);
        }
        if !self.convention.is_cgi() {
            return self.run(invocation, None, response);
        }
        let request = Request::of(&invocation.event)?;
        response.expect_cgi(request.reply);
        let Some(refusal) = request.refusal else { return self.run(invocation, Some(&request), response) };
        let message = format!("the client gets status 400, and the handler is not called: {refusal}");
        self.host.log.say(Level::Warn, &Owner::of(invocation), &message);
        response.feed(cgi::bad_request(refusal).as_bytes());
        response.complete()
    }

    pub(super) fn run(
        &mut self,
        invocation: &Invocation,
        request: Option<&Request>,
        response: &mut Response,
    ) -> Result<(), Failure> {
        let remaining = invocation.remaining();
        let mut deadline = Deadline::new(Instant::now(), remaining, self.margin(remaining));
        let owner = Owner::of(invocation);
        let since = SystemTime::now();
        self.wait_until_ready(&mut deadline, &owner)?;
        self.wake(invocation, request, &mut deadline, &owner)?;
        self.trace_output.steps.begin();
        let mut execution = Execution {
            lines: self.host.log.lines(owner).without(&self.driver_text),
            turn: self.turn,
            shell: self,
            invocation,
            response,
            stdout_open: true,
            stderr_open: true,
            listening: false,
            succeeded: false,
            done: None,
            ended_at: None,
            warned_of_holders: false,
            deadline,
            since,
            timeout: None,
        };
        execution.begin_session();
        while !execution.is_over() {
            execution.wait(execution.next_alarm())?;
            execution.read();
            execution.serve_session();
            execution.keep_time()?;
        }
        if execution.has_verdict() {
            execution.end_early()?;
        }
        if execution.never_began() {
            return self.run(invocation, request, response);
        }
        execution.end_trace();
        execution.finish()
    }

    fn wake(
        &mut self,
        invocation: &Invocation,
        request: Option<&Request>,
        deadline: &mut Deadline,
        owner: &Owner,
    ) -> Result<(), Failure> {
        self.forget_records();
        let entries = self.has_event_array.then(|| self.entries(invocation, owner));
        loop {
            let (pipes, convention) = (&mut self.pipes, &self.convention);
            event_file::write(pipes, convention, self.turn, invocation, request, entries.as_deref()).map_err(lost)?;
            match write(&self.pipes.wake.fd, request.map_or_else(|| wake_byte(&invocation.event), |_| WAKE)) {
                Ok(_) => {
                    self.phase = Phase::Running;
                    self.called = self.turn;
                    return Ok(());
                }
                // The waiting subshell was killed before it got the event: the next subshell takes the event.
                Err(nix::Error::EPIPE) => {
                    self.phase = Phase::Ending;
                    self.wait_until_ready(deadline, owner)?;
                }
                Err(error) => return Err(lost(error.into())),
            }
        }
    }

    /// The entries of the array LAMBDA_EVENT. An event that does not fit leaves the array empty, with a warning.
    fn entries(&self, invocation: &Invocation, owner: &Owner) -> Vec<Entry> {
        event_entries::entries(&invocation.event).unwrap_or_else(|unfit| {
            let warning =
                format!("LAMBDA_EVENT is empty for this event: {unfit}; read the event from `$1`, with jq for example");
            self.host.log.say(Level::Warn, owner, &warning);
            Vec::new()
        })
    }
}

impl Execution<'_, '_> {
    /// Whether the subshell was killed before it took its event: it was dying when it was woken, and the byte of the wake-up is
    /// still unread. Then the next subshell may take the event. In any other case the handler may have begun, and must not run
    /// twice.
    fn never_began(&self) -> bool {
        let killed = self.done.is_some_and(|status| status > 128) && !self.succeeded && self.timeout.is_none();
        killed && self.response.is_empty() && self.shell.pipes.take_back(&[WAKE, WAKE_FOR_LARGE])
    }

    fn is_over(&self) -> bool {
        let ended = self.succeeded || self.done.is_some();
        (ended && !self.stdout_open) || self.has_verdict() || self.timeout.is_some() || self.shell.is_dead()
    }

    /// Waits for a status record, output or a SIGCHLD, at most until `alarm`.
    pub(super) fn wait(&mut self, alarm: Option<Instant>) -> Result<(), Failure> {
        let pipes = &self.shell.pipes;
        let parity = parity(self.turn);
        let reads = |stream| self.listening && self.has_room(stream);
        let ends = [
            Some(&pipes.status),
            pipes.xtrace.as_ref().filter(|_| self.listening),
            Some(&pipes.outputs.stdout[parity]).filter(|_| self.stdout_open && reads(Stream::Stdout)),
            Some(&pipes.outputs.stderr[parity]).filter(|_| self.stderr_open && reads(Stream::Stderr)),
        ];
        let peer = self.response.waits_for().map(|peer| PollFd::new(peer, PollFlags::POLLOUT | PollFlags::POLLIN));
        let asks = self.shell.session.iter().flat_map(Session::descriptors);
        let ends =
            ends.into_iter().flatten().map(|end| end.fd.as_fd()).chain(asks).chain([self.shell.child_signals.as_fd()]);
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

    /// Reads the available status records and output. The records are read first: then the pipes already contain all output that
    /// was written before the records.
    pub(super) fn read(&mut self) {
        let turn = self.turn;
        for status in self.shell.read_statuses() {
            match status {
                Status::Succeeded { turn: of } if of == turn => self.succeeded = true,
                Status::Done { turn: of, status } if of == turn => self.done = Some(status),
                // A subshell that ends with this status gets no D record: it wrote S, or the handler itself returned this status.
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
        // At the end of the event stderr is drained anyway. But while a process still holds stdout, that process must not block
        // on a full stderr pipe.
        if self.stderr_open && !self.is_over() && self.has_room(Stream::Stderr) {
            self.stderr_open = self.read_stream(Stream::Stderr) != Read::End;
            self.lines.write_partial_when_due();
        }
        self.response.push();
        self.write_steps();
        if self.succeeded && self.stdout_open {
            // A background process holds stdout. The subshell must not wait for the answer now: the answer waits for stdout, and
            // they would wait for each other without end.
            self.end_shell_that_holds_stdout();
            self.shell.release();
        }
    }
}

/// From this size on, a faster way to hand an event over is worth its own cost.
const LARGE_BYTES: usize = 64 * 1024;

/// The byte that wakes the subshell for `event`. Bash uses the bytes 1 and 127 as marks while it expands a word without quotes.
fn wake_byte(event: &[u8]) -> &'static [u8] {
    let is_quick = event.len() > LARGE_BYTES && memchr::memchr2(1, 127, event).is_none();
    if is_quick { WAKE_FOR_LARGE } else { WAKE }
}

pub(super) fn lost(error: std::io::Error) -> Failure {
    Failure::NoChannel { cause: error.to_string() }
}
