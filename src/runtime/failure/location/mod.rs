//! Finds which command failed, and where, from three sources: the records of Bash's traps, the script's text, and Bash's own
//! messages on stderr.
//!
//! No single source is sufficient. BASH_COMMAND is the last *simple* command that Bash began. It is not the command that failed
//! if a compound command fails in its redirection or ends a pipeline, or if a function's last command is false. LINENO is wrong
//! inside `$( )` and in an EXIT trap. So a command is only named if the script's text has the command at that place and in that
//! role. Otherwise the report says that Bash cannot tell. The records and messages of each class of failure were measured on Bash
//! 5.1 to 5.3.

mod command;
mod ending;
mod sourcing;
mod subshell;
mod trap;
mod words;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::sys::signal::Signal;

use super::message::BashMessage;
use crate::runtime::script::{Command, Kind, Script};
use crate::runtime::stack::{Frame, Record, TOP_LEVEL, TrapKind};

use self::command::failed_pipeline;
use self::subshell::is_in_background;
use self::trap::{exit_trap, is_member_before_last};
pub(crate) use self::words::exits_with_a_number;
use self::words::{
    calls, command_of_message, commands_within, ends_by_itself, exits_by_itself, exits_with, is_fatal, unquoted,
    variable, whole_pipeline,
};

/// The command at which a handler or script failed, and its location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The command, as Bash prints it or as it is in the script; empty if it is not known.
    pub command: String,
    /// The command's own exit status.
    pub status: i32,
    /// Whether the command ended the shell directly (`exit`, an unbound variable, ...) and not by failing.
    pub at_exit: bool,
    /// The line of the pipeline that the command is a member of.
    pub pipeline: Option<u32>,
    /// Whether the command is a condition before `&&` or `||` in a list that is the last command of its function.
    pub is_condition: bool,
    /// Whether the status comes from the handler's own ERR trap, which ran when the command failed.
    pub is_status_of_trap: bool,
    /// Whether the failure was in the handler's own EXIT trap.
    pub in_exit_trap: bool,
    /// The calls that led to the command, innermost first, without the calls of the driver.
    pub frames: Vec<Frame>,
    /// Whether there were more calls than the driver records.
    pub cut: bool,
}

/// The sources about one failure.
pub(crate) struct Evidence<'a> {
    records: &'a [Record],
    /// BASH_SUBSHELL of the shell that ended: 1 for an event, 0 while the script is sourced.
    level: u32,
    stderr: &'a str,
    /// The handler's function and its file.
    function: String,
    file: &'a Path,
    scripts: RefCell<HashMap<PathBuf, Option<Rc<Script>>>>,
}

/// The part of a script in which a command is searched.
#[derive(Clone, Copy)]
enum Scope {
    /// All commands of the function.
    Function,
    /// The command with this index, and the commands inside it.
    Within(usize),
    /// The commands of background jobs.
    Background,
}

