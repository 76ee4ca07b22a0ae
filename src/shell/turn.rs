//! One event in one subshell, from the wake-up to the answer.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

use super::status::Status;
use super::stdout::Stdout;
use super::{Phase, Read, Shell, WAKE, event, lane, poll_timeout, read_once, trace};
use crate::api::MOST_RESPONSE_BYTES;
use crate::failure::{Ending, Failure, HandlerFailure, OwnError};
use crate::invocation::Invocation;
use crate::logs::lines::Lines;
use crate::logs::{Level, Owner};

/// What a pipe holds at most: all that was written to it before we learnt of the handler's end.
const PIPE_BYTES: usize = 64 * 1024;
/// Bash is waited for so long after a SIGCHLD... see `wait_until_ready`.
const READY_POLL: Duration = Duration::from_secs(1);

/// What a handler that succeeded wrote to stdout.
#[derive(Debug)]
pub(crate) struct Response {
    /// The bytes to be posted: trailing newlines stripped; if there was too much, one byte more than Lambda takes.
    pub(crate) bytes: Vec<u8>,
    /// How much the handler wrote, if that is more than Lambda takes.
    pub(crate) overflow: Option<u64>,
}

/// One event while it runs.
struct Turn<'a> {
    shell: &'a mut Shell,
    lines: Lines,
    stdout: Stdout,
    stdout_open: bool,
    stderr_open: bool,
    succeeded: bool,
    done: Option<i32>,
}

impl Shell {
    /// Runs the handler on `invocation`. All of the event's log lines so far have been written when this returns.
    ///
    /// # Errors
    /// The handler's failure, or that of the Bash that ran it.
    pub(crate) fn call(&mut self, invocation: &Invocation) -> Result<Response, Failure> {
        self.wait_until_ready()?;
        self.wake(invocation)?;
        let mut turn = Turn {
            lines: self.log.lines(Owner::of(invocation)),
            shell: self,
            stdout: Stdout::up_to(MOST_RESPONSE_BYTES + 1),
            stdout_open: true,
            stderr_open: true,
            succeeded: false,
            done: None,
        };
        while !turn.is_over() {
            turn.wait()?;
            turn.read();
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
        (ended && !self.stdout_open) || self.shell.is_dead()
    }

    fn wait(&self) -> Result<(), Failure> {
        let plumbing = &self.shell.plumbing;
        let lane = lane(self.shell.turn);
        let mut fds = vec![
            PollFd::new(plumbing.status.fd.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.shell.children.as_fd(), PollFlags::POLLIN),
        ];
        if self.stdout_open {
            fds.push(PollFd::new(plumbing.lanes.stdout[lane].fd.as_fd(), PollFlags::POLLIN));
        }
        if self.stderr_open {
            fds.push(PollFd::new(plumbing.lanes.stderr[lane].fd.as_fd(), PollFlags::POLLIN));
        }
        let timeout = self.lines.partial_wait().map_or(PollTimeout::NONE, poll_timeout);
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(lost(error.into())),
        }
    }

    /// Takes what there is. The statuses come first: what was written to the pipes before is in them then.
    fn read(&mut self) {
        let turn = self.shell.turn;
        for status in self.shell.read_statuses() {
            match status {
                Status::Succeeded { turn: of } if of == turn => self.succeeded = true,
                Status::Done { turn: of, status } if of == turn => self.done = Some(status),
                _ => {}
            }
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
        if self.succeeded && self.stdout_open {
            // A background process holds stdout: the subshell must not wait for the answer, or both would wait for ever.
            self.shell.release();
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

    /// The event's lines are out before its answer is posted: those that were written before the handler ended. A background
    /// process that goes on writing is not waited for.
    fn drain_log(&mut self) {
        let end = &self.shell.plumbing.lanes.stderr[lane(self.shell.turn)];
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

    fn finish(mut self) -> Result<Response, Failure> {
        self.drain_log();
        let ended = (self.succeeded || self.done.is_some()) && !self.stdout_open;
        let answer = match self.done {
            _ if !ended => Err(self.shell_died()),
            Some(status) if status != 0 && !self.succeeded => Err(self.handler_failed(status)),
            _ => {
                let overflow = self.stdout.overflow();
                Ok(Response { bytes: std::mem::take(&mut self.stdout).into_response(), overflow })
            }
        };
        self.shell.last_lines = Some(self.lines);
        answer
    }

    fn shell_died(&mut self) -> Failure {
        let Phase::Dead(status) = self.shell.phase else { return Failure::ShellDied { status: None } };
        Failure::ShellDied { status }
    }

    /// The error that the handler printed as its own; otherwise the end of its stdout goes to the log, since it is never sent.
    fn own_error(&self) -> Option<OwnError> {
        let stdout = self.stdout.kept();
        let own = OwnError::parse(stdout);
        if own.is_none() && !stdout.is_empty() {
            let tail = String::from_utf8_lossy(&stdout[stdout.len().saturating_sub(STDOUT_TAIL_BYTES)..]);
            let told = format!("the failed handler's stdout, which is not sent, ends with: {}", tail.trim_end());
            self.shell.log.say(Level::Warn, self.lines.owner(), &told);
        }
        own
    }

    fn handler_failed(&mut self, status: i32) -> Failure {
        let own = self.own_error();
        let records = self.shell.read_trace();
        let place = trace::place(&records, self.shell.turn, &self.shell.plumbing.driver_path());
        let failure = HandlerFailure {
            function: self.shell.handler.function.clone(),
            script: self.shell.handler.script.clone(),
            task_root: self.shell.task_root.clone(),
            ending: Ending::of_subshell(status, place.as_ref()),
            place,
            stderr: self.lines.tail(),
            own,
        };
        Failure::Handler(Box::new(failure.located()))
    }
}

/// What goes to the log of a failed handler's stdout, at most.
const STDOUT_TAIL_BYTES: usize = 4 * 1024;

fn lost(error: std::io::Error) -> Failure {
    Failure::NoChannel { cause: error.to_string() }
}
