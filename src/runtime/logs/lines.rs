//! Writes one stream of log lines: those of an event, or of the script while it is sourced.
//!
//! In text format, bytes are written unchanged and in order. Whole lines are written at once, so that each becomes one event in
//! CloudWatch. The beginning of a line waits at most [`PARTIAL_LINE_WAIT`] for its end. In JSON format, each line becomes an
//! object when it is complete.
//!
//! A line that is a JSON object, such as embedded metrics, is only useful as a whole. Up to `json::MAX_EVENT_BYTES`, the object
//! is kept until it has ended, and written in one piece. A longer object is written in parts, and a warning is logged.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::driver_text::DriverText;
use super::json::{self, MAX_EVENT_BYTES};
use super::{Format, Level, Log, Owner};

/// How long an incomplete line waits for its newline.
pub(crate) const PARTIAL_LINE_WAIT: Duration = Duration::from_millis(100);
/// How long the incomplete line of a JSON object waits for more, in text format.
const PARTIAL_OBJECT_WAIT: Duration = Duration::from_secs(1);
const PARTIAL_LINE_BYTES: usize = 64 * 1024;
const TAIL_BYTES: usize = 4 * 1024;

/// The kind of the current line, by its first byte that is not white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineKind {
    /// The line only has white space so far.
    Unknown,
    /// The line begins like a JSON object.
    Object,
    Other,
}

/// A stream of log lines of one owner.
#[derive(Debug)]
pub(crate) struct Lines {
    log: Log,
    owner: Owner,
    /// The text of the driver, which must not appear.
    driver: Option<Arc<DriverText>>,
    /// The beginning of a line that was not written yet.
    partial: Vec<u8>,
    /// When `partial` began to wait, if its wait is limited.
    partial_since: Option<Instant>,
    kind: LineKind,
    /// The size of the current line so far, written or not.
    line_bytes: usize,
    /// Whether the beginning of the current line has been written.
    in_line: bool,
    /// How many parts of the current line have been written, in JSON format.
    parts: u32,
    tail: VecDeque<u8>,
    /// Whether lines are left out.
    is_muted: bool,
}

impl Lines {
    pub(super) fn new(log: Log, owner: Owner) -> Lines {
        Lines {
            log,
            owner,
            driver: None,
            partial: Vec::new(),
            partial_since: None,
            kind: LineKind::Unknown,
            line_bytes: 0,
            in_line: false,
            parts: 0,
            tail: VecDeque::new(),
            is_muted: false,
        }
    }

    /// Removes the driver's text from these lines.
    pub(crate) fn without(self, driver: &Arc<DriverText>) -> Lines {
        Lines { driver: Some(Arc::clone(driver)), ..self }
    }

