//! Finds the command that failed in a trap of the handler. Bash names the command that the trap interrupted.

use super::*;

impl Evidence<'_> {
    /// The `exit` in the commands of the script's only EXIT trap.
    pub(super) fn exit_in_trap(&self, script: &Script, status: i32) -> Option<Place> {
        let (trap, commands) = only_exit_trap(script)?;
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

    /// The place of a command in the handler's EXIT trap, if the script sets only one EXIT trap and the trap has only one
    /// command. Bash names the command that the trap interrupted.
    pub(super) fn in_exit_trap(&self, mut place: Place) -> Place {
        place.command = String::new();
        let Some(script) = self.script(self.file) else { return place };
        if let Some((trap, commands)) = only_exit_trap(&script) {
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

    /// The number of calls in a record that belong to the handler's own ERR trap, if that trap has ended the shell with another
    /// status. The command that Bash names is in the function below these calls.
    pub(super) fn behind_err_trap(&self, record: &Record) -> Option<usize> {
        let script = self.script(self.file)?;
        let is_cleared = |text: &str| ["trap - ", "trap '' ", "trap \"\" "].iter().any(|begin| text.starts_with(begin));
        let traps = |command: &Command| {
            let is_err_trap = command.name() == "trap" && command.text.ends_with(" ERR") && !is_cleared(&command.text);
            is_err_trap && exits(&script, &command.text)
        };
        if !script.commands.iter().any(traps) {
            return None;
        }
        let holds = |frame: &Frame| {
            let script = self.script(&frame.file);
            script.is_some_and(|script| {
                commands_within(&script, frame, Scope::Function).any(|index| script.commands[index].is(&record.command))
            })
        };
        record.frames.iter().position(holds)
    }
}

/// The only command of a script that sets an EXIT trap, and the commands of that trap.
fn only_exit_trap(script: &Script) -> Option<(&Command, Script)> {
    let mut traps = script.commands.iter().filter_map(|command| Some((command, exit_trap(&command.text)?)));
    traps.next().filter(|_| traps.next().is_none())
}

/// The commands that `trap COMMANDS EXIT` sets.
pub(super) fn exit_trap(text: &str) -> Option<Script> {
    let rest = text.strip_prefix("trap ")?;
    let (commands, signal) = rest.strip_prefix("-- ").unwrap_or(rest).rsplit_once(char::is_whitespace)?;
    let quoted = ['\'', '"'].iter().find_map(|quote| commands.trim().strip_prefix(*quote)?.strip_suffix(*quote));
    if !matches!(signal, "EXIT" | "0") {
        return None;
    }
    Script::parse(quoted.unwrap_or(commands))
}

pub(super) fn is_member_before_last(script: &Script, index: usize) -> bool {
    let pipeline = script.commands[index].parent.filter(|parent| script.commands[*parent].kind == Kind::Pipeline);
    pipeline.is_some_and(|pipeline| script.members(pipeline).last() != Some(&index))
}

/// Whether the commands of a trap, or a function that they call, exit.
fn exits(script: &Script, trap: &str) -> bool {
    let names = |text: &str, name: &str| {
        text.split(|c: char| !(c.is_alphanumeric() || "_-.:".contains(c))).any(|word| word == name)
    };
    let exits_in = |command: &Command| {
        let function = command.function.as_deref();
        command.name() == "exit" && function.is_some_and(|function| names(trap, function))
    };
    names(trap, "exit") || script.commands.iter().any(exits_in)
}
