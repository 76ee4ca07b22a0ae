//! Commands whose repetition shows: they give another value each time, or do their work again.

use super::calls::{Operation, Part};
use crate::cli::check::rules::Shell;
use crate::cli::check::script::{Command, Direction, Kind, Word};

/// Commands that give another value each time.
const CHANGING: [&str; 5] = ["date", "lambda_remaining_ms", "shuf", "uptime", "uuidgen"];
/// Commands that ask or change something elsewhere.
const REMOTE: [&str; 20] = [
    "aws",
    "curl",
    "dig",
    "ftp",
    "kubectl",
    "mail",
    "mysql",
    "nc",
    "nslookup",
    "ping",
    "psql",
    "redis-cli",
    "rsync",
    "sam",
    "scp",
    "sendmail",
    "sftp",
    "ssh",
    "terraform",
    "wget",
];
/// What of git asks another repository.
const REMOTE_GIT: [&str; 5] = ["clone", "fetch", "ls-remote", "pull", "push"];
/// Variables that have another value in each invocation.
const VARIABLES: [&str; 9] = [
    "BASHPID",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "LAMBDA_RUNTIME_AWS_REQUEST_ID",
    "LAMBDA_RUNTIME_DEADLINE_MS",
    "LAMBDA_RUNTIME_TRACE_ID",
    "RANDOM",
    "SECONDS",
    "SRANDOM",
];
const WHEN: &str = "each time that the execution goes on (the handler then runs again from its top)";

/// What is wrong with a command that runs outside of steps.
pub(super) fn messages(shell: &Shell, part: &Part, command: &Command) -> Vec<String> {
    let mut messages = Vec::new();
    let (is_logged, operation) = (is_logged(part, command), Operation::of(command));
    let own = operation.as_ref().and_then(|operation| operation.plain_command().split_first());
    let calls = command.calls().into_iter().map(|call| (call.name, call.arguments));
    for (name, arguments) in calls.chain(own).filter(|(name, _)| name.literal && shell.definition(&name.text).is_none())
    {
        let name = name.text.as_str();
        if changes(name, arguments) && !is_logged {
            messages.push(format!(
                "`{name}` gives another value {WHEN}: take the value in a step, which keeps it: `x=$(durable step NAME -- {name} …)`"
            ));
        }
        if is_remote(name, arguments) {
            messages.push(format!(
                "`{name}` runs again {WHEN}: put it into a step, which runs once: `durable step NAME -- {name} …`"
            ));
        }
        match name {
            "mktemp" => messages.push(format!(
                "`mktemp` makes another file {WHEN}, perhaps in another environment, where the files of earlier steps are missing: make and \
                 use the file within one step, and keep what must stay in the result of the step or in S3"
            )),
            "sleep" => messages.push(format!(
                "`sleep` runs again {WHEN}, and the function runs meanwhile: use `durable wait`, which costs no running time"
            )),
            "tee" if arguments.iter().any(|word| matches!(word.text.as_str(), "-a" | "--append")) => {
                messages.push(appends("this `tee -a`"));
            }
            _ => {}
        }
    }
    // The arguments of a step's command only count where the step runs.
    let words =
        operation.as_ref().filter(|operation| operation.is_step()).map_or(&*command.words, |operation| operation.words);
    if !is_logged
        && let Some(name) =
            words.iter().chain(&command.assignments).find_map(changing_variable).or(in_arithmetic(command))
    {
        messages.push(format!(
            "`{name}` has another value {WHEN}: take the value in a step, which keeps it: `x=$(durable step NAME -- eval 'echo \"${name}\"')`{}",
            if name == "LAMBDA_RUNTIME_AWS_REQUEST_ID" { "; DURABLE_EXECUTION_ARN stays the same" } else { "" }
        ));
    }
    let appended = command.redirections.iter().filter(|redirection| redirection.direction == Direction::Append);
    for redirection in appended.filter(|redirection| !redirection.target.text.starts_with("/dev/")) {
        messages.push(appends(&format!("`>>{}`", redirection.target.text)));
    }
    messages
}

fn appends(what: &str) -> String {
    format!("{what} appends again {WHEN}: put the command into a step, or write the whole file with `>`")
}

/// Whether what the command prints goes to the log, or decides only what a step gets when it runs.
fn is_logged(part: &Part, command: &Command) -> bool {
    let prints_to_log = |command: &Command| {
        let prints = matches!(command.name(), Some("echo" | "printf"));
        prints && command.redirections.iter().any(|redirection| redirection.direction == Direction::Duplicate)
    };
    let parent = command.parent.filter(|_| command.substitution).map(|parent| &part.script.commands[parent]);
    let is_for_step = |parent: &Command| Operation::of(parent).is_some_and(|operation| operation.is_step());
    prints_to_log(command) || parent.is_some_and(|parent| prints_to_log(parent) || is_for_step(parent))
}

fn changes(name: &str, arguments: &[Word]) -> bool {
    let has =
        |options: &[&str]| arguments.iter().any(|word| options.iter().any(|option| word.text.starts_with(option)));
    let first = arguments.first().map(|word| word.text.as_str());
    let reads_random = arguments.iter().any(|word| matches!(word.text.as_str(), "/dev/random" | "/dev/urandom"));
    match name {
        _ if reads_random => true,
        "date" => !has(&["-d", "--date", "-r", "--reference", "-f", "--file"]),
        "openssl" => first == Some("rand"),
        "printf" => {
            let of_format = arguments.iter().position(|word| word.text.contains("%(") && word.text.contains(")T"));
            of_format.is_some_and(|at| arguments.get(at + 1).is_none_or(|time| time.text == "-1"))
        }
        _ => CHANGING.contains(&name),
    }
}

fn is_remote(name: &str, arguments: &[Word]) -> bool {
    match name {
        "git" => arguments.iter().any(|word| REMOTE_GIT.contains(&word.text.as_str())),
        "openssl" => arguments.first().is_some_and(|word| word.text == "s_client"),
        _ => REMOTE.contains(&name),
    }
}

/// The variable in a word, or in an arithmetic expression of it, that has another value each time.
fn changing_variable(word: &Word) -> Option<&'static str> {
    if word.literal {
        return None;
    }
    let text = word.text.as_str();
    let expands = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let before = text[..at].trim_end_matches('{');
            let is_expanded =
                before.ends_with('$') || before.rfind("$((").is_some_and(|opening| !before[opening..].contains("))"));
            is_expanded && is_name(text, at, name)
        })
    };
    VARIABLES.into_iter().find(|name| expands(name))
}

fn in_arithmetic(command: &Command) -> Option<&'static str> {
    let Kind::Arithmetic(expression) = &command.kind else { return None };
    VARIABLES.into_iter().find(|name| expression.match_indices(name).any(|(at, _)| is_name(expression, at, name)))
}

/// Whether the text has the whole name at this place.
fn is_name(text: &str, at: usize, name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text[..at].ends_with(is_letter) && !text[at + name.len()..].starts_with(is_letter)
}
