//! The log of one environment: forwards the log to stderr, and keeps the last 4 KB for a client that asks for the log's tail.
//!
//! The runtime writes the lines of an event before it posts the response. So everything that is in the pipe when the response arrives
//! belongs to the event. Two threads read the pipe: one when lines arrive, and the worker when it has the response. Neither thread waits
//! for more data while it holds the lock.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::log_prefix::LogPrefix;
use crate::cli::failure_lines::FailureLines;
use crate::cli::invoke::error_view::ErrorView;
use crate::cli::terminal::stderr_is_a_terminal;
use crate::lambda::invocation::FunctionError;

/// The size of the log tail that a client gets, as on Lambda.
const TAIL_BYTES: usize = 4096;
/// The default capacity of a Linux pipe, and the most that one `read` takes from the pipe.
const PIPE_BYTES: usize = 64 * 1024;

/// The reading end of an environment's log; clones share one pipe.
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
    /// A line without its end; on a terminal also the runtime's lines about a failure, which an explanation may replace.
    unfinished: Vec<u8>,
    /// Recognizes the lines about a failure; `None` if stderr is not a terminal.
    failure_lines: Option<FailureLines>,
    ended: bool,
    prefix: LogPrefix,
    /// Whether the text that was forwarded last has ended inside a line.
    in_line: bool,
}

impl Log {
    /// Creates a log, and the writing end for a runtime. The log's thread ends when every copy of the writing end is closed.
    pub(super) fn start(prefix: LogPrefix) -> Result<(Log, Arc<File>)> {
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).context("cannot make a pipe for the log")?;
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).context("cannot prepare the pipe of the log")?;
        let failure_lines = stderr_is_a_terminal().then(|| FailureLines::of(""));
        let state = Mutex::new(State { failure_lines, prefix, ..State::default() });
        let log = Log(Arc::new(Shared { pipe: File::from(reader), state }));
        let follower = log.clone();
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || follower.follow()).context("cannot start the thread of the log")?;
        Ok((log, Arc::new(File::from(writer))))
    }

    /// Starts the tail of the event with this request id: forgets earlier lines, and puts `first_line` first.
    pub(super) fn begin(&self, request_id: &str, first_line: &str) {
        let mut state = self.read();
        state.forward(true);
        state.failure_lines = state.failure_lines.take().map(|_| FailureLines::of(request_id));
        state.tail.clear();
        state.keep(first_line.as_bytes());
    }

    /// The last 4 KB that the environment has written since `begin`, followed by `last_lines`.
    pub(super) fn tail(&self, last_lines: &str) -> Vec<u8> {
        let mut state = self.read();
        state.keep(last_lines.as_bytes());
        state.tail[state.tail.len().saturating_sub(TAIL_BYTES)..].to_vec()
    }

    /// Forwards everything that has been written so far. On a terminal that explains `error`, leaves out the runtime's lines about `error`.
    pub(super) fn flush(&self, error: Option<&FunctionError>) {
        let mut state = self.read();
        let explained = error.and_then(ErrorView::of);
        if let Some((lines, explained)) = state.failure_lines.clone().zip(explained) {
            state.unfinished = lines.without(&state.unfinished, &explained.message);
        }
        state.forward(true);
    }

    fn follow(&self) {
        loop {
            let mut ready = [PollFd::new(self.0.pipe.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut ready, PollTimeout::NONE); // after an interruption `read` finds an empty pipe
            let mut state = self.read();
            if state.ended {
                state.forward(true);
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
                    state.append(&bytes[..read]);
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
    fn append(&mut self, bytes: &[u8]) {
        self.keep(bytes);
        self.unfinished.extend_from_slice(bytes);
        self.forward(self.unfinished.len() > PIPE_BYTES);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL_BYTES {
            self.tail.drain(..self.tail.len() - TAIL_BYTES);
        }
    }

    /// Forwards the complete lines, so that lines of several environments do not mix; with `all`, forwards the unfinished line too.
    fn forward(&mut self, all: bool) {
        let whole = self.unfinished.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let count = match &self.failure_lines {
            _ if all => self.unfinished.len(),
            Some(lines) => lines.bytes_before(&self.unfinished[..whole]),
            None => whole,
        };
        if count > 0 {
            let lines = self.prefix.lines(&self.unfinished[..count], &mut self.in_line);
            let _ = std::io::stderr().write_all(&lines); // no other place is left to report this failure
            self.unfinished.drain(..count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_terminal_lines_about_a_failure_wait_until_the_explanation_is_known() {
        let lines = FailureLines::of("id");
        let mut state = State { failure_lines: Some(lines.clone()), ..State::default() };
        state.append(b"log\n[ERROR] id oh\n    at h (f.sh:1)\n");
        assert_eq!(state.unfinished, b"[ERROR] id oh\n    at h (f.sh:1)\n");
        assert_eq!(state.tail, b"log\n[ERROR] id oh\n    at h (f.sh:1)\n", "the client gets all of it");
        state.unfinished = lines.without(&state.unfinished, "oh");
        assert_eq!(state.unfinished, b"");
        let mut elsewhere = State::default();
        elsewhere.append(b"[ERROR] id oh\npart");
        assert_eq!(elsewhere.unfinished, b"part");
    }
}
