//! Compares an answer with the expected answer, or writes the answer as the expected one (`--update`).

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::case::{Case, Expected};
use super::diff;
use super::runner::{Answer, Run};
use super::{Fault, Verdict};
use crate::cli::invoke::error_view::ErrorView;
use crate::lambda::invocation::{FunctionError, Response};

const ERROR_TYPE: &str = "errorType";
const ERROR_MESSAGE: &str = "errorMessage";

/// Compares an answer, and the history of a durable execution, with the files beside the event.
///
/// # Errors
/// When the files cannot be read.
pub(super) fn compare(case: &Case, run: &Run, task_root: &Path) -> Result<Verdict> {
    let verdict = compare_answers(case, &run.answer, task_root)?;
    let Some(actual) = run.history.as_ref().filter(|_| matches!(verdict, Verdict::Passed)) else { return Ok(verdict) };
    let file = case.history().file_name().unwrap_or_default().display().to_string();
    let Some(expected) = case.expected_history()? else {
        let details = diff::of_bytes(b"", actual.as_bytes()).unwrap_or_default();
        return Ok(fault(
            format!("there is no `{file}`: if this history is right, write the file with --update"),
            details,
        ));
    };
    Ok(match diff::of_bytes(trimmed(&expected), trimmed(actual.as_bytes())) {
        Some(details) => fault(format!("the history differs from `{file}`"), details),
        None => Verdict::Passed,
    })
}

fn compare_answers(case: &Case, answer: &Answer, task_root: &Path) -> Result<Verdict> {
    let expected = case.expected()?;
    let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (response, error) = (file(&case.response()), file(&case.error()));
    Ok(match (answer, expected) {
        (Answer::InitFailed(error), _) => fault("init failed".to_owned(), explained(error, task_root)),
        (Answer::Response(actual), Expected::Nothing) => fault(
            format!("there is no `{response}`: if this response is right, write the file with --update"),
            shown(actual),
        ),
        (Answer::Failure(actual), Expected::Nothing) => fault(
            format!(
                "the event failed: mend the handler, or, if the failure is what you expect, write `{error}` with --update"
            ),
            explained(actual, task_root),
        ),
        (Answer::Unanswered(error), Expected::Nothing) => {
            fault("the event got no answer".to_owned(), explained(error, task_root))
        }
        (Answer::Response(actual), Expected::Response(expected)) => {
            match diff::of_bytes(trimmed(&expected), trimmed(&actual.bytes)) {
                Some(details) => fault(format!("the response differs from `{response}`"), details),
                None => Verdict::Passed,
            }
        }
        (Answer::Response(actual), Expected::Failure { .. }) => {
            fault(format!("the event succeeded, but `{error}` expects a failure"), shown(actual))
        }
        (Answer::Failure(error) | Answer::Unanswered(error), Expected::Response(_)) => {
            fault("the event failed".to_owned(), explained(error, task_root))
        }
        (Answer::Failure(actual) | Answer::Unanswered(actual), Expected::Failure { error_type, message }) => {
            compare_failures(actual, error_type, message, &error)
        }
    })
}

/// Writes an answer, and the history of a durable execution, as the expected ones, if they differ.
///
/// # Errors
/// When the files cannot be read or written.
pub(super) fn update(case: &Case, run: &Run, task_root: &Path) -> Result<Verdict> {
    let verdict = update_answer(case, &run.answer, task_root)?;
    let Some(history) = run.history.as_ref().filter(|_| !matches!(verdict, Verdict::Failed(_))) else {
        return Ok(verdict);
    };
    if case.expected_history()?.as_deref() == Some(history.as_bytes()) {
        return Ok(verdict);
    }
    let file = case.history();
    fs::write(&file, history).with_context(|| format!("cannot write `{}`", file.display()))?;
    Ok(if matches!(verdict, Verdict::Passed) { Verdict::Written { file, failure: None } } else { verdict })
}

fn update_answer(case: &Case, answer: &Answer, task_root: &Path) -> Result<Verdict> {
    let (file, other, bytes, failure) = match answer {
        Answer::Response(response) => (case.response(), case.error(), with_newline(&response.bytes), None),
        Answer::Failure(error) => (case.error(), case.response(), report(error), Some(explained(error, task_root))),
        Answer::Unanswered(error) | Answer::InitFailed(error) => {
            return Ok(fault("the event got no answer; nothing was written".to_owned(), explained(error, task_root)));
        }
    };
    let is_expected = compare_answers(case, answer, task_root).is_ok_and(|verdict| matches!(verdict, Verdict::Passed));
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

/// The response as text that was not expected.
fn shown(response: &Response) -> String {
    diff::of_bytes(b"", trimmed(&response.bytes)).unwrap_or_default()
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
    let (actual_type, actual_message) = type_and_message(actual);
    let document = |error_type: Option<String>, message: Option<String>| {
        let mut report = Map::new();
        error_type.map(|text| report.insert(ERROR_TYPE.to_owned(), text.into()));
        message.map(|text| report.insert(ERROR_MESSAGE.to_owned(), text.into()));
        pretty(report)
    };
    let actual = document(error_type.as_ref().map(|_| actual_type), message.as_ref().map(|_| actual_message));
    match diff::of_bytes(document(error_type, message).as_bytes(), actual.as_bytes()) {
        Some(details) => fault(format!("the failure differs from `{file}`"), details),
        None => Verdict::Passed,
    }
}

/// The report with only type and message. The stack is left out, because every edit changes its line numbers.
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

/// The error for a person: the message, the source and the stack trace.
fn explained(error: &FunctionError, task_root: &Path) -> String {
    match ErrorView::of(error) {
        Some(explained) => explained.render(task_root, false).trim_start().to_owned(),
        None => format!("{}: {}", error.error_type, String::from_utf8_lossy(&error.body)),
    }
}

/// The response with a newline at the end if it is text, as editors and Git expect.
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
