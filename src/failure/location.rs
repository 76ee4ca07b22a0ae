//! Finds which command failed, and where, from three witnesses: the records of Bash's traps, the script's text, and Bash's own
//! messages on stderr.
//!
//! None of them is enough. BASH_COMMAND is the last *simple* command that Bash began: it names another one when a compound command
//! fails in its redirection or ends a pipeline, and when a function's last command is false. LINENO is wrong inside `$( )` and in an
//! EXIT trap. So a command is named only where the script's text has it at that place and in that role; otherwise the report says that
//! Bash cannot tell. What each class of failure leaves behind was measured on Bash 5.1 to 5.3.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::sys::signal::Signal;

use super::message::BashMessage;
use crate::script::{Command, Kind, Script};
use crate::stack::{Frame, Kind as Trap, Record, TOP_LEVEL};

/// What a handler or script was doing when it failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The command, as Bash prints it or as the script has it; empty where Bash cannot tell which it was.
    pub command: String,
    /// The command's own exit status.
    pub status: i32,
    /// Whether the command ended the shell by itself (`exit`, an unbound variable, ...) rather than by failing.
    pub at_exit: bool,
    /// The line of the pipeline that the command is a member of.
    pub pipeline: Option<u32>,
    /// Whether the command is a condition before `&&` or `||`, and the list that it ended is the last command of its function.
    pub is_condition: bool,
    /// Whether the status is that of an ERR trap of the handler's own, which ran when the command failed.
    pub is_status_of_trap: bool,
    /// Whether an EXIT trap of the handler's own ran.
    pub in_exit_trap: bool,
    /// The calls that led there, innermost first, the driver's left out.
    pub frames: Vec<Frame>,
    /// Whether there were more calls than the driver records.
    pub cut: bool,
}

/// The witnesses of one failure.
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

/// Where in a script a command is looked for.
#[derive(Clone, Copy)]
enum Scope {
    Function,
    /// The command with this index, and what is inside it.
    Within(usize),
    /// What `&` follows.
    Background,
}

