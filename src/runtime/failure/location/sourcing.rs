//! Finds the command that ended the sourcing of a file. Bash often names only the `source` command.

use super::*;

impl Evidence<'_> {
    /// The place of a `source` whose file has a syntax error: then Bash names the command before the error.
    pub(super) fn place_of_syntax_error(&self, place: &Place) -> Option<Place> {
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
        let index = commands_within(&script, outer, Scope::Function).find(sources)?;
        let mut sourcing = Place { frames: place.frames[1..].to_vec(), ..place.clone() };
        sourcing.take(FoundCommand::of(&script, index));
        Some(sourcing)
    }

    /// The place of an `exit` or `return` at the top level of a file. Bash names only the `source` command.
    pub(super) fn place_of_sourcing(&self, mut place: Place) -> Place {
        if place.frames.is_empty() {
            place.frames.push(Frame { function: TOP_LEVEL.to_owned(), file: self.file.to_owned(), line: None });
        }
        let frame = place.frames[0].clone();
        if let Some(script) = self.script(&frame.file) {
            let exits = |index: &usize| exits_with(&script.commands[*index], place.status);
            let found: Vec<usize> = commands_within(&script, &frame, Scope::Function).filter(exits).collect();
            match found.as_slice() {
                [only] => place.take(FoundCommand::of(&script, *only)),
                [] if self.take_from_sourced(&mut place, &script) => {}
                [] if self.take_from_function(&mut place, &script) => {}
                [] => {
                    if let Some(condition) = last_condition(&script, &frame) {
                        place.take(FoundCommand::of(&script, condition));
                    }
                }
                _ => {}
            }
        }
        place
    }

    /// Completes the place of an `exit` in a file that the script sources, after Bash has left the call.
    pub(super) fn take_from_sourced(&self, place: &mut Place, script: &Script) -> bool {
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

    /// Completes the place of an `exit` in a function of the script, after Bash 5.1 has left the call.
    pub(super) fn take_from_function(&self, place: &mut Place, script: &Script) -> bool {
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
}

/// The condition before `&&` or `||` in the last line of the top level of a file.
pub(super) fn last_condition(script: &Script, frame: &Frame) -> Option<usize> {
    let top =
        || commands_within(script, frame, Scope::Function).filter(|index| script.commands[*index].parent.is_none());
    let last = top().map(|index| script.commands[index].last_line).max()?;
    let mut conditions = top().filter(|index| script.commands[*index].handled && script.commands[*index].covers(last));
    conditions.next().filter(|_| conditions.next().is_none())
}
