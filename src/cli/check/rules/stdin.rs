//! Commands that read the handler's stdin where that is empty.

use std::collections::BTreeSet;

use super::{Found, Parsed, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::script::{Command, Direction, Word};

/// Commands that read stdin where no file is named.
const WITHOUT_FILE: [&str; 8] = ["base64", "cat", "md5sum", "sha1sum", "sha256sum", "sort", "wc", "uniq"];
/// Commands that read stdin where one argument, a pattern or program, is all.
const WITH_ONE_ARGUMENT: [&str; 3] = ["awk", "grep", "sed"];
/// Commands that only read stdin.
const ALWAYS: [&str; 5] = ["mapfile", "read", "readarray", "tee", "tr"];
/// Options of jq, with the number of words that follow.
const JQ_OPTIONS: [(&str, usize); 8] = [
    ("--arg", 2),
    ("--argjson", 2),
    ("--slurpfile", 2),
    ("--rawfile", 2),
    ("--indent", 1),
    ("-L", 1),
    ("-f", 1),
    ("--from-file", 1),
];

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    if !shell.circumstances.empty_stdin {
        return;
    }
    let functions = functions_with_empty_stdin(shell);
    for (file, _, command) in shell.commands() {
        let function = file.script.function_of(command);
        if command.fed
            || command.background
            || is_fed_by_exec(file, command)
            || function.is_some_and(|name| !functions.contains(name))
        {
            continue;
        }
        if let Some(reader) = reader(command) {
            let event = match function {
                Some(name) if shell.circumstances.handler.as_deref() == Some(name) => {
                    "the event is in `$1`, so add `<<<\"$1\"`"
                }
                Some(_) => "the event is the handler's `$1`, so pass it on and add `<<<\"$1\"`",
                None => "give it a file or a here-string",
            };
            let message = format!("`{reader}` reads stdin, which is empty (/dev/null): {event}");
            found.push(warning(&file.path, command.position, Code::EmptyStdin, message));
        }
    }
}

/// Whether an `exec <file` of the command's function, or of the script, gives it another stdin.
fn is_fed_by_exec(file: &Parsed, command: &Command) -> bool {
    file.script.commands.iter().any(|exec| {
        let is_exec = exec.name() == Some("exec") && exec.words.len() == 1 && exec.fed;
        is_exec && (exec.function.is_none() || exec.function == command.function)
    })
}

/// The handler, and the functions that are called with its stdin and never with another.
fn functions_with_empty_stdin<'a>(shell: &Shell<'a>) -> BTreeSet<&'a str> {
    let fed: BTreeSet<&str> =
        shell.commands().filter(|(_, _, command)| command.fed).filter_map(|(_, _, command)| command.name()).collect();
    let mut functions: BTreeSet<&str> = BTreeSet::new();
    if let Some((file, index)) = shell.circumstances.handler.as_deref().and_then(|name| shell.definition(name)) {
        let inside = file.script.commands.iter().find(|command| command.function == Some(index));
        functions.extend(inside.and_then(|command| file.script.function_of(command)));
    }
    loop {
        let reached: BTreeSet<&str> = shell
            .commands()
            .filter(|(file, _, command)| {
                !command.fed && file.script.function_of(command).is_none_or(|name| functions.contains(name))
            })
            .filter_map(|(_, _, command)| command.name())
            .filter(|name| !functions.contains(name) && !fed.contains(name) && shell.definition(name).is_some())
            .collect();
        if reached.is_empty() {
            return functions;
        }
        functions.extend(reached);
    }
}

/// What of the command reads stdin.
fn reader(command: &Command) -> Option<String> {
    let names_device = |word: &Word| word.literal && word.text == "/dev/stdin";
    let redirected = command
        .redirections
        .iter()
        .any(|redirection| redirection.direction == Direction::Read && names_device(&redirection.target));
    let is_test = matches!(command.name(), Some("[" | "test"));
    if redirected || (!is_test && command.words.iter().skip(1).any(names_device)) {
        return Some("/dev/stdin".to_owned());
    }
    let (name, arguments) = command.words.split_first()?;
    (name.literal && reads_stdin(&name.text, arguments)).then(|| name.text.clone())
}

fn reads_stdin(name: &str, arguments: &[Word]) -> bool {
    let is_option = |word: &&Word| word.literal && word.text.starts_with('-') && word.text.len() > 1;
    let has = |options: &[&str]| arguments.iter().any(|word| options.contains(&word.text.as_str()));
    if has(&["--version", "--help"]) {
        return false;
    }
    let operands: Vec<&Word> = arguments.iter().filter(|word| !is_option(word)).collect();
    let names_stdin = |word: &&Word| word.literal && word.text == "-";
    match name {
        "jq" | "jaq" | "yq" => jq_reads_stdin(arguments),
        "read" | "mapfile" | "readarray" => !arguments.iter().any(|word| word.text.starts_with("-u")),
        _ if ALWAYS.contains(&name) => true,
        _ if WITHOUT_FILE.contains(&name) => operands.iter().all(names_stdin),
        _ if WITH_ONE_ARGUMENT.contains(&name) => {
            let recursive = has(&["-r", "-R", "--recursive"]);
            operands.len() == 1
                && !recursive
                && !operands[0].text.trim_start().starts_with("BEGIN")
                && !has(&["-e", "-f", "-W"])
        }
        _ => false,
    }
}

/// jq reads stdin where it gets a filter, no file and no `-n`.
fn jq_reads_stdin(arguments: &[Word]) -> bool {
    let (mut operands, mut has_filter, mut at) = (0, false, 0);
    while let Some(word) = arguments.get(at) {
        let text = word.text.as_str();
        let letters = text.strip_prefix('-').filter(|letters| !letters.starts_with('-') && word.literal);
        if letters.is_some_and(|letters| letters.contains('n')) || text == "--null-input" {
            return false;
        }
        if matches!(text, "--args" | "--jsonargs") {
            break;
        }
        match JQ_OPTIONS.iter().find(|(option, _)| *option == text) {
            Some((option, values)) => {
                has_filter |= matches!(*option, "-f" | "--from-file");
                at += values;
            }
            None if text.starts_with('-') && word.literal => {}
            None => operands += 1,
        }
        at += 1;
    }
    operands == usize::from(!has_filter)
}

#[cfg(test)]
mod tests {
    use crate::cli::check::script::Script;

    use super::reader;

    #[test]
    fn readers_of_stdin_are_known_by_their_arguments() {
        for (text, reads) in [
            ("cat", true),
            ("cat -", true),
            ("cat -n x", false),
            ("cat \"$x\"", false),
            ("jq -r .a", true),
            ("jq .a file", false),
            ("jq -n .a", false),
            ("jq -rn .a", false),
            ("jq --arg a b .a", true),
            ("jq --arg a b .a \"$file\"", false),
            ("jq -f x.jq", true),
            ("jq -f x.jq file", false),
            ("jq -n '$ARGS' --args x", false),
            ("read -r x", true),
            ("read -r -u 3 x", false),
            ("x /dev/stdin", true),
            ("x </dev/stdin", true),
            ("grep a", true),
            ("grep a b", false),
            ("awk 'BEGIN { print 1 }'", false),
            ("tr a b", true),
            ("echo", false),
        ] {
            let script = Script::parse(text).unwrap();
            assert_eq!(reader(&script.commands[0]).is_some(), reads, "{text}");
        }
    }
}