/// A command that was found.
struct FoundCommand {
    command: String,
    /// The line; `None` if the command is at several places.
    line: Option<u32>,
    pipeline: Option<u32>,
    is_condition: bool,
    /// The index of the command in its script, if the script is parsed.
    index: Option<usize>,
    /// Calls below the innermost call of the record.
    inner: Vec<Frame>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn new(
        records: &'a [Record],
        level: u32,
        stderr: &'a str,
        function: String,
        file: &'a Path,
    ) -> Evidence<'a> {
        Evidence { records, level, stderr, function, file, scripts: RefCell::default() }
    }

    /// The place of the failure that ended the shell.
    pub(crate) fn failure(&self) -> Option<Place> {
        let own = |kind| move |record: &Record| record.kind == kind && record.level == self.level;
        let exit = self.records.iter().rposition(own(TrapKind::Exited));
        // Under `set +e`, the last failure may be older than the exit. It counts if its status became the status of the handler.
        let became = |exit: &Record, status| exit.status == status && !exits_by_itself(&exit.command);
        let ended = |record: &Record| exit.is_none_or(|exit| became(&self.records[exit], record.status));
        // With errexit, the first failure ends the shell. A later failure is in the handler's EXIT trap.
        match self.records.iter().position(|record| own(TrapKind::Failed)(record) && ended(record)) {
            Some(failed) => Some(self.place_of_failed_command(failed)),
            None => Some(self.place_of_exit(&self.records[exit?])),
        }
    }

    /// The place of a failure that left no record, found by `status`. This happens after `exec`, and if the handler's own EXIT
    /// trap replaces ours. A command that fails under errexit leaves a record in any case, so the cause was an `exec` or an
    /// `exit`. It is named if the script has only one.
    pub(crate) fn without_records(&self, status: i32) -> Option<Place> {
        if let Some(message) = BashMessage::last(self.stderr).filter(is_fatal) {
            let place = self.place_of_message(Place { status, at_exit: true, ..Place::default() }, &message);
            return Some(place).filter(|place| !place.frames.is_empty());
        }
        let script = self.script(self.file)?;
        let commands = || (0..script.commands.len()).filter(|index| script.commands[*index].kind == Kind::Simple);
        let is_elsewhere = |index: usize| ["source", ".", "eval"].contains(&script.commands[index].name());
        let traps = commands().any(|index| exit_trap(&script.commands[index].text).is_some());
        let ends = |index: &usize| {
            let command = &script.commands[*index];
            if traps { exits_with(command, status) } else { command.replaces_bash() }
        };
        let mut found = commands().filter(ends);
        let (first, second) = (found.next(), found.next());
        if commands().any(is_elsewhere) || second.is_some() {
            return None;
        }
        let Some(only) = first else { return self.exit_in_trap(&script, status) };
        let function = script.commands[only].function.clone()?;
        let called_by_trap = |command: &Command| exit_trap(&command.text).is_some() && command.text.contains(&function);
        let in_exit_trap = script.commands.iter().any(called_by_trap);
        let frame = Frame { function, file: self.file.to_owned(), line: None };
        let mut place = Place { status, at_exit: traps, in_exit_trap, frames: vec![frame], ..Place::default() };
        place.take(FoundCommand::of(&script, only));
        Some(place)
    }

    /// The place of an `exec` that replaced Bash, if the script has only one.
    pub(crate) fn place_of_exec(&self) -> Option<Place> {
        let script = self.script(self.file)?;
        let replaces = |index: &usize| script.commands[*index].replaces_bash();
        let mut found = (0..script.commands.len()).filter(replaces);
        let only = found.next().filter(|_| found.next().is_none())?;
        let frame = Frame { function: script.commands[only].function.clone()?, file: self.file.to_owned(), line: None };
        let mut place = Place { frames: vec![frame], ..Place::default() };
        place.take(FoundCommand::of(&script, only));
        Some(place)
    }

    /// The place of the shell when its time was up. If the shell was `computing` and waited for no process, the next command
    /// names the place as well, and the line of that command is known.
    pub(crate) fn at_timeout(&self, computing: bool) -> Option<Place> {
        let timeout = self.records.iter().rposition(|record| record.kind == TrapKind::Timeout)?;
        // A command that was killed inside `$( )` has a record of its own with a known line. The outer command is the
        // substitution.
        let killed = 128 + Signal::SIGKILL as i32;
        let is_inner = |record: &Record| record.kind == TrapKind::Failed && record.level > 1 && record.status == killed;
        let inner = self.records[..timeout].iter().rev().take_while(|record| is_inner(record)).count();
        let same = |record: &Record| {
            record.kind == TrapKind::Stopped && (computing || record.command == self.records[timeout].command)
        };
        let stopped = self.records.iter().rposition(same);
        let record = &self.records[if inner > 0 { timeout - inner } else { stopped.unwrap_or(timeout) }];
        let mut place = Place::of(record);
        let has_failed = |record: &Record| record.kind == TrapKind::Failed && record.level == self.level;
        if record.returned.is_some() || self.records[..timeout].iter().any(has_failed) {
            place.in_exit_trap = true;
            place.command = String::new();
            return Some(place);
        }
        let Some(mut frame) = record.frames.first().cloned() else { return Some(place) };
        // Inside `$( )`, the line numbers of Bash are not those of the file.
        let is_line_of_file = record.level <= 1;
        frame.line = frame.line.filter(|_| is_line_of_file);
        if let Some(script) = self.script(&frame.file) {
            let found = self.matching(&script, &frame, record, Scope::Function, true);
            place.frames[0].line = found.map(|index| script.commands[whole_pipeline(&script, index)].first_line);
            if let Some(index) = found.filter(|_| inner == 0) {
                place.command.clone_from(&script.commands[whole_pipeline(&script, index)].text);
            }
        }
        Some(place)
    }

    /// The place of a failed command.
    fn place_of_failed_command(&self, at: usize) -> Place {
        let record = &self.records[at];
        let mut place = Place::of(record);
        if let Some(sourcing) = self.place_of_syntax_error(&place) {
            return sourcing;
        }
        if record.frames.is_empty() {
            return self.at_the_end_of_the_handler(place, Some(at));
        }
        let Some(found) = self.locate(at, Scope::Function) else {
            place.command = String::new();
            place.frames[0].line = None;
            return place;
        };
        place.take(found);
        place
    }

    /// Whether Bash has reported a syntax error in `file` on stderr.
    fn is_refused_by_bash(&self, file: &Path) -> bool {
        let refuses = |message: BashMessage| {
            // A syntax error in arithmetic, or in the text of an `eval`, does not mean that Bash could not parse the file.
            let begins = ["syntax error near", "syntax error: unexpected", "unexpected EOF"];
            message.is_of(file) && message.line.is_some() && begins.iter().any(|text| message.text.starts_with(text))
        };
        self.stderr.lines().filter_map(BashMessage::parse).any(refuses)
    }

    /// Parses a file, if Bash has parsed it too.
    fn script(&self, file: &Path) -> Option<Rc<Script>> {
        if self.is_refused_by_bash(file) {
            return None;
        }
        let mut scripts = self.scripts.borrow_mut();
        scripts.entry(file.to_owned()).or_insert_with(|| Script::read(file).map(Rc::new)).clone()
    }
}