    /// Adds bytes, and writes the lines that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.remember(bytes);
        match self.log.format {
            _ if self.is_muted => {}
            Format::Text => self.feed_text(bytes),
            Format::Json => self.feed_json(bytes),
        }
    }

    fn feed_text(&mut self, bytes: &[u8]) {
        let newline = bytes.iter().rposition(|byte| *byte == b'\n');
        let (lines, rest) = bytes.split_at(newline.map_or(0, |newline| newline + 1));
        if let Some(end) = lines.iter().position(|byte| *byte == b'\n') {
            self.begin(&lines[..end]);
            self.write(lines);
            self.in_line = false;
            self.end_line();
        }
        if !rest.is_empty() {
            self.begin(rest);
            self.partial.extend_from_slice(rest);
            self.wait_for_rest();
        }
    }

    /// Updates the state for the next bytes of the current line.
    fn begin(&mut self, bytes: &[u8]) {
        self.line_bytes += bytes.len();
        if self.kind == LineKind::Unknown {
            self.kind = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => LineKind::Unknown,
                Some(b'{') => LineKind::Object,
                Some(_) => LineKind::Other,
            };
        }
    }

    /// Resets the state after the current line has been written completely.
    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.line_bytes);
        let kind = std::mem::replace(&mut self.kind, LineKind::Unknown);
        (self.partial_since, self.parts) = (None, 0);
        if kind == LineKind::Object && bytes > MAX_EVENT_BYTES {
            let message = format!(
                "a log line of {bytes} bytes begins as JSON and is split: CloudWatch keeps at most {MAX_EVENT_BYTES} bytes as \
                 one event, and no part of the line is JSON; write shorter lines"
            );
            self.log.say(Level::Warn, &self.owner, &message);
        }
    }

    /// Decides how long the incomplete line may wait, in text format.
    fn wait_for_rest(&mut self) {
        if self.is_kept_whole() {
            self.partial_since = Some(Instant::now()); // counted from the last byte: a long object may take longer
        } else if self.partial.len() > PARTIAL_LINE_BYTES {
            self.write_partial();
        } else {
            self.partial_since.get_or_insert_with(Instant::now);
        }
    }

    /// Whether the current line is an object that can still be written in one piece.
    fn is_kept_whole(&self) -> bool {
        self.kind == LineKind::Object && self.line_bytes <= MAX_EVENT_BYTES && !self.in_line && self.parts == 0
    }

    fn feed_json(&mut self, bytes: &[u8]) {
        let mut entries = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            self.begin(text);
            self.partial.extend_from_slice(text);
            if !self.is_kept_whole() {
                self.split(&mut entries);
            }
            if piece.len() > text.len() {
                self.end_entry(&mut entries);
            }
        }
        self.write_entries(&entries);
    }

    /// Makes entries of all parts of the line but the last one.
    fn split(&mut self, entries: &mut Vec<u8>) {
        while self.partial.len() > json::PART_BYTES {
            let rest = self.partial.split_off(json::end_of_part(&self.partial));
            self.parts += 1;
            entries.extend(json::plain(&self.partial, &self.owner, Some(self.parts)));
            self.partial = rest;
        }
    }

    /// Makes an entry of a complete line, or of the remaining part of a line that was split.
    fn end_entry(&mut self, entries: &mut Vec<u8>) {
        let object = if self.is_kept_whole() { json::object(&self.partial, &self.owner) } else { None };
        match object {
            Some(entry) => entries.extend(entry),
            None => {
                self.split(entries);
                let part = (self.parts > 0).then_some(self.parts + 1);
                let line = without_driver_text(self.driver.as_deref(), &self.partial);
                if !line.is_empty() || self.partial.is_empty() {
                    entries.extend(json::plain(&line, &self.owner, part));
                }
            }
        }
        self.partial = Vec::new();
        if self.line_bytes > MAX_EVENT_BYTES {
            self.write_entries(&std::mem::take(entries)); // before the warning
        }
        self.end_line();
    }

    fn write_entries(&self, entries: &[u8]) {
        if !entries.is_empty() {
            self.log.write(entries);
        }
    }

    /// How long the incomplete line may still wait; `None` if there is none.
    pub(crate) fn partial_wait(&self) -> Option<Duration> {
        let wait = if self.is_kept_whole() { PARTIAL_OBJECT_WAIT } else { PARTIAL_LINE_WAIT };
        Some(wait.saturating_sub(self.partial_since?.elapsed()))
    }

    /// Writes the incomplete line when it has waited long enough.
    pub(crate) fn write_partial_when_due(&mut self) {
        if self.partial_wait() == Some(Duration::ZERO) {
            self.write_partial();
        }
    }

    /// Pauses the stream after the event has ended, while a background process may still write to it. Ends the last line as
    /// [`Lines::finish`] does, unless that line is an incomplete JSON object.
    pub(crate) fn pause(&mut self) {
        if !self.is_kept_whole() || json::object(&self.partial, &self.owner).is_some() {
            self.finish();
        }
    }

    /// Ends the stream. Adds a newline to the last line if it has none.
    pub(crate) fn finish(&mut self) {
        match self.log.format {
            Format::Json if self.partial.is_empty() => {}
            Format::Json => {
                let mut entries = Vec::new();
                self.end_entry(&mut entries);
                self.write_entries(&entries);
            }
            Format::Text => {
                if !self.partial.is_empty() {
                    self.write(b"\n");
                } else if self.in_line {
                    self.log.end_line();
                }
                self.in_line = false;
            }
        }
        self.end_line();
    }

    /// Gives the lines that follow more members, or leaves them out. A line that has begun ends here.
    pub(crate) fn label(&mut self, more: Arc<Vec<(&'static str, Value)>>, is_muted: bool) {
        if self.line_bytes > 0 && (self.is_muted != is_muted || self.owner.more.as_ref() != Some(&more)) {
            self.finish();
        }
        (self.owner.more, self.is_muted) = (Some(more), is_muted);
    }

    /// Forgets the last lines: what follows belongs to another command.
    pub(crate) fn forget_tail(&mut self) {
        self.tail.clear();
    }

    /// The event to which the lines belong.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The last lines of the stream, as text.
    pub(crate) fn tail(&self) -> String {
        let (front, back) = self.tail.as_slices();
        let bytes = [front, back].concat();
        String::from_utf8_lossy(&without_driver_text(self.driver.as_deref(), &bytes)).into_owned()
    }

    fn write_partial(&mut self) {
        self.write(b"");
        self.in_line = true;
        self.partial_since = None;
    }

    /// Writes the incomplete line and then `bytes`, in one piece.
    fn write(&mut self, bytes: &[u8]) {
        if self.partial.is_empty() {
            self.log.write(&without_driver_text(self.driver.as_deref(), bytes));
        } else {
            self.partial.extend_from_slice(bytes);
            self.log.write(&without_driver_text(self.driver.as_deref(), &self.partial));
            self.partial.clear();
            self.partial.shrink_to(2 * PARTIAL_LINE_BYTES); // after a long object
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        let surplus = (self.tail.len() + bytes.len()).saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        self.tail.extend(bytes);
    }
}

fn without_driver_text<'a>(driver: Option<&DriverText>, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    driver.map_or(Cow::Borrowed(bytes), |driver| driver.remove_from(bytes))
}