/// A command that was found.
struct Found {
    command: String,
    /// `None` where it stands at several places.
    line: Option<u32>,
    pipeline: Option<u32>,
    is_condition: bool,
    /// The command in its script, where that is parsed.
    index: Option<usize>,
    /// Calls inside of the record's innermost one.
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
        let exit = self.records.iter().rposition(own(Trap::Exited));
        // Under `set +e` the last failure may be older than the exit: it counts if its status became the handler's.
        let became = |exit: &Record, status| exit.status == status && !exits_by_itself(&exit.command);
        let ended = |record: &Record| exit.is_none_or(|exit| became(&self.records[exit], record.status));
        // With errexit the first failure ends the shell; what fails after it fails in the handler's EXIT trap.
        match self.records.iter().position(|record| own(Trap::Failed)(record) && ended(record)) {
            Some(failed) => Some(self.failed(failed)),
            None => Some(self.exited(&self.records[exit?])),
        }
    }

    /// The place of a failure that left no record, by `status`: after `exec`, and where the handler's own EXIT trap takes the place of
    /// ours. A command that fails under errexit leaves a record all the same; so it was an `exec` or an `exit`. It is named if the
    /// script has only one.
    pub(crate) fn without_records(&self, status: i32) -> Option<Place> {
        if let Some(message) = BashMessage::last(self.stderr).filter(is_fatal) {
            let place = self.of_message(Place { status, at_exit: true, ..Place::default() }, &message);
            return Some(place).filter(|place| !place.frames.is_empty());
        }
        let script = self.script(self.file)?;
        let commands = || (0..script.commands.len()).filter(|index| script.commands[*index].kind == Kind::Simple);
        let is_elsewhere = |index: usize| ["source", ".", "eval"].contains(&script.commands[index].name());
        let traps = commands().any(|index| exit_trap(&script.commands[index].text).is_some());
        let ends = |index: &usize| {
            let command = &script.commands[*index];
            if traps {
                exits_with(command, status)
            } else {
                command.name() == "exec" && !command.is_redirection_alone()
            }
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
        place.take(Found::of(&script, only));
        Some(place)
    }

    /// The place of an `exec` that replaced Bash, if the script has only one.
    pub(crate) fn replaced(&self) -> Option<Place> {
        let script = self.script(self.file)?;
        let replaces = |index: &usize| {
            let command = &script.commands[*index];
            command.name() == "exec" && !command.is_redirection_alone()
        };
        let mut found = (0..script.commands.len()).filter(replaces);
        let only = found.next().filter(|_| found.next().is_none())?;
        let frame = Frame { function: script.commands[only].function.clone()?, file: self.file.to_owned(), line: None };
        let mut place = Place { frames: vec![frame], ..Place::default() };
        place.take(Found::of(&script, only));
        Some(place)
    }

    /// The `exit` in the commands of the script's only EXIT trap.
    fn exit_in_trap(&self, script: &Script, status: i32) -> Option<Place> {
        let mut traps = script.commands.iter().filter_map(|command| Some((command, exit_trap(&command.text)?)));
        let (trap, commands) = traps.next().filter(|_| traps.next().is_none())?;
        let mut exits = commands.commands.iter().filter(|command| exits_with(command, status));
        let only = exits.next().filter(|_| exits.next().is_none())?;
        let frame = Frame { function: trap.function.clone()?, file: self.file.to_owned(), line: Some(trap.first_line) };
        Some(Place {
            command: only.text.clone(),
            status,
            at_exit: true,
            in_exit_trap: true,
            frames: vec![frame],
            ..Place::default()
        })
    }

    /// Where the shell was when its time was up. If it was `computing`, waiting for nothing, the command after the one that was
    /// interrupted tells it as well, and its line is known.
    pub(crate) fn overdue(&self, computing: bool) -> Option<Place> {
        let overdue = self.records.iter().rposition(|record| record.kind == Trap::Overdue)?;
        // What was killed inside `$( )` failed there, where its line is known; the outer command is the substitution.
        let killed = 128 + Signal::SIGKILL as i32;
        let is_inner = |record: &Record| record.kind == Trap::Failed && record.level > 1 && record.status == killed;
        let inner = self.records[..overdue].iter().rev().take_while(|record| is_inner(record)).count();
        let same = |record: &Record| {
            record.kind == Trap::Stopped && (computing || record.command == self.records[overdue].command)
        };
        let stopped = self.records.iter().rposition(same);
        let record = &self.records[if inner > 0 { overdue - inner } else { stopped.unwrap_or(overdue) }];
        let mut place = Place::of(record);
        let has_failed = |record: &Record| record.kind == Trap::Failed && record.level == self.level;
        if record.returned.is_some() || self.records[..overdue].iter().any(has_failed) {
            place.in_exit_trap = true;
            place.command = String::new();
            return Some(place);
        }
        let Some(mut frame) = record.frames.first().cloned() else { return Some(place) };
        // Inside `$( )` Bash counts lines in a way of its own.
        let counted_rightly = record.level <= 1;
        frame.line = frame.line.filter(|_| counted_rightly);
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
    fn failed(&self, at: usize) -> Place {
        let record = &self.records[at];
        let mut place = Place::of(record);
        if let Some(sourcing) = self.of_syntax_error(&place) {
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

    /// The place of a `source` whose file has a syntax error: Bash names the command before the error.
    fn of_syntax_error(&self, place: &Place) -> Option<Place> {
        let message = BashMessage::last(self.stderr).filter(|message| message.text.contains("syntax error"))?;
        let (inner, outer) = (place.frames.first()?, place.frames.get(1)?);
        if !inner.is_top_level() || !message.is_of(&inner.file) {
            return None;
        }
        let script = self.script(&outer.file)?;
        let sources = |index: &usize| {
            let command = &script.commands[*index];
            matches!(command.name(), "source" | ".") && outer.line.is_none_or(|line| command.covers(line))
        };
        let index = within(&script, outer, Scope::Function).find(sources)?;
        let mut sourcing = Place { frames: place.frames[1..].to_vec(), ..place.clone() };
        sourcing.take(Found::of(&script, index));
        Some(sourcing)
    }

    /// Finds the command of record `at`: the innermost that failed with it.
    fn locate(&self, at: usize, scope: Scope) -> Option<Found> {
        let record = &self.records[at];
        let frame = record.frames.first()?;
        let Some(script) = self.script(&frame.file) else { return unparsed(frame, record) };
        self.locate_from(at, &script, frame, scope)
    }

    /// The same, with `frame` as the innermost call of the record.
    fn locate_from(&self, at: usize, script: &Rc<Script>, frame: &Frame, scope: Scope) -> Option<Found> {
        let record = &self.records[at];
        if let Some(index) = self.failed_redirection(script, frame, record, scope) {
            return Some(Found::of(script, index));
        }
        if let Some((pipeline, member)) = failed_pipeline(script, frame, record, scope) {
            let status = *record.pipeline.get(member)?;
            let member = *script.members(pipeline).get(member)?;
            let deeper = self.inside(script, frame, member, at, status);
            return Some(deeper.unwrap_or_else(|| Found {
                pipeline: Some(script.commands[pipeline].first_line),
                ..Found::of(script, member)
            }));
        }
        if record.returned.is_some() {
            // In a trap Bash names the command that the trap interrupted; the line is right.
            return self.alone_on_line(script, frame, false).map(|index| Found::of(script, index));
        }
        if let Some(index) = self.matching(script, frame, record, scope, false).filter(|_| record.is_consistent()) {
            let deeper = self.inside(script, frame, index, at, record.status);
            return Some(deeper.unwrap_or_else(|| Found::of(script, index)));
        }
        self.call_that_returned(script, frame, record, scope)
    }

    /// The command that Bash names, at the line that it names, where that can have failed.
    fn matching(&self, script: &Script, frame: &Frame, record: &Record, scope: Scope, anyway: bool) -> Option<usize> {
        let candidates: Vec<usize> = within(script, frame, scope)
            .filter(|index| script.commands[*index].is(&record.command))
            .filter(|index| anyway || !script.commands[*index].handled)
            .collect();
        let on_line = |index: &&usize| frame.line.is_some_and(|line| script.commands[**index].covers(line));
        if let Some(index) = candidates.iter().find(on_line) {
            return Some(*index);
        }
        // Inside `$( )` Bash counts lines in a way of its own.
        let line_is_known = frame.line.is_some() && matches!(scope, Scope::Function);
        // In the EXIT trap of a subshell, too, Bash names the command before.
        let may_be_trap = frame.line == Some(1)
            && within(script, frame, Scope::Function).any(|index| exit_trap(&script.commands[index].text).is_some());
        match candidates.as_slice() {
            [only] if !line_is_known && !may_be_trap => Some(*only),
            _ if line_is_known => {
                let on_line = self.only_one_on_line(script, frame, record, anyway);
                on_line.or_else(|| only_eval(script, frame).filter(|_| candidates.is_empty()))
            }
            _ => None,
        }
    }

    /// Bash may print a command in another way than it stands there (an alias, a here-document): then it is known by its line, if that
    /// has one command with that name, or with an alias.
    fn only_one_on_line(&self, script: &Script, frame: &Frame, record: &Record, anyway: bool) -> Option<usize> {
        let only = self.alone_on_line(script, frame, anyway)?;
        let command = &script.commands[only];
        let first = record.command.split_whitespace().next().unwrap_or_default();
        let is_alias = !record.command.is_empty() && defines_alias(script, command.name());
        (command.name() == first || is_alias || command.name() == "eval").then_some(only)
    }

    /// The only command on the line of a call that can have failed there.
    fn alone_on_line(&self, script: &Script, frame: &Frame, anyway: bool) -> Option<usize> {
        let line = frame.line?;
        let mut on_line = within(script, frame, Scope::Function).filter(|index| {
            let command = &script.commands[*index];
            let kind = matches!(command.kind, Kind::Simple | Kind::Test | Kind::Arithmetic | Kind::Subshell);
            kind && command.covers(line) && (anyway || !command.handled) && !command.apart
        });
        on_line.next().filter(|_| on_line.next().is_none())
    }

    /// A compound command whose redirection failed: Bash names the command before it.
    fn failed_redirection(&self, script: &Script, frame: &Frame, record: &Record, scope: Scope) -> Option<usize> {
        let message = BashMessage::last(self.stderr).filter(|message| message.is_of(&frame.file));
        let message = message.filter(BashMessage::is_of_redirection);
        let by_itself = self.matching(script, frame, record, scope, false).map(|index| &script.commands[index]);
        let itself_redirects = by_itself.is_some_and(|command| command.text.contains(['<', '>']));
        if record.status != 1 || (itself_redirects && record.is_consistent()) {
            return None;
        }
        let redirected: Vec<usize> = within(script, frame, scope)
            .filter(|index| !script.commands[*index].handled && !script.commands[*index].redirections.is_empty())
            .collect();
        let names = |index: &&usize| {
            let targets = &script.commands[**index].redirections;
            message.as_ref().is_some_and(|message| targets.iter().any(|target| unquoted(target) == message.subject()))
        };
        let certain: Vec<&usize> = redirected.iter().filter(names).collect();
        let is_open = |index: &&usize| script.commands[**index].redirections.iter().any(|target| target.contains('$'));
        let possible: Vec<&usize> = redirected.iter().filter(is_open).collect();
        match (certain.as_slice(), possible.as_slice()) {
            ([only], _) => Some(**only),
            ([], [only]) if !record.is_consistent() && message.is_some() => Some(**only),
            ([], []) if !record.is_consistent() && message.is_none() && redirected.len() == 1 => Some(redirected[0]),
            _ => None,
        }
    }

    /// What failed inside of the command `outer` of record `at`, with `status`: in a `$( )`, a `( )` or a pipeline.
    fn inside(&self, script: &Rc<Script>, own: &Frame, outer: usize, at: usize, status: i32) -> Option<Found> {
        let command = &script.commands[outer];
        let waits = command.name() == "wait";
        // Of several background jobs none is known to be the one that was waited for.
        let jobs = within(script, own, Scope::Function).filter(|index| script.commands[*index].background).count();
        let scope = if waits { Scope::Background } else { Scope::Within(outer) };
        if waits && jobs != 1 {
            return None;
        }
        let by_record = (0..at).rev().find_map(|inner| self.record_inside(script, own, (inner, at), status, scope));
        by_record
            .or_else(|| self.message_inside(script, own, outer))
            .or_else(|| self.exit_inside(script, own, outer, status))
    }

    /// The command of record `inner`, if that belongs to a command within `scope` of the innermost call of record `at`.
    fn record_inside(
        &self,
        script: &Script,
        own: &Frame,
        (inner, at): (usize, usize),
        status: i32,
        scope: Scope,
    ) -> Option<Found> {
        let (record, top) = (&self.records[inner], &self.records[at]);
        if record.kind != Trap::Failed || record.level <= top.level || record.status != status {
            return None;
        }
        // The handler itself has returned where `top` has no calls.
        let extra = record.frames.len().checked_sub(top.frames.len().max(1))?;
        let base = record.frames.get(extra)?;
        if base.function != own.function || base.file != own.file {
            return None;
        }
        if extra == 0 {
            return self.locate(inner, scope).filter(
                |found| !matches!(scope, Scope::Within(outer) if is_in_earlier_substitution(script, outer, found)),
            );
        }
        let callee = &record.frames[extra - 1];
        let call = within(script, own, scope).find(|index| calls(&script.commands[*index], callee))?;
        let mut found = self.locate(inner, Scope::Function)?;
        let innermost = Frame { line: found.line, ..record.frames[0].clone() };
        let calls_between = record.frames[1..extra].iter().cloned();
        let frames = std::iter::once(innermost).chain(calls_between).chain([]);
        found.inner = found.inner.drain(..).chain(frames).collect();
        found.line = Some(script.commands[call].first_line);
        Some(found)
    }

    /// The `exit` or `return` that ended a subshell with `status`, which leaves no record there: if the commands of the subshell, and of
    /// the functions that they call, have only one, and nothing else of them ends with that status without a record.
    fn exit_inside(&self, script: &Script, own: &Frame, outer: usize, status: i32) -> Option<Found> {
        let reached = reached_from(script, outer);
        let silent = |index: &usize| ends_silently(&script.commands[*index]);
        if status > 128 || BashMessage::last(self.stderr).is_some_and(|message| is_fatal(&message)) {
            return None;
        }
        let mut exits = reached.iter().filter(|index| exits_with(&script.commands[**index], status));
        let only = exits.next().filter(|_| exits.next().is_none() && !reached.iter().any(|index| silent(index)))?;
        let command = &script.commands[*only];
        let mut found = Found::of(script, *only);
        if command.function.as_deref().is_some_and(|function| function != own.function) {
            let function = command.function.clone()?;
            let callee = Frame { function, file: own.file.clone(), line: Some(command.first_line) };
            let mut callers = reached.iter().filter(|index| script.commands[**index].name() == callee.function);
            let caller = callers.next().filter(|_| callers.next().is_none())?;
            let caller = &script.commands[*caller];
            found.line = Some(caller.first_line).filter(|_| caller.function.as_deref() == Some(own.function.as_str()));
            found.inner = vec![callee];
        }
        Some(found)
    }

    /// The command that Bash's last message is about, if it is inside of `outer` or in a function that is called there.
    fn message_inside(&self, script: &Rc<Script>, own: &Frame, outer: usize) -> Option<Found> {
        let message = BashMessage::last(self.stderr).filter(|message| is_fatal(message))?;
        let file = Path::new(message.file);
        let theirs = self.script(file)?;
        let index = about(&theirs, &message)?;
        let here = own.file == file && Rc::ptr_eq(&theirs, script);
        if here && script.is_within(index, outer) {
            return Some(Found::of(script, index));
        }
        let function = theirs.commands[index].function.clone()?;
        let callee = Frame { function, file: file.to_owned(), line: Some(theirs.commands[index].first_line) };
        let call = within(script, own, Scope::Within(outer)).find(|index| calls(&script.commands[*index], &callee))?;
        let mut found = Found::of(&theirs, index);
        found.line = Some(script.commands[call].first_line);
        found.inner = vec![callee];
        Some(found)
    }

    /// A call of a function that ended with a status other than 0 although no command in it failed: by `return N`, or because its
    /// last command is a list whose first part is false. Bash names a command of the callee, with the line of the call.
    fn call_that_returned(&self, script: &Rc<Script>, frame: &Frame, record: &Record, scope: Scope) -> Option<Found> {
        let on_line =
            |command: &Command| matches!(scope, Scope::Within(_)) || frame.line.is_none_or(|line| command.covers(line));
        let calls: Vec<usize> = within(script, frame, scope)
            .filter(|index| {
                let command = &script.commands[*index];
                command.kind == Kind::Simple && !command.handled && on_line(command) && self.defines(command.name())
            })
            .collect();
        let returns = record.command.split_whitespace().next() == Some("return");
        for call in &calls {
            let name = script.commands[*call].name();
            let Some((file, theirs, last)) = self.named_in_function(name, &record.command) else { continue };
            let same = |command: &&Command| command.function.as_deref() == Some(name) && command.is(&record.command);
            let elsewhere =
                |command: &&Command| command.function.as_deref() != Some(name) && command.is(&record.command);
            let in_others = theirs.commands.iter().any(|command| elsewhere(&command));
            if returns && (theirs.commands.iter().filter(same).count() != 1 || in_others) {
                continue;
            }
            let command = &theirs.commands[last];
            let inner = Frame { function: name.to_owned(), file, line: Some(command.first_line) };
            return Some(Found {
                line: Some(script.commands[*call].first_line),
                inner: vec![inner],
                ..Found::of(&theirs, last)
            });
        }
        match calls.as_slice() {
            [only] if returns || !record.is_consistent() => Some(Found::of(script, *only)),
            _ => None,
        }
    }

    /// Where function `name` is defined, and the command in it that Bash prints as `printed`.
    fn named_in_function(&self, name: &str, printed: &str) -> Option<(PathBuf, Rc<Script>, usize)> {
        self.files().into_iter().find_map(|file| {
            let script = self.script(&file)?;
            let is_it = |command: &Command| command.function.as_deref() == Some(name) && command.is(printed);
            let index = script.commands.iter().rposition(is_it)?;
            Some((file, script, index))
        })
    }

    fn defines(&self, name: &str) -> bool {
        let files = self.files();
        let mut scripts = files.iter().filter_map(|file| self.script(file));
        scripts.any(|script| script.commands.iter().any(|command| command.function.as_deref() == Some(name)))
    }

    /// The script, and the files of the records.
    fn files(&self) -> Vec<PathBuf> {
        let of_records = self.records.iter().flat_map(|record| &record.frames).map(|frame| frame.file.clone());
        let mut files: Vec<PathBuf> = std::iter::once(self.file.to_owned()).chain(of_records).collect();
        files.sort();
        files.dedup();
        files
    }

    /// The place of a failure whose calls Bash had left already: the handler returned with that status, or its EXIT trap runs.
    fn at_the_end_of_the_handler(&self, mut place: Place, at: Option<usize>) -> Place {
        if place.in_exit_trap {
            return self.in_exit_trap(place);
        }
        if place.command.starts_with("builtin source ") || (self.level == 0 && place.command.starts_with("return")) {
            return self.of_sourcing(place);
        }
        let function = if self.level == 0 { TOP_LEVEL.to_owned() } else { self.function.clone() };
        let handler = Frame { function, file: self.file.to_owned(), line: None };
        place.frames.push(handler.clone());
        let Some(script) = self.script(self.file) else { return place };
        if let Some(found) = at.and_then(|at| self.locate_from(at, &script, &handler, Scope::Function)) {
            place.take(found);
            return place;
        }
        let is_it = |index: &usize| script.commands[*index].is(&place.command);
        let in_handler: Vec<usize> = within(&script, &handler, Scope::Function).filter(is_it).collect();
        let anywhere: Vec<usize> = (0..script.commands.len()).filter(is_it).collect();
        match (in_handler.as_slice(), anywhere.as_slice()) {
            ([only], _) => place.take(Found::of(&script, *only)),
            ([], [only]) => {
                let command = &script.commands[*only];
                place.is_condition = command.handled;
                place.frames[0].line = self.only_call(&script, &handler, command.function.as_deref());
                let function = command.function.clone().unwrap_or_else(|| self.function.clone());
                place.frames.insert(0, Frame { function, file: self.file.to_owned(), line: Some(command.first_line) });
            }
            ([], []) => place.command = String::new(),
            _ => {}
        }
        place
    }

    /// The place of a command in the handler's EXIT trap, where Bash names the command that the trap interrupted: the trap's own, if
    /// the script sets one EXIT trap with one command.
    fn in_exit_trap(&self, mut place: Place) -> Place {
        place.command = String::new();
        let Some(script) = self.script(self.file) else { return place };
        let mut traps = script.commands.iter().filter_map(|command| Some((command, exit_trap(&command.text)?)));
        if let Some((trap, commands)) = traps.next()
            && traps.next().is_none()
        {
            let frame = |function: &String| Frame {
                function: function.clone(),
                file: self.file.to_owned(),
                line: Some(trap.first_line),
            };
            place.frames.extend(trap.function.as_ref().map(frame));
            let mut simple = commands.commands.iter().filter(|command| command.kind != Kind::Pipeline);
            if let (Some(only), None) = (simple.next(), simple.next()) {
                place.command.clone_from(&only.text);
            }
        }
        place
    }

    fn only_call(&self, script: &Script, frame: &Frame, callee: Option<&str>) -> Option<u32> {
        let mut calls = within(script, frame, Scope::Function)
            .filter(|index| Some(script.commands[*index].name()) == callee)
            .map(|index| script.commands[index].first_line);
        calls.next().filter(|_| calls.next().is_none())
    }

    /// The place of an `exit`, or of an error that ends Bash at once.
    fn exited(&self, record: &Record) -> Place {
        let mut place = Place { at_exit: true, ..Place::of(record) };
        let message = BashMessage::last(self.stderr).filter(|_| !ends_by_itself(&record.command));
        let sources = matches!(record.command.split_whitespace().next(), Some("source" | "."));
        let in_file = sources && place.frames.first().is_none_or(Frame::is_top_level);
        if (in_file || record.command.starts_with("builtin source ")) && message.is_none() {
            return self.of_sourcing(place);
        }
        if place.frames.is_empty() {
            return match message.filter(|message| message.line.is_some()) {
                Some(message) => self.of_message(place, &message),
                None => self.at_the_end_of_the_handler(place, None),
            };
        }
        let frame = place.frames[0].clone();
        let message = message.filter(|message| message.is_of(&frame.file) && is_fatal(message));
        let Some(script) = self.script(&frame.file) else {
            place.frames[0].line = message.and_then(|message| message.line);
            return place;
        };
        if let Some(message) = &message {
            return self.of_fatal(place, &script, message);
        }
        if let Some((pipeline, member)) = failed_pipeline(&script, &frame, record, Scope::Function) {
            let member = script.members(pipeline)[member];
            place.take(Found { pipeline: Some(script.commands[pipeline].first_line), ..Found::of(&script, member) });
            return place;
        }
        if !exits_by_itself(&record.command)
            && let Some(at) = self.behind_err_trap(record)
        {
            place.frames.drain(..at);
            place.is_status_of_trap = true;
        }
        let frame = place.frames[0].clone();
        let candidates: Vec<usize> = within(&script, &frame, Scope::Function)
            .filter(|index| script.commands[*index].is(&record.command))
            .collect();
        match candidates.as_slice() {
            [only] if place.is_status_of_trap && is_member_before_last(&script, *only) => place.command = String::new(),
            [only] => place.take(Found::of(&script, *only)),
            [] if !ends_by_itself(&record.command) => place.command = String::new(),
            _ => {}
        }
        place
    }

    /// How many of a record's calls are those of an ERR trap of the handler's own, which ended the shell with another status: the
    /// command that Bash names stands in the function below them.
    fn behind_err_trap(&self, record: &Record) -> Option<usize> {
        let script = self.script(self.file)?;
        let is_cleared = |text: &str| ["trap - ", "trap '' ", "trap \"\" "].iter().any(|begin| text.starts_with(begin));
        let traps = |command: &Command| {
            command.name() == "trap" && command.text.ends_with(" ERR") && !is_cleared(&command.text)
        };
        if !script.commands.iter().any(traps) {
            return None;
        }
        let holds = |frame: &Frame| {
            let script = self.script(&frame.file);
            script.is_some_and(|script| {
                within(&script, frame, Scope::Function).any(|index| script.commands[index].is(&record.command))
            })
        };
        record.frames.iter().position(holds)
    }

    /// The place of an `exit` or `return` at the top level of a file, of which Bash names only the `source`.
    fn of_sourcing(&self, mut place: Place) -> Place {
        if place.frames.is_empty() {
            place.frames.push(Frame { function: TOP_LEVEL.to_owned(), file: self.file.to_owned(), line: None });
        }
        let frame = place.frames[0].clone();
        if let Some(script) = self.script(&frame.file) {
            let exits = |index: &usize| exits_with(&script.commands[*index], place.status);
            let found: Vec<usize> = within(&script, &frame, Scope::Function).filter(exits).collect();
            match found.as_slice() {
                [only] => place.take(Found::of(&script, *only)),
                [] if self.take_from_sourced(&mut place, &script) => {}
                [] if self.take_from_function(&mut place, &script) => {}
                [] => {
                    if let Some(condition) = last_condition(&script, &frame) {
                        place.take(Found::of(&script, condition));
                    }
                }
                _ => {}
            }
        }
        place
    }

    /// Completes the place of an `exit` in a file that the script sources, and of which Bash has left the call.
    fn take_from_sourced(&self, place: &mut Place, script: &Script) -> bool {
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        let sourced = |command: &Command| {
            let mut words = command.text.split_whitespace();
            words.next().filter(|word| ["source", "."].contains(word))?;
            Some((command.first_line, folder.join(unquoted(words.next()?))))
        };
        let found: Vec<(u32, PathBuf, Rc<Script>, usize)> = script
            .commands
            .iter()
            .filter_map(sourced)
            .filter_map(|(line, file)| Some((line, file.clone(), self.script(&file)?)))
            .flat_map(|(line, file, theirs)| {
                let exits: Vec<usize> = (0..theirs.commands.len())
                    .filter(|index| exits_with(&theirs.commands[*index], place.status))
                    .collect();
                exits.into_iter().map(move |index| (line, file.clone(), Rc::clone(&theirs), index))
            })
            .collect();
        let [(line, file, theirs, index)] = found.as_slice() else { return false };
        let command = &theirs.commands[*index];
        let function = command.function.clone().unwrap_or_else(|| TOP_LEVEL.to_owned());
        place.frames[0].line = Some(*line);
        place.command.clone_from(&command.text);
        place.frames.insert(0, Frame { function, file: file.clone(), line: Some(command.first_line) });
        true
    }

    /// The same for an `exit` in a function of the script: Bash 5.1 has left that call too.
    fn take_from_function(&self, place: &mut Place, script: &Script) -> bool {
        let exits = |command: &&Command| command.name() == "exit" && exits_with(command, place.status);
        let mut found = script.commands.iter().filter(exits);
        let (Some(only), None) = (found.next(), found.next()) else { return false };
        let Some(function) = only.function.clone() else { return false };
        let top = place.frames[0].clone();
        place.frames[0].line = self.only_call(script, &top, Some(&function));
        place.command.clone_from(&only.text);
        place.frames.insert(0, Frame { function, file: top.file, line: Some(only.first_line) });
        true
    }

    /// The place of an error that Bash has written of itself, and ended.
    fn of_fatal(&self, mut place: Place, script: &Script, message: &BashMessage) -> Place {
        let mut frame = place.frames[0].clone();
        frame.line = message.line;
        place.frames[0].line = message.line;
        let on_line = |index: &usize| message.line.is_none_or(|line| script.commands[*index].covers(line));
        let named = within(script, &frame, Scope::Function)
            .filter(on_line)
            .find(|index| script.commands[*index].is(&place.command));
        let is_named =
            named.filter(|index| script.commands[*index].text.contains(variable(message)) || message.line.is_none());
        let in_function = || {
            let holds = |index: &usize| {
                let command = &script.commands[*index];
                let name = variable(message);
                command.text.contains(name) || command.redirections.iter().any(|target| target.contains(name))
            };
            let mut found = within(script, &frame, Scope::Function).filter(holds);
            found.next().filter(|_| found.next().is_none())
        };
        match is_named.or_else(|| about(script, message)).or_else(in_function).or(named) {
            Some(index) => place.take(Found::of(script, index)),
            None if message.line.is_some() => place.command = String::new(),
            None => {}
        }
        place
    }

    /// The same where Bash has left the calls already, as after a division by zero.
    fn of_message(&self, mut place: Place, message: &BashMessage) -> Place {
        let file = Path::new(message.file);
        let Some(script) = self.script(file) else { return place };
        let on_line = |command: &Command| message.line.is_some_and(|line| command.covers(line));
        let named = |index: &usize| on_line(&script.commands[*index]) && script.commands[*index].is(&place.command);
        let index = (0..script.commands.len()).find(named).or_else(|| about(&script, message));
        let Some(command) = index.map(|index| &script.commands[index]) else {
            return place;
        };
        let function = command.function.clone().unwrap_or_else(|| TOP_LEVEL.to_owned());
        place.command.clone_from(&command.text);
        place.frames.push(Frame { function, file: file.to_owned(), line: message.line });
        place
    }

    fn script(&self, file: &Path) -> Option<Rc<Script>> {
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
            in_exit_trap: record.returned.is_some() && record.kind == Trap::Failed,
            frames: record.frames.clone(),
            cut: record.cut,
        }
    }

    fn take(&mut self, found: Found) {
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

impl Found {
    fn of(script: &Script, index: usize) -> Found {
        let command = &script.commands[index];
        let not = if command.negated { "! " } else { "" };
        Found {
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
    /// Whether BASH_COMMAND can be what failed: every simple command sets PIPESTATUS; `[[` and `((` do not, and are printed rightly.
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

/// The pipeline that failed, and the number of the member that gave it its status: the last that failed, as pipefail has it.
fn failed_pipeline(script: &Script, frame: &Frame, record: &Record, scope: Scope) -> Option<(usize, usize)> {
    let leaves_pipestatus = record.command.starts_with("[[ ") || record.command.starts_with("((");
    if record.pipeline.len() < 2 || leaves_pipestatus || record.pipeline_status() != Some(record.status) {
        return None;
    }
    let candidates: Vec<usize> = within(script, frame, scope)
        .filter(|index| script.commands[*index].kind == Kind::Pipeline && !script.commands[*index].handled)
        .filter(|index| {
            let members = script.members(*index);
            members.len() == record.pipeline.len()
                && members.iter().any(|member| script.commands[*member].is(&record.command))
        })
        .collect();
    let on_line = |index: &&usize| frame.line.is_some_and(|line| script.commands[**index].covers(line));
    let pipeline = match candidates.as_slice() {
        [only] if !matches!(scope, Scope::Function) || frame.line.is_none() => only,
        several => several.iter().find(on_line)?,
    };
    Some((*pipeline, record.pipeline.iter().rposition(|status| *status != 0)?))
}

/// The commands that `trap COMMANDS EXIT` sets.
fn exit_trap(text: &str) -> Option<Script> {
    let rest = text.strip_prefix("trap ")?;
    let (commands, signal) = rest.strip_prefix("-- ").unwrap_or(rest).rsplit_once(char::is_whitespace)?;
    let quoted = ['\'', '"'].iter().find_map(|quote| commands.trim().strip_prefix(*quote)?.strip_suffix(*quote));
    if !matches!(signal, "EXIT" | "0") {
        return None;
    }
    Script::parse(quoted.unwrap_or(commands))
}

/// Without the script's text: what Bash names, where nothing speaks against it.
fn unparsed(frame: &Frame, record: &Record) -> Option<Found> {
    let text =
        if frame.file.is_file() { std::fs::read_to_string(&frame.file).unwrap_or_default() } else { String::new() };
    let line = frame.line.and_then(|line| text.lines().nth(line as usize - 1));
    let stands_there = |line: &str| {
        crate::script::squeezed(line)
            .contains(&crate::script::squeezed(record.command.lines().next().unwrap_or_default()))
    };
    let fits = text.is_empty() || line.is_some_and(stands_there);
    (fits && record.pipeline.len() < 2 && record.is_consistent()).then(|| Found {
        command: record.command.clone(),
        line: frame.line,
        pipeline: None,
        is_condition: false,
        index: None,
        inner: Vec::new(),
    })
}

/// The commands of a call's function within `scope`, first to last.
fn within<'s>(script: &'s Script, frame: &'s Frame, scope: Scope) -> impl Iterator<Item = usize> + 's {
    let function = Some(frame.function.as_str()).filter(|_| !frame.is_top_level());
    (0..script.commands.len()).filter(move |index| {
        let command = &script.commands[*index];
        command.function.as_deref() == function
            && match scope {
                Scope::Function => true,
                Scope::Within(outer) => script.is_within(*index, outer),
                Scope::Background => is_in_background(script, *index),
            }
    })
}

fn is_in_background(script: &Script, index: usize) -> bool {
    let mut at = Some(index);
    while let Some(index) = at {
        if script.commands[index].background {
            return true;
        }
        at = script.commands[index].parent;
    }
    false
}

/// Whether a command calls `callee`, by its name or in its arguments (`eval`, `xargs`, `time`).
fn calls(command: &Command, callee: &Frame) -> bool {
    if callee.is_top_level() {
        return matches!(command.name(), "source" | "." | "builtin" | "command" | "eval");
    }
    let word = |word: &str| word.trim_matches(['"', '\'', ';', '(', ')']) == callee.function;
    command.kind == Kind::Simple && command.text.split_whitespace().any(word)
}

/// The innermost command at the line of a message that has what the message is about.
fn about(script: &Script, message: &BashMessage) -> Option<usize> {
    let line = message.line?;
    let on_line = |index: &usize| {
        let command = &script.commands[*index];
        command.kind != Kind::Pipeline && command.covers(line)
    };
    let holds = |index: &usize| script.commands[*index].text.contains(variable(message));
    let count = script.commands.len();
    let leaf = |index: &usize| script.commands[*index].kind != Kind::Compound;
    let mut leaves = (0..count).filter(on_line).filter(leaf);
    (0..count).filter(on_line).rfind(holds).or_else(|| leaves.next().filter(|_| leaves.next().is_none()))
}

/// The name of the variable that a message is about, without an index or a sign.
fn variable<'m>(message: &BashMessage<'m>) -> &'m str {
    let subject = message.subject();
    subject.split(['[', ' ']).next().unwrap_or(subject)
}

/// Whether Bash ends a script with such a message.
fn is_fatal(message: &BashMessage) -> bool {
    const REASONS: [&str; 10] = [
        "unbound variable",
        "parameter null or not set",
        "parameter not set",
        "readonly variable",
        "bad substitution",
        "division by 0",
        "syntax error",
        "bad array subscript",
        "value too great for base",
        "invalid indirect expansion",
    ];
    REASONS.iter().any(|reason| message.text.contains(reason)) || !message.is_of_redirection()
}

/// The outermost pipeline that a command is a member of, or the command.
fn whole_pipeline(script: &Script, index: usize) -> usize {
    match script.commands[index].parent {
        Some(parent) if script.commands[parent].kind == Kind::Pipeline => parent,
        _ => index,
    }
}

/// The condition before `&&` or `||` in the last line of a file's top level.
fn last_condition(script: &Script, frame: &Frame) -> Option<usize> {
    let top = || within(script, frame, Scope::Function).filter(|index| script.commands[*index].parent.is_none());
    let last = top().map(|index| script.commands[index].last_line).max()?;
    let mut conditions = top().filter(|index| script.commands[*index].handled && script.commands[*index].covers(last));
    conditions.next().filter(|_| conditions.next().is_none())
}

/// The commands inside of `outer`, and those of the functions that they call.
fn reached_from(script: &Script, outer: usize) -> Vec<usize> {
    let mut reached: Vec<usize> =
        (outer..script.commands.len()).filter(|index| script.is_within(*index, outer)).collect();
    let mut next = 0;
    while let Some(index) = reached.get(next) {
        let name = script.commands[*index].name().to_owned();
        let of_function = |index: &usize| script.commands[*index].function.as_deref() == Some(name.as_str());
        let callees: Vec<usize> =
            (0..script.commands.len()).filter(of_function).filter(|callee| !reached.contains(callee)).collect();
        reached.extend(callees);
        next += 1;
    }
    reached
}

/// Whether a command may end its subshell with a status of its own and leave no record.
fn ends_silently(command: &Command) -> bool {
    let replaces = matches!(command.name(), "exec" | "kill" | "eval" | "source" | "." | "trap");
    replaces || command.before_and || !command.redirections.is_empty()
}

/// Whether what was found is in a `$( )` of the command `outer` that another one follows: the last one gives the status.
fn is_in_earlier_substitution(script: &Script, outer: usize, found: &Found) -> bool {
    let Some(index) = found.index else { return false };
    let own = |index: usize| script.commands[index].substitution;
    let child = std::iter::successors(Some(index), |index| script.commands[*index].parent)
        .take_while(|index| *index != outer)
        .last();
    let Some(child) = child else { return false };
    let later = |index: usize| script.commands[index].parent == Some(outer) && own(index) > own(child);
    script.commands[outer].kind == Kind::Simple && (0..script.commands.len()).any(later)
}

fn is_member_before_last(script: &Script, index: usize) -> bool {
    let pipeline = script.commands[index].parent.filter(|parent| script.commands[*parent].kind == Kind::Pipeline);
    pipeline.is_some_and(|pipeline| script.members(pipeline).last() != Some(&index))
}

/// The only `eval` of a call's function: what it runs stands nowhere in the script.
fn only_eval(script: &Script, frame: &Frame) -> Option<usize> {
    let mut evals = within(script, frame, Scope::Function)
        .filter(|index| script.commands[*index].name() == "eval" && !script.commands[*index].handled);
    evals.next().filter(|_| evals.next().is_none())
}

fn defines_alias(script: &Script, name: &str) -> bool {
    let begins = format!("alias {name}=");
    script.commands.iter().any(|command| command.text.contains(&begins))
}

fn unquoted(word: &str) -> String {
    word.chars().filter(|c| !['"', '\''].contains(c)).collect()
}

/// Whether it is an `exit` or `return` that can give `status`.
fn exits_with(command: &Command, status: i32) -> bool {
    let mut words = command.text.split_whitespace();
    let ends = words.next().is_some_and(|word| word == "exit" || word == "return");
    let can_be = |word: &str| word.parse::<i32>().map_or(true, |number| number & 0xff == status);
    command.kind == Kind::Simple && ends && words.next().is_none_or(can_be)
}

/// Whether it is an `exit` whose status stands there; `exit` and `exit $?` pass another's on.
pub(crate) fn exits_with_a_number(command: &str) -> bool {
    command.strip_prefix("exit ").is_some_and(|status| status.trim().parse::<u32>().is_ok())
}

/// Whether it is an `exit` that gives a status of its own, rather than the last command's.
fn exits_by_itself(command: &str) -> bool {
    command.strip_prefix("exit ").is_some_and(|status| !matches!(status.trim(), "$?" | "\"$?\""))
}

/// Whether a command ends the shell without a message of Bash's.
fn ends_by_itself(command: &str) -> bool {
    let first = command.split_whitespace().next();
    exits_with_a_number(command) || first.is_some_and(|word| ["kill", "return"].contains(&word))
}
