//! One stream of log lines: what an event, or the script while it is sourced, writes to its log.
//!
//! Bytes pass unchanged and in order. Whole lines are written at once, so that CloudWatch makes one event of each; the beginning
//! of a line waits at most [`PARTIAL_LINE_WAIT`] for its end.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Log;

/// How long an incomplete line waits for its newline.
pub(crate) const PARTIAL_LINE_WAIT: Duration = Duration::from_millis(100);
const PARTIAL_LINE_BYTES: usize = 64 * 1024;
const TAIL_BYTES: usize = 4 * 1024;

/// A stream of log lines under one request id.
#[derive(Debug)]
pub(crate) struct Lines {
    log: Log,
    /// The beginning of a line that is not written yet.
    partial: Vec<u8>,
    partial_since: Option<Instant>,
    /// Whether the beginning of the current line has been written.
    in_line: bool,
    tail: VecDeque<u8>,
}

impl Lines {
    pub(super) fn new(log: Log, _request_id: Option<&str>) -> Lines {
        Lines { log, partial: Vec::new(), partial_since: None, in_line: false, tail: VecDeque::new() }
    }

    /// Takes what was read, and writes the lines that it completes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.remember(bytes);
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => {
                let (lines, rest) = bytes.split_at(newline + 1);
                self.write(lines);
                self.in_line = false;
                self.partial_since = (!rest.is_empty()).then(Instant::now);
                self.partial.extend_from_slice(rest);
            }
            None => {
                self.partial.extend_from_slice(bytes);
                self.partial_since.get_or_insert_with(Instant::now);
            }
        }
        if self.partial.len() > PARTIAL_LINE_BYTES {
            self.write_partial();
        }
    }

    /// How long until the incomplete line must be written; `None` when there is none.
    pub(crate) fn partial_wait(&self) -> Option<Duration> {
        Some(PARTIAL_LINE_WAIT.saturating_sub(self.partial_since?.elapsed()))
    }

    /// Writes the incomplete line when it has waited long enough.
    pub(crate) fn write_partial_when_due(&mut self) {
        if self.partial_wait() == Some(Duration::ZERO) {
            self.write_partial();
        }
    }

    /// Ends the stream: the last line gets its newline if it lacks one.
    pub(crate) fn finish(&mut self) {
        if self.in_line || !self.partial.is_empty() {
            self.write(b"\n");
            self.in_line = false;
            self.partial_since = None;
        }
    }

    /// The end of what came through, as text.
    pub(crate) fn tail(&self) -> String {
        let (front, back) = self.tail.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }

    fn write_partial(&mut self) {
        self.write(b"");
        self.in_line = true;
        self.partial_since = None;
    }

    /// Writes the incomplete line and then `bytes`, in one piece.
    fn write(&mut self, bytes: &[u8]) {
        if self.partial.is_empty() {
            self.log.write(bytes);
        } else {
            self.partial.extend_from_slice(bytes);
            self.log.write(&self.partial);
            self.partial.clear();
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        let surplus = (self.tail.len() + bytes.len()).saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        self.tail.extend(bytes);
    }
}
