//! A handler that failed, or a script that could not be sourced: what ended it, where, and what that usually means.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::after_colon;
use super::report::shorten;
use crate::shell::trace::{Frame, Place};

const MOST_COMMAND_BYTES: usize = 300;

/// How a subshell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With an exit status.
    Status(i32),
    /// By a signal that killed it.
    Signal(Signal),
}

impl Ending {
    /// What `status`, as Bash reports it in `$?`, means for a subshell of which `place` is known. Bash reports a death by signal N
    /// as 128 + N, as it does a child's; only a shell that could still run its EXIT trap with that status was not killed itself.
    pub(crate) fn new(status: i32, place: Option<&Place>) -> Ending {
        let survived = place.is_some_and(|place| place.status == status);
        match Signal::try_from(status - 128) {
            Ok(signal) if !survived => Ending::Signal(signal),
            _ => Ending::Status(status),
        }
    }
}

/// A failed handler, or a script that failed while it was sourced.
#[derive(Debug)]
pub struct HandlerFailure {
    /// The handler function.
    pub function: String,
    /// The script that defines it.
    pub script: PathBuf,
    /// LAMBDA_TASK_ROOT, which the paths of a report are relative to.
    pub task_root: PathBuf,
    /// How it ended.
    pub ending: Ending,
    /// What it was doing, where Bash could tell.
    pub place: Option<Place>,
    /// The end of its stderr.
    pub stderr: String,
}

impl HandlerFailure {
    pub(super) fn error_type(&self) -> &'static str {
        match self.ending {
            Ending::Signal(_) => "Function.KilledBySignal",
            Ending::Status(127) => "Function.CommandNotFound",
            Ending::Status(126) => "Function.CommandNotExecutable",
            Ending::Status(status) if Signal::try_from(status - 128).is_ok() => "Function.KilledBySignal",
            Ending::Status(_) => "Function.ExitStatus",
        }
    }

    pub(super) fn script_error_type(&self) -> &'static str {
        if self.syntax_error().is_some() { "Runtime.UserCodeSyntaxError" } else { "Runtime.ScriptFailed" }
    }

    /// The frames as text, innermost first.
    pub(crate) fn stack(&self) -> Vec<String> {
        let frames = self.place.iter().flat_map(|place| &place.frames);
        frames.map(|frame| format!("{} ({})", name(frame), self.location(frame))).collect()
    }

    /// The sentence for a handler that failed.
    pub(super) fn describe(&self, f: &mut Formatter) -> fmt::Result {
        match &self.place {
            Some(place) => self.describe_place(f, place)?,
            None => write!(f, "handler `{}` {}", self.function, Ended(self.ending))?,
        }
        f.write_str(&after_colon(&self.stderr))
    }

    /// The sentence for a script that could not be sourced to its end.
    pub(super) fn describe_script(&self, f: &mut Formatter) -> fmt::Result {
        let script = self.relative(&self.script);
        if let Some(line) = self.syntax_error() {
            return write!(f, "script `{script}` has a syntax error: {line}");
        }
        write!(f, "script `{script}` ended while it was being sourced: ")?;
        match &self.place {
            Some(place) => self.describe_place(f, place)?,
            None => write!(f, "it {}", Ended(self.ending))?,
        }
        if self.ending == Ending::Status(0) {
            write!(f, "; a script must not exit, its handler is called afterwards")?;
        }
        f.write_str(&after_colon(&self.stderr))
    }

    fn describe_place(&self, f: &mut Formatter, place: &Place) -> fmt::Result {
        if let Some(frame) = place.frames.first() {
            write!(f, "{}: ", self.location(frame))?;
        }
        write!(f, "`{}` {}", one_line(&place.command), Ended(self.ending))?;
        match place.frames.first() {
            Some(frame) if frame.function != "source" => write!(f, " in `{}`", frame.function),
            Some(_) => Ok(()),
            None => write!(f, " in `{}`", self.function),
        }
    }

    /// Bash's own line about a syntax error.
    fn syntax_error(&self) -> Option<String> {
        let line =
            self.stderr.lines().find(|line| line.contains(": syntax error") || line.contains("unexpected EOF"))?;
        Some(line.replace(&format!("{}/", self.task_root.display()), ""))
    }

    fn location(&self, frame: &Frame) -> String {
        let file = self.relative(&frame.file);
        frame.line.map_or(file.clone(), |line| format!("{file}:{line}"))
    }

    fn relative(&self, file: &Path) -> String {
        file.strip_prefix(&self.task_root).unwrap_or(file).display().to_string()
    }
}

fn name(frame: &Frame) -> &str {
    if frame.function == "source" { "top level" } else { &frame.function }
}

/// The first line of a command, so that a report stays a sentence.
fn one_line(command: &str) -> String {
    let (first, more) = command.split_once('\n').map_or((command, false), |(first, _)| (first, true));
    let mut line = first.to_owned();
    if more {
        line.push_str(" …");
    }
    shorten(&mut line, MOST_COMMAND_BYTES);
    line
}

struct Ended(Ending);

impl Display for Ended {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.0 {
            Ending::Signal(signal) => write!(f, "was killed by {}", signal.as_str()),
            Ending::Status(status) => write!(f, "exited with status {status}"),
        }
    }
}
