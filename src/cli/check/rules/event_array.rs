//! The array LAMBDA_EVENT in a script that does not declare it.

use super::{Found, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::script::{Command, EVENT_ARRAY};

const DECLARING: [&str; 3] = ["declare", "local", "typeset"];

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    if !shell.circumstances.is_sourced || shell.commands().any(|(_, _, command)| declares(command)) {
        return;
    }
    let reads = shell.files.iter().flat_map(|file| file.script.event_reads.first().map(|position| (file, position)));
    if let Some((file, position)) = reads.into_iter().next() {
        let message = "the runtime fills LAMBDA_EVENT only if the script declares the array: add `declare -A LAMBDA_EVENT` at the top level of the \
                       script, outside of functions";
        found.push(warning(&file.path, *position, Code::EventArray, message.to_owned()));
    }
}

/// Whether the command declares the array for the whole script.
fn declares(command: &Command) -> bool {
    if !command.name().is_some_and(|name| DECLARING.contains(&name)) {
        return false;
    }
    let options = || command.words[1..].iter().filter_map(|word| word.text.strip_prefix('-'));
    let has = |letter: char| options().any(|letters| letters.contains(letter));
    let names_array = command.words[1..].iter().any(|word| word.text.split(['=', '(']).next() == Some(EVENT_ARRAY));
    has('A') && names_array && (command.function.is_none() || has('g'))
}
