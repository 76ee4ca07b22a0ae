//! Serves the Extensions API for internal extensions. An internal extension can register only for INVOKE events, which are never sent here,
//! so `event/next` waits until the connection closes. A refusal has the status 403.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response as Reply};
use axum::routing::{get, post};
use serde_json::json;

use super::extensions::Refusal;
use super::result::text;
use super::state::State;

const REGISTER: &str = "/2020-01-01/extension/register";
const NEXT: &str = "/2020-01-01/extension/event/next";

const NAME: &str = "lambda-extension-name";
const IDENTIFIER: HeaderName = HeaderName::from_static("lambda-extension-identifier");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The routes of the Extensions API.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route(REGISTER, post(register)).route(NEXT, get(next))
}

// POST /2020-01-01/extension/register
async fn register(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Bytes) -> Reply {
    let identifier = match state.extensions.register(text(&headers, NAME).unwrap_or_default(), &body) {
        Ok(identifier) => HeaderValue::from_str(&identifier).unwrap_or(HeaderValue::from_static("")),
        Err(refusal) => return refused(refusal),
    };
    let document = json!({ "functionName": "function", "functionVersion": "$LATEST", "handler": "" });
    ([(IDENTIFIER, identifier), (CONTENT_TYPE, JSON)], document.to_string()).into_response()
}

// GET /2020-01-01/extension/event/next
async fn next(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Reply {
    match state.extensions.check(text(&headers, IDENTIFIER.as_str())) {
        Ok(()) => std::future::pending().await,
        Err(refusal) => refused(refusal),
    }
}

fn refused((error_type, message): Refusal) -> Reply {
    let document = json!({ "errorMessage": message, "errorType": error_type });
    (StatusCode::FORBIDDEN, [(CONTENT_TYPE, JSON)], document.to_string()).into_response()
}
