//! Judges the commands that a script calls: whether Lambda's image, the function's folder or a layer has each.

use std::collections::BTreeSet;

use super::finding::Severity;
use super::handler::Checked;
use crate::lambda::base_image::{Presence, presence};
use crate::runtime::functions;

impl Checked<'_> {
    /// Reports each command once that is not there, or not known to be.
    pub(super) fn commands(&mut self) {
        let called = std::mem::take(&mut self.commands);
        // These may define functions that the scan does not see.
        let unsure = self.unknown_sources || called.iter().any(|(_, word)| word.text == "eval");
        let mut told = BTreeSet::new();
        for (path, word) in called {
            if let Some((severity, message)) = self.command(&word.text, unsure)
                && told.insert(word.text)
            {
                self.add(&path, severity, "command", (Some(word.line), message));
            }
        }
    }

    fn command(&self, command: &str, unsure: bool) -> Option<(Severity, String)> {
        let in_bin = self.root.join("bin").join(command).is_file();
        if self.functions.contains(command)
            || functions::defines(command)
            || self.arguments.have.iter().any(|brought| brought == command)
            || (in_bin && self.sets_path)
        {
            return None;
        }
        let guarded = self.guarded.contains(command);
        match presence(command) {
            Presence::Lacking(package) if guarded => Some((Severity::Warning, lacking(command, package))),
            Presence::Lacking(_) if in_bin => Some((Severity::Error, not_on_path(command))),
            Presence::Lacking(package) => Some((Severity::Error, lacking(command, package))),
            Presence::Present | Presence::Unknown if in_bin => Some((Severity::Warning, not_on_path(command))),
            Presence::Unknown if !guarded && !unsure && is_name(command) => Some((Severity::Warning, unknown(command))),
            Presence::Present | Presence::Unknown => None,
        }
    }
}

/// The image lacks `command`, which Amazon Linux has in `package`: what to do.
fn lacking(command: &str, package: Option<&str>) -> String {
    let from = package.map_or_else(String::new, |package| format!(" (package {package} of Amazon Linux 2023)"));
    let instead = match command {
        "which" => "`command -v` does it; else ",
        "find" | "tree" => "globs, with `shopt -s globstar nullglob`, may do it; else ",
        "xargs" => "a `while read` loop may do it; else ",
        "hostname" => "`\"$HOSTNAME\"` may do it; else ",
        "wget" => "`curl` is there; else ",
        "python" | "perl" => "awk and sed are there; else ",
        _ => "",
    };
    format!(
        "`{command}` is not on Lambda's provided.al2023: {instead}bring it in a layer, by `coshell layer --add \
         bin/{command}=FILE`{from}, and say --have {command}"
    )
}

/// Neither list of the image's commands has `command`: what to do.
fn unknown(command: &str) -> String {
    format!(
        "`{command}` is not known to be on Lambda's provided.al2023: bring it in a layer, by `coshell layer --add bin/{command}=FILE`, and \
         say --have {command}"
    )
}

/// Whether `word` can be a command's name: a scan may take something else for one.
fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.+".contains(letter))
}

/// What is wrong with calling `command`, which the function has in its bin/.
fn not_on_path(command: &str) -> String {
    format!(
        "`{command}` is in the function's bin/, which is not on Lambda's PATH, as a layer's is: begin the script with \
         `PATH=$LAMBDA_TASK_ROOT/bin:$PATH`, or call `\"$LAMBDA_TASK_ROOT/bin/{command}\"`"
    )
}
