//! The rules that judge how a script would behave on Lambda: each looks at all files of one shell, the script and what it sources.

mod aws_calls;
mod documents;
mod durable;
mod early_exit;
mod errexit;
mod event_array;
mod exit_trap;
mod jobs;
mod own_path;
mod status;
mod stdin;
mod writes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::code::Code;
use super::finding::Severity;
use super::position::Position;
use super::script::{Command, Kind, Script};

/// A file of the shell.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) path: PathBuf,
    pub(super) script: Script,
}

/// How the script is run.
#[derive(Debug)]
pub(super) struct Circumstances {
    /// Whether errexit is on when the script begins.
    pub(super) errexit: bool,
    /// Whether Bash ignores errexit in the handler, even where the script sets it.
    pub(super) ignores_errexit: bool,
    /// Whether the handler's stdin is empty.
    pub(super) empty_stdin: bool,
    /// Whether the shell stays for the next event.
    pub(super) keeps_state: bool,
    /// Whether the runtime sources the script, so that `$0` is another file.
    pub(super) is_sourced: bool,
    /// The handler's function.
    pub(super) handler: Option<String>,
}

/// What a rule found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) position: Position,
    pub(super) severity: Severity,
    pub(super) code: Code,
    pub(super) message: String,
}

/// All that the rules find in `files`.
pub(super) fn judge(files: &[Parsed], circumstances: &Circumstances) -> Vec<Found> {
    let shell = Shell { files, circumstances };
    let mut found = Vec::new();
    for rule in [
        aws_calls::judge,
        documents::judge,
        durable::judge,
        early_exit::judge,
        errexit::judge,
        event_array::judge,
        exit_trap::judge,
        jobs::judge,
        own_path::judge,
        status::judge,
        stdin::judge,
        writes::judge,
    ] {
        rule(&shell, &mut found);
    }
    found
}

/// The commands in `files` that read the empty stdin of the handler `function`.
pub(super) fn empty_stdin(files: &[Parsed], function: &str) -> Vec<Found> {
    let circumstances = Circumstances {
        errexit: true,
        ignores_errexit: false,
        empty_stdin: true,
        keeps_state: false,
        is_sourced: true,
        handler: Some(function.to_owned()),
    };
    let mut found = Vec::new();
    stdin::judge(&Shell { files, circumstances: &circumstances }, &mut found);
    found
}

/// Whether the script sets errexit anywhere.
pub(super) fn sets_errexit(script: &Script) -> bool {
    script.commands.iter().any(|command| errexit::switched(command) == Some(true))
}

/// Everything that a rule looks at.
struct Shell<'a> {
    files: &'a [Parsed],
    circumstances: &'a Circumstances,
}

impl<'a> Shell<'a> {
    /// All commands with their files.
    fn commands(&self) -> impl Iterator<Item = (&'a Parsed, usize, &'a Command)> + use<'a> {
        self.files.iter().flat_map(|file| {
            file.script.commands.iter().enumerate().map(move |(index, command)| (file, index, command))
        })
    }

    /// The definition of a function: the last one, as in Bash.
    fn definition(&self, name: &str) -> Option<(&'a Parsed, usize)> {
        let is_definition = |command: &Command| matches!(&command.kind, Kind::Function(defined) if defined == name);
        let found = self.commands().filter(|(_, _, command)| is_definition(command)).last();
        found.map(|(file, index, _)| (file, index))
    }

    /// Whether errexit is on for a command, apart from the place where the command stands.
    fn has_errexit(&self, file: &Parsed, command: &Command) -> bool {
        let switches = |on: bool| self.commands().filter(move |(_, _, command)| errexit::switched(command) == Some(on));
        let is_off = switches(false).any(|(other, _, switch)| {
            switch.function.is_none() || (std::ptr::eq(other, file) && switch.function == command.function)
        });
        let is_on = self.circumstances.errexit || switches(true).next().is_some();
        is_on && !is_off && !self.circumstances.ignores_errexit
    }

    /// The functions that are called as commands of their own, so that their status counts.
    fn called_plainly(&self) -> BTreeSet<&'a str> {
        let plain = |(_, _, command): &(&Parsed, usize, &Command)| !command.handled && !command.background;
        self.commands().filter(plain).filter_map(|(_, _, command)| command.name()).collect()
    }
}

/// A warning at a position of `file`.
fn warning(file: &Path, position: Position, code: Code, message: String) -> Found {
    Found { path: file.to_owned(), position, severity: Severity::Warning, code, message }
}
