//! Serves the routes that a runtime calls, by the rules of Lambda's Runtime API.
//!
//! | answer | when |
//! | --- | --- |
//! | 202 `{"status":"OK"}` | accepted |
//! | 403 | the request comes from a web page in a browser |
//! | 400 InvalidRequestID | no event in flight has this id, or a later `next` has closed the event |
//! | 400 InvalidInvocationId | the event with this request id is open, but has another invocation id; the event stays open |
//! | 400 InvalidFunctionResponseMode | a response mode other than `streaming`; the client gets an error |
//! | 403 InvalidStateTransition | answered twice, or init/error after the first `next`, or restore/next and restore/error at a wrong moment |
//! | 410 InvokeTimeout | answered after the time limit, or with the invocation id of an attempt whose time limit has passed |
//! | 413 RequestEntityTooLarge | over 6 MiB + 100 bytes; the client gets Function.ResponseSizeTooLarge |

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use axum::middleware::from_fn;
use axum::response::Response as Reply;
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::answer::{Answer, DEADLINE_MS, INVOCATION_ID};
use super::body::{self, Received};
use super::result::{by_lambda, error_of, response_of, text, too_large};
use super::state::State;
use super::{credentials, extension_routes, metadata, restore_routes};
use crate::lambda::invocation::{Invocation, Outcome, Part};
use crate::lambda::origin_check::reject_pages;

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const RESPONSE: &str = "/2018-06-01/runtime/invocation/{id}/response";
const ERROR: &str = "/2018-06-01/runtime/invocation/{id}/error";
const INIT_ERROR: &str = "/2018-06-01/runtime/init/error";

const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

/// The largest response and error body: 6 MiB and 100 bytes.
const BUFFERED_LIMIT_BYTES: u64 = 6_291_556;
/// The largest streamed response.
const STREAMED_LIMIT_BYTES: u64 = 200 * 1024 * 1024;

/// All routes, on `state`. Every request carries its peer's address as an extension.
pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route(NEXT, get(next))
        .route(RESPONSE, post(response))
        .route(ERROR, post(error))
        .route(INIT_ERROR, post(init_error))
        .merge(extension_routes::routes())
        .merge(metadata::routes())
        .merge(if state.snap_start { restore_routes::routes() } else { Router::new() })
        .merge(if state.credentials.is_some() { credentials::routes() } else { Router::new() })
        .layer(from_fn(reject_pages))
        .with_state(state)
}

// GET /2018-06-01/runtime/invocation/next
async fn next(Shared(state): Shared<Arc<State>>, Extension(connection): Extension<SocketAddr>) -> Reply {
    state.next_arrived(connection);
    let (queued, deadline_ms) = state.deliver(connection).await;
    let mut reply = Reply::new(body::of_event(queued.invocation.invoke().payload.clone()));
    *reply.headers_mut() = queued.headers;
    if let Ok(deadline_ms) = HeaderValue::from_str(&deadline_ms.to_string()) {
        reply.headers_mut().insert(DEADLINE_MS, deadline_ms);
    }
    reply
}

// POST /2018-06-01/runtime/invocation/{id}/response
async fn response(Shared(state): Shared<Arc<State>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let streaming = match text(&headers, RESPONSE_MODE).as_deref() {
        None => Ok(false),
        Some("streaming") => Ok(true),
        Some(_) => Err(Answer::InvalidResponseMode),
    };
    let limit = if streaming == Ok(true) { STREAMED_LIMIT_BYTES } else { BUFFERED_LIMIT_BYTES };
    let answered = find_answered(&state, &id, &headers);
    let streamed_to = match &answered {
        Ok(invocation) if streaming == Ok(true) => begin_stream(invocation, &headers).await,
        Ok(_) | Err(_) => None,
    };
    settle(answered, streamed_to, body, limit, |received| match streaming {
        Ok(streaming) => (Outcome::Response(response_of(&headers, received, streaming)), Answer::Accepted),
        Err(answer) => (by_lambda("Runtime.InvalidResponseModeHeader", "Invalid function response mode"), answer),
    })
    .await
}

/// Tells the listener that the response begins. Returns `None` if the invocation has no listener.
async fn begin_stream(invocation: &Invocation, headers: &HeaderMap) -> Option<Invocation> {
    let _ = invocation.listener()?.send(Part::Head(text(headers, CONTENT_TYPE.as_str()))).await; // the listener may have gone
    Some(invocation.clone())
}

/// The invocation that a POST with this request id in its path answers. An empty invocation id counts as missing.
fn find_answered(state: &State, request_id: &str, headers: &HeaderMap) -> Result<Invocation, Answer> {
    let id = text(headers, INVOCATION_ID.as_str()).filter(|id| !id.is_empty());
    state.find_answered(request_id, id.as_deref())
}

// POST /2018-06-01/runtime/invocation/{id}/error
async fn error(Shared(state): Shared<Arc<State>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    settle(find_answered(&state, &id, &headers), None, body, BUFFERED_LIMIT_BYTES, |received| {
        (Outcome::Error(error_of(&headers, received.bytes)), Answer::Accepted)
    })
    .await
}

// POST /2018-06-01/runtime/init/error
async fn init_error(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Body) -> Answer {
    let Ok(received) = body::receive(body, BUFFERED_LIMIT_BYTES).await else {
        return Answer::Truncated;
    };
    let accepted = state.init_failed(error_of(&headers, received.bytes));
    if accepted { Answer::Accepted } else { Answer::InvalidStateTransition }
}

/// Reads the body and makes it the outcome of the invocation that it answers.
async fn settle(
    answered: Result<Invocation, Answer>,
    streamed_to: Option<Invocation>,
    body: Body,
    limit: u64,
    outcome: impl FnOnce(Received) -> (Outcome, Answer),
) -> Answer {
    let received = body::receive_for(streamed_to, body, limit).await; // always to its end, so that the connection stays usable
    let invocation = match answered {
        Ok(invocation) => invocation,
        Err(answer) => return answer,
    };
    let (outcome, answer) = match received {
        Ok(received) if received.size > limit => (too_large(received.size, limit), Answer::ResponseTooLarge { limit }),
        Ok(received) => outcome(received),
        Err(_) => (by_lambda("Runtime.TruncatedResponse", "the response ended early"), Answer::Truncated),
    };
    answer_with(&invocation, outcome, answer)
}

fn answer_with(invocation: &Invocation, outcome: Outcome, answer: Answer) -> Answer {
    match invocation.answer(outcome) {
        Ok(()) => answer,
        Err(refusal) => refusal.into(),
    }
}
