//! Parses `_HANDLER` and finds the script and function, or the program, that it names.
//!
//! The tutorial splits at the first dot. People also write `dir/function.handler`, `function.sh.handler` and absolute paths. So
//! this module splits at the last dot of the file's name. If no such file exists, it splits at the first dot as the tutorial
//! does.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::failure::Failure;

/// The code that runs for each event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handler {
    /// A function of a script that is sourced once.
    Function {
        /// The script, as an absolute path.
        script: PathBuf,
        /// The function's name.
        function: String,
    },
    /// A program that is run for each event, with the event on stdin.
    Executable(PathBuf),
}

impl Handler {
    /// Finds the function or program that `raw`, the value of `_HANDLER`, names below `task_root`.
    ///
    /// # Errors
    /// [`Failure::HandlerNotSet`], [`Failure::HandlerMalformed`], [`Failure::ScriptNotFound`] with every path that was tried,
    /// [`Failure::ScriptUnreadable`] or [`Failure::NotExecutable`].
    pub fn resolve(raw: &str, task_root: &Path) -> Result<Handler, Failure> {
        let (stem, function) = split(raw)?;
        if let Some(program) = program_after_dot_slash(raw, task_root) {
            return executable(program);
        }
        let mut candidates: Vec<PathBuf> = scripts(&stem).iter().map(|name| task_root.join(name)).collect();
        if let Some(script) = candidates.iter().find(|path| path.exists()).cloned() {
            readable(&script)?;
            return Ok(Handler::Function { script, function });
        }
        if let Some(handler) = cut_at_first_dots(raw, task_root) {
            return Ok(handler);
        }
        let program = task_root.join(raw);
        if program.is_file() {
            return executable(program);
        }
        if !candidates.contains(&program) {
            candidates.push(program);
        }
        Err(Failure::ScriptNotFound { handler: raw.to_owned(), looked_for: candidates })
    }

    /// The script or program.
    pub fn file(&self) -> &Path {
        match self {
            Handler::Function { script, .. } => script,
            Handler::Executable(program) => program,
        }
    }

    /// The script to source; `None` for a program.
    pub fn script(&self) -> Option<&Path> {
        match self {
            Handler::Function { script, .. } => Some(script),
            Handler::Executable(_) => None,
        }
    }

    /// The command that Bash runs: the function's name, or the program's path.
    pub fn command(&self) -> OsString {
        match self {
            Handler::Function { function, .. } => function.into(),
            Handler::Executable(program) => program.into(),
        }
    }

    /// The name of the handler in messages.
    pub fn name(&self) -> String {
        match self {
            Handler::Function { function, .. } => function.clone(),
            Handler::Executable(program) => {
                program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
            }
        }
    }
}

fn executable(program: PathBuf) -> Result<Handler, Failure> {
    match access(&program, AccessFlags::X_OK) {
        Ok(()) => Ok(Handler::Executable(program)),
        Err(_) => Err(Failure::NotExecutable { program }),
    }
}

/// Finds the program for `./NAME`. `NAME` alone means `NAME.sh` if that file exists, as with the tutorial's bootstrap. The
/// tutorial's bootstrap does not support `./NAME`.
fn program_after_dot_slash(raw: &str, task_root: &Path) -> Option<PathBuf> {
    let name = raw.strip_prefix("./").filter(|name| !name.contains('.'))?;
    Some(task_root.join(name)).filter(|program| program.is_file())
}

/// Splits `raw` into the file's path and the function.
fn split(raw: &str) -> Result<(String, String), Failure> {
    if raw.is_empty() {
        return Err(Failure::HandlerNotSet);
    }
    let malformed = |reason| Failure::HandlerMalformed { handler: raw.to_owned(), reason };
    let name_start = raw.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, name) = raw.split_at(name_start);
    if raw.contains('\0') || raw.contains('\n') {
        return Err(malformed("it contains a line break or a NUL"));
    }
    let (stem, function) = match name.rsplit_once('.') {
        None => (name, name),
        // `function.sh` alone: a script and its function of the same name.
        Some((stem, "sh")) => (stem, stem),
        Some((stem, function)) => (stem, function),
    };
    if stem.is_empty() {
        return Err(malformed("it names no file"));
    }
    if function.is_empty() {
        return Err(malformed("it names no function after the dot"));
    }
    Ok((format!("{folder}{stem}"), function.to_owned()))
}

