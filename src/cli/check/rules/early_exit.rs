//! `exit` at the top level of a script that the runtime sources.

use super::{Found, Shell};
use crate::cli::check::code::Code;
use crate::cli::check::finding::Severity;
use crate::cli::check::script::Command;

const MESSAGE: &str = "`exit` at the top level ends the Bash that sources the script, so that the function fails at init: remove it; the runtime calls the \
                       handler for each event";

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    if !shell.circumstances.is_sourced {
        return;
    }
    for file in shell.files {
        let is_plain = |command: &&Command| {
            command.function.is_none() && command.parent.is_none() && !command.background && !command.handled
        };
        // A `return`, even in a condition, may leave the file before, as with `[[ $0 == "${BASH_SOURCE[0]}" ]] || return`.
        let is_return = |command: &Command| command.function.is_none() && command.name() == Some("return");
        let commands = file.script.commands.iter().take_while(|command| !is_return(command));
        if let Some(exit) = commands.filter(is_plain).find(|command| command.name() == Some("exit")) {
            found.push(Found {
                path: file.path.clone(),
                position: exit.position,
                severity: Severity::Error,
                code: Code::EarlyExit,
                message: MESSAGE.to_owned(),
            });
        }
    }
}
