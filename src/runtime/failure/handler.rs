//! Describes a failed handler, or a script that could not be sourced: how it ended, and where.

use std::path::{Path, PathBuf};

use super::advice::lacks_a_file_to_run;
use super::custom_error::CustomError;
use super::ending::Ending;
use super::location::Place;
use super::text::gives_status;
use crate::runtime::event_source::EventSource;
use crate::runtime::stack::Frame;

/// A failed handler, or a script that failed while it was sourced.
#[derive(Debug)]
pub struct HandlerFailure {
    /// The handler function.
    pub function: String,
    /// The script that defines it.
    pub script: PathBuf,
    /// LAMBDA_TASK_ROOT. The paths of a report are relative to it.
    pub task_root: PathBuf,
    /// How the handler or script ended.
    pub ending: Ending,
    /// The command that failed and its location, if they are known.
    pub place: Option<Place>,
    /// The last lines of stderr.
    pub stderr: String,
    /// The custom error that the handler printed.
    pub custom_error: Option<CustomError>,
    /// Where a function of the script finds its event.
    pub event_source: EventSource,
    /// Advice that needs the event: on an entry that LAMBDA_EVENT does not have.
    pub event_advice: Option<String>,
}

impl HandlerFailure {
    pub(super) fn error_type(&self) -> &'static str {
        match self.ending_of_command() {
            Ending::Signal(_) => "Function.KilledBySignal",
            Ending::Status(127) if !lacks_a_file_to_run(&self.stderr) => "Function.CommandNotFound",
            Ending::Status(126 | 127) => "Function.CommandNotExecutable",
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

    /// Whether the handler is a program: the name of a function is never that of its whole file.
    pub(super) fn is_program(&self) -> bool {
        self.script.file_name().is_some_and(|name| name == self.function.as_str())
    }

    pub(super) fn is_killed(&self) -> bool {
        matches!(self.ending, Ending::Signal(_))
    }

    /// How the command ended, if one is known; otherwise how the handler ended.
    pub(super) fn ending_of_command(&self) -> Ending {
        match (self.ending, &self.place) {
            (Ending::Status(status), Some(place)) if !place.at_exit && !gives_status(&place.command) => {
                Ending::of_command(status)
            }
            (ending, _) => ending,
        }
    }

    /// The line in which Bash reports a syntax error.
    pub(super) fn syntax_error(&self) -> Option<&str> {
        let of_bash = |line: &&str| line.contains(": syntax error") || line.contains("unexpected EOF");
        self.stderr.lines().find(of_bash)
    }

    pub(super) fn without_root(&self, line: &str) -> String {
        line.replace(&format!("{}/", self.task_root.display()), "")
    }

    pub(super) fn relative(&self, file: &Path) -> String {
        file.strip_prefix(&self.task_root).unwrap_or(file).display().to_string()
    }
}
