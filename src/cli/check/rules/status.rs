//! Statuses that fail an event although nothing went wrong: `A && B` as the last command, and `((n++))`.

use std::collections::BTreeSet;

use super::{Found, Parsed, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::script::{Command, Kind};

/// Commands that are asked a question.
const QUESTIONS: [&str; 6] = ["[", "test", "command", "grep", "hash", "type"];

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    let plain = shell.called_plainly();
    let is_handler = |name: &str| shell.circumstances.handler.as_deref() == Some(name);
    let mut told = BTreeSet::new();
    for (file, index, command) in shell.commands() {
        let function = file.script.function_of(command);
        let errexit = shell.has_errexit(file, command);
        if let Some(expression) = increment(command).filter(|_| !command.handled && errexit) {
            // Where the first one has not failed, the variable is no longer 0.
            if told.insert((&file.path, expression)) {
                found.push(warning(
                    &file.path,
                    command.position,
                    Code::ArithmeticStatus,
                    increment_message(expression),
                ));
            }
            continue;
        }
        let whose = match function {
            Some(name) if is_handler(name) => "the event",
            Some(name) if errexit && plain.contains(name) => "the function",
            None => "the script",
            Some(_) => continue,
        };
        if command.last && !command.handled && ends_with_question(file, index, is_handler(function.unwrap_or_default()))
        {
            let message = format!(
                "{whose} fails where the condition is false, because this is its last command: write `if A; then B; fi` for `A && B`, or \
                 add `|| true`"
            );
            found.push(warning(&file.path, command.position, Code::LastStatus, message));
        }
    }
}

/// Whether it is `A && B` where A is a question and B is none; in the handler also a question alone.
fn ends_with_question(file: &Parsed, index: usize, is_handler: bool) -> bool {
    let command = &file.script.commands[index];
    match &command.kind {
        Kind::List { only_and: true } => {
            let members: Vec<&Command> =
                file.script.children(index).map(|child| &file.script.commands[child]).collect();
            let Some((action, conditions)) = members.split_last() else { return false };
            let leaves = action.name().is_some_and(|name| matches!(name, "return" | "true" | "false" | ":"));
            conditions.iter().any(|condition| is_question(condition)) && !is_question(action) && !leaves
        }
        Kind::Test | Kind::Arithmetic(_) => is_handler && is_own_command(file, command),
        _ => false,
    }
}

/// Whether it is no member of a list, which is judged as a whole.
fn is_own_command(file: &Parsed, command: &Command) -> bool {
    command.parent.is_none_or(|parent| !matches!(file.script.commands[parent].kind, Kind::List { .. } | Kind::Pipeline))
}

fn is_question(command: &Command) -> bool {
    match &command.kind {
        Kind::Test | Kind::Arithmetic(_) => true,
        Kind::Simple => command.name().is_some_and(|name| QUESTIONS.contains(&name)),
        _ => false,
    }
}

/// The expression of `((n++))` or `let n++`.
fn increment(command: &Command) -> Option<&str> {
    let expression = match &command.kind {
        Kind::Arithmetic(expression) => expression.as_str(),
        Kind::Simple if command.name() == Some("let") && command.words.len() == 2 => command.words[1].text.as_str(),
        _ => return None,
    };
    let variable = expression.strip_suffix("++").or_else(|| expression.strip_suffix("--"))?.trim();
    let is_name = !variable.is_empty() && variable.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then_some(expression)
}

fn increment_message(expression: &str) -> String {
    let name = expression.trim_end_matches(['+', '-']).trim();
    let operator = if expression.ends_with('+') { '+' } else { '-' };
    format!(
        "`(({expression}))` fails where `{name}` was 0, and errexit ends the event: write `{name}=$(({name} {operator} 1))`"
    )
}
