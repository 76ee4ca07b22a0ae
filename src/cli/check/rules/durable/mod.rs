//! Durable functions: commands outside of steps that do something else, or do it again, each time that the execution goes on, and calls of
//! `durable` that cannot work.

mod calls;
mod repeats;

use std::collections::BTreeSet;

use self::calls::{Operation, Part, parts};
use super::{Found, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::script::{Command, Direction, Kind};

const DURABLE: &str = "durable";

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    let is_used = shell.commands().any(|(_, _, command)| command.name() == Some(DURABLE));
    let Some(handler) = shell.circumstances.handler.as_deref().filter(|_| is_used) else { return };
    if shell.definition(DURABLE).is_some() {
        return; // a function of the script's own
    }
    let parts = parts(shell.files);
    let repeated = closure(&parts, BTreeSet::from([handler.to_owned()]), false);
    let in_steps = closure(&parts, functions_of_steps(&parts), false);
    let using = closure(&parts, functions_with_operations(&parts), true);
    let mut add = |part: &Part, command: &Command, code: Code, message: String| {
        let position = part.position.unwrap_or(command.position);
        if !found
            .iter()
            .any(|other| other.position.line == position.line && other.path == part.path && other.message == message)
        {
            found.push(warning(&part.path, position, code, message));
        }
    };
    for part in &parts {
        for (index, command) in part.script.commands.iter().enumerate() {
            let owner = part.owner_of(command);
            if let Some(message) = in_program(command) {
                add(part, command, Code::DurableInProgram, message);
            }
            if let Some(message) = at_once(part, index, command, &using) {
                add(part, command, Code::DurableBackground, message);
            }
            if let Some(operation) = Operation::of(command) {
                if let Some(message) = unread_stdin(part, index, command, &operation) {
                    add(part, command, Code::DurableStdin, message);
                }
                if let Some(message) = in_step(owner, &operation, &in_steps) {
                    add(part, command, Code::DurableInStep, message);
                }
            }
            if owner.is_some_and(|owner| repeated.contains(owner)) {
                let messages = repeats::messages(shell, part, command);
                messages.into_iter().for_each(|message| add(part, command, Code::DurableReplay, message));
            }
        }
    }
}

/// `functions`, and those that they call outside of steps; or with `callers`, those that call them.
fn closure(parts: &[Part], mut functions: BTreeSet<String>, callers: bool) -> BTreeSet<String> {
    loop {
        let mut more = BTreeSet::new();
        for part in parts {
            for command in &part.script.commands {
                let Some(owner) = part.owner_of(command) else { continue };
                for called in calls::called_plainly(command) {
                    let (from, to) = if callers { (called.as_str(), owner) } else { (owner, called.as_str()) };
                    if functions.contains(from) && !functions.contains(to) {
                        more.insert(to.to_owned());
                    }
                }
            }
        }
        if more.is_empty() {
            return functions;
        }
        functions.extend(more);
    }
}

fn operations<'a>(parts: &'a [Part]) -> impl Iterator<Item = (&'a Part, &'a Command, Operation<'a>)> {
    parts.iter().flat_map(|part| {
        let commands = part.script.commands.iter();
        commands.filter_map(move |command| Some((part, command, Operation::of(command)?)))
    })
}

/// The functions that are the commands of steps.
fn functions_of_steps(parts: &[Part]) -> BTreeSet<String> {
    let commands = operations(parts).filter(|(_, _, operation)| operation.is_step());
    commands.filter_map(|(_, _, operation)| Some(operation.command.first()?.text.clone())).collect()
}

/// The functions that have an operation of their own.
fn functions_with_operations(parts: &[Part]) -> BTreeSet<String> {
    operations(parts).filter_map(|(part, command, _)| part.owner_of(command).map(str::to_owned)).collect()
}

/// A program cannot call the function `durable`.
fn in_program(command: &Command) -> Option<String> {
    let by_program = command.calls().iter().any(|call| call.by_program && call.name.text == DURABLE);
    let is_shell = matches!(command.name(), Some("bash" | "sh"));
    let in_text = is_shell && command.words.iter().any(|word| word.text.split_whitespace().any(|word| word == DURABLE));
    (by_program || in_text).then(|| {
        format!(
            "`durable` is a function of the handler's shell, and `{}` runs a program, which does not have it: call it from a loop, or with \
             `durable map`",
            command.name().unwrap_or_default()
        )
    })
}

/// Operations that run at once.
fn at_once(part: &Part, index: usize, command: &Command, using: &BTreeSet<String>) -> Option<String> {
    let uses =
        |command: &Command| Operation::of(command).is_some() || command.name().is_some_and(|name| using.contains(name));
    if command.kind == Kind::Pipeline {
        let has_operation = |member: usize| {
            let inside = part.script.commands.iter().enumerate().skip(member);
            inside.take_while(|(at, _)| *at == member || part.is_inside(*at, member)).any(|(_, command)| uses(command))
        };
        return (part.script.children(index).filter(|member| has_operation(*member)).count() > 1).then(|| {
            "two commands of this pipeline have durable operations, and both run at once: the order of the operations is left to chance, and \
             must be the same when the handler runs again; keep the result of the first in a variable"
                .to_owned()
        });
    }
    (uses(command) && part.is_in_background(index)).then(|| {
        "durable operations in the background have no sure order, which must be the same when the handler runs again: use `durable parallel \
         NAME -- 'COMMAND' 'COMMAND'`"
            .to_owned()
    })
}

/// A step whose stdin is a pipe or a file that it does not read.
fn unread_stdin(part: &Part, index: usize, command: &Command, operation: &Operation) -> Option<String> {
    let is_input = |direction: Direction| matches!(direction, Direction::Read | Direction::Text(_));
    let redirected = command.redirections.iter().any(|redirection| is_input(redirection.direction)) && command.fed;
    let fed = redirected || part.is_behind_pipe(index);
    let has_option = operation.words.iter().any(|word| word.text == "--stdin");
    (fed && operation.takes_command() && !has_option).then(|| {
        format!(
            "`durable {0}` does not read its stdin, and its command has an empty one: write `durable {0} --stdin …`, which reads all of it",
            operation.verb
        )
    })
}

/// An operation in the command of a step.
fn in_step(owner: Option<&str>, operation: &Operation, in_steps: &BTreeSet<String>) -> Option<String> {
    let why = "a step cannot contain durable operations, because it runs as a whole or not at all";
    if operation.is_step() && operation.command.first().is_some_and(|word| word.text == DURABLE) {
        return Some(format!("{why}: use `durable child NAME -- …` around them"));
    }
    let owner = owner.filter(|owner| in_steps.contains(*owner) && operation.is_recorded())?;
    Some(format!(
        "`{owner}` runs in a step, and {why}: call `{owner}` by `durable child NAME -- {owner}`, or move the operation out of it"
    ))
}
