//! Formats the message of a failed handler: where, which command, how it ended, the last line of stderr, and advice.

use std::fmt::{self, Formatter};
use std::path::Path;

use super::advice::{Circumstances, advice, advice_on_syntax};
use super::ending::Ending;
use super::handler::HandlerFailure;
use super::location::{Place, exits_with_a_number};
use super::message::{BashMessage, last_line};
use super::text::{begins_with, gives_status, location, on_line, shortened};
use crate::runtime::stack::Frame;

const MAX_COMMAND_BYTES: usize = 300;
/// The messages of Bash for a child that was killed, if they say no more. The failure message names the signal anyway.
const DEATH_MESSAGES: [&str; 5] = ["Terminated", "Killed", "Hangup", "Aborted", "Segmentation fault"];
/// The beginning of Bash's messages when no line of the script runs, as in a trap.
const BASH: &str = "bash: ";

impl HandlerFailure {
    /// The message for a failed handler.
    pub(super) fn describe(&self, f: &mut Formatter) -> fmt::Result {
        match (&self.place, self.ending) {
            _ if self.is_program() => write!(f, "program `{}` {}", self.function, self.ending_of_command())?,
            (Some(place), _) if place.in_exit_trap => self.describe_exit_trap(f, place)?,
            (Some(place), _) => self.describe_place(f, place, "handler")?,
            (None, Ending::Signal(_)) => write!(f, "handler `{}` {}", self.function, self.ending)?,
            (None, ending) if last_line(&self.stderr).is_some_and(|line| line.starts_with(BASH)) => {
                write!(f, "the EXIT trap of `{}` {}", self.function, ending)?;
            }
            (None, ending) => write!(
                f,
                "handler `{}` {} (Bash cannot tell where: it cannot after `exec`, or when the handler sets its own EXIT trap)",
                self.function, ending
            )?,
        }
        self.describe_cause(f)
    }

    /// The message for a failure in an EXIT trap of the handler, after the handler has returned.
    fn describe_exit_trap(&self, f: &mut Formatter, place: &Place) -> fmt::Result {
        if let Some(frame) = place.frames.first() {
            write!(f, "{}: ", location(&self.relative(&frame.file), frame))?;
        }
        let ended = self.ending_of_command();
        match (place.command.as_str(), place.frames.first()) {
            ("", _) => {
                write!(f, "a command in the EXIT trap of `{}` {ended} (Bash cannot tell which)", self.function)
            }
            (command, Some(frame)) if frame.function != self.function => write!(
                f,
                "`{}` {ended} in `{}`, in the EXIT trap of `{}`",
                one_line(command),
                frame.function,
                self.function
            ),
            (command, _) => write!(f, "`{}`, in the EXIT trap of `{}`, {ended}", one_line(command), self.function),
        }
    }

    /// The message for a script that could not be sourced completely.
    pub(super) fn describe_script(&self, f: &mut Formatter) -> fmt::Result {
        let script = self.relative(&self.script);
        if let Some(line) = self.syntax_error() {
            let file = BashMessage::parse(line).map_or(self.script.as_path(), |message| Path::new(message.file));
            let which = if file == self.script { "" } else { "a file that is sourced by " };
            write!(f, "{which}script `{script}` has a syntax error: {}", self.without_root(line))?;
            return match advice_on_syntax(file, line, &self.stderr) {
                Some(advice) => write!(f, "; {advice}"),
                None => self.describe_advice(f),
            };
        }
        write!(f, "script `{script}` ended while it was being sourced: ")?;
        match &self.place {
            Some(place) if !place.command.starts_with("builtin source ") => self.describe_place(f, place, "script")?,
            Some(Place { at_exit: false, status, .. }) => write!(
                f,
                "it returned status {status}, the status of its last command or of a `return`; let the script end with a command that succeeds"
            )?,
            _ => write!(f, "it {}", self.ending)?,
        }
        if self.ending == Ending::Status(0) {
            f.write_str("; a script must not exit, because its handler is called afterwards")?;
        }
        self.describe_cause(f)?;
        let is_handler = |frame: &Frame| frame.function == self.function;
        match self.place.iter().flat_map(|place| &place.frames).any(is_handler) {
            true => write!(
                f,
                "; the script itself calls `{}`: remove this call, because the runtime calls the function for each event",
                self.function
            ),
            false => Ok(()),
        }
    }

