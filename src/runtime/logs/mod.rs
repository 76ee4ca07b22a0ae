//! Writes the log to stderr, which Lambda sends to CloudWatch.
//!
//! Every write is one or more whole lines, under one lock, so that lines of several streams are never mixed. If the log is slow,
//! only its writers are held up.

pub(crate) mod driver_text;
pub(crate) mod json;
pub(crate) mod leftovers;
pub(crate) mod lines;
pub(crate) mod rate_limit;

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::Value;

use self::lines::Lines;
use super::failure::{self, Failure};
use super::invocation::Invocation;
use super::secrets::masked;

/// The severity of a line. Source: AWS Lambda Developer Guide, "Log-level filtering".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For the search for a fault.
    Debug,
    /// Output that the user asked for, and lines without a level.
    #[default]
    Info,
    /// A problem that does not fail the event.
    Warn,
    /// A failure.
    Error,
    /// A failure that ends the execution environment.
    Fatal,
}

impl Level {
    /// The level that `word` names, in any case.
    pub(crate) fn named(word: &str) -> Option<Level> {
        Some(match word.to_ascii_uppercase().as_str() {
            "TRACE" => Level::Trace,
            "DEBUG" => Level::Debug,
            "INFO" => Level::Info,
            "WARN" | "WARNING" => Level::Warn,
            "ERROR" => Level::Error,
            "FATAL" => Level::Fatal,
            _ => return None,
        })
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
        }
    }
}

/// The format of the lines. Source: AWS Lambda Developer Guide, "Using Lambda advanced logging controls".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// As the handler wrote them.
    #[default]
    Text,
    /// Each as a JSON object.
    Json,
}

/// The event to which a line belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) request_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
    /// More members of JSON lines: the operation of a durable execution.
    pub(crate) more: Option<Arc<Vec<(&'static str, Value)>>>,
}

impl Owner {
    /// The event of `invocation`.
    pub(crate) fn of(invocation: &Invocation) -> Owner {
        Owner { request_id: Some(invocation.request_id.clone()), tenant_id: invocation.tenant_id.clone(), more: None }
    }
}

/// The log of this process. Clones write to the same place.
#[derive(Debug, Clone, Default)]
pub struct Log {
    format: Format,
    least: Level,
    /// Whether the last line has no newline yet.
    in_line: Arc<Mutex<bool>>,
}

impl Log {
    /// A log in `format`. The runtime's own lines below the level `least` are left out.
    pub fn new(format: Format, least: Level) -> Log {
        Log { format, least, in_line: Arc::default() }
    }

    /// Writes a message of the runtime. Line breaks in `text` are kept, and the text is one entry.
    pub(crate) fn say(&self, level: Level, owner: &Owner, text: &str) {
        if level >= self.least {
            self.write_entry(level, owner, text);
        }
    }

    /// Writes a line of the runtime's own that machines read: its name, and fields with numbers.
    pub(crate) fn note(&self, level: Level, name: &str, fields: &[(&str, usize)]) {
        if level < self.least {
            return;
        }
        match self.format {
            Format::Text => {
                let fields = fields.iter().map(|(field, number)| format!(" {field}={number}"));
                self.write_line(format!("[{}] {name}{}\n", level.word(), fields.collect::<String>()));
            }
            Format::Json => self.write(&json::note(level, name, fields)),
        }
    }

    /// Writes a traced command at any least level, because the user asked for the trace.
    pub(crate) fn trace(&self, owner: &Owner, text: &str) {
        self.write_entry(Level::Trace, owner, text);
    }

    fn write_entry(&self, level: Level, owner: &Owner, text: &str) {
        let text = masked(text);
        match self.format {
            Format::Text => {
                let request_id = owner.request_id.as_ref().map(|id| format!("{id} ")).unwrap_or_default();
                self.write_line(format!("[{}] {request_id}{text}\n", level.word()));
            }
            Format::Json => self.write(&json::entry(text.as_bytes(), level, owner, None)),
        }
    }

    /// Writes a failure: one line with the message, followed by the frames; one object in JSON.
    pub(crate) fn fail(&self, level: Level, owner: &Owner, failure: &Failure) {
        let message = failure::log_message(failure);
        match self.format {
            _ if level < self.least => {}
            Format::Text => {
                let frames = failure::stack_trace(failure).into_iter().map(|frame| format!("\n    at {frame}"));
                self.say(level, owner, &format!("{message}{}", frames.collect::<String>()));
            }
            Format::Json => self.write(&json::failure(&message, level, failure, owner)),
        }
    }

    /// A stream of lines of `owner`.
    pub(crate) fn lines(&self, owner: Owner) -> Lines {
        Lines::new(self.clone(), owner)
    }

    /// Writes all of `bytes`. Errors are ignored, because there is no other place to report them.
    fn write(&self, bytes: &[u8]) {
        write_and_note(&mut self.in_line(), bytes);
    }

    /// Writes `line` on a line of its own.
    fn write_line(&self, mut line: String) {
        let mut in_line = self.in_line();
        if *in_line {
            line.insert(0, '\n');
        }
        write_and_note(&mut in_line, line.as_bytes());
    }

    /// Ends the last line, if it has no newline yet.
    fn end_line(&self) {
        let mut in_line = self.in_line();
        if *in_line {
            write_and_note(&mut in_line, b"\n");
        }
    }

    fn in_line(&self) -> MutexGuard<'_, bool> {
        self.in_line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_and_note(in_line: &mut bool, bytes: &[u8]) {
    *in_line = bytes.last().map_or(*in_line, |last| *last != b'\n');
    drop(write_all(bytes));
}

/// Like `Write::write_all`, but waits if stderr is a non-blocking pipe.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    let stderr = io::stderr();
    while !bytes.is_empty() {
        match stderr.lock().write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
