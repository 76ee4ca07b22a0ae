//! Serves Lambda's metadata API: the availability zone of the execution environment.
//!
//! The answers are those of Lambda's emulator, with the emulator's constant zone: 401 without `Authorization: Bearer TOKEN`, and 405 for
//! another method than GET. Measured with the emulator of aws-sam-cli 1.170.0.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response as Reply};
use axum::routing::get;

use super::result::text;
use super::state::State;

const PATH: &str = "/2026-01-15/metadata/execution-environment";
const FOR_12_HOURS: &str = "private, max-age=43200, immutable";
const ZONE: &str = "{\"AvailabilityZoneID\":\"use1-az1\"}";

/// The route of the metadata API.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route(PATH, get(metadata))
}

// GET /2026-01-15/metadata/execution-environment
async fn metadata(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Reply {
    let authorization = text(&headers, AUTHORIZATION.as_str()).unwrap_or_default();
    match authorization.strip_prefix("Bearer ") {
        Some(token) if token == state.metadata_token => {
            ([(CACHE_CONTROL, FOR_12_HOURS), (CONTENT_TYPE, "application/json")], ZONE).into_response()
        }
        Some(_) | None => (StatusCode::UNAUTHORIZED, "Unauthorized\n").into_response(),
    }
}
