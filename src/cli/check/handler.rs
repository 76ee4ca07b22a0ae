//! A function's script, or program, and the files that it sources, each checked once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::file::Fault;
use super::finding::{Finding, Severity};
use super::script::{Script, Word, scan};
use super::{Arguments, external_tools, file, writes};
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
    /// What is called, and by which file.
    pub(super) commands: Vec<(PathBuf, Word)>,
    /// What may be called only where it is there, or stands for something else.
    pub(super) guarded: BTreeSet<String>,
    /// Whether a text seems to define the function, though the scan does not see it.
    seems_defined: bool,
    errexit: bool,
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
            commands: Vec::new(),
            guarded: BTreeSet::new(),
            seems_defined: false,
            errexit: false,
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
            self.extend(&script, "mode", file::not_executable(&metadata, &self.shown(&script)));
        }
        self.file(&script);
        self.function(&script);
        if self.arguments.convention == "gkrizek" && self.handler.script().is_some() && !self.errexit {
            let message = "no `set -e`: under the convention `gkrizek` a failed command ends nothing, and the event succeeds unless \
                           its last command fails; begin the handler with `set -e`";
            self.add(&script, Severity::Warning, "errexit", (None, message.to_owned()));
        }
        self.commands();
    }

    pub(super) fn file(&mut self, path: &Path) {
        if !self.visited.insert(path.to_owned()) {
            return;
        }
        let name = self.shown(path);
        let program = matches!(&self.handler, Handler::Executable(program) if program == path);
        match fs::metadata(path) {
            Ok(metadata) => self.extend(path, "mode", file::unreadable(&metadata, &name)),
            Err(error) => {
                return self.add(path, Severity::Error, "unreadable", (None, format!("it cannot be read: {error}")));
            }
        }
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                return self.add(path, Severity::Error, "unreadable", (None, format!("it cannot be read: {error}")));
            }
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if program && (bytes.starts_with(b"\x7fELF") || !file::is_shell(&text)) {
            return;
        }
        if text.starts_with('\u{feff}') {
            let message = "it begins with a byte order mark, which Bash takes for a part of the first word: save it as UTF-8 without one";
            self.add(path, Severity::Error, "byte-order-mark", (Some(1), message.to_owned()));
        }
        if let Some(fault) = file::line_ends(&text, &name) {
            return self.add(path, Severity::Error, "line-ends", fault); // all else would follow from that
        }
        self.sets_path |= file::sets_path(&text);
        let posix = self.posix && !program;
        let syntax = external_tools::syntax(path, posix, text.contains("extglob"));
        let checked = if syntax.is_empty() { external_tools::shellcheck(path, posix, &self.root) } else { Vec::new() };
        self.extend(path, "syntax", syntax);
        checked.into_iter().for_each(|fault| self.add(path, Severity::Warning, "shellcheck", fault));
        if let Handler::Function { function, .. } = &self.handler {
            self.seems_defined |= file::seems_to_define(&text, function);
        }
        self.script(path, scan(&text));
    }

    fn script(&mut self, path: &Path, script: Script) {
        for line in script.process_substitutions {
            let message = "process substitution fails on Lambda, which has no /dev/fd: assign to a variable and read from \
                           `<<<\"$variable\"`, or use a temporary file or a pipe";
            self.add(path, Severity::Error, "dev-fd", (Some(line), message.to_owned()));
        }
        let moves = script.commands.iter().any(|word| matches!(word.text.as_str(), "cd" | "pushd"));
        for word in &script.writes {
            if let Some(message) = writes::fault(&word.text, moves) {
                self.add(path, Severity::Warning, "read-only", (Some(word.line), message));
            }
        }
        self.errexit |= script.errexit;
        self.functions.extend(script.functions);
        self.guarded.extend(script.guarded);
        self.commands.extend(script.commands.into_iter().map(|word| (path.to_owned(), word)));
        script.programs.iter().for_each(|word| self.helper(path, word, true));
        script.shell_scripts.iter().for_each(|word| self.helper(path, word, false));
        for source in script.sources {
            match sourced(&self.root, path, &source.text) {
                Some(file) => self.file(&file),
                None => {
                    self.unknown_sources = true;
                    if source.text.contains("$0") || source.text.contains("${0") {
                        let message =
                            "`$0` is the runtime's path here, not the script's: `${BASH_SOURCE[0]}` is the script's";
                        self.add(path, Severity::Warning, "source", (Some(source.line), message.to_owned()));
                    }
                    let missing = below_root(&source.text).map(|below| {
                        (Some(source.line), format!("it sources `{below}`, which is not in the function's folder"))
                    });
                    missing.into_iter().for_each(|fault| self.add(path, Severity::Warning, "source", fault));
                }
            }
        }
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
                self.add(script, Severity::Note, "posix", (None, format!("{message} COSHELL_POSIX=1")));
            }
            Reason::Expansion { file, line } => {
                let message = format!(
                    "{message} an apostrophe here in an expansion such as \"${{name:-it's}}\"; COSHELL_POSIX=0 prevents it"
                );
                self.add(&file, Severity::Note, "posix", (Some(line), message));
            }
        }
    }

    fn function(&mut self, script: &Path) {
        let Handler::Function { function, .. } = &self.handler else { return };
        let not_looked_at = |finding: &Finding| matches!(finding.check, "line-ends" | "unreadable");
        if self.functions.contains(function) || self.findings.iter().any(not_looked_at) {
            return;
        }
        let defined: Vec<String> = self.functions.iter().map(|name| format!("`{name}`")).collect();
        let defined = if defined.is_empty() { "none".to_owned() } else { defined.join(", ") };
        let message =
            format!("no function `{function}` is defined here: it defines {defined}; the handler is FILE.FUNCTION");
        // `eval` and files that are not known may define it; and the scan may be wrong.
        let unsure =
            self.seems_defined || self.unknown_sources || self.commands.iter().any(|(_, word)| word.text == "eval");
        let severity = if unsure { Severity::Warning } else { Severity::Error };
        self.add(script, severity, "function", (None, message));
    }

    pub(super) fn extend(&mut self, path: &Path, check: &'static str, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            self.add(path, Severity::Error, check, fault);
        }
    }

    pub(super) fn add(&mut self, path: &Path, severity: Severity, check: &'static str, (line, message): Fault) {
        self.findings.push(Finding { file: self.shown(path), line, severity, check, message });
    }

    /// The path as the user would write it: below the folder that was named.
    pub(super) fn shown(&self, path: &Path) -> String {
        let given = &self.arguments.path;
        let folder = if given.is_dir() { given.as_path() } else { given.parent().unwrap_or(Path::new("")) };
        path.strip_prefix(&self.root).map_or_else(|_| path.to_owned(), |below| folder.join(below)).display().to_string()
    }
}

/// The file of the bundle in `root` that the script `by` means by `name`.
fn sourced(root: &Path, by: &Path, name: &str) -> Option<PathBuf> {
    let below = below_root(name)?;
    let folders = [Some(root), by.parent()];
    folders.into_iter().flatten().map(|folder| folder.join(below)).find(|path| path.is_file())
}

/// `name` in the function's folder; `None` where it is elsewhere, or is known only when the script runs.
pub(super) fn below_root(name: &str) -> Option<&str> {
    let roots = ["$LAMBDA_TASK_ROOT/", "${LAMBDA_TASK_ROOT}/", "/var/task/", "./"];
    let below = roots.iter().find_map(|root| name.strip_prefix(root)).unwrap_or(name);
    (!below.is_empty() && !below.contains(['$', '*']) && !below.starts_with(['/', '~', '-'])).then_some(below)
}

/// The files that a script sources by names that can be read in its text; none where it cannot be read.
pub(crate) fn sources_of(script: &Path, root: &Path) -> Vec<PathBuf> {
    let text = fs::read(script).unwrap_or_default();
    let sources = scan(&String::from_utf8_lossy(&text)).sources;
    sources.iter().filter_map(|source| sourced(root, script, &source.text)).collect()
}
