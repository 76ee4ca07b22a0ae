//! Places where Bash ignores errexit, so that a failure goes unnoticed: a function in a condition, and a substitution in `local`.

use std::collections::BTreeSet;

use super::{Found, Parsed, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::script::{Command, Kind};

/// Commands whose failure is an answer, or that hardly ever fail.
const HARMLESS: [&str; 39] = [
    ":", "[", "basename", "break", "continue", "date", "declare", "dirname", "echo", "exit", "export", "getopts",
    "hash", "head", "id", "kill", "let", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift",
    "shopt", "sleep", "sort", "tail", "test", "tput", "tr", "trap", "true", "type", "typeset", "uname", "unset",
    "wait",
];
/// Commands that hardly fail on text that a pipe or a here-string gives them.
const FILTERS: [&str; 6] = ["awk", "column", "cut", "sed", "uniq", "wc"];
const DECLARING: [&str; 5] = ["declare", "export", "local", "readonly", "typeset"];
/// So many functions that call each other are looked into.
const MOST_DEEP: u32 = 4;

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    functions_in_conditions(shell, found);
    hidden_statuses(shell, found);
}

/// Whether the command is a `set` that switches errexit on or off.
pub(super) fn switched(command: &Command) -> Option<bool> {
    if command.name() != Some("set") {
        return None;
    }
    let mut after_o = None;
    for word in &command.words[1..] {
        let (on, letters) = match (word.text.strip_prefix('-'), word.text.strip_prefix('+')) {
            (Some("-"), _) => return None,
            (Some(letters), _) => (true, letters),
            (None, Some(letters)) => (false, letters),
            (None, None) if word.text == "errexit" && after_o.is_some() => return after_o,
            (None, None) => continue,
        };
        if letters.contains('e') {
            return Some(on);
        }
        after_o = letters.ends_with('o').then_some(on);
    }
    None
}

/// A function with several commands that is called where Bash ignores errexit.
fn functions_in_conditions(shell: &Shell, found: &mut Vec<Found>) {
    let mut told = BTreeSet::new();
    for (file, _, call) in shell.commands().filter(|(_, _, command)| command.handled) {
        let Some(name) = call.name() else { continue };
        let Some((defining, definition)) = shell.definition(name) else { continue };
        if !shell.has_errexit(file, call) || is_hidden(file, call) || told.contains(&(&file.path, name)) {
            continue;
        }
        if let Some(fallible) = ignored_in(shell, defining, definition) {
            told.insert((&file.path, name));
            let command = fallible.name().unwrap_or("an assignment");
            let place =
                if std::ptr::eq(defining, file) { String::new() } else { format!(" of {}", defining.path.display()) };
            let message = format!(
                "`{name}` is called in a condition, where Bash ignores errexit: if `{command}` on line {}{place} fails, `{name}` goes on; \
                 end that line with `|| return`, or call `{name}` as a command of its own",
                fallible.position.line
            );
            found.push(warning(&file.path, call.position, Code::ErrexitIgnored, message));
        }
    }
}

/// The first command of a function whose failure neither the function handles nor its caller sees.
fn ignored_in<'a>(shell: &Shell<'a>, file: &'a Parsed, definition: usize) -> Option<&'a Command> {
    let inside = file.script.commands.iter().filter(|command| command.function == Some(definition));
    let mut unseen = inside.filter(|command| !command.handled && !command.last && !command.background);
    unseen.find(|command| may_fail(shell, command, 0) && !is_hidden(file, command))
}

/// Whether the command is in a substitution whose status Bash drops anyway: only that of a bare assignment counts.
fn is_hidden(file: &Parsed, command: &Command) -> bool {
    let mut at = command.parent.filter(|_| command.substitution);
    while let Some(parent) = at.map(|parent| &file.script.commands[parent]) {
        if parent.kind == Kind::Simple {
            return !parent.words.is_empty() || is_hidden(file, parent);
        }
        if !parent.substitution {
            return true; // a word of `[[ ]]`, `case` or `for`
        }
        at = parent.parent;
    }
    false
}

/// Whether a failure of the command is probably an error.
fn may_fail(shell: &Shell, command: &Command, depth: u32) -> bool {
    if command.kind != Kind::Simple || command.handled {
        return false;
    }
    let Some(first) = command.words.first() else { return false };
    let name = first.text.as_str();
    // An `exit` or `return` with a status is meant; what only prints hardly fails.
    let is_filter = command.fed && FILTERS.contains(&name);
    if !first.literal || is_filter || HARMLESS.contains(&name) || is_lenient(command) {
        return false;
    }
    match shell.definition(name) {
        None => true,
        Some(_) if depth >= MOST_DEEP => false,
        Some((defining, definition)) => {
            let inside = defining.script.commands.iter().filter(|inner| inner.function == Some(definition));
            { inside }.any(|inner| may_fail(shell, inner, depth + 1))
        }
    }
}

/// Whether an option makes the command succeed in the usual case of failure.
fn is_lenient(command: &Command) -> bool {
    let has = |letter: char| {
        command.words[1..]
            .iter()
            .any(|word| word.text.strip_prefix('-').is_some_and(|letters| letters.contains(letter)))
    };
    match command.name() {
        Some("rm") => has('f'),
        Some("mkdir") => has('p'),
        Some("command") => has('v') || has('V'),
        Some("cat") => command.words.len() == 1 || !command.redirections.is_empty(),
        _ => false,
    }
}

/// `local x=$(command)`: the status of `local` is 0.
fn hidden_statuses(shell: &Shell, found: &mut Vec<Found>) {
    for (file, index, command) in shell.commands() {
        let Some(name) = command.name().filter(|name| DECLARING.contains(name)) else { continue };
        if !(command.handled || shell.has_errexit(file, command)) {
            continue;
        }
        let assigned = command.words[1..].iter().find(|word| word.substitution && is_assignment(&word.text));
        let Some(word) = assigned else { continue };
        let inner = commands_inside(file, index).find(|inner| may_fail(shell, inner, 0));
        if let Some(inner) = inner {
            let variable = word.text.split(['=', '+']).next().unwrap_or_default();
            let message = format!(
                "`{name}` succeeds even if `{}` fails: write `{name} {variable}` and `{variable}=$(…)` as two commands, so that errexit sees the \
                 failure",
                inner.name().unwrap_or_default()
            );
            found.push(warning(&file.path, word.position, Code::HiddenStatus, message));
        }
    }
}

/// The commands in the substitutions of the command `index`, not those of substitutions inside them.
fn commands_inside(file: &Parsed, index: usize) -> impl Iterator<Item = &Command> {
    let commands = &file.script.commands;
    let is_inside = move |command: &&Command| {
        let mut at = command.parent;
        while let Some(parent) = at {
            if parent == index {
                return true;
            }
            if commands[parent].kind == Kind::Simple {
                return false;
            }
            at = commands[parent].parent;
        }
        false
    };
    commands[index + 1..].iter().filter(is_inside)
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name.trim_end_matches('+'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_[]".contains(c)))
}
