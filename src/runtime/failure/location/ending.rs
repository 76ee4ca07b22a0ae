//! Finds the command that ended the handler's shell: the last command of the handler, an `exit`, or an error that ends Bash at
//! once.

use super::*;

impl Evidence<'_> {
    /// The place of a failure without calls, because Bash had left them: the handler has returned with that status, or its EXIT
    /// trap runs.
    pub(super) fn at_the_end_of_the_handler(&self, mut place: Place, at: Option<usize>) -> Place {
        if place.in_exit_trap {
            return self.in_exit_trap(place);
        }
        if place.command.starts_with("builtin source ") || (self.level == 0 && place.command.starts_with("return")) {
            return self.place_of_sourcing(place);
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
        let in_handler: Vec<usize> = commands_within(&script, &handler, Scope::Function).filter(is_it).collect();
        let anywhere: Vec<usize> = (0..script.commands.len()).filter(is_it).collect();
        match (in_handler.as_slice(), anywhere.as_slice()) {
            ([only], _) => place.take(FoundCommand::of(&script, *only)),
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

    pub(super) fn only_call(&self, script: &Script, frame: &Frame, callee: Option<&str>) -> Option<u32> {
        let mut calls = commands_within(script, frame, Scope::Function)
            .filter(|index| Some(script.commands[*index].name()) == callee)
            .map(|index| script.commands[index].first_line);
        calls.next().filter(|_| calls.next().is_none())
    }

    /// The place of an `exit`, or of an error that ends Bash at once.
    pub(super) fn place_of_exit(&self, record: &Record) -> Place {
        let mut place = Place { at_exit: true, ..Place::of(record) };
        let message = BashMessage::last(self.stderr).filter(|_| !ends_by_itself(&record.command));
        let sources = matches!(record.command.split_whitespace().next(), Some("source" | "."));
        let in_file = sources && place.frames.first().is_none_or(Frame::is_top_level);
        if (in_file || record.command.starts_with("builtin source ")) && message.is_none() {
            return self.place_of_sourcing(place);
        }
        if place.frames.is_empty() {
            return match message.filter(|message| message.line.is_some()) {
                Some(message) => self.place_of_message(place, &message),
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
            return self.place_of_fatal_error(place, &script, message);
        }
        if let Some((pipeline, member)) = failed_pipeline(&script, &frame, record, Scope::Function) {
            let member = script.members(pipeline)[member];
            place.take(FoundCommand {
                pipeline: Some(script.commands[pipeline].first_line),
                ..FoundCommand::of(&script, member)
            });
            return place;
        }
        if !exits_by_itself(&record.command)
            && let Some(at) = self.behind_err_trap(record)
        {
            place.frames.drain(..at);
            place.is_status_of_trap = true;
        }
        let frame = place.frames[0].clone();
        let candidates: Vec<usize> = commands_within(&script, &frame, Scope::Function)
            .filter(|index| script.commands[*index].is(&record.command))
            .collect();
        match candidates.as_slice() {
            [only] if place.is_status_of_trap && is_member_before_last(&script, *only) => place.command = String::new(),
            [only] => place.take(FoundCommand::of(&script, *only)),
            [] if !ends_by_itself(&record.command) => place.command = String::new(),
            _ => {}
        }
        place
    }

    /// The place of an error that Bash has reported before it ended.
    pub(super) fn place_of_fatal_error(&self, mut place: Place, script: &Script, message: &BashMessage) -> Place {
        let mut frame = place.frames[0].clone();
        frame.line = message.line;
        place.frames[0].line = message.line;
        let on_line = |index: &usize| message.line.is_none_or(|line| script.commands[*index].covers(line));
        let named = commands_within(script, &frame, Scope::Function)
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
            let mut found = commands_within(script, &frame, Scope::Function).filter(holds);
            found.next().filter(|_| found.next().is_none())
        };
        match is_named.or_else(|| command_of_message(script, message)).or_else(in_function).or(named) {
            Some(index) => place.take(FoundCommand::of(script, index)),
            None if message.line.is_some() => place.command = String::new(),
            None => {}
        }
        place
    }

    /// The place of an error that Bash has reported after it has left the calls, as after a division by zero.
    pub(super) fn place_of_message(&self, mut place: Place, message: &BashMessage) -> Place {
        let file = Path::new(message.file);
        let Some(script) = self.script(file) else { return place };
        let on_line = |command: &Command| message.line.is_some_and(|line| command.covers(line));
        let named = |index: &usize| on_line(&script.commands[*index]) && script.commands[*index].is(&place.command);
        let index = (0..script.commands.len()).find(named).or_else(|| command_of_message(&script, message));
        let Some(command) = index.map(|index| &script.commands[index]) else {
            return place;
        };
        let function = command.function.clone().unwrap_or_else(|| TOP_LEVEL.to_owned());
        place.command.clone_from(&command.text);
        place.frames.push(Frame { function, file: file.to_owned(), line: message.line });
        place
    }
}
