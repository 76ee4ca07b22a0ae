//! Interprets the words of commands and of messages.

use super::*;

/// Whether a command calls `callee`, by its name or in its arguments (`eval`, `xargs`, `time`).
pub(super) fn calls(command: &Command, callee: &Frame) -> bool {
    if callee.is_top_level() {
        return matches!(command.name(), "source" | "." | "builtin" | "command" | "eval");
    }
    let word = |word: &str| word.trim_matches(['"', '\'', ';', '(', ')']) == callee.function;
    command.kind == Kind::Simple && command.text.split_whitespace().any(word)
}

/// The innermost command on the line of a message that contains the subject of the message.
pub(super) fn command_of_message(script: &Script, message: &BashMessage) -> Option<usize> {
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
pub(super) fn variable<'m>(message: &BashMessage<'m>) -> &'m str {
    let subject = message.subject();
    subject.split(['[', ' ']).next().unwrap_or(subject)
}

/// Whether Bash ends a script after the message.
pub(super) fn is_fatal(message: &BashMessage) -> bool {
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
pub(super) fn whole_pipeline(script: &Script, index: usize) -> usize {
    match script.commands[index].parent {
        Some(parent) if script.commands[parent].kind == Kind::Pipeline => parent,
        _ => index,
    }
}

pub(super) fn unquoted(word: &str) -> String {
    word.chars().filter(|c| !['"', '\''].contains(c)).collect()
}

/// Whether a command is an `exit` or `return` that can give `status`.
pub(super) fn exits_with(command: &Command, status: i32) -> bool {
    let mut words = command.text.split_whitespace();
    let ends = words.next().is_some_and(|word| word == "exit" || word == "return");
    let can_be = |word: &str| word.parse::<i32>().map_or(true, |number| number & 0xff == status);
    command.kind == Kind::Simple && ends && words.next().is_none_or(can_be)
}

/// Whether a command is an `exit` with a number. `exit` and `exit $?` pass the status of another command on.
pub(crate) fn exits_with_a_number(command: &str) -> bool {
    command.strip_prefix("exit ").is_some_and(|status| status.trim().parse::<u32>().is_ok())
}

/// Whether a command is an `exit` with a status of its own, and not that of the last command.
pub(super) fn exits_by_itself(command: &str) -> bool {
    command.strip_prefix("exit ").is_some_and(|status| !matches!(status.trim(), "$?" | "\"$?\""))
}

/// Whether a command ends the shell without a message of Bash.
pub(super) fn ends_by_itself(command: &str) -> bool {
    let first = command.split_whitespace().next();
    exits_with_a_number(command) || first.is_some_and(|word| ["kill", "return"].contains(&word))
}

/// The commands of a call's function within `scope`, first to last.
pub(super) fn commands_within<'s>(
    script: &'s Script,
    frame: &'s Frame,
    scope: Scope,
) -> impl Iterator<Item = usize> + 's {
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
