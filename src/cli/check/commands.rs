//! Judges the commands that a script calls: whether Lambda's image, the function's folder or a layer has each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code::Code;
use super::finding::Severity;
use super::handler::Checked;
use super::position::Position;
use super::rules::Parsed;
use super::script::{Command, Kind, Script};
use crate::lambda::base_image::{Presence, command_at, presence};
use crate::runtime::functions;

/// A place where a command is called.
struct Place<'a> {
    file: &'a Path,
    position: Position,
    first_argument: Option<&'a str>,
    /// Whether the script may do without the command: another way follows, or the call depends on the system.
    has_alternative: bool,
}

/// Commands that look for a command.
const LOOKING: [&str; 3] = ["hash", "type", "which"];

impl Checked<'_> {
    /// Reports each command once that is not there, or not known to be.
    pub(super) fn commands(&mut self) {
        let may_define_more = self.may_define_more();
        let scripts = std::mem::take(&mut self.scripts);
        let guarded = guarded(&scripts);
        for (command, places) in called(&scripts, &self.functions) {
            let first = places.iter().find(|place| !place.has_alternative).or(places.first());
            let Some(Place { file, position, first_argument, has_alternative }) = first else { continue };
            if let Some((severity, code, message)) = self
                .command(command, *first_argument, guarded.contains(command), *has_alternative)
                .filter(|(_, code, _)| !(may_define_more && *code == Code::UnknownCommand))
            {
                self.add(file, severity, code, (Some(*position), message));
                self.missing.extend((code == Code::MissingCommand).then(|| command.to_owned()));
            }
        }
        self.scripts = scripts;
    }

    /// Whether the script may define functions that its text does not show.
    pub(super) fn may_define_more(&self) -> bool {
        let mut calls = self.scripts.iter().flat_map(|file| file.script.calls());
        self.unknown_sources || calls.any(|(_, call)| call.name.text == "eval")
    }

    fn command(
        &self,
        command: &str,
        first_argument: Option<&str>,
        guarded: bool,
        has_alternative: bool,
    ) -> Option<(Severity, Code, String)> {
        let in_bin = self.root.join("bin").join(command).is_file();
        if self.arguments.have.iter().any(|brought| brought == command) || (in_bin && self.sets_path) {
            return None;
        }
        let if_called = if has_alternative { Severity::Warning } else { Severity::Error };
        match presence(command) {
            Presence::Lacking(package) if guarded => {
                let message = format!("{}; the script looks for it before it calls it", lacking(command, package));
                Some((Severity::Note, Code::MissingCommand, message))
            }
            Presence::Lacking(_) if in_bin => Some((if_called, Code::CommandNotOnPath, not_on_path(command))),
            Presence::Lacking(package) => Some((if_called, Code::MissingCommand, lacking(command, package))),
            Presence::Present | Presence::Unknown if in_bin => {
                Some((Severity::Warning, Code::CommandNotOnPath, not_on_path(command)))
            }
            Presence::Unknown if !guarded && is_name(command) => {
                let is_assignment = first_argument.is_some_and(|argument| argument.starts_with('='));
                let message = if is_assignment { blanks_in_assignment(command) } else { unknown(command) };
                Some((Severity::Warning, Code::UnknownCommand, message))
            }
            Presence::Present | Presence::Unknown => None,
        }
    }
}

/// The commands that the scripts call by name, with the places, and without their own `functions`.
fn called<'a>(scripts: &'a [Parsed], functions: &BTreeSet<String>) -> BTreeMap<&'a str, Vec<Place<'a>>> {
    let mut called: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    for file in scripts {
        for (command, call) in file.script.calls().filter(|(_, call)| call.name.literal) {
            let text = call.name.text.as_str();
            let name = command_at(text).unwrap_or(text);
            // A program that calls `durable` is another finding: no layer can bring it.
            let is_function =
                !call.by_program && (functions.contains(name) || functions::defines(name)) || name == "durable";
            if !name.contains('/') && !is_function {
                let (file, position) = (file.path.as_path(), call.name.position);
                let has_alternative = command.has_alternative || command.by_chance;
                let first_argument = call.arguments.first().map(|word| word.text.as_str());
                called.entry(name).or_default().push(Place { file, position, first_argument, has_alternative });
            }
        }
    }
    called
}

