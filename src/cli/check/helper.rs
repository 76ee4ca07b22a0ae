//! Checks the programs in the function's folder: those that the script starts by a path, and all that `coshell package` judges.

use std::fs;
use std::path::{Path, PathBuf};

use super::code::Code;
use super::file;
use super::finding::{Finding, Severity};
use super::handler::Checked;
use super::position::Position;
use super::rules::Circumstances;
use super::script::{Command, Word};
use super::sources::below_root;
use crate::cli::bundle::fault::{Fault, Level};
use crate::cli::bundle::{Bundle, Exclusions, PROGRAMS};
use crate::runtime::handler::Handler;

/// What a path of the function's folder begins with, wherever the handler is when it calls the program.
const ROOTS: [&str; 3] = ["$LAMBDA_TASK_ROOT/", "${LAMBDA_TASK_ROOT}/", "/var/task/"];

impl Checked<'_> {
    /// Checks the program `word` that the script `by` starts, itself (`executed`) or by `bash`.
    pub(super) fn helper(&mut self, by: &Path, word: &Word, executed: bool) {
        let Some(below) = below_root(&word.text) else { return };
        let path = self.root.join(below);
        let Some(metadata) = fs::metadata(&path).ok().filter(|metadata| metadata.is_file()) else {
            if ROOTS.iter().any(|root| word.text.starts_with(root)) || self.is_expected(by, word) {
                let message = format!("it calls `{below}`, which is not in the function's folder");
                self.add(by, Severity::Warning, Code::MissingProgram, (Some(word.position), message));
            }
            return;
        };
        if executed {
            // `coshell package` makes what is in these folders executable.
            let code = if PROGRAMS.iter().any(|folder| below.starts_with(folder)) {
                Code::FileMode
            } else {
                Code::NotExecutable
            };
            self.extend(&path, code, file::not_executable(&metadata, &self.shown(&path)));
            self.executed.insert(path.clone());
        }
        self.script_of_its_own(path, executed);
    }

    /// Whether the script `by` starts the program `word` without a look whether it exists, by a path that begins at the function's folder: the script
    /// never leaves that folder.
    fn is_expected(&self, by: &Path, word: &Word) -> bool {
        let Some(file) = self.scripts.iter().find(|file| file.path == by) else { return false };
        let name = word.text.rsplit('/').next().unwrap_or_default();
        let moves = file.script.commands.iter().any(|command| matches!(command.name(), Some("cd" | "pushd")));
        let mut calls = file.script.calls().filter(|(_, call)| {
            call.name.position == word.position
                || call.arguments.iter().any(|argument| argument.position == word.position)
        });
        let is_test = |command: &&Command| matches!(command.name(), Some("[" | "test"));
        let mut tests = file.script.commands.iter().filter(is_test).flat_map(|command| &command.words);
        let is_plain = calls.any(|(command, _)| !command.has_alternative && !command.by_chance);
        let is_looked_for = tests.any(|tested| tested.text == word.text)
            || file.script.looked_for.iter().any(|looked_for| looked_for == name);
        word.literal && is_plain && !moves && !is_looked_for
    }

    /// A script that another Bash runs has functions of its own.
    fn script_of_its_own(&mut self, path: PathBuf, executed: bool) {
        let handler = match executed {
            true => Handler::Executable(path.clone()),
            false => Handler::Function { script: path.clone(), function: String::new() },
        };
        let mut helper = Checked::of(handler, self.root.clone(), self.arguments);
        helper.sets_path = self.sets_path;
        helper.visited = std::mem::take(&mut self.visited);
        helper.file(&path);
        helper.judge(&Circumstances {
            errexit: false,
            ignores_errexit: false,
            empty_stdin: false,
            keeps_state: false,
            is_sourced: false,
            handler: None,
        });
        self.missing.extend(std::mem::take(&mut helper.missing));
        self.visited = helper.visited;
        self.executed.extend(helper.executed);
        self.findings.extend(helper.findings);
    }

    /// Checks all files of the folder as `coshell package` does.
    pub(super) fn programs(&mut self) {
        let mut bundle = Bundle::default();
        bundle.set_external_commands(&self.arguments.have);
        let root = self.root.clone();
        let mut exclusions = Exclusions::new(&[], Path::new("-"));
        let faults = bundle.add_folder("", &root, &mut exclusions).and_then(|()| {
            for program in self.executed.iter().filter_map(|program| program.strip_prefix(&root).ok()?.to_str()) {
                bundle.make_executable(program);
            }
            bundle.faults(self.arguments.arch)
        });
        match faults {
            Ok(faults) => faults.into_iter().for_each(|fault| self.fault(fault)),
            Err(error) => {
                let message = format!("`coshell package` cannot package this folder: {error:#}");
                self.add(&root, Severity::Warning, Code::UnpackableFolder, (None, message));
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        let path = self.root.join(&fault.name);
        let severity = match fault.level {
            Level::Refused | Level::Fails => Severity::Error,
            Level::MayFail => Severity::Warning,
        };
        let shown = self.shown(&path);
        let is_of_line_ends = |finding: &Finding| finding.code == Code::LineEnds && finding.file == shown;
        // Its interpreter line ends as all its lines do.
        if fault.line.is_none() || !self.findings.iter().any(is_of_line_ends) {
            self.add(&path, severity, Code::BrokenProgram, (fault.line.map(Position::of_line), fault.message));
        }
    }
}
