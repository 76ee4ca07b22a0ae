//! Reads the files of a test: an event and the expected answer.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cli::event::{FOLDER, is_event};
use crate::cli::invoke::durable::error::callback_error;
use crate::cli::invoke::durable::runner::ExecutionResult;

const EVENT: &str = "json";
const ANSWERS: [&str; 2] = ["response", "error"];
/// The files that make an event the input of a durable execution.
const DURABLE: [&str; 2] = ["history", "callbacks"];
/// The limit of an expected answer: the limit of a response (6 MiB and 100 bytes), and a newline.
const LIMIT_BYTES: u64 = 6 * 1024 * 1024 + 101;

/// One event and its expected answer.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    folder: PathBuf,
}

/// The expected answer to an event.
#[derive(Debug, PartialEq)]
pub(crate) enum Expected {
    Response(Vec<u8>),
    /// `None` means that the file does not set the field.
    Failure {
        error_type: Option<String>,
        message: Option<String>,
    },
    /// There is no file with an expected answer.
    Nothing,
}

/// The events beside the script, sorted by name.
///
/// # Errors
/// When there are no events, or no event has `filter` in its name.
pub(super) fn all(task_root: &Path, filter: Option<&str>) -> Result<Vec<Case>> {
    let folder = task_root.join(FOLDER);
    let names = names(&folder)?;
    if names.is_empty() {
        bail!(
            "no events in `{0}`: save an event there as `NAME.json` (`coshell events` prints samples), then run `coshell test PATH --update`",
            folder.display()
        );
    }
    let wanted: Vec<String> =
        names.iter().filter(|name| filter.is_none_or(|text| name.contains(text))).cloned().collect();
    if wanted.is_empty() {
        bail!(
            "no event in `{}` has `{}` in its name: the events are {}",
            folder.display(),
            filter.unwrap_or_default(),
            names.join(", ")
        );
    }
    Ok(wanted.into_iter().map(|name| Case { name, folder: folder.clone() }).collect())
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in files(folder)? {
        if is_event(&path) {
            let name = path.file_stem().and_then(OsStr::to_str);
            names.push(name.with_context(|| format!("the name of `{}` is not UTF-8", path.display()))?.to_owned());
        }
    }
    Ok(names)
}

/// The files in the folder, sorted by name, without hidden files.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read the folder `{}`", folder.display()))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read the folder `{}`", folder.display()))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Warnings about files that look like a part of a test but are not used.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn unused_files(task_root: &Path) -> Result<Vec<String>> {
    let files = files(&task_root.join(FOLDER))?;
    Ok(files.iter().filter_map(|file| unused_file(file)).collect())
}

fn unused_file(file: &Path) -> Option<String> {
    let extension = file.extension()?.to_str()?;
    let right = extension.to_ascii_lowercase();
    let path = file.display();
    let is_beside_event = |extension: &str| ANSWERS.contains(&extension) || DURABLE.contains(&extension);
    let is_of_a_test = right == EVENT || is_beside_event(&right);
    if is_of_a_test && right != extension {
        let right = file.with_extension(right);
        return Some(format!(
            "`{path}` is not used, because its extension is not in lower case: rename it to `{}`",
            right.display()
        ));
    }
    let event = file.with_extension(EVENT);
    (is_beside_event(extension) && event.symlink_metadata().is_err()).then(|| {
        format!(
            "`{path}` is not used, because the event `{}` does not exist: rename or remove the file",
            event.display()
        )
    })
}

impl Case {
    pub(super) fn event(&self) -> PathBuf {
        self.file(EVENT)
    }

    pub(super) fn response(&self) -> PathBuf {
        self.file("response")
    }

    pub(super) fn error(&self) -> PathBuf {
        self.file("error")
    }

    pub(super) fn history(&self) -> PathBuf {
        self.file(DURABLE[0])
    }

    /// Whether the event is the input of a durable execution.
    pub(super) fn is_durable(&self) -> bool {
        DURABLE.iter().any(|extension| self.file(extension).symlink_metadata().is_ok())
    }

    /// Reads the expected history of a durable execution; `None` if there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn expected_history(&self) -> Result<Option<Vec<u8>>> {
        read(&self.history())
    }

    /// Reads the answers to the callbacks of a durable execution: the lines `NAME=RESULT`, and `NAME!=ERROR` for a failure.
    ///
    /// # Errors
    /// When the file cannot be read, or has another line.
    pub(super) fn callbacks(&self) -> Result<Vec<(String, ExecutionResult)>> {
        let file = self.file(DURABLE[1]);
        let text = read(&file)?.unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| callback(line).with_context(|| format!("cannot use `{}`", file.display()))).collect()
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }

    /// Reads the expected answer.
    ///
    /// # Errors
    /// When there are two answers, or a file cannot be read or is not JSON.
    pub(super) fn expected(&self) -> Result<Expected> {
        let (response, error) = (self.response(), self.error());
        match (read(&response)?, read(&error)?) {
            (None, None) => Ok(Expected::Nothing),
            (Some(response), None) => Ok(Expected::Response(response)),
            (None, Some(report)) => failure(&report).with_context(|| format!("cannot use `{}`", error.display())),
            (Some(_), Some(_)) => {
                bail!("there are both `{}` and `{}`: remove the wrong one", response.display(), error.display())
            }
        }
    }
}

