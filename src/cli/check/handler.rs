//! A function's script, or program, and the files that it sources, each checked once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::code::Code;
use super::file::Fault;
use super::finding::{Finding, Severity};
use super::position::Position;
use super::rules::{self, Circumstances, Parsed};
use super::script::{Script, Word};
use super::sources::{below_root, sourced};
use super::{Arguments, external_tools, file};
use crate::lambda::function::Function;
use crate::runtime::config;
use crate::runtime::failure::Failure;
use crate::runtime::handler::Handler;
use crate::runtime::shell::Convention;
use crate::runtime::shell::posix::{self, PosixMode, Reason};

/// What is being checked, and what was found.
pub(super) struct Checked<'a> {
    pub(super) handler: Handler,
    pub(super) root: PathBuf,
    pub(super) arguments: &'a Arguments,
    pub(super) visited: BTreeSet<PathBuf>,
    pub(super) functions: BTreeSet<String>,
    /// The programs of the function's folder that it starts by their paths.
    pub(super) executed: BTreeSet<PathBuf>,
    /// The files of the shell, parsed.
    pub(super) scripts: Vec<Parsed>,
    /// The commands that are called and that Lambda's image lacks.
    pub(super) missing: BTreeSet<String>,
    /// Whether a text seems to define the function, though the parser does not see it.
    seems_defined: bool,
    /// Whether Bash runs the script in POSIX mode.
    posix: bool,
    pub(super) sets_path: bool,
    /// Whether a file is sourced that is not known.
    pub(super) unknown_sources: bool,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Checked<'a> {
    pub(super) fn new(function: &Function, arguments: &'a Arguments) -> Result<Checked<'a>> {
        let program = Handler::Executable(function.task_root.join(&function.handler));
        let mut checked = Checked::of(program, function.task_root.clone(), arguments);
        match Handler::resolve(&function.handler, &function.task_root) {
            Ok(handler) => checked.handler = handler,
            // Its mode is a finding as any other.
            Err(_) if checked.handler.file().is_file() => {}
            Err(Failure::ScriptUnreadable { script, .. }) => {
                let (_, name) = function.handler.rsplit_once('.').unwrap_or_default();
                checked.handler = Handler::Function { script, function: name.to_owned() };
            }
            Err(error) => bail!("{error}"),
        }
        Ok(checked)
    }

    /// Nothing is looked at yet.
    pub(super) fn of(handler: Handler, root: PathBuf, arguments: &'a Arguments) -> Checked<'a> {
        Checked {
            handler,
            root,
            arguments,
            visited: BTreeSet::new(),
            functions: BTreeSet::new(),
            executed: BTreeSet::new(),
            scripts: Vec::new(),
            missing: BTreeSet::new(),
            seems_defined: false,
            posix: false,
            sets_path: false,
            unknown_sources: false,
            findings: Vec::new(),
        }
    }

    pub(super) fn all(&mut self) {
        let script = self.handler.file().to_owned();
        self.mode(&script);
        if let (None, Ok(metadata)) = (self.handler.script(), fs::metadata(&script)) {
            self.executed.insert(script.clone());
            self.extend(&script, Code::FileMode, file::not_executable(&metadata, &self.shown(&script)));
        }
        self.file(&script);
        self.function(&script);
        let circumstances = self.circumstances();
        let sets_errexit = self.scripts.iter().any(|file| rules::sets_errexit(&file.script));
        if self.arguments.convention == "gkrizek" && self.handler.script().is_some() && !sets_errexit {
            let message = "no `set -e`: under the convention `gkrizek` a failed command ends nothing, and the event succeeds unless \
                           its last command fails; begin the handler with `set -e`";
            self.add(&script, Severity::Warning, Code::NoErrexit, (None, message.to_owned()));
        }
        self.judge(&circumstances);
    }

    /// How the convention runs the script.
    fn circumstances(&self) -> Circumstances {
        let handler = match &self.handler {
            Handler::Function { function, .. } => Some(function.clone()),
            Handler::Executable(_) => None,
        };
        let convention = Convention::named(&self.arguments.convention).ok().filter(|_| handler.is_some());
        let options = convention.map_or("", |convention| convention.options);
        Circumstances {
            errexit: options.split(' ').next().is_some_and(|letters| letters.contains('e')),
            ignores_errexit: handler.is_some() && self.arguments.convention == "ql4b",
            empty_stdin: convention.is_some_and(|convention| !convention.on_stdin()),
            keeps_state: handler.is_some() && self.arguments.state == "keep",
            is_sourced: handler.is_some(),
            handler,
        }
    }

    /// Applies the rules to the files of the shell.
    pub(super) fn judge(&mut self, circumstances: &Circumstances) {
        let may_define_more = self.may_define_more();
        let found = rules::judge(&self.scripts, circumstances);
        for found in found.into_iter().filter(|found| !(may_define_more && found.code == Code::EventArray)) {
            self.add(&found.path, found.severity, found.code, (Some(found.position), found.message));
        }
        self.commands();
    }

    pub(super) fn file(&mut self, path: &Path) {
        if !self.visited.insert(path.to_owned()) {
            return;
        }
        let name = self.shown(path);
        let program = matches!(&self.handler, Handler::Executable(program) if program == path);
        if let Ok(metadata) = fs::metadata(path) {
            self.extend(path, Code::FileMode, file::unreadable(&metadata, &name));
        }
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("it cannot be read: {error}");
                return self.add(path, Severity::Error, Code::Unreadable, (None, message));
            }
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if program && (bytes.starts_with(b"\x7fELF") || !file::is_shell(&text)) {
            return;
        }
        if text.starts_with('\u{feff}') {
            let message = "it begins with a byte order mark, which Bash takes for a part of the first word: save it as UTF-8 without one";
            self.add(
                path,
                Severity::Error,
                Code::ByteOrderMark,
                (Some(Position { line: 1, column: Some(1) }), message.to_owned()),
            );
        }
        if let Some(fault) = file::line_ends(&text, &name) {
            return self.add(path, Severity::Error, Code::LineEnds, fault); // all else would follow from that
        }
        self.sets_path |= file::sets_path(&text);
        if let Handler::Function { function, .. } = &self.handler {
            self.seems_defined |= file::seems_to_define(&text, function);
        }
        let posix = self.posix && !program;
        let syntax = external_tools::syntax(path, posix, text.contains("extglob"));
        if !syntax.is_empty() {
            return self.extend(path, Code::Syntax, syntax); // the parser gets only what Bash can parse
        }
        let warnings = external_tools::shellcheck(path, posix, &self.root);
        warnings.into_iter().for_each(|fault| self.add(path, Severity::Warning, Code::Shellcheck, fault));
        match Script::parse(&text) {
            Some(script) => self.script(path, script),
            None => {
                let message = "the parser of `coshell check` cannot parse this script, although Bash can: nothing was looked for in its commands";
                self.unknown_sources = true;
                self.add(path, Severity::Note, Code::NotParsed, (None, message.to_owned()));
            }
        }
    }

    fn script(&mut self, path: &Path, script: Script) {
        for position in &script.process_substitutions {
            let message = "process substitution fails on Lambda, which has no /dev/fd: assign to a variable and read from \
                           `<<<\"$variable\"`, or use a temporary file or a pipe";
            self.add(path, Severity::Error, Code::ProcessSubstitution, (Some(*position), message.to_owned()));
        }
        self.functions.extend(script.functions());
        let used = script.used_files();
        self.scripts.push(Parsed { path: path.to_owned(), script });
        used.programs.iter().for_each(|word| self.helper(path, word, true));
        used.shell_scripts.iter().for_each(|word| self.helper(path, word, false));
        used.sources.iter().for_each(|word| self.source(path, word));
    }

    fn source(&mut self, by: &Path, source: &Word) {
        if let Some(file) = sourced(&self.root, by, &source.text) {
            return self.file(&file);
        }
        self.unknown_sources = true;
        let missing = below_root(&source.text).map(|below| {
            (Some(source.position), format!("it sources `{below}`, which is not in the function's folder"))
        });
        missing.into_iter().for_each(|fault| self.add(by, Severity::Warning, Code::MissingSource, fault));
    }

    /// In which mode Bash runs the script, and why. Where it cannot be read, another finding says so.
    fn mode(&mut self, script: &Path) {
        let setting = std::env::var(config::POSIX).ok().and_then(|value| PosixMode::named(&value)).unwrap_or_default();
        let convention = Convention::named(&self.arguments.convention);
        if self.handler.script().is_none() {
            return;
        }
        let Some(Ok(Some(reason))) =
            convention.ok().map(|convention| posix::reason_for(script, &self.root, setting, &convention))
        else {
            return;
        };
        self.posix = true;
        let message = "Bash runs the script in POSIX mode, because of";
        match reason {
            Reason::Setting => {
                self.add(script, Severity::Note, Code::PosixMode, (None, format!("{message} COSHELL_POSIX=1")));
            }
            Reason::Expansion { file, line } => {
                let message = format!(
                    "{message} an apostrophe here in an expansion such as \"${{name:-it's}}\"; COSHELL_POSIX=0 prevents it"
                );
                self.add(&file, Severity::Note, Code::PosixMode, (Some(Position::of_line(line)), message));
            }
        }
    }

    fn function(&mut self, script: &Path) {
        let Handler::Function { function, .. } = &self.handler else { return };
        let not_looked_at =
            |finding: &Finding| matches!(finding.code, Code::LineEnds | Code::Unreadable | Code::Syntax);
        if self.functions.contains(function) || self.findings.iter().any(not_looked_at) {
            return;
        }
        let defined: Vec<String> = self.functions.iter().map(|name| format!("`{name}`")).collect();
        let defined = if defined.is_empty() { "none".to_owned() } else { defined.join(", ") };
        let message =
            format!("no function `{function}` is defined here: it defines {defined}; the handler is FILE.FUNCTION");
        // `eval` and files that are not known may define it.
        let unsure = self.seems_defined || self.may_define_more();
        let severity = if unsure { Severity::Warning } else { Severity::Error };
        self.add(script, severity, Code::NoFunction, (None, message));
    }

    pub(super) fn extend(&mut self, path: &Path, code: Code, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            self.add(path, Severity::Error, code, fault);
        }
    }

    pub(super) fn add(&mut self, path: &Path, severity: Severity, code: Code, (position, message): Fault) {
        self.findings.push(Finding { file: self.shown(path), position, severity, code, message });
    }

    /// The path as the user would write it: below the folder that was named.
    pub(super) fn shown(&self, path: &Path) -> String {
        let given = &self.arguments.path;
        let folder = if given.is_dir() { given.as_path() } else { given.parent().unwrap_or(Path::new("")) };
        let shown = path.strip_prefix(&self.root).map_or_else(|_| path.to_owned(), |below| folder.join(below));
        if shown.as_os_str().is_empty() { ".".to_owned() } else { shown.display().to_string() }
    }
}
