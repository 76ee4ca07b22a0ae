//! Finds the command of one record: by its text and line, by the pipeline or the redirection that failed, or by the function that returned.

use super::*;
use crate::runtime::functions;

impl Evidence<'_> {
    /// Finds the command of record `at`: the innermost command that failed with the status of the record.
    pub(super) fn locate(&self, at: usize, scope: Scope) -> Option<FoundCommand> {
        let record = &self.records[at];
        let frame = record.frames.first()?;
        let Some(script) = self.script(&frame.file) else { return unparsed(frame, record) };
        self.locate_from(at, &script, frame, scope)
    }

    /// Finds the command of record `at`, with `frame` as the innermost call of the record.
    pub(super) fn locate_from(
        &self,
        at: usize,
        script: &Rc<Script>,
        frame: &Frame,
        scope: Scope,
    ) -> Option<FoundCommand> {
        let record = &self.records[at];
        if let Some(index) = self.failed_redirection(script, frame, record, scope) {
            return Some(FoundCommand::of(script, index));
        }
        if let Some((pipeline, member)) = failed_pipeline(script, frame, record, scope) {
            let status = *record.pipeline.get(member)?;
            let member = *script.members(pipeline).get(member)?;
            let deeper = self.inside(script, frame, member, at, status);
            return Some(deeper.unwrap_or_else(|| FoundCommand {
                pipeline: Some(script.commands[pipeline].first_line),
                ..FoundCommand::of(script, member)
            }));
        }
        if record.returned.is_some() {
            // In a trap, Bash names the command that the trap interrupted, but the line is correct.
            return self.alone_on_line(script, frame, false).map(|index| FoundCommand::of(script, index));
        }
        if let Some(index) = self.matching(script, frame, record, scope, false).filter(|_| record.is_consistent()) {
            let deeper = self.inside(script, frame, index, at, record.status);
            return Some(deeper.unwrap_or_else(|| FoundCommand::of(script, index)));
        }
        self.call_that_returned(script, frame, record, scope)
    }

    /// Finds the command that Bash names, on the line that Bash names, among the commands that can have failed. With `anyway`,
    /// commands whose failure is handled count too.
    pub(super) fn matching(
        &self,
        script: &Script,
        frame: &Frame,
        record: &Record,
        scope: Scope,
        anyway: bool,
    ) -> Option<usize> {
        let candidates: Vec<usize> = commands_within(script, frame, scope)
            .filter(|index| script.commands[*index].is(&record.command))
            .filter(|index| anyway || !script.commands[*index].handled)
            .collect();
        let on_line = |index: &&usize| frame.line.is_some_and(|line| script.commands[**index].covers(line));
        if let Some(index) = candidates.iter().find(on_line) {
            return Some(*index);
        }
        // Inside `$( )`, the line numbers of Bash are not those of the file.
        let line_is_known = frame.line.is_some() && matches!(scope, Scope::Function);
        // In the EXIT trap of a subshell, too, Bash names the previous command.
        let may_be_trap = frame.line == Some(1)
            && commands_within(script, frame, Scope::Function)
                .any(|index| exit_trap(&script.commands[index].text).is_some());
        match candidates.as_slice() {
            [only] if !line_is_known && !may_be_trap => Some(*only),
            _ if line_is_known => {
                let on_line = self.only_one_on_line(script, frame, record, anyway);
                on_line.or_else(|| only_eval(script, frame).filter(|_| candidates.is_empty()))
            }
            _ => None,
        }
    }

    /// Finds a command that Bash prints differently from the script (an alias, a here-document) by its line, if the line has only
    /// one command with that name or with an alias.
    pub(super) fn only_one_on_line(
        &self,
        script: &Script,
        frame: &Frame,
        record: &Record,
        anyway: bool,
    ) -> Option<usize> {
        let only = self.alone_on_line(script, frame, anyway)?;
        let command = &script.commands[only];
        let first = record.command.split_whitespace().next().unwrap_or_default();
        let is_alias = !record.command.is_empty() && defines_alias(script, command.name());
        (command.name() == first || is_alias || command.name() == "eval").then_some(only)
    }

    /// Finds the only command that can have failed on the line of a call.
    pub(super) fn alone_on_line(&self, script: &Script, frame: &Frame, anyway: bool) -> Option<usize> {
        let line = frame.line?;
        let mut on_line = commands_within(script, frame, Scope::Function).filter(|index| {
            let command = &script.commands[*index];
            let kind = matches!(command.kind, Kind::Simple | Kind::Test | Kind::Arithmetic | Kind::Subshell);
            kind && command.covers(line) && (anyway || !command.handled) && !command.apart
        });
        on_line.next().filter(|_| on_line.next().is_none())
    }

    /// Finds a compound command whose redirection failed: then Bash names the previous command.
    pub(super) fn failed_redirection(
        &self,
        script: &Script,
        frame: &Frame,
        record: &Record,
        scope: Scope,
    ) -> Option<usize> {
        let message = BashMessage::last(self.stderr).filter(|message| message.is_of(&frame.file));
        let message = message.filter(BashMessage::is_of_redirection);
        let by_itself = self.matching(script, frame, record, scope, false).map(|index| &script.commands[index]);
        let itself_redirects = by_itself.is_some_and(|command| command.text.contains(['<', '>']));
        if record.status != 1 || (itself_redirects && record.is_consistent()) {
            return None;
        }
        let redirected: Vec<usize> = commands_within(script, frame, scope)
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

    /// Finds a call of a function that returned a status other than 0 although no command in the function failed: by `return N`,
    /// or because its last command is a list whose first part is false. Bash names a command of the function, with the line of
    /// the call.
    pub(super) fn call_that_returned(
        &self,
        script: &Rc<Script>,
        frame: &Frame,
        record: &Record,
        scope: Scope,
    ) -> Option<FoundCommand> {
        let on_line =
            |command: &Command| matches!(scope, Scope::Within(_)) || frame.line.is_none_or(|line| command.covers(line));
        let calls: Vec<usize> = commands_within(script, frame, scope)
            .filter(|index| {
                let command = &script.commands[*index];
                command.kind == Kind::Simple && !command.handled && on_line(command) && self.defines(command.name())
            })
            .collect();
        let command = record.command.strip_prefix("builtin ").unwrap_or(&record.command); // so do the runtime's functions
        let returns = command.split_whitespace().next() == Some("return");
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
            return Some(FoundCommand {
                line: Some(script.commands[*call].first_line),
                inner: vec![inner],
                ..FoundCommand::of(&theirs, last)
            });
        }
        let is_call = returns || !record.is_consistent();
        match (calls.as_slice(), scope) {
            ([only], _) if is_call => Some(FoundCommand::of(script, *only)),
            // Which of several calls on one line it was is not known, but the line is.
            ([_, _, ..], Scope::Function) if is_call && frame.line.is_some() => Some(one_on(frame.line)),
            _ => None,
        }
    }

    /// The file that defines function `name`, and the command in the function that Bash prints as `printed`.
    pub(super) fn named_in_function(&self, name: &str, printed: &str) -> Option<(PathBuf, Rc<Script>, usize)> {
        self.files().into_iter().find_map(|file| {
            let script = self.script(&file)?;
            let is_it = |command: &Command| command.function.as_deref() == Some(name) && command.is(printed);
            let index = script.commands.iter().rposition(is_it)?;
            Some((file, script, index))
        })
    }

    pub(super) fn defines(&self, name: &str) -> bool {
        let files = self.files();
        let mut scripts = files.iter().filter_map(|file| self.script(file));
        functions::defines(name)
            || scripts.any(|script| script.commands.iter().any(|command| command.function.as_deref() == Some(name)))
    }

    /// The script, and the files of the records.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let of_records = self.records.iter().flat_map(|record| &record.frames).map(|frame| frame.file.clone());
        let mut files: Vec<PathBuf> = std::iter::once(self.file.to_owned()).chain(of_records).collect();
        files.sort();
        files.dedup();
        files
    }
}

