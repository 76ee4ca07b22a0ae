//! The lines of `coshell serve` about requests: what was asked, what was answered, and how long the function took.

use std::fmt;

use axum::response::{IntoResponse, Response};

use super::exception::Exception;
use super::job::Answer;
use crate::cli::terminal::{self, printable};

/// Refuses a request, and says so in the log.
pub(super) fn refused(asked: impl fmt::Display, exception: Exception) -> Response {
    let why = exception.sentence();
    let refusal = exception.into_response();
    log(format_args!("{asked} {} refused: {why}", refusal.status().as_u16()));
    refusal
}

/// Our own line in the log about one event: what was asked, what was answered, how long the function took.
pub(super) fn log_access(asked: impl fmt::Display, status: u16, request_id: &str, answer: &Answer) {
    log(format_args!("{asked} {status}{}", outcome_of(request_id, answer)));
}

/// Our own line in the log about a question that runs no event.
pub(super) fn log_answered(asked: &str, status: u16) {
    log(format_args!("{asked} {status}"));
}

/// The same as for an event where nobody was left to be answered.
pub(super) fn log_client_gone(request_id: &str, answer: &Answer) {
    log(format_args!("answered, but the client had gone{}", outcome_of(request_id, answer)));
}

/// The same about an event that was not run for that reason.
pub(super) fn log_not_run(request_id: &str) {
    log(format_args!("not run, since the client had gone {request_id}"));
}

fn outcome_of(request_id: &str, answer: &Answer) -> String {
    let ms = answer.duration.as_secs_f64() * 1000.0;
    let error_type = answer.outcome.as_ref().err().map(|error| format!(" {}", error.error_type)).unwrap_or_default();
    format!("{error_type} {ms:.2} ms {request_id}")
}

/// A line in which a client's words may stand, that cannot steer the terminal.
fn log(line: impl fmt::Display) {
    terminal::say(printable(&line.to_string()));
}
