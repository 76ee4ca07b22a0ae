//! Finds the command that failed inside a `$( )`, a `( )`, a pipeline or a background job. Uses the records of deeper shells,
//! Bash's messages, and the only `exit` that can have ended the subshell.

use super::*;

impl Evidence<'_> {
    /// Finds the command that failed with `status` inside the command `outer` of record `at`.
    pub(super) fn inside(
        &self,
        script: &Rc<Script>,
        own: &Frame,
        outer: usize,
        at: usize,
        status: i32,
    ) -> Option<FoundCommand> {
        let command = &script.commands[outer];
        let waits = command.name() == "wait";
        // If there are several background jobs, it is not known for which one `wait` waited.
        let jobs =
            commands_within(script, own, Scope::Function).filter(|index| script.commands[*index].background).count();
        let scope = if waits { Scope::Background } else { Scope::Within(outer) };
        if waits && jobs != 1 {
            return None;
        }
        let by_record = (0..at).rev().find_map(|inner| self.record_inside(script, own, (inner, at), status, scope));
        by_record
            .or_else(|| self.message_inside(script, own, outer))
            .or_else(|| self.exit_inside(script, own, outer, status))
    }

    /// The command of record `inner`, if that record belongs to a command within `scope` of the innermost call of record `at`.
    pub(super) fn record_inside(
        &self,
        script: &Script,
        own: &Frame,
        (inner, at): (usize, usize),
        status: i32,
        scope: Scope,
    ) -> Option<FoundCommand> {
        let (record, top) = (&self.records[inner], &self.records[at]);
        if record.kind != TrapKind::Failed || record.level <= top.level || record.status != status {
            return None;
        }
        // If `top` has no calls, the handler itself has returned.
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
        let call = commands_within(script, own, scope).find(|index| calls(&script.commands[*index], callee))?;
        let mut found = self.locate(inner, Scope::Function)?;
        let innermost = Frame { line: found.line, ..record.frames[0].clone() };
        let calls_between = record.frames[1..extra].iter().cloned();
        let frames = std::iter::once(innermost).chain(calls_between);
        found.inner = found.inner.drain(..).chain(frames).collect();
        found.line = Some(script.commands[call].first_line);
        Some(found)
    }

    /// Finds the `exit` or `return` that ended a subshell with `status`, which leaves no record. It is found if it is the only
    /// one among the commands of the subshell and of the functions that they call, and if no other command there can end with
    /// that status without a record.
    pub(super) fn exit_inside(&self, script: &Script, own: &Frame, outer: usize, status: i32) -> Option<FoundCommand> {
        let reached = reached_from(script, outer);
        let silent = |index: &usize| ends_silently(&script.commands[*index]);
        if status > 128 || BashMessage::last(self.stderr).is_some_and(|message| is_fatal(&message)) {
            return None;
        }
        let mut exits = reached.iter().filter(|index| exits_with(&script.commands[**index], status));
        let only = exits.next().filter(|_| exits.next().is_none() && !reached.iter().any(silent))?;
        let command = &script.commands[*only];
        let mut found = FoundCommand::of(script, *only);
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

    /// The command that Bash's last message is about, if it is inside `outer` or in a function that is called there.
    pub(super) fn message_inside(&self, script: &Rc<Script>, own: &Frame, outer: usize) -> Option<FoundCommand> {
        let message = BashMessage::last(self.stderr).filter(|message| is_fatal(message))?;
        let file = Path::new(message.file);
        let theirs = self.script(file)?;
        let index = command_of_message(&theirs, &message)?;
        let here = own.file == file && Rc::ptr_eq(&theirs, script);
        if here && script.is_within(index, outer) {
            return Some(FoundCommand::of(script, index));
        }
        let function = theirs.commands[index].function.clone()?;
        let callee = Frame { function, file: file.to_owned(), line: Some(theirs.commands[index].first_line) };
        let call = commands_within(script, own, Scope::Within(outer))
            .find(|index| calls(&script.commands[*index], &callee))?;
        let mut found = FoundCommand::of(&theirs, index);
        found.line = Some(script.commands[call].first_line);
        found.inner = vec![callee];
        Some(found)
    }
}

pub(super) fn is_in_background(script: &Script, index: usize) -> bool {
    let mut at = Some(index);
    while let Some(index) = at {
        if script.commands[index].background {
            return true;
        }
        at = script.commands[index].parent;
    }
    false
}

/// The commands inside `outer`, and those of the functions that they call.
pub(super) fn reached_from(script: &Script, outer: usize) -> Vec<usize> {
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
pub(super) fn ends_silently(command: &Command) -> bool {
    let replaces = matches!(command.name(), "exec" | "kill" | "eval" | "source" | "." | "trap");
    replaces || command.before_and || !command.redirections.is_empty()
}

/// Whether the command that was found is in a `$( )` of the command `outer` and another `$( )` follows: the last one gives the
/// status.
pub(super) fn is_in_earlier_substitution(script: &Script, outer: usize, found: &FoundCommand) -> bool {
    let Some(index) = found.index else { return false };
    let own = |index: usize| script.commands[index].substitution;
    let child = std::iter::successors(Some(index), |index| script.commands[*index].parent)
        .take_while(|index| *index != outer)
        .last();
    let Some(child) = child else { return false };
    let later = |index: usize| script.commands[index].parent == Some(outer) && own(index) > own(child);
    script.commands[outer].kind == Kind::Simple && (0..script.commands.len()).any(later)
}