/// A command that is not known, on `line`.
fn one_on(line: Option<u32>) -> FoundCommand {
    FoundCommand { command: String::new(), line, pipeline: None, is_condition: false, index: None, inner: Vec::new() }
}

/// The pipeline that failed, and the index of the member that gave the pipeline its status: with pipefail, the last member that
/// failed.
pub(super) fn failed_pipeline(script: &Script, frame: &Frame, record: &Record, scope: Scope) -> Option<(usize, usize)> {
    let leaves_pipestatus = record.command.starts_with("[[ ") || record.command.starts_with("((");
    if record.pipeline.len() < 2 || leaves_pipestatus || record.pipeline_status() != Some(record.status) {
        return None;
    }
    let candidates: Vec<usize> = commands_within(script, frame, scope)
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

/// The command that Bash names, for a script that is not parsed, if no other fact contradicts it.
pub(super) fn unparsed(frame: &Frame, record: &Record) -> Option<FoundCommand> {
    let text =
        if frame.file.is_file() { std::fs::read_to_string(&frame.file).unwrap_or_default() } else { String::new() };
    let line = frame.line.and_then(|line| text.lines().nth(line as usize - 1));
    let stands_there = |line: &str| {
        crate::runtime::script::normalized(line)
            .contains(&crate::runtime::script::normalized(record.command.lines().next().unwrap_or_default()))
    };
    let fits = text.is_empty() || line.is_some_and(stands_there);
    (fits && record.pipeline.len() < 2 && record.is_consistent()).then(|| FoundCommand {
        command: record.command.clone(),
        line: frame.line,
        pipeline: None,
        is_condition: false,
        index: None,
        inner: Vec::new(),
    })
}

/// The only `eval` of a function: the commands that it runs are not in the script.
pub(super) fn only_eval(script: &Script, frame: &Frame) -> Option<usize> {
    let mut evals = commands_within(script, frame, Scope::Function)
        .filter(|index| script.commands[*index].name() == "eval" && !script.commands[*index].handled);
    evals.next().filter(|_| evals.next().is_none())
}

pub(super) fn defines_alias(script: &Script, name: &str) -> bool {
    let begins = format!("alias {name}=");
    script.commands.iter().any(|command| command.text.contains(&begins))
}
