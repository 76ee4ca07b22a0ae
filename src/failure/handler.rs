//! A handler that failed, or a script that could not be sourced: what ended it, where, and what that usually means.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::explain::advice;
use super::last_line;
use super::locate::{self, BashMessage};
use super::own::OwnError;
use super::report::shortened;
use crate::shell::trace::{Frame, Place};

const MOST_COMMAND_BYTES: usize = 300;

/// How a command, or the subshell of a handler, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With an exit status.
    Status(i32),
    /// By a signal that killed it.
    Signal(Signal),
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
    /// What it printed as an error of its own.
    pub own: Option<OwnError>,
}

impl Ending {
    /// What `$?` = `status` means. Bash reports a death by signal N as 128 + N.
    pub(crate) fn of_command(status: i32) -> Ending {
        Signal::try_from(status - 128).map_or(Ending::Status(status), Ending::Signal)
    }

    /// The same for a subshell of which `place` is known: one that still ran a trap with that status was not killed itself.
    pub(crate) fn of_subshell(status: i32, place: Option<&Place>) -> Ending {
        if place.is_some_and(|place| place.status == status) {
            Ending::Status(status)
        } else {
            Ending::of_command(status)
        }
    }
}

impl HandlerFailure {
    /// Completes `place` from the script's text and from stderr.
    pub(crate) fn located(mut self) -> HandlerFailure {
        if let Some(place) = &mut self.place {
            let message = last_line(&self.stderr).and_then(BashMessage::parse);
            locate::complete(place, &self.function, &self.script, message.as_ref());
        }
        self
    }

    pub(super) fn error_type(&self) -> &'static str {
        match self.ending_of_command() {
            Ending::Signal(_) => "Function.KilledBySignal",
            Ending::Status(127) => "Function.CommandNotFound",
            Ending::Status(126) => "Function.CommandNotExecutable",
            Ending::Status(_) => "Function.ExitStatus",
        }
    }

    pub(super) fn script_error_type(&self) -> &'static str {
        if self.syntax_error().is_some() { "Runtime.UserCodeSyntaxError" } else { "Runtime.ScriptFailed" }
    }

    /// The frames, innermost first, their paths relative to LAMBDA_TASK_ROOT.
    pub(crate) fn frames(&self) -> impl Iterator<Item = (String, &Frame)> {
        let frames = self.place.iter().flat_map(|place| &place.frames);
        frames.map(|frame| (self.relative(&frame.file), frame))
    }

    /// The sentence for a handler that failed.
    pub(super) fn describe(&self, f: &mut Formatter) -> fmt::Result {
        match &self.place {
            Some(place) => self.describe_place(f, place)?,
            None => write!(f, "handler `{}` {}", self.function, Ended(self.ending))?,
        }
        self.describe_cause(f)
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
            f.write_str("; a script must not exit, its handler is called afterwards")?;
        }
        self.describe_cause(f)
    }

    /// ``function.sh:12: `command` exited with status 1 in `fetch` ``
    fn describe_place(&self, f: &mut Formatter, place: &Place) -> fmt::Result {
        if let Some(frame) = place.frames.first() {
            write!(f, "{}: ", location(&self.relative(&frame.file), frame))?;
        }
        let command = one_line(&place.command);
        match (self.ending_of_command(), guilty_member(place)) {
            (Ending::Status(127), _) => {
                write!(f, "command `{}` not found", self.missing_command().unwrap_or(&command))?
            }
            (Ending::Status(126), _) => write!(f, "`{command}` cannot be executed")?,
            (ending, Some(member)) => {
                write!(f, "member {member} of the pipeline that ends in `{command}` {}", Ended(ending))?;
            }
            (ending, None) if place.at_exit && self.is_killed() => {
                write!(f, "the handler {} at `{command}`", Ended(ending))?
            }
            (Ending::Status(status), None) if place.at_exit => {
                write!(f, "`{command}` ended the shell with status {status}")?
            }
            (ending, None) => write!(f, "`{command}` {}", Ended(ending))?,
        }
        match place.frames.first() {
            Some(frame) if frame.function != "source" => write!(f, " in `{}`", frame.function),
            _ => Ok(()),
        }
    }

    /// ``at function.sh:12: `command` in `fetch` ``
    pub(super) fn describe_where(&self, f: &mut Formatter, place: &Place) -> fmt::Result {
        let Some(frame) = place.frames.first() else { return write!(f, "at `{}`", one_line(&place.command)) };
        let location = location(&self.relative(&frame.file), frame);
        write!(f, "at {location}: `{}` in `{}`", one_line(&place.command), frame.function)
    }

    /// The last line of stderr, unless it says again what the sentence says; and what may help.
    fn describe_cause(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(cause) = self.cause() {
            write!(f, ": {cause}")?;
        }
        match advice(self.ending_of_command(), &self.stderr) {
            advice if advice.is_empty() => Ok(()),
            advice => write!(f, "; {advice}"),
        }
    }

    fn cause(&self) -> Option<String> {
        let line = last_line(&self.stderr)?;
        let Some(message) = BashMessage::parse(line) else { return Some(line.to_owned()) };
        let killed = matches!(self.ending_of_command(), Ending::Signal(_));
        if killed || self.missing_command().is_some() {
            return None;
        }
        let here = self.place.iter().flat_map(|place| place.frames.first()).any(|frame| {
            frame.file == Path::new(message.file) && (message.line.is_none() || frame.line == message.line)
        });
        Some(if here { message.text.to_owned() } else { self.without_root(line) })
    }

    /// The command that Bash did not find, by Bash's own message.
    fn missing_command(&self) -> Option<&str> {
        BashMessage::parse(last_line(&self.stderr)?)?.text.strip_suffix(": command not found")
    }

    fn is_killed(&self) -> bool {
        matches!(self.ending, Ending::Signal(_))
    }

    /// How the command ended, where there is one, or the handler.
    fn ending_of_command(&self) -> Ending {
        match (self.ending, &self.place) {
            (Ending::Status(status), Some(place)) if !place.at_exit => Ending::of_command(status),
            (ending, _) => ending,
        }
    }

    /// Bash's own line about a syntax error.
    fn syntax_error(&self) -> Option<String> {
        let of_bash = |line: &&str| line.contains(": syntax error") || line.contains("unexpected EOF");
        self.stderr.lines().find(of_bash).map(|line| self.without_root(line))
    }

    fn without_root(&self, line: &str) -> String {
        line.replace(&format!("{}/", self.task_root.display()), "")
    }

    fn relative(&self, file: &Path) -> String {
        file.strip_prefix(&self.task_root).unwrap_or(file).display().to_string()
    }
}

/// `function.sh:12`, or the file alone.
pub(super) fn location(file: &str, frame: &Frame) -> String {
    frame.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// Which member of a pipeline gave it its status: the last that failed, as pipefail has it. `None` when it is the one that Bash
/// names anyway.
fn guilty_member(place: &Place) -> Option<usize> {
    let guilty = place.pipeline.iter().rposition(|status| *status != 0)?;
    (guilty + 1 < place.pipeline.len()).then_some(guilty + 1)
}

/// The first line of a command, so that a report stays a sentence.
fn one_line(command: &str) -> String {
    let (first, more) = command.split_once('\n').map_or((command, ""), |(first, _)| (first, " …"));
    shortened(&format!("{first}{more}"), MOST_COMMAND_BYTES)
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
