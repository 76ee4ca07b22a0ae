//! Whether an answer is the expected one, and what is written where it shall be.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::case::{Case, Expected};
use super::diff;
use super::runner::Answer;
use super::{Fault, Verdict};
use crate::cli::invoke::error_view::Explained;
use crate::lambda::invocation::FunctionError;

const ERROR_TYPE: &str = "errorType";
const ERROR_MESSAGE: &str = "errorMessage";

/// Compares an answer with the files beside its event.
///
/// # Errors
/// When those cannot be read.
pub(super) fn compare(case: &Case, answer: &Answer, task_root: &Path) -> Result<Verdict> {
    let expected = case.expected()?;
    let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (response, error) = (file(&case.response()), file(&case.error()));
    Ok(match (answer, expected) {
        (Answer::InitFailed(error), _) => fault("init failed".to_owned(), explained(error, task_root)),
        (Answer::Response(_), Expected::Nothing) => {
            fault(format!("there is no `{response}`: write it with --update"), String::new())
        }
        (Answer::Failure(came), Expected::Nothing) => {
            fault(format!("it failed, and there is no `{error}`: write it with --update"), explained(came, task_root))
        }
        (Answer::Lost(error), Expected::Nothing) => {
            fault("it was not answered".to_owned(), explained(error, task_root))
        }
        (Answer::Response(came), Expected::Response(expected)) => {
            match diff::of_bytes(trimmed(&expected), trimmed(&came.bytes)) {
                Some(shown) => fault(format!("the response is not that of `{response}`"), shown),
                None => Verdict::Passed,
            }
        }
        (Answer::Response(came), Expected::Failure { .. }) => {
            let shown = diff::of_bytes(b"", trimmed(&came.bytes)).unwrap_or_default();
            fault(format!("it gave a response and did not fail as `{error}` says"), shown)
        }
        (Answer::Failure(error) | Answer::Lost(error), Expected::Response(_)) => {
            fault("it failed".to_owned(), explained(error, task_root))
        }
        (Answer::Failure(came) | Answer::Lost(came), Expected::Failure { error_type, message }) => {
            compare_failures(came, error_type, message, &error)
        }
    })
}

/// Writes an answer as the expected one, unless it is.
///
/// # Errors
/// When the files cannot be read or written.
pub(super) fn update(case: &Case, answer: &Answer, task_root: &Path) -> Result<Verdict> {
    let (file, other, bytes, failure) = match answer {
        Answer::Response(response) => (case.response(), case.error(), with_newline(&response.bytes), None),
        Answer::Failure(error) => (case.error(), case.response(), report(error), Some(explained(error, task_root))),
        Answer::Lost(error) | Answer::InitFailed(error) => {
            return Ok(fault("it was not answered; nothing was written".to_owned(), explained(error, task_root)));
        }
    };
    let is_expected = compare(case, answer, task_root).is_ok_and(|verdict| matches!(verdict, Verdict::Passed));
    if is_expected {
        return Ok(Verdict::Passed);
    }
    match fs::remove_file(&other) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed.with_context(|| format!("cannot remove `{}`", other.display()))?,
    }
    fs::write(&file, bytes).with_context(|| format!("cannot write `{}`", file.display()))?;
    Ok(Verdict::Written { file, failure })
}

fn fault(why: String, shown: String) -> Verdict {
    Verdict::Failed(Fault { why, shown })
}

fn compare_failures(came: &FunctionError, error_type: Option<String>, message: Option<String>, file: &str) -> Verdict {
    let (came_type, came_message) = type_and_message(came);
    let one = |error_type: Option<String>, message: Option<String>| {
        let mut report = Map::new();
        error_type.map(|text| report.insert(ERROR_TYPE.to_owned(), text.into()));
        message.map(|text| report.insert(ERROR_MESSAGE.to_owned(), text.into()));
        pretty(report)
    };
    let came = one(error_type.as_ref().map(|_| came_type), message.as_ref().map(|_| came_message));
    match diff::of_bytes(one(error_type, message).as_bytes(), came.as_bytes()) {
        Some(shown) => fault(format!("it did not fail as `{file}` says"), shown),
        None => Verdict::Passed,
    }
}

/// The report without what differs from place to place: the stack names lines that any edit moves.
fn report(error: &FunctionError) -> Vec<u8> {
    let (error_type, message) = type_and_message(error);
    let fields = [(ERROR_TYPE, error_type), (ERROR_MESSAGE, message)];
    let report = fields.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
    (pretty(report) + "\n").into_bytes()
}

fn pretty(report: Map<String, Value>) -> String {
    format!("{:#}", Value::Object(report))
}

fn type_and_message(error: &FunctionError) -> (String, String) {
    match Explained::of(error) {
        Some(explained) => (explained.error_type, explained.message),
        None => (error.error_type.clone(), String::from_utf8_lossy(&error.body).into_owned()),
    }
}

/// As a person reads it: the sentence, the source, the calls.
fn explained(error: &FunctionError, task_root: &Path) -> String {
    match Explained::of(error) {
        Some(explained) => explained.told(task_root, false).trim_start().to_owned(),
        None => format!("{}: {}", error.error_type, String::from_utf8_lossy(&error.body)),
    }
}

/// A text ends with a newline in its file, as editors and Git want it; no other byte is added.
fn with_newline(response: &[u8]) -> Vec<u8> {
    let mut bytes = response.to_vec();
    if !bytes.is_empty() && diff::text(&bytes).is_some() && !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    bytes
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    &bytes[..end]
}
