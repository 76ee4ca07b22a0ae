//! One stream of log lines: what an event, or the script while it is sourced, writes to its log.
//!
//! In text, bytes pass unchanged and in order. Whole lines are written at once, so that CloudWatch makes one event of each; the
//! beginning of a line waits at most [`PARTIAL_LINE_WAIT`] for its end. In JSON each line becomes an object, once it is whole.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Format, Log, Owner, json};

/// How long an incomplete line waits for its newline.
pub(crate) const PARTIAL_LINE_WAIT: Duration = Duration::from_millis(100);
const PARTIAL_LINE_BYTES: usize = 64 * 1024;
/// CloudWatch takes 1 MB, and JSON may need several bytes for one.
const JSON_LINE_BYTES: usize = 256 * 1024;
const TAIL_BYTES: usize = 4 * 1024;

/// A stream of log lines of one owner.
#[derive(Debug)]
pub(crate) struct Lines {
    log: Log,
    owner: Owner,
    /// The beginning of a line that is not written yet.
    partial: Vec<u8>,
    partial_since: Option<Instant>,
    /// Whether the beginning of the current line has been written.
    in_line: bool,
    /// How many parts of the current line have been written, in JSON.
    parts: u32,
    tail: VecDeque<u8>,
}

impl Lines {
    pub(super) fn new(log: Log, owner: Owner) -> Lines {
        let (partial, tail) = (Vec::new(), VecDeque::new());
        Lines { log, owner, partial, partial_since: None, in_line: false, parts: 0, tail }
    }

    /// Takes what was read, and writes the lines that it completes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.remember(bytes);
        match self.log.format {
            Format::Text => self.feed_text(bytes),
            Format::Json => self.feed_json(bytes),
        }
    }

    fn feed_text(&mut self, bytes: &[u8]) {
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

    fn feed_json(&mut self, bytes: &[u8]) {
        let mut entries = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            while self.partial.len() > JSON_LINE_BYTES {
                let rest = self.partial.split_off(end_of_part(&self.partial));
                self.parts += 1;
                entries.extend(json::line(&self.partial, &self.owner, Some(self.parts)));
                self.partial = rest;
            }
            if piece.ends_with(b"\n") {
                entries.extend(self.last_entry());
            }
        }
        if !entries.is_empty() {
            self.log.write(&entries);
        }
    }

    /// The entry of a line that is whole, or of its last part.
    fn last_entry(&mut self) -> Vec<u8> {
        let line = std::mem::take(&mut self.partial);
        let parts = std::mem::take(&mut self.parts);
        json::line(&line, &self.owner, (parts > 0).then_some(parts + 1))
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
        if self.log.format == Format::Json {
            if !self.partial.is_empty() {
                let entry = self.last_entry();
                self.log.write(&entry);
            }
            return;
        }
        if !self.partial.is_empty() {
            self.write(b"\n");
        } else if self.in_line {
            self.log.end_line();
        }
        (self.in_line, self.partial_since) = (false, None);
    }

    /// Whose lines these are.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
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

/// Where a part of a long line ends: at most [`JSON_LINE_BYTES`], and not inside a character.
fn end_of_part(bytes: &[u8]) -> usize {
    let is_start = |end: &usize| bytes[*end] & 0xC0 != 0x80;
    (JSON_LINE_BYTES - 3..=JSON_LINE_BYTES).rev().find(is_start).unwrap_or(JSON_LINE_BYTES)
}