impl Place {
    fn of(record: &Record) -> Place {
        Place {
            command: record.command.clone(),
            status: record.status,
            at_exit: false,
            pipeline: None,
            is_condition: false,
            is_status_of_trap: false,
            in_exit_trap: record.returned.is_some() && record.kind == TrapKind::Failed,
            frames: record.frames.clone(),
            cut: record.cut,
        }
    }

    fn take(&mut self, found: FoundCommand) {
        self.command = found.command;
        self.pipeline = found.pipeline;
        self.is_condition = found.is_condition;
        if let Some(innermost) = self.frames.first_mut()
            && found.line.is_some()
        {
            innermost.line = found.line;
        }
        self.frames.splice(0..0, found.inner);
    }
}

impl FoundCommand {
    fn of(script: &Script, index: usize) -> FoundCommand {
        let command = &script.commands[index];
        let not = if command.negated { "! " } else { "" };
        FoundCommand {
            command: format!("{not}{}", command.text),
            line: Some(command.first_line),
            pipeline: None,
            is_condition: command.handled && !command.negated,
            index: Some(index),
            inner: Vec::new(),
        }
    }
}

impl Record {
    /// Whether BASH_COMMAND can be the command that failed. Every simple command sets PIPESTATUS; `[[` and `((` do not, but Bash
    /// names them correctly.
    fn is_consistent(&self) -> bool {
        let leaves_pipestatus = self.command.starts_with("[[ ") || self.command.starts_with("((");
        leaves_pipestatus
            || self.command.starts_with('(')
            || self.pipeline_status().is_none_or(|status| status == self.status)
    }

    /// The status that PIPESTATUS gives with pipefail.
    fn pipeline_status(&self) -> Option<i32> {
        let last = self.pipeline.last()?;
        Some(self.pipeline.iter().rev().find(|status| **status != 0).copied().unwrap_or(*last))
    }
}
