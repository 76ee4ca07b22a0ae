//! Serves the two calls that a runtime makes with SnapStart. Without SnapStart the two routes do not exist, so a call is answered with 404.
//!
//! | answer | when |
//! | --- | --- |
//! | 200 without a body | the environment was restored; until then the call waits |
//! | 202 `{"status":"OK"}` | the restore error was taken |
//! | 403 InvalidStateTransition | restore/next a second time or after `next`; restore/error before the restore, a second time, or after `next` |
//!
//! Source: AWS Lambda Developer Guide, "Runtime hooks for Lambda SnapStart, custom runtimes".

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};

use super::answer::Answer;
use super::body;
use super::result::error_of;
use super::state::State;

const NEXT: &str = "/2018-06-01/runtime/restore/next";
const ERROR: &str = "/2018-06-01/runtime/restore/error";

/// The largest error body that is kept, in bytes.
const LIMIT_BYTES: u64 = 1024 * 1024;

/// The routes of a restore.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route(NEXT, get(next)).route(ERROR, post(error))
}

// GET /2018-06-01/runtime/restore/next
async fn next(Shared(state): Shared<Arc<State>>) -> Result<StatusCode, Answer> {
    state.await_restore().await.map(|()| StatusCode::OK)
}

// POST /2018-06-01/runtime/restore/error
async fn error(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Body) -> Answer {
    let Ok(received) = body::receive(body, LIMIT_BYTES).await else {
        return Answer::Truncated;
    };
    let accepted = state.restore_failed(error_of(&headers, received.bytes));
    if accepted { Answer::Accepted } else { Answer::InvalidStateTransition }
}
