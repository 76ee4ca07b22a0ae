//! `$0` for the folder of a script that the runtime sources.

use std::collections::BTreeSet;

use super::{Found, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::script::{OwnPath, Word};

/// Commands that make a folder, or a file to read, of a path.
const USERS_OF_PATHS: [&str; 6] = [".", "cd", "dirname", "readlink", "realpath", "source"];

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    if !shell.circumstances.is_sourced {
        return;
    }
    let mut lines = BTreeSet::new();
    for (file, _, command) in shell.commands() {
        let takes_path = command.name().is_some_and(|name| USERS_OF_PATHS.contains(&name));
        let misleads = |word: &&Word| match word.own_path {
            Some(OwnPath::Folder) => true,
            Some(OwnPath::Path) => takes_path,
            None => false,
        };
        for word in command.words.iter().chain(&command.assignments).filter(misleads) {
            if lines.insert((&file.path, word.position.line)) {
                let message = "`$0` is the runtime's path here, not the script's: `${BASH_SOURCE[0]}` is the script's";
                found.push(warning(&file.path, word.position, Code::ScriptPath, message.to_owned()));
            }
        }
    }
}
