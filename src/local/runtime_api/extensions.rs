//! The routes of the Extensions API, for internal extensions: those that the runtime registers from its own process. They can ask
//! for no event that would ever come here, so `event/next` is parked until its connection closes. Every refusal is a 403, worded as
//! Lambda's emulator words it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response as Reply};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::super::environment::random_uuid;
use super::outcome::text;
use super::state::State;

const REGISTER: &str = "/2020-01-01/extension/register";
const NEXT: &str = "/2020-01-01/extension/event/next";

const NAME: &str = "lambda-extension-name";
const IDENTIFIER: HeaderName = HeaderName::from_static("lambda-extension-identifier");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The extensions that were registered.
#[derive(Debug, Default)]
pub(super) struct Extensions(Mutex<Vec<Extension>>);

#[derive(Debug)]
struct Extension {
    name: String,
    identifier: String,
}

type Refusal = (&'static str, String);

impl Extensions {
    /// Their names, in the order in which they were registered.
    pub(super) fn names(&self) -> Vec<String> {
        self.with(|extensions| extensions.iter().map(|extension| extension.name.clone()).collect())
    }

    fn with<T>(&self, what: impl FnOnce(&mut Vec<Extension>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a new one, and gives its identifier.
    fn register(&self, name: String, body: &[u8]) -> Result<String, Refusal> {
        if name.is_empty() {
            return Err(("Extension.InvalidExtensionName", "Empty extension name".into()));
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| ("InvalidRequestFormat", error.to_string()))?;
        let events = body["events"].as_array().into_iter().flatten().map(|event| event.as_str().unwrap_or_default());
        for event in events {
            let why = match event {
                "INVOKE" => continue,
                "SHUTDOWN" => "ShutdownEventNotSupportedForInternalExtension",
                _ => "ErrorInvalidEventType",
            };
            return Err(("Extension.InvalidEventType", format!("{event}: {why}")));
        }
        let identifier = random_uuid().map_err(|error| ("Extension.ServerError", error.to_string()))?;
        self.with(|extensions| {
            if extensions.iter().any(|extension| extension.name == name) {
                let told = "Extension with this name already registered";
                return Err(("Extension.InvalidExtensionState", told.to_owned()));
            }
            extensions.push(Extension { name, identifier: identifier.clone() });
            Ok(identifier)
        })
    }

    fn check(&self, identifier: Option<String>) -> Result<(), Refusal> {
        let Some(identifier) = identifier else {
            return Err(("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header".into()));
        };
        if self.with(|extensions| extensions.iter().any(|extension| extension.identifier == identifier)) {
            return Ok(());
        }
        Err(("Extension.UnknownExtensionIdentifier", format!("Unknown extension {identifier}")))
    }
}

/// Both routes.
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
