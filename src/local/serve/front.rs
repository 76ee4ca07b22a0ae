//! What both doors share, the Invoke API and the function URL: the guard at the door, the function, and who runs its events.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::super::environment::{random_trace_id, random_uuid, region};
use super::super::invocation::{Bytes, Invoke};
use super::super::terminal::{self, printable};
use super::admission::Admission;
use super::exception::Exception;
use super::function_api::Description;
use super::sandbox::Answer;
use super::workers::Workers;

/// The function as its callers see it.
#[derive(Clone, Debug)]
pub(super) struct Front {
    pub(super) workers: Workers,
    pub(super) function_name: String,
    pub(super) timeout: Duration,
    pub(super) description: Description,
}

impl Front {
    /// An event for the function, with a request id of its own.
    pub(super) fn invoke(&self, payload: Bytes) -> Result<Invoke, Exception> {
        let request_id = random_uuid().map_err(|error| Exception::Service(format!("{error:#}")))?;
        let trace_id = Some(random_trace_id().map_err(|error| Exception::Service(format!("{error:#}")))?);
        let function_arn = Some(self.arn());
        Ok(Invoke { payload, request_id, timeout: self.timeout, function_arn, trace_id, ..Invoke::default() })
    }

    /// The ARN without a qualifier; the account is that of AWS's own examples.
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:123456789012:function:{}", region(), self.function_name)
    }
}

/// Lets only admitted requests reach `router`.
pub(super) fn guarded(router: Router, admission: Admission) -> Router {
    router.layer(from_fn_with_state(Arc::new(admission), guard))
}

async fn guard(State(admission): State<Arc<Admission>>, request: Request, next: Next) -> Response {
    match admission.check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => {
            refused(format_args!("{} {}", request.method(), request.uri().path()), Exception::AccessDenied(why))
        }
    }
}

/// Refuses a request, and says so in the log.
pub(super) fn refused(asked: impl fmt::Display, exception: Exception) -> Response {
    let why = exception.sentence();
    let refusal = exception.into_response();
    log(format_args!("{asked} {} refused: {why}", refusal.status().as_u16()));
    refusal
}

/// Our own line in the log about one event: what was asked, what was answered, how long the function took.
pub(super) fn log_access(asked: impl fmt::Display, status: u16, request_id: &str, answer: &Answer) {
    log(format_args!("{asked} {status}{}", told(request_id, answer)));
}

/// Our own line in the log about a question that runs no event.
pub(super) fn log_answered(asked: &str, status: u16) {
    log(format_args!("{asked} {status}"));
}

/// The same as for an event where nobody was left to be answered.
pub(super) fn log_unheard(request_id: &str, answer: &Answer) {
    log(format_args!("answered, but the client had gone{}", told(request_id, answer)));
}

/// The same about an event that was not run for that reason.
pub(super) fn log_left_out(request_id: &str) {
    log(format_args!("not run, since the client had gone {request_id}"));
}

fn told(request_id: &str, answer: &Answer) -> String {
    let ms = answer.duration.as_secs_f64() * 1000.0;
    let error_type = answer.outcome.as_ref().err().map(|error| format!(" {}", error.error_type)).unwrap_or_default();
    format!("{error_type} {ms:.2} ms {request_id}")
}

/// A line in which a client's words may stand, that cannot steer the terminal.
fn log(line: impl fmt::Display) {
    terminal::say(printable(&line.to_string()));
}