    /// The sentence for a function that the script registered in the array `hooks` for SnapStart.
    pub(super) fn describe_hook(&self, f: &mut Formatter, hooks: &str) -> fmt::Result {
        write!(f, "a function in {hooks} failed: ")?;
        match &self.place {
            Some(place) => self.describe_place(f, place, "function")?,
            None => write!(f, "it {}", self.ending)?,
        }
        self.describe_cause(f)
    }

    /// ``function.sh:12: `command` exited with status 1 in `fetch` ``
    fn describe_place(&self, f: &mut Formatter, place: &Place, whole: &str) -> fmt::Result {
        if let Some(frame) = place.frames.first() {
            write!(f, "{}: ", location(&self.relative(&frame.file), frame))?;
        }
        let command = one_line(&place.command);
        let missing = self.missing_command();
        match self.ending_of_command() {
            _ if missing.is_some() => write!(f, "command `{}` not found", missing.unwrap_or_default())?,
            ending if command.is_empty() => {
                write!(f, "Bash cannot tell which command{} {ending}", on_line(place.frames.first()))?
            }
            Ending::Status(126) if !gives_status(&command) => write!(f, "`{command}` cannot be executed")?,
            ending if place.pipeline.is_some() => {
                let line = place.pipeline.unwrap_or_default();
                write!(f, "`{command}`, in the pipeline on line {line}, {}", ending)?;
            }
            ending if place.at_exit && self.is_killed() => {
                write!(f, "the {whole} {} at `{command}`", ending)?;
            }
            Ending::Status(status) if begins_with(&command, "return") => {
                return match place.frames.first() {
                    Some(frame) if frame.is_top_level() => write!(f, "`{command}` ended the file with status {status}"),
                    frame => {
                        let function = frame.map_or(&self.function, |frame| &frame.function);
                        write!(f, "`{command}` ended `{function}` with status {status}")
                    }
                };
            }
            Ending::Status(status) if place.at_exit && begins_with(&command, "exit") => {
                write!(f, "`{command}` ended the {whole} with status {status}")?;
            }
            Ending::Status(status) if self.bash_said_why(place) => {
                write!(f, "`{command}` failed with status {status}")?;
            }
            ending if place.is_status_of_trap => {
                write!(f, "`{command}` failed, and the ERR trap {}", ending)?;
            }
            // The handler's own EXIT trap may have set the status.
            ending if self.status_was_changed(place) => {
                let own = Ending::of_command(place.status);
                write!(f, "`{command}` {own} (the {whole} then {})", ending)?;
            }
            ending => write!(f, "`{command}` {}", ending)?,
        }
        match place.frames.first() {
            Some(frame) if !frame.is_top_level() => write!(f, " in `{}`", frame.function),
            _ => Ok(()),
        }
    }

    fn status_was_changed(&self, place: &Place) -> bool {
        matches!(self.ending, Ending::Status(status) if place.status != status && place.status != 0)
    }

    /// ``at function.sh:12: `command` in `fetch` ``
    pub(super) fn describe_where(&self, f: &mut Formatter, place: &Place) -> fmt::Result {
        let command = format!("`{}`", one_line(&place.command));
        match place.frames.first() {
            None => write!(f, "at {command}"),
            Some(frame) => {
                let location = location(&self.relative(&frame.file), frame);
                write!(f, "at {location}: {command} in `{}`", frame.function)
            }
        }
    }

    /// Adds the last line of stderr, unless it repeats the message, and the advice.
    fn describe_cause(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(cause) = self.cause() {
            write!(f, ": {cause}")?;
        }
        self.describe_advice(f)
    }

    fn describe_advice(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(advice) = &self.event_advice {
            return write!(f, "; {advice}");
        }
        let place = self.place.as_ref();
        let circumstances = Circumstances {
            ending: self.ending_of_command(),
            command: place.map_or("", |place| &place.command),
            is_condition: place.is_some_and(|place| place.is_condition) && !self.has_bash_said_why(),
            stderr: &self.stderr,
            function: place.and_then(|place| place.frames.first()).map_or("", |frame| &frame.function),
            handler: &self.function,
            event_source: self.event_source,
            in_pipeline: place.is_some_and(|place| place.pipeline.is_some()),
        };
        match advice(&circumstances) {
            advice if advice.is_empty() => Ok(()),
            advice => write!(f, "; {advice}"),
        }
    }

