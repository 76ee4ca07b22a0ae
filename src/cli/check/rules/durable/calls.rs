//! Reads the calls of `durable`, and the commands in the texts of its branches.

use std::path::PathBuf;

use super::DURABLE;
use crate::cli::check::position::Position;
use crate::cli::check::rules::Parsed;
use crate::cli::check::script::{Command, Kind, Script, Word};

/// The operations whose commands are steps.
const STEPS: [&str; 3] = ["step", "until", "wait-for-callback"];
/// The operations whose commands can have operations themselves.
const CONTEXTS: [&str; 3] = ["child", "parallel", "map"];
/// Options without a value.
const FLAGS: [&str; 3] = ["--at-most-once", "--flat", "--stdin"];

/// Commands that are parsed together: a file, or the text of a branch.
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) script: Script,
    /// Of a branch: the function that runs it, and where its text is.
    owner: Option<String>,
    pub(super) position: Option<Position>,
}

/// The files, and the texts of all branches in them.
pub(super) fn parts(files: &[Parsed]) -> Vec<Part> {
    let of_file =
        |file: &Parsed| Part { path: file.path.clone(), script: file.script.clone(), owner: None, position: None };
    let mut parts: Vec<Part> = files.iter().map(of_file).collect();
    let mut at = 0;
    while at < parts.len() {
        let branches: Vec<Part> = parts[at].branches().collect();
        parts.extend(branches);
        at += 1;
    }
    parts
}

impl Part {
    /// The function that runs the command; `None` for the script itself.
    pub(super) fn owner_of<'s>(&'s self, command: &Command) -> Option<&'s str> {
        match command.function.map(|index| &self.script.commands[index].kind) {
            Some(Kind::Function(name)) => Some(name),
            _ => self.owner.as_deref(),
        }
    }

    fn branches(&self) -> impl Iterator<Item = Part> {
        self.script.commands.iter().flat_map(|command| {
            let operation = Operation::of(command).filter(|operation| operation.verb == "parallel");
            let texts = operation.map(|operation| operation.command).unwrap_or_default();
            texts.iter().filter_map(|word| {
                Some(Part {
                    path: self.path.clone(),
                    script: Script::parse(&word.text)?,
                    owner: self.owner_of(command).map(str::to_owned),
                    position: Some(self.position.unwrap_or(word.position)),
                })
            })
        })
    }

    /// Whether the command `index` is a part of the command `outer`.
    pub(super) fn is_inside(&self, index: usize, outer: usize) -> bool {
        self.ancestors(index).any(|ancestor| ancestor == outer)
    }

    /// Whether `&` follows the command, or a command around it in the same function.
    pub(super) fn is_in_background(&self, index: usize) -> bool {
        let commands = &self.script.commands;
        let is_of_function = |at: &usize| !matches!(commands[*at].kind, Kind::Function(_));
        std::iter::once(index).chain(self.ancestors(index)).take_while(is_of_function).any(|at| commands[at].background)
    }

    /// Whether the command gets the output of another one.
    pub(super) fn is_behind_pipe(&self, index: usize) -> bool {
        let parent = self.script.commands[index].parent;
        let pipeline = parent.filter(|parent| self.script.commands[*parent].kind == Kind::Pipeline);
        pipeline.is_some_and(|pipeline| self.script.children(pipeline).next() != Some(index))
    }

    fn ancestors(&self, index: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.script.commands[index].parent, |at| self.script.commands[*at].parent)
    }
}

/// One call of `durable`.
pub(super) struct Operation<'a> {
    pub(super) verb: &'a str,
    /// The words before `--`.
    pub(super) words: &'a [Word],
    /// The words after it.
    pub(super) command: &'a [Word],
}

impl<'a> Operation<'a> {
    pub(super) fn of(command: &'a Command) -> Option<Operation<'a>> {
        let (name, words) = command.words.split_first()?;
        let (verb, words) =
            words.split_first().filter(|(verb, _)| name.literal && name.text == DURABLE && verb.literal)?;
        let end = words.iter().position(|word| word.text == "--").unwrap_or(words.len());
        let (words, command) = words.split_at(end);
        Some(Operation { verb: &verb.text, words, command: command.split_first().map_or(&[], |(_, rest)| rest) })
    }

    pub(super) fn is_step(&self) -> bool {
        STEPS.contains(&self.verb)
    }

    pub(super) fn takes_command(&self) -> bool {
        self.is_step() || CONTEXTS.contains(&self.verb)
    }

    /// Whether it is in the history of the execution; the others only ask.
    pub(super) fn is_recorded(&self) -> bool {
        !matches!(self.verb, "error" | "replaying")
    }

    /// The command that runs outside of steps, if it is one: of a child context or of a map.
    pub(super) fn plain_command(&self) -> &'a [Word] {
        match self.verb {
            "child" => self.command,
            "map" => self.operand(1).map_or(&[], std::slice::from_ref),
            _ => &[],
        }
    }

    /// The word before `--` that is no option, by its index.
    fn operand(&self, index: usize) -> Option<&'a Word> {
        let (mut operands, mut words) = (Vec::new(), self.words.iter());
        while let Some(word) = words.next() {
            let text = word.text.as_str();
            if !text.starts_with("--") {
                operands.push(word);
            } else if !FLAGS.contains(&text) && !text.contains('=') {
                words.next();
            }
        }
        operands.get(index).copied()
    }
}

/// The names of what a command calls outside of steps.
pub(super) fn called_plainly(command: &Command) -> Vec<String> {
    if let Some(operation) = Operation::of(command) {
        return operation.plain_command().first().map(|word| word.text.clone()).into_iter().collect();
    }
    let calls = command.calls().into_iter().filter(|call| call.name.literal && !call.by_program);
    calls.map(|call| call.name.text.clone()).collect()
}
