//! The log of one environment: passed through to our own stderr, and kept where a client asked for its end.
//!
//! The runtime writes an event's lines before it answers, so that what stands in the pipe when the answer is here belongs to
//! the event. Two read the pipe: a thread, as lines come, and whoever has an answer in hand, up to what is in it then. Neither
//! waits for more while it holds the lock.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::cli::failure_lines::FailureLines;
use crate::cli::invoke::error_view::ErrorView;
use crate::cli::terminal::stderr_is_a_terminal;
use crate::lambda::invocation::FunctionError;

/// So much of an event's log goes to the client, as on Lambda.
const TAIL_BYTES: usize = 4096;
/// A pipe of Linux holds at most so much by default: what one look at it reads.
const PIPE_BYTES: usize = 64 * 1024;

/// The reading end of an environment's log; clones mean the same one.
#[derive(Clone, Debug)]
pub(super) struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pipe: File,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last bytes since `begin`.
    tail: Vec<u8>,
    /// A line whose end has not come; on a terminal also the runtime's lines about a failure, which may be explained there instead.
    unfinished: Vec<u8>,
    /// Which lines those are; `None` where stderr is no terminal.
    failure_lines: Option<FailureLines>,
    ended: bool,
}

impl Log {
    /// A log, and the end that a runtime writes to. Its thread ends when nobody holds that end any more.
    pub(super) fn start() -> Result<(Log, Arc<File>)> {
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).context("cannot make a pipe for the log")?;
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("cannot prepare the pipe of the log")?;
        let failure_lines = stderr_is_a_terminal().then(|| FailureLines::of(""));
        let state = Mutex::new(State { failure_lines, ..State::default() });
        let log = Log(Arc::new(Shared { pipe: File::from(reader), state }));
        let follower = log.clone();
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || follower.follow()).context("cannot start the thread of the log")?;
        Ok((log, Arc::new(File::from(writer))))
    }

    /// Forgets what came before: the following belongs to the event with this request id, behind `first_line`.
    pub(super) fn begin(&self, request_id: &str, first_line: &str) {
        let mut state = self.read();
        state.pass_on(true);
        state.failure_lines = state.failure_lines.take().map(|_| FailureLines::of(request_id));
        state.tail.clear();
        state.keep(first_line.as_bytes());
    }

    /// The last 4 KB of what came since `begin`, with all that has been written by now, and with `last_lines`.
    pub(super) fn tail(&self, last_lines: &str) -> Vec<u8> {
        let mut state = self.read();
        state.keep(last_lines.as_bytes());
        state.tail[state.tail.len().saturating_sub(TAIL_BYTES)..].to_vec()
    }

    /// Passes on all that has been written by now, but for the lines about `error` where a terminal explains that one.
    pub(super) fn flush(&self, error: Option<&FunctionError>) {
        let mut state = self.read();
        let explained = error.and_then(ErrorView::of);
        if let Some((lines, explained)) = state.failure_lines.clone().zip(explained) {
            state.unfinished = lines.without(&state.unfinished, &explained.message);
        }
        state.pass_on(true);
    }

    fn follow(&self) {
        loop {
            let mut ready = [PollFd::new(self.0.pipe.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut ready, PollTimeout::NONE); // interrupted: the pipe is looked at in vain
            let mut state = self.read();
            if state.ended {
                state.pass_on(true);
                return;
            }
        }
    }

    /// Reads what is in the pipe now.
    fn read(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = [0; PIPE_BYTES];
        let mut count = 0;
        while count < PIPE_BYTES && !state.ended {
            match (&self.0.pipe).read(&mut bytes) {
                Ok(0) => state.ended = true,
                Ok(read) => {
                    count += read;
                    state.take(&bytes[..read]);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    state.ended = error.kind() != std::io::ErrorKind::WouldBlock;
                    break;
                }
            }
        }
        state
    }
}

impl State {
    fn take(&mut self, bytes: &[u8]) {
        self.keep(bytes);
        self.unfinished.extend_from_slice(bytes);
        self.pass_on(self.unfinished.len() > PIPE_BYTES);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL_BYTES {
            self.tail.drain(..self.tail.len() - TAIL_BYTES);
        }
    }

    /// Writes the whole lines, so that those of several environments do not mix; the unfinished one too where `all`.
    fn pass_on(&mut self, all: bool) {
        let whole = self.unfinished.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let count = match &self.failure_lines {
            _ if all => self.unfinished.len(),
            Some(lines) => lines.bytes_before(&self.unfinished[..whole]),
            None => whole,
        };
        if count > 0 {
            let _ = std::io::stderr().write_all(&self.unfinished[..count]); // there is nowhere left to say so
            self.unfinished.drain(..count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_terminal_a_line_about_a_failure_waits_until_it_is_known_whether_it_is_explained() {
        let lines = FailureLines::of("id");
        let mut state = State { failure_lines: Some(lines.clone()), ..State::default() };
        state.take(b"log\n[ERROR] id oh\n    at h (f.sh:1)\n");
        assert_eq!(state.unfinished, b"[ERROR] id oh\n    at h (f.sh:1)\n");
        assert_eq!(state.tail, b"log\n[ERROR] id oh\n    at h (f.sh:1)\n", "the client gets all of it");
        state.unfinished = lines.without(&state.unfinished, "oh");
        assert_eq!(state.unfinished, b"");
        let mut elsewhere = State::default();
        elsewhere.take(b"[ERROR] id oh\npart");
        assert_eq!(elsewhere.unfinished, b"part");
    }
}
