//! The function and its queue, as the Invoke API and the function URL share them, and the check of each request's origin.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::access_log::refuse;
use super::exception::Exception;
use super::queue::Queue;
use crate::lambda::environment::Settings;
use crate::lambda::identifiers::{random_trace_id, random_uuid, region};
use crate::lambda::invocation::{Bytes, Invoke};
use crate::lambda::origin_check::OriginCheck;

/// A served function.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) queue: Queue,
    pub(super) function_name: String,
    pub(super) timeout: Duration,
    pub(super) description: Description,
}

impl Endpoint {
    /// An event for the function, with a new request id.
    pub(super) fn invoke(&self, payload: Bytes) -> Invoke {
        let (request_id, trace_id) = (random_uuid(), Some(random_trace_id()));
        let function_arn = Some(self.arn());
        Invoke { payload, request_id, timeout: self.timeout, function_arn, trace_id, ..Invoke::default() }
    }

    /// The ARN without a qualifier, with the account id that AWS uses in its examples.
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:123456789012:function:{}", region(), self.function_name)
    }
}

/// Puts the check of each request's origin before `router`.
pub(super) fn with_origin_check(router: Router, origin_check: OriginCheck) -> Router {
    router.layer(from_fn_with_state(Arc::new(origin_check), check_origin))
}

async fn check_origin(State(origin_check): State<Arc<OriginCheck>>, request: Request, next: Next) -> Response {
    match origin_check.check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => refuse(format_args!("{} {}", request.method(), request.uri().path()), Exception::AccessDenied(why)),
    }
}

/// The values that the API reports about the function.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub(super) handler: String,
    pub(super) memory_mb: u32,
    pub(super) since: SystemTime,
    pub(super) revision_id: String,
}

impl Description {
    /// Describes the function of `settings`.
    pub(super) fn of(settings: &Settings) -> Description {
        let handler = settings.function.handler.clone();
        Description { handler, memory_mb: settings.memory_mb, since: SystemTime::now(), revision_id: random_uuid() }
    }
}

/// The function's name in the request's path; an error if the name is not UTF-8.
pub(super) type NameInPath = Result<Path<String>, PathRejection>;

/// Refuses a request that no route of Lambda's API matches.
pub(super) async fn unknown_operation(method: Method, uri: Uri) -> Response {
    let asked = format!("{method} {}", uri.path());
    let why = format!(
        "there is no `{asked}` on this port: it serves Lambda's Invoke API (`POST /2015-03-31/functions/{{name}}/invocations`). \
         To send HTTP requests as to a function URL, run `coshell serve` with --url-port, and call that port"
    );
    refuse(asked, Exception::UnknownOperation(why))
}