/// The commands that may be called only where they are there, or that stand for something else: those that the script looks for in a
/// condition, by itself or by a function, and aliases.
fn guarded(scripts: &[Parsed]) -> BTreeSet<String> {
    let looking: BTreeSet<&str> = scripts.iter().flat_map(|file| looking_functions(&file.script)).collect();
    let mut guarded = BTreeSet::new();
    for Parsed { script, .. } in scripts {
        guarded.extend(script.looked_for.iter().cloned());
        for command in script.commands.iter().filter(|command| command.name().is_some()) {
            let name = command.name().unwrap_or_default();
            let arguments = command.words[1..].iter().map(|word| word.text.as_str());
            if name == "alias" {
                guarded.extend(arguments.map(|word| word.split('=').next().unwrap_or_default().to_owned()));
            } else if looks_for_commands(command) && is_condition(command) || looking.contains(name) {
                guarded.extend(arguments.map(|word| word.rsplit('/').next().unwrap_or_default().to_owned()));
            } else if matches!(name, "[" | "test") && command.words.iter().any(|word| word.text == "-x") {
                guarded.extend(arguments.map(|word| word.rsplit('/').next().unwrap_or_default().to_owned()));
            }
        }
    }
    guarded
}

/// The functions that look for the command that is their argument: `has() { command -v "$1" >/dev/null; }`.
fn looking_functions(script: &Script) -> impl Iterator<Item = &str> {
    let looks = |command: &&Command| {
        let of_argument = command.words.iter().any(|word| matches!(word.text.as_str(), "$1" | "${1}" | "$@" | "$*"));
        looks_for_commands(command) && of_argument
    };
    script.commands.iter().filter(looks).filter_map(|command| script.function_of(command))
}

fn looks_for_commands(command: &Command) -> bool {
    let has_option = |command: &Command| command.words.iter().any(|word| matches!(word.text.as_str(), "-v" | "-V"));
    match command.name() {
        Some("command") => has_option(command),
        Some(name) => command.kind == Kind::Simple && LOOKING.contains(&name),
        None => false,
    }
}

/// Whether the script decides something by the command's status or output.
fn is_condition(command: &Command) -> bool {
    command.handled || command.has_alternative || command.substitution || (command.last && command.function.is_some())
}

/// The image lacks `command`, which Amazon Linux has in `package`: what to do.
fn lacking(command: &str, package: Option<&str>) -> String {
    let from = package.map_or_else(String::new, |package| {
        format!(" (package {package} of Amazon Linux 2023; handlers/deploy/BINARIES.md)")
    });
    let instead = match command {
        "which" => "`command -v` does it; else ",
        "find" | "tree" => "globs, with `shopt -s globstar nullglob`, may do it; else ",
        "xargs" => "a `while read` loop may do it; else ",
        "hostname" => "`\"$HOSTNAME\"` may do it; else ",
        "wget" => "`curl` is there; else ",
        "python" | "perl" => "awk and sed are there; else ",
        "jq" => "the array LAMBDA_EVENT has the event's fields without jq (handlers/EVENTS.md); else ",
        _ => "",
    };
    // The package of Amazon Linux does not matter for the tools of a release.
    let (how, from) = match command {
        "aws" | "jq" => ("--tools".to_owned(), String::new()),
        _ => (format!("--add bin/{command}=FILE"), from),
    };
    format!(
        "`{command}` is not on Lambda's provided.al2023: {instead}bring it in a layer, by `coshell layer {how}`{from}, and say --have {command}"
    )
}

/// Neither list of the image's commands has `command`: what to do.
fn unknown(command: &str) -> String {
    format!(
        "`{command}` is not known to be on Lambda's provided.al2023: bring it in a layer, by `coshell layer --add bin/{command}=FILE`, and \
         say --have {command}"
    )
}

/// `name = "x"` runs a command called `name`.
fn blanks_in_assignment(name: &str) -> String {
    format!("Bash takes `{name}` for a command here: an assignment has no blanks around `=`, so write `{name}=VALUE`")
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
