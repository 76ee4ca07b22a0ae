//! Turns a runtime's answer into the result that the client gets.

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::body::Received;
use crate::lambda::invocation::{FunctionError, Outcome, Response};

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const XRAY_ERROR_CAUSE: &str = "lambda-runtime-function-xray-error-cause";

/// A response and its trailers.
pub(super) fn response_of(headers: &HeaderMap, received: Received, streaming: bool) -> Response {
    let trailing_error = text(&received.trailers, ERROR_TYPE).map(|error_type| FunctionError {
        error_type,
        body: decoded(&text(&received.trailers, ERROR_BODY).unwrap_or_default()).into(),
        ..FunctionError::default()
    });
    Response {
        bytes: received.bytes.into(),
        content_type: text(headers, CONTENT_TYPE.as_str()),
        streaming,
        trailing_error,
    }
}

/// The error report in a trailer, decoded from base64; a report that is not base64 is kept unchanged.
fn decoded(report: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(report).unwrap_or_else(|_| report.into())
}

/// The error that the runtime reported, with its body unchanged.
pub(super) fn error_of(headers: &HeaderMap, body: Vec<u8>) -> FunctionError {
    FunctionError {
        error_type: error_type(text(headers, ERROR_TYPE).unwrap_or_default()),
        body: body.into(),
        content_type: text(headers, CONTENT_TYPE.as_str()),
        xray_error_cause: text(headers, XRAY_ERROR_CAUSE),
    }
}

/// The error type if Lambda accepts it: `Runtime.` or `Function.`, then a capital and more letters; otherwise `Unknown`.
fn error_type(given: String) -> String {
    let names = |kind| given.strip_prefix(kind).is_some_and(is_error_name);
    if names("Runtime.") || names("Function.") {
        given
    } else if given.starts_with("Function.") {
        "Function.Unknown".to_owned()
    } else {
        "Runtime.Unknown".to_owned()
    }
}

fn is_error_name(name: &str) -> bool {
    name.len() > 1
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The error that the client gets instead of a body over the limit.
pub(super) fn too_large(size: u64, limit: u64) -> Outcome {
    let message =
        format!("Response payload size ({size} bytes) exceeded maximum allowed payload size ({limit} bytes).");
    by_lambda("Function.ResponseSizeTooLarge", &message)
}

/// An error that Lambda itself reports.
pub(super) fn by_lambda(error_type: &str, message: &str) -> Outcome {
    Outcome::Error(FunctionError::by_lambda(error_type, message))
}

/// A header's text.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::error_type;

    #[test]
    fn an_error_type_is_kept_only_if_lambda_accepts_its_form() {
        let table = [
            ("Function.ExitStatus", "Function.ExitStatus"),
            ("Runtime.NoSuchHandler", "Runtime.NoSuchHandler"),
            ("Function.exit", "Function.Unknown"),
            ("Function.Exit1", "Function.Unknown"),
            ("Function.", "Function.Unknown"),
            ("MyError", "Runtime.Unknown"),
            ("", "Runtime.Unknown"),
        ];
        for (given, taken) in table {
            assert_eq!(error_type(given.to_owned()), taken, "given `{given}`");
        }
    }
}