/// The bytes of a regular file; `None` if it does not exist.
fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    let kind = match fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        kind => kind.with_context(|| format!("cannot read `{}`", file.display()))?,
    };
    if !kind.is_file() {
        bail!("cannot read `{}`: it is not a regular file", file.display());
    }
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(LIMIT_BYTES).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read `{}`", file.display()))?;
    Ok(Some(bytes))
}

fn callback(line: &[u8]) -> Result<(String, ExecutionResult)> {
    let line = std::str::from_utf8(line).context("it is not UTF-8")?;
    match line.split_once('=').filter(|(name, _)| !matches!(*name, "" | "!")) {
        Some((name, result)) => Ok(match name.strip_suffix('!') {
            Some(name) => (name.to_owned(), Err(callback_error(result))),
            None => (name.to_owned(), Ok(Some(result.to_owned()))),
        }),
        None => bail!("the line `{line}` is not NAME=RESULT, nor NAME!=ERROR for a failure"),
    }
}

pub(crate) fn failure(report: &[u8]) -> Result<Expected> {
    let report: Value = serde_json::from_slice(report).context("it is not valid JSON")?;
    let text = |name| report[name].as_str().map(str::to_owned);
    let (error_type, message) = (text("errorType"), text("errorMessage"));
    if error_type.is_none() && message.is_none() {
        bail!("it has neither `errorType` nor `errorMessage`");
    }
    Ok(Expected::Failure { error_type, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(FOLDER)).unwrap();
        for (name, text) in files {
            fs::write(root.path().join(FOLDER).join(name), text).unwrap();
        }
        root
    }

    fn expected(files: &[(&str, &str)]) -> Result<Expected> {
        let root = folder(files);
        all(root.path(), None).unwrap()[0].expected()
    }

    #[test]
    fn events_are_sorted_by_name_and_other_files_are_ignored() {
        let root = folder(&[("b.json", ""), ("a.json", ""), (".#a.json", ""), ("a.response", ""), ("x.txt", "")]);
        let names =
            |filter| all(root.path(), filter).map(|cases| cases.into_iter().map(|case| case.name).collect::<Vec<_>>());
        assert_eq!(names(None).unwrap(), ["a", "b"]);
        assert_eq!(names(Some("b")).unwrap(), ["b"]);
        assert!(names(Some("c")).unwrap_err().to_string().ends_with("has `c` in its name: the events are a, b"));
    }

    #[test]
    fn an_answer_is_a_response_or_a_failure_and_not_both() {
        let event = ("a.json", "{}");
        assert_eq!(expected(&[event]).unwrap(), Expected::Nothing);
        assert_eq!(expected(&[event, ("a.response", "r\n")]).unwrap(), Expected::Response(b"r\n".to_vec()));
        let failure = Expected::Failure { error_type: Some("A".to_owned()), message: None };
        assert_eq!(expected(&[event, ("a.error", "{\"errorType\":\"A\",\"stackTrace\":[]}")]).unwrap(), failure);
        let error = |files: &[(&str, &str)]| format!("{:#}", expected(files).unwrap_err());
        assert!(error(&[event, ("a.error", "A")]).contains("it is not valid JSON"));
        assert!(error(&[event, ("a.error", "{}")]).contains("neither `errorType` nor `errorMessage`"));
        assert!(error(&[event, ("a.error", "{}"), ("a.response", "")]).contains("remove the wrong one"));
    }

    #[test]
    fn unused_files_are_named_with_advice() {
        let files =
            ["a.json", "a.response", "b.JSON", "c.response", "d.error", "a.Error", "e.txt", "README", ".f.response"];
        let root = folder(&files.map(|name| (name, "1")));
        let folder = root.path().join(FOLDER);
        let path = |name: &str| folder.join(name).display().to_string();
        let found = unused_files(root.path()).unwrap();
        let lower = |from: &str, to: &str| {
            format!(
                "`{}` is not used, because its extension is not in lower case: rename it to `{}`",
                path(from),
                path(to)
            )
        };
        let no_event = |file: &str, event: &str| {
            format!(
                "`{}` is not used, because the event `{}` does not exist: rename or remove the file",
                path(file),
                path(event)
            )
        };
        let expected = [
            lower("a.Error", "a.error"),
            lower("b.JSON", "b.json"),
            no_event("c.response", "c.json"),
            no_event("d.error", "d.json"),
        ];
        assert_eq!(found, expected);
        assert_eq!(unused_files(&root.path().join("nowhere")).unwrap(), [""; 0]);
    }
}