/// Splits `raw` as the tutorial does: the script is the part before the first dot, and the function is the part between the first
/// and the second dot.
fn cut_at_first_dots(raw: &str, task_root: &Path) -> Option<Handler> {
    let mut parts = raw.split('.');
    let (script, function) = (task_root.join(format!("{}.sh", parts.next()?)), parts.next()?.to_owned());
    (!function.is_empty() && script.is_file()).then_some(Handler::Function { script, function })
}

/// The possible file names for `stem`, the most likely first.
fn scripts(stem: &str) -> Vec<String> {
    let with_suffix = format!("{stem}.sh");
    let has_suffix = stem.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match stem {
        stem if stem.ends_with(".sh") => vec![stem.to_owned(), with_suffix],
        stem if has_suffix => vec![with_suffix, stem.to_owned()],
        _ => vec![with_suffix],
    }
}

fn readable(script: &Path) -> Result<(), Failure> {
    let unreadable = |cause: String| Failure::ScriptUnreadable { script: script.to_owned(), cause };
    if script.is_dir() {
        return Err(unreadable("it is a folder".to_owned()));
    }
    fs::File::open(script).map(drop).map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_form_names_its_file_and_function() {
        for (raw, stem, function) in [
            ("function.handler", "function", "handler"),
            ("dir/function.handler", "dir/function", "handler"),
            ("dir.d/function.handler", "dir.d/function", "handler"),
            ("function.sh.handler", "function.sh", "handler"),
            ("/abs/function.handler", "/abs/function", "handler"),
            ("my.function.handler", "my.function", "handler"),
            ("hello", "hello", "hello"),
            ("/abs/hello.sh", "/abs/hello", "hello"),
            ("function.a-b::c", "function", "a-b::c"),
        ] {
            assert_eq!(split(raw).unwrap(), (stem.to_owned(), function.to_owned()), "{raw}");
        }
    }

    #[test]
    fn a_handler_with_more_dots_is_cut_as_the_tutorial_does_where_nothing_else_is_there() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("function.sh"), "").unwrap();
        let resolved = || Handler::resolve("function.handler.v2", root.path()).unwrap();
        let script = |name| root.path().join(name);
        assert_eq!(resolved(), Handler::Function { script: script("function.sh"), function: "handler".to_owned() });
        fs::write(script("function.handler.sh"), "").unwrap();
        assert_eq!(resolved(), Handler::Function { script: script("function.handler.sh"), function: "v2".to_owned() });
    }

    #[test]
    fn a_name_with_a_dot_and_slash_before_it_is_that_very_file() {
        let root = tempfile::tempdir().unwrap();
        let (program, script) = (root.path().join("main"), root.path().join("main.sh"));
        let resolved = |raw| Handler::resolve(raw, root.path()).unwrap();
        let function = Handler::Function { script: script.clone(), function: "main".to_owned() };
        fs::write(&script, "").unwrap();
        assert!(matches!(resolved("./main"), Handler::Function { .. }), "there is no other file");
        std::os::unix::fs::symlink("/bin/sh", &program).unwrap();
        assert_eq!(resolved("./main"), Handler::Executable(program));
        assert_eq!(resolved("main"), function);
    }

    #[test]
    fn what_names_no_file_or_function_is_malformed() {
        for raw in [".handler", "function.", "dir/", "dir/.handler", "a\nb.handler"] {
            assert!(matches!(split(raw), Err(Failure::HandlerMalformed { .. })), "{raw:?}");
        }
        assert!(matches!(split(""), Err(Failure::HandlerNotSet)));
    }
}
