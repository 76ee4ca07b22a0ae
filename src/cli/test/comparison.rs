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
use crate::cli::invoke::error_view::ErrorView;
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
        (Answer::Failure(actual), Expected::Nothing) => {
            fault(format!("it failed, and there is no `{error}`: write it with --update"), explained(actual, task_root))
        }
        (Answer::Unanswered(error), Expected::Nothing) => {
            fault("it was not answered".to_owned(), explained(error, task_root))
        }
        (Answer::Response(actual), Expected::Response(expected)) => {
            match diff::of_bytes(trimmed(&expected), trimmed(&actual.bytes)) {
                Some(details) => fault(format!("the response is not that of `{response}`"), details),
                None => Verdict::Passed,
            }
        }
        (Answer::Response(actual), Expected::Failure { .. }) => {
            let details = diff::of_bytes(b"", trimmed(&actual.bytes)).unwrap_or_default();
            fault(format!("it gave a response and did not fail as `{error}` says"), details)
        }
        (Answer::Failure(error) | Answer::Unanswered(error), Expected::Response(_)) => {
            fault("it failed".to_owned(), explained(error, task_root))
        }
        (Answer::Failure(actual) | Answer::Unanswered(actual), Expected::Failure { error_type, message }) => {
            compare_failures(actual, error_type, message, &error)
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
        Answer::Unanswered(error) | Answer::InitFailed(error) => {
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

fn fault(reason: String, details: String) -> Verdict {
    Verdict::Failed(Fault { reason, details })
}

fn compare_failures(
    actual: &FunctionError,
    error_type: Option<String>,
    message: Option<String>,
    file: &str,
) -> Verdict {
    let (came_type, came_message) = type_and_message(actual);
    let one = |error_type: Option<String>, message: Option<String>| {
        let mut report = Map::new();
        error_type.map(|text| report.insert(ERROR_TYPE.to_owned(), text.into()));
        message.map(|text| report.insert(ERROR_MESSAGE.to_owned(), text.into()));
        pretty(report)
    };
    let actual = one(error_type.as_ref().map(|_| came_type), message.as_ref().map(|_| came_message));
    match diff::of_bytes(one(error_type, message).as_bytes(), actual.as_bytes()) {
        Some(details) => fault(format!("it did not fail as `{file}` says"), details),
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
    match ErrorView::of(error) {
        Some(explained) => (explained.error_type, explained.message),
        None => (error.error_type.clone(), String::from_utf8_lossy(&error.body).into_owned()),
    }
}

/// As a person reads it: the sentence, the source, the calls.
fn explained(error: &FunctionError, task_root: &Path) -> String {
    match ErrorView::of(error) {
        Some(explained) => explained.render(task_root, false).trim_start().to_owned(),
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
