//! Serves credentials in place of the variables AWS_ACCESS_KEY_ID and so on, as Lambda does with SnapStart.
//!
//! The form is that of Lambda's emulator: `Authorization: TOKEN` without a scheme, and 404 for another token. The SDKs and the AWS CLI read
//! the address from AWS_CONTAINER_CREDENTIALS_FULL_URI and the token from AWS_CONTAINER_AUTHORIZATION_TOKEN.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State as Shared;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response as Reply};
use axum::routing::get;
use serde_json::json;

use super::result::text;
use super::state::State;

/// The path of AWS_CONTAINER_CREDENTIALS_FULL_URI.
pub(super) const PATH: &str = "/2021-04-23/credentials";
/// How long a client may keep the credentials before it asks again.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The route of the credentials.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route(PATH, get(credentials))
}

// GET /2021-04-23/credentials
async fn credentials(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Reply {
    let given = text(&headers, AUTHORIZATION.as_str());
    let Some((_, credentials)) = state.credentials.as_ref().filter(|(token, _)| given.as_ref() == Some(token)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let expiration = humantime::format_rfc3339_seconds(SystemTime::now() + LIFETIME).to_string();
    let document = json!({
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "Token": credentials.session_token,
        "Expiration": expiration,
    });
    ([(CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}