    fn cause(&self) -> Option<String> {
        let line = last_line(&self.stderr)?;
        if self.is_program()
            && let Some(at) = line.find(&format!("{}: ", self.script.display()))
        {
            return Some(self.without_root(&line[at..])); // the path of the driver, which could not start the program, stands before it
        }
        if let Some(message) = line.strip_prefix(BASH) {
            return Some(message.to_owned());
        }
        if BashMessage::parse(line).is_none()
            && self.place.as_ref().is_some_and(|place| never_writes_to_stderr(&place.command))
        {
            return None; // the line belongs to an earlier command
        }
        let killed = matches!(self.ending_of_command(), Ending::Signal(_));
        let Some(message) = BashMessage::parse(line) else {
            return Some(line.to_owned()).filter(|line| !(killed && is_death_message(line)));
        };
        let here = self.place.as_ref().is_some_and(|place| is_about(&message, place) || is_of_block(&message, place));
        if killed || (here && self.missing_command().is_some_and(|missing| message.text.starts_with(missing))) {
            return None;
        }
        Some(if here { message.text.to_owned() } else { self.without_root(line) })
    }

    /// Whether the last line of stderr is a message of Bash about the command that failed.
    fn bash_said_why(&self, place: &Place) -> bool {
        last_line(&self.stderr).and_then(BashMessage::parse).is_some_and(|message| is_about(&message, place))
    }

    /// Whether the last line of stderr is a message of Bash, about any place.
    fn has_bash_said_why(&self) -> bool {
        last_line(&self.stderr).and_then(BashMessage::parse).is_some()
    }

    /// The command that was not found, according to Bash's message.
    fn missing_command(&self) -> Option<&str> {
        let missing = |line| {
            let message = BashMessage::parse(line)?;
            let text = message.text;
            let name = text
                .strip_suffix(": command not found")
                .or_else(|| text.strip_suffix(": No such file or directory"))?;
            self.place.as_ref().is_none_or(|place| may_be_of(&message, name, place)).then_some(name)
        };
        let hands_on = self.place.as_ref().is_some_and(|place| gives_status(&place.command));
        if self.ending_of_command() != Ending::Status(127) || hands_on {
            return None;
        }
        self.stderr.lines().rev().find_map(missing)
    }
}

/// Whether `line` is one of [`DEATH_MESSAGES`]. Bash 5.3 adds the command, after spaces.
fn is_death_message(line: &str) -> bool {
    DEATH_MESSAGES
        .iter()
        .any(|death| line.strip_prefix(death).is_some_and(|rest| rest.is_empty() || rest.starts_with("  ")))
}

/// Whether `message` is about the innermost call of `place`.
fn is_about(message: &BashMessage, place: &Place) -> bool {
    place.frames.first().is_some_and(|frame| {
        frame.file == Path::new(message.file) && (message.line.is_none() || frame.line == message.line)
    })
}

/// Whether `message` is about a redirection of the block that failed. Bash gives another line for such a redirection.
fn is_of_block(message: &BashMessage, place: &Place) -> bool {
    let same_file = place.frames.first().is_some_and(|frame| message.is_of(&frame.file));
    same_file && message.is_of_redirection() && starts_block(&place.command)
}

/// Whether a command is a block: a loop, `if`, `case`, `{ }` or `( )`.
fn starts_block(command: &str) -> bool {
    let first = command.split_whitespace().next().unwrap_or_default();
    command.starts_with('(') || matches!(first, "{" | "for" | "while" | "until" | "if" | "case" | "select")
}

/// Whether `message` may mean that Bash did not find `name` at `place`. It may instead be about an earlier command whose failure
/// was handled, or about another script.
fn may_be_of(message: &BashMessage, name: &str, place: &Place) -> bool {
    let here = place.frames.first().is_some_and(|frame| message.is_of(&frame.file));
    here && !exits_with_a_number(&place.command) && (is_about(message, place) || place.command.contains(name))
}

/// Whether a command never writes to stderr, except for messages of Bash itself.
fn never_writes_to_stderr(command: &str) -> bool {
    let first = command.split_whitespace().next().unwrap_or_default();
    command.starts_with("((") || matches!(first, "[[" | "[" | "test" | "let" | "false" | "true" | "!")
}

/// The first line of a command.
fn one_line(command: &str) -> String {
    let (first, more) = command.split_once('\n').map_or((command, ""), |(first, _)| (first, " …"));
    shortened(&format!("{first}{more}"), MAX_COMMAND_BYTES)
}
