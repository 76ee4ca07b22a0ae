//! Builds the Runtime API's answers: the headers of an event, and the JSON documents that answer a runtime's calls.

use anyhow::{Context, Result};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::lambda::invocation::{Invoke, Refusal};

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
pub(super) const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");
const INVOKED_FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("lambda-runtime-client-context");
const COGNITO_IDENTITY: HeaderName = HeaderName::from_static("lambda-runtime-cognito-identity");
const TENANT_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-tenant-id");
/// The only header whose value is not known before delivery.
pub(super) const DEADLINE_MS: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The answers to a runtime's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    InvalidRequestId,
    InvalidInvocationId,
    InvalidResponseMode,
    InvalidStateTransition,
    InvokeTimeout,
    ResponseTooLarge { limit: u64 },
    Truncated,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        match refusal {
            Refusal::AnsweredTwice => Answer::InvalidStateTransition,
            Refusal::TooLate => Answer::InvokeTimeout,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, document) = match self {
            Answer::Accepted => (StatusCode::ACCEPTED, json!({ "status": "OK" })),
            Answer::InvalidRequestId => error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
            Answer::InvalidInvocationId => {
                error(StatusCode::BAD_REQUEST, "InvalidInvocationId", "Invalid invocation ID")
            }
            Answer::InvalidResponseMode => {
                error(StatusCode::BAD_REQUEST, "InvalidFunctionResponseMode", "Invalid function response mode")
            }
            Answer::InvalidStateTransition => {
                error(StatusCode::FORBIDDEN, "InvalidStateTransition", "State transition is not allowed")
            }
            Answer::InvokeTimeout => error(StatusCode::GONE, "InvokeTimeout", "Invoke timeout"),
            Answer::ResponseTooLarge { limit } => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &format!("Exceeded maximum allowed payload size ({limit} bytes)."),
            ),
            Answer::Truncated => {
                error(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated")
            }
        };
        (status, [(CONTENT_TYPE, JSON)], document.to_string()).into_response()
    }
}

fn error(status: StatusCode, error_type: &str, message: &str) -> (StatusCode, serde_json::Value) {
    (status, json!({ "errorMessage": message, "errorType": error_type }))
}

/// The headers that deliver the event of `invoke` as the invocation `id`, except the deadline.
///
/// # Errors
/// When a value has bytes that an HTTP header cannot have, such as a newline.
pub(super) fn headers_of(invoke: &Invoke, id: &str) -> Result<HeaderMap> {
    let texts = [
        (REQUEST_ID, Some(&invoke.request_id[..])),
        (INVOCATION_ID, Some(id)),
        (INVOKED_FUNCTION_ARN, invoke.function_arn.as_deref()),
        (TRACE_ID, invoke.trace_id.as_deref()),
        (CLIENT_CONTEXT, invoke.client_context.as_deref()),
        (COGNITO_IDENTITY, invoke.cognito_identity.as_deref()),
        (TENANT_ID, invoke.tenant_id.as_deref()),
    ];
    let mut headers = HeaderMap::with_capacity(texts.len() + 2);
    headers.insert(CONTENT_TYPE, JSON);
    for (name, text) in texts {
        let Some(text) = text else { continue };
        let value = HeaderValue::from_bytes(text.as_bytes()).with_context(|| {
            format!("`{text}` cannot be sent as the header {name}: it has a newline or another control character")
        })?;
        headers.insert(name, value);
    }
    Ok(headers)
}
