//! Lists the commands of a script with their words, redirections and surroundings, as the rules of `coshell check` need them.
//!
//! The parser is brush-parser, in the same thread and with the same limits as for failure reports (`runtime::script`). The parser only gets
//! text that Bash has parsed. A word that Bash puts together when the script runs is never guessed.

mod calls;
mod used_files;
mod walk;
mod words;

use std::collections::BTreeSet;

pub(super) use self::calls::Call;
use self::used_files::UsedFiles;
use super::position::Position;
use crate::runtime::script::with_program;

/// The array that the runtime fills with the entries of the event.
pub(super) const EVENT_ARRAY: &str = "LAMBDA_EVENT";

/// A word of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) position: Position,
    /// Without its quotes; expansions are left as they are written.
    pub(super) text: String,
    /// Whether nothing in it is expanded.
    pub(super) literal: bool,
    /// Whether a `$( )` or backquotes are in it.
    pub(super) substitution: bool,
    /// Whether `$0` is in it, and for what.
    pub(super) own_path: Option<OwnPath>,
}

/// What a word uses `$0` for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnPath {
    /// The path itself: `$0`.
    Path,
    /// Its folder: `${0%/*}`.
    Folder,
}

/// A redirection of a command.
#[derive(Clone, Debug)]
pub(super) struct Redirection {
    pub(super) direction: Direction,
    pub(super) target: Word,
}

/// What a redirection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
    /// `>>`.
    Append,
    /// `<<` with so many bytes, or `<<<`.
    Text(usize),
    /// `<&`, `>&`.
    Duplicate,
}

/// What a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name with arguments, or assignments.
    Simple,
    /// `[[ … ]]`.
    Test,
    /// `(( … ))` with its expression.
    Arithmetic(String),
    /// Pipelines joined by `&&` and `||`; whether all are joined by `&&`.
    List { only_and: bool },
    /// Commands joined by `|`.
    Pipeline,
    /// `( … )`.
    Subshell,
    /// A loop, `if`, `case`, `{ … }`, a coprocess.
    Compound,
    /// The definition of the function with this name.
    Function(String),
}

/// One command of a script.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) kind: Kind,
    /// That of its name, or of its first word.
    pub(super) position: Position,
    /// The command that this one is a part of.
    pub(super) parent: Option<usize>,
    /// The definition whose body it is in.
    pub(super) function: Option<usize>,
    /// Its name and arguments.
    pub(super) words: Vec<Word>,
    /// The assignments before the command, or alone.
    pub(super) assignments: Vec<Word>,
    pub(super) redirections: Vec<Redirection>,
    /// Whether errexit ignores its failure: a condition, before `&&` or `||`, after `!`.
    pub(super) handled: bool,
    /// Whether the script goes on by another way after its failure: a condition, or before `||`.
    pub(super) has_alternative: bool,
    /// Whether it depends on the system that it runs on, or is the value for want of another.
    pub(super) by_chance: bool,
    /// Whether its status is the status of the function that it is in, or of the script.
    pub(super) last: bool,
    /// Whether something else than the caller's stdin is its stdin.
    pub(super) fed: bool,
    /// Whether `&` follows it.
    pub(super) background: bool,
    /// Whether it is in a `$( )` or in backquotes.
    pub(super) substitution: bool,
}

/// A parsed script.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// All commands, each before the commands inside it.
    pub(super) commands: Vec<Command>,
    pub(super) process_substitutions: Vec<Position>,
    /// Where the script reads entries of the array LAMBDA_EVENT.
    pub(super) event_reads: Vec<Position>,
    /// The files for which `[[ -x … ]]`, `[[ -f … ]]` and `[[ -e … ]]` look.
    pub(super) looked_for: Vec<String>,
}

impl Script {
    /// Parses `text`, which Bash has parsed; `None` when the parser refuses it.
    pub(super) fn parse(text: &str) -> Option<Script> {
        // brush-parser 0.4 refuses `&> >( )`.
        let without_both = || text.contains("&> >(").then(|| text.replace("&> >(", " > >("));
        with_program(text, walk::script).or_else(|| with_program(&without_both()?, walk::script))
    }

    /// The names of the functions that the script defines.
    pub(super) fn functions(&self) -> BTreeSet<String> {
        let names = self.commands.iter().filter_map(|command| match &command.kind {
            Kind::Function(name) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    }

    /// The function that the command is in.
    pub(super) fn function_of(&self, command: &Command) -> Option<&str> {
        match &self.commands[command.function?].kind {
            Kind::Function(name) => Some(name),
            _ => None,
        }
    }

    /// All calls of commands, also those that another command makes: `timeout 5 curl`, `xargs -n 1 cp`, `find -exec rm`.
    pub(super) fn calls(&self) -> impl Iterator<Item = (&Command, Call<'_>)> {
        self.commands.iter().flat_map(|command| command.calls().into_iter().map(move |call| (command, call)))
    }

    /// The files that the script sources and runs.
    pub(super) fn used_files(&self) -> UsedFiles {
        UsedFiles::of(self.calls().map(|(_, call)| call))
    }

    /// The indices of the commands directly inside the command `index`.
    pub(super) fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.commands.len()).filter(move |child| self.commands[*child].parent == Some(index))
    }
}

impl Command {
    /// The command's own call, and those that it makes.
    pub(super) fn calls(&self) -> Vec<Call<'_>> {
        calls::calls(&self.words)
    }

    /// Its name, where that stands in the text.
    pub(super) fn name(&self) -> Option<&str> {
        self.words.first().filter(|word| word.literal).map(|word| word.text.as_str())
    }
}

#[cfg(test)]
mod tests;
