//! Writes a log line about each request: the request, the status of the answer, and the function's run time.

use std::fmt;

use axum::response::{IntoResponse, Response};

use super::exception::Exception;
use super::job::Answer;
use super::log_prefix::LogPrefix;
use crate::cli::terminal::{self, printable};

/// Answers a request with an error, and logs the reason.
pub(super) fn refuse(request_line: impl fmt::Display, exception: Exception) -> Response {
    let why = exception.sentence();
    let refusal = exception.into_response();
    log_refused(request_line, refusal.status().as_u16(), &why);
    refusal
}

/// Logs a request that was answered with an error, and the reason.
pub(super) fn log_refused(request_line: impl fmt::Display, status: u16, why: &str) {
    log(format_args!("{request_line} {status} refused: {why}"));
}

/// Logs an event: the request, the status, the function's run time, and the request id.
pub(super) fn log_access(request_line: impl fmt::Display, status: u16, request_id: &str, answer: &Answer) {
    log(format_args!("{request_line} {status}{}", outcome_of(request_id, answer)));
}

/// Logs a request that runs no event.
pub(super) fn log_query(request_line: &str, status: u16) {
    log(format_args!("{request_line} {status}"));
}

/// Logs an event whose client had closed the connection before the answer.
pub(super) fn log_client_gone(prefix: &LogPrefix, request_id: &str, answer: &Answer) {
    log(prefix.line(format_args!("answered, but the client had gone{}", outcome_of(request_id, answer))));
}

/// Logs an event that was not run because its client had closed the connection.
pub(super) fn log_not_run(prefix: &LogPrefix, request_id: &str) {
    log(prefix.line(format_args!("not run, because the client had gone {request_id}")));
}

fn outcome_of(request_id: &str, answer: &Answer) -> String {
    let ms = answer.duration.as_secs_f64() * 1000.0;
    let error_type = answer.outcome.as_ref().err().map(|error| format!(" {}", error.error_type)).unwrap_or_default();
    format!("{error_type} {ms:.2} ms {request_id}")
}

/// Writes a line. The line may quote a client, so control characters are replaced.
fn log(line: impl fmt::Display) {
    terminal::say(printable(&line.to_string()));
}
