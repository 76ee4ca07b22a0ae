//! Finds the commands that a simple command calls: itself, and the command that a prefix such as `timeout` gets as an argument.

use super::Word;

/// A command with its arguments.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::check) struct Call<'a> {
    pub(in crate::cli::check) name: &'a Word,
    pub(in crate::cli::check) arguments: &'a [Word],
    /// Whether another command runs it, which cannot see the script's functions.
    pub(in crate::cli::check) by_program: bool,
}

/// A command that runs the command among its arguments.
struct Prefix {
    name: &'static str,
    /// Its options whose value is a word of its own.
    with_value: &'static [&'static str],
    /// So many words that are no options come before the command.
    operands: usize,
    /// Whether it is a part of Bash, so that the script's functions are no less known to it.
    builtin: bool,
}

const fn program(name: &'static str, with_value: &'static [&'static str], operands: usize) -> Prefix {
    Prefix { name, with_value, operands, builtin: false }
}

const fn builtin(name: &'static str, with_value: &'static [&'static str]) -> Prefix {
    Prefix { name, with_value, operands: 0, builtin: true }
}

const PREFIXES: [Prefix; 16] = [
    builtin("builtin", &[]),
    builtin("command", &[]),
    builtin("exec", &["-a"]),
    program("chroot", &[], 1),
    program("env", &["-u", "-C", "-S"], 0),
    program("flock", &["-w", "-E"], 1),
    program("ionice", &["-c", "-n"], 0),
    program("nice", &["-n"], 0),
    program("nohup", &[], 0),
    program("setsid", &[], 0),
    program("stdbuf", &["-i", "-o", "-e"], 0),
    program("strace", &["-o", "-e", "-p"], 0),
    program("sudo", &["-u", "-g"], 0),
    program("time", &["-f", "-o"], 0),
    program("timeout", &["-s", "-k"], 1),
    program("xargs", &["-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s"], 0),
];

/// The options of `find` after which a command follows.
const FIND_ACTIONS: [&str; 4] = ["-exec", "-execdir", "-ok", "-okdir"];

/// The calls that `words` make, from the outside to the inside.
pub(super) fn calls(words: &[Word]) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    add(words, false, &mut calls);
    calls
}

fn add<'a>(words: &'a [Word], by_program: bool, calls: &mut Vec<Call<'a>>) {
    let Some((name, arguments)) = words.split_first() else { return };
    calls.push(Call { name, arguments, by_program });
    if !name.literal {
        return;
    }
    let file_name = name.text.rsplit('/').next().unwrap_or_default();
    match PREFIXES.iter().find(|prefix| prefix.name == file_name) {
        Some(prefix) => add(after_options(prefix, arguments), by_program || !prefix.builtin, calls),
        None if file_name == "find" => {
            for (at, word) in arguments.iter().enumerate() {
                if FIND_ACTIONS.contains(&word.text.as_str()) {
                    add(&arguments[at + 1..], true, calls);
                }
            }
        }
        None if file_name == "trap" => add_trap(arguments, calls),
        None => {}
    }
}

/// The command among the arguments of a prefix; nothing where `command -v` only looks for one.
fn after_options<'a>(prefix: &Prefix, arguments: &'a [Word]) -> &'a [Word] {
    let mut operands = prefix.operands;
    let mut at = 0;
    while let Some(word) = arguments.get(at) {
        let text = word.text.as_str();
        let is_assignment = prefix.name == "env" && text.contains('=');
        match text {
            "-v" | "-V" if prefix.name == "command" => return &[],
            _ if prefix.with_value.contains(&text) => at += 1,
            _ if text.starts_with('-') || is_assignment => {}
            _ if operands > 0 => operands -= 1,
            _ => return &arguments[at..],
        }
        at += 1;
    }
    &[]
}

/// The action of a trap is text; a call is made only of an action that is one plain word, as in `trap cleanup EXIT`.
fn add_trap<'a>(arguments: &'a [Word], calls: &mut Vec<Call<'a>>) {
    let is_name = |word: &&Word| word.literal && word.text.len() > 1 && !word.text.starts_with('-');
    if let Some(action) = arguments.first().filter(|_| arguments.len() > 1).filter(is_name)
        && !action.text.contains(|c: char| c.is_whitespace() || ";&|<>()\"'$`".contains(c))
    {
        calls.push(Call { name: action, arguments: &[], by_program: false });
    }
}
