//! Gives advice on a command that does not exist or cannot be executed, by the command's name.

use super::Circumstances;
use crate::runtime::failure::message::BashMessage;

/// Editors and web pages put this character in place of a blank.
const NO_BREAK_SPACE: char = '\u{a0}';

pub(super) fn not_found(of: &Circumstances) -> String {
    if let Some(advice) = blanks_in_assignment(of.command) {
        return advice;
    }
    let program = of.command.split(' ').find(|word| *word != "exec");
    if program.is_some_and(|word| word.contains('/')) {
        return "is the file in the zip or layer? A path that does not begin with `/` starts at the current folder, which is \
                LAMBDA_TASK_ROOT unless the handler changes it"
            .to_owned();
    }
    let message = BashMessage::parse(of.reason()).and_then(|message| message.text.strip_suffix(": command not found"));
    let name = message.or(program);
    if name.is_some_and(|name| name.contains(NO_BREAK_SPACE)) {
        return "the name contains a no-break space, which looks like a blank: delete the space and type it again"
            .to_owned();
    }
    let instead = match name {
        Some("jq") => {
            "a handler can read its event without jq, from the array LAMBDA_EVENT (handlers/EVENTS.md). For jq on Lambda, put the \
             program into a layer (handlers/deploy/BINARIES.md)"
        }
        Some("aws" | "git") => {
            "Amazon Linux's minimal image lacks many tools: put the program into a layer (handlers/deploy/BINARIES.md)"
        }
        _ => {
            "is the name right? Amazon Linux's minimal image lacks many tools (jq, aws, find, tar, ...): put the command into the zip, or \
             into the bin folder of a layer, which is /opt/bin and on PATH"
        }
    };
    instead.to_owned()
}

/// Advice for `export name = x`: Bash takes the sign for a name.
pub(super) fn blanks_in_declaration(reason: &str) -> Option<&'static str> {
    reason
        .contains("`=': not a valid identifier")
        .then_some("an assignment has no blanks around `=`: write `NAME=VALUE`")
}

/// Advice for `name = "x"`, `name ="x"` and `name= "x"`: Bash runs a command.
fn blanks_in_assignment(command: &str) -> Option<String> {
    let (first, rest) = command.split_once([' ', '\t'])?;
    let rest = rest.trim_start();
    let (name, value) = match first.strip_suffix('=') {
        Some(name) if rest.starts_with(['"', '\'', '$']) || rest.starts_with(|c: char| c.is_ascii_digit()) => {
            (name, rest)
        }
        Some(_) => return None, // such as `LC_ALL= tool`
        None => (first, rest.strip_prefix('=')?.trim_start()),
    };
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name && !value.starts_with(['=', '~'])).then(|| {
        format!(
            "an assignment has no blanks around `=`, so Bash took this for a command: write `{name}={}`",
            value.lines().next().unwrap_or_default()
        )
    })
}

pub(super) fn not_executable(of: &Circumstances) -> String {
    let denied = BashMessage::parse(of.reason()).and_then(|message| message.text.strip_suffix(": Permission denied"));
    let mode = match denied {
        Some(file) => format!(" (`chmod +x {file}` before you package it)"),
        None => String::new(),
    };
    format!(
        "the file exists but cannot be executed: is its mode 0755 in the zip or layer{mode}, and is it built for this processor?"
    )
}
