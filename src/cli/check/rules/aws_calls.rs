//! Calls of `aws` that the small `aws` of this project refuses, because only the whole AWS CLI serves them.
//!
//! The file `aws_calls.tsv` lists what the small `aws` serves. The test `src/aws/api/served.rs` writes the list from the tables of the small
//! `aws`, so that `coshell` needs none of these tables.

use super::{Found, Shell};
use crate::cli::check::code::Code;
use crate::cli::check::finding::Severity;
use crate::cli::check::script::Word;
use crate::lambda::base_image::command_at;

/// A line for each operation: `SERVICE OPERATION`, a tab, and the names of its options. The names before the first tab are empty for the options
/// of every command, of which those with a `=` take a value.
const SERVED: &str = include_str!("aws_calls.tsv");

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    let is_function = shell.definition("aws").is_some();
    for file in shell.files {
        for (_, call) in file.script.calls() {
            let name = command_at(&call.name.text).unwrap_or(&call.name.text);
            if !call.name.literal || name != "aws" || (is_function && !call.by_program) {
                continue;
            }
            if let Some(refused) = refused(call.arguments) {
                let message = format!("the small `aws` does not serve {refused}: this call needs the whole AWS CLI");
                let (path, position) = (file.path.clone(), call.name.position);
                found.push(Found { path, position, severity: Severity::Note, code: Code::AwsCall, message });
            }
        }
    }
}

/// The first part of a command line that the small `aws` does not serve. `None` also where a variable hides the service or the operation.
fn refused(words: &[Word]) -> Option<String> {
    let globals = options_of("")?;
    let takes_value = |name: &str| globals.split(' ').any(|known| known.strip_suffix('=') == Some(name));
    let is_global = |name: &str| globals.split(' ').any(|known| known.trim_end_matches('=') == name);
    let mut names: Vec<&str> = Vec::new(); // the service, the operation, and the state to wait for
    let mut options: Vec<&str> = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match option(word) {
            Some(name) if takes_value(name) => {
                if !word.text.contains('=') {
                    words.next();
                }
            }
            Some(name) if is_global(name) => {}
            Some(name) => options.push(name),
            // `aws SERVICE wait STATE`
            None if names.len() == if names.get(1) == Some(&"wait") { 3 } else { 2 } => {}
            None if !word.literal => return None,
            None => names.push(&word.text),
        }
    }
    let [service, _, ..] = names.as_slice() else { return None };
    let command = names.join(" ");
    let Some(served) = options_of(&command) else {
        let service_is_served = SERVED.lines().any(|line| line.split(' ').next() == Some(service));
        return Some(if service_is_served { format!("`aws {command}`") } else { format!("the service `{service}`") });
    };
    let unknown = options.into_iter().find(|option| !served.split(' ').any(|known| known == *option))?;
    Some(format!("the option `--{unknown}` of `aws {command}`"))
}

/// The name of an option, without its dashes and its value.
fn option(word: &Word) -> Option<&str> {
    let name = word.text.strip_prefix("--")?.split('=').next()?;
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// The options of a command; `None` for a command that is not served.
fn options_of(command: &str) -> Option<&'static str> {
    SERVED
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .find(|(name, _)| *name == command)
        .map(|(_, options)| options)
}
