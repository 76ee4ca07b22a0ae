//! Warns about a handler that reads its event from stdin, which is empty. The mistake is common, and no command reports it: `jq -r .a` and
//! `cat` succeed on empty input.

use crate::lambda::environment::Settings;
use crate::lambda::invocation::Response;
use crate::runtime::handler::Handler;
use crate::runtime::script::{Command, Kind, Script};
use crate::runtime::shell::Convention;

/// Programs that read stdin if they have at most this many arguments that are not options.
const READERS: [(&str, usize); 13] = [
    ("cat", 0),
    ("base64", 0),
    ("mapfile", usize::MAX),
    ("read", usize::MAX),
    ("readarray", usize::MAX),
    ("jq", 1),
    ("jaq", 1),
    ("yq", 1),
    ("awk", 1),
    ("grep", 1),
    ("sed", 1),
    ("tee", usize::MAX),
    ("wc", 0),
];
/// The ways in which a script refers to its event or to all arguments.
const EVENT: [&str; 9] = ["$1", "${1", "$@", "${@", "$*", "${*", "EVENT_DATA", "LAMBDA_EVENT", "BASH_ARGV"];

/// A warning if the response is empty, the handler never uses its argument, and a command of the handler reads stdin.
pub(super) fn warning(settings: &Settings, response: &Response) -> Option<String> {
    if response.streaming || !response.bytes.trim_ascii().is_empty() {
        return None;
    }
    let convention = Convention::named(&settings.variable("COSHELL_CONVENTION").to_string_lossy()).ok()?;
    let handler = Handler::resolve(&settings.function.handler, &settings.function.task_root).ok()?;
    match handler {
        Handler::Function { script, function } if !convention.on_stdin() => {
            of_script(&Script::read(&script)?, &function)
        }
        Handler::Function { .. } | Handler::Executable(_) => None,
    }
}

fn of_script(script: &Script, function: &str) -> Option<String> {
    let commands = || script.commands.iter().filter(|command| command.function.as_deref() == Some(function));
    if commands().any(|command| EVENT.iter().any(|event| command.text.contains(event))) {
        return None;
    }
    let reader = commands().find(|command| reads_stdin(script, command))?;
    Some(format!(
        "the response is empty, and `{}` on line {} reads stdin, which is empty: the event is the argument of `{function}`, so add \
         `<<<\"$1\"` to this command",
        reader.text, reader.first_line
    ))
}

fn reads_stdin(script: &Script, command: &Command) -> bool {
    let words = words(&command.text);
    let Some((_, most)) = words.first().and_then(|name| READERS.iter().find(|(reader, _)| reader == name)) else {
        return false;
    };
    let is_fed = command.text.contains('<') || has_input(script, command);
    let arguments = words[1..].iter().take_while(|word| !word.contains('>')); // redirections of the output come after the arguments
    let options_only = arguments.filter(|word| !word.starts_with('-')).count() <= *most;
    let null_input = words.iter().any(|word| ["-n", "--null-input"].contains(&word.as_str())) && words[0] != "sed";
    command.kind == Kind::Simple && !is_fed && options_only && !null_input
}

/// Whether the command gets its stdin from a pipe, or from a redirection of a loop or group.
fn has_input(script: &Script, command: &Command) -> bool {
    let mut inner = command;
    while let Some(parent) = inner.parent {
        let outer = &script.commands[parent];
        let first = script.members(parent).first().map(|first| &script.commands[*first]);
        if outer.kind == Kind::Pipeline && first != Some(inner) || !outer.redirections.is_empty() {
            return true;
        }
        inner = outer;
    }
    false
}

/// The words of a command, separated by blanks outside quotes.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in text.chars() {
        match letter {
            '\'' | '"' if quote.is_none() => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            _ if quote == Some(letter) => quote = None,
            ' ' | '\t' | '\n' if quote.is_none() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(body: &str) -> Option<String> {
        let script = Script::parse(&format!("other() {{ echo \"$1\"; }}\nhandler() {{\n  {body}\n}}\n")).unwrap();
        of_script(&script, "handler")
    }

    #[test]
    fn a_command_that_reads_stdin_is_named_with_its_line() {
        for (body, command) in [
            ("jq -r .a", "jq -r .a"),
            ("jq -r '.a | .b'", "jq -r '.a | .b'"),
            ("event=$(cat)", "cat"),
            ("cat - | jq .a", "cat -"),
            ("jq .a | sort", "jq .a"),
            ("while read -r line; do echo \"$line\"; done", "read -r line"),
            ("local event; read -r event; jq .a <<<\"$event\"", "read -r event"),
        ] {
            let hint = hint(body).unwrap_or_default();
            assert!(hint.contains(&format!("`{command}` on line 3 reads stdin")), "{body}: {hint}");
        }
    }

    #[test]
    fn a_command_that_reads_its_argument_a_file_or_a_pipe_is_not_named() {
        for body in [
            "jq -r .a <<<\"$1\"",
            "event=${1-}; cat",
            "other \"$@\"; cat",
            "cat /etc/motd",
            "jq .a /tmp/file.json",
            "jq -n '{}'",
            "curl -s x | jq .a",
            "while read -r line; do :; done </tmp/list",
            "aws s3 sync a b >/dev/null",
            "{ echo a; } | while read -r line; do :; done",
            ":",
        ] {
            assert_eq!(hint(body), None, "{body}");
        }
    }
}
