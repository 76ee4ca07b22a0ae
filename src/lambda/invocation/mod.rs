//! Defines an invocation as its client sees it: the request and the outcome. `lifecycle` tracks the invocation in between.

mod lifecycle;

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

pub use self::lifecycle::Invocation;
pub(crate) use self::lifecycle::Refusal;
/// Shared bytes: a clone copies nothing, so 6 MB events and responses are never copied here. A `Vec<u8>` converts into `Bytes`.
pub use axum::body::Bytes;

/// A client's request to a function. `None` means that the header is not sent.
#[derive(Clone, Debug, Default)]
pub struct Invoke {
    /// The event, byte for byte as the runtime gets it.
    pub payload: Bytes,
    /// Lambda-Runtime-Aws-Request-Id; must differ from the id of every other invocation without an outcome.
    pub request_id: String,
    /// The function's time limit, counted from delivery; Lambda-Runtime-Deadline-Ms is computed from it.
    pub timeout: Duration,
    /// Lambda-Runtime-Invoked-Function-Arn.
    pub function_arn: Option<String>,
    /// Lambda-Runtime-Trace-Id, X-Ray's.
    pub trace_id: Option<String>,
    /// Lambda-Runtime-Client-Context, JSON.
    pub client_context: Option<String>,
    /// Lambda-Runtime-Cognito-Identity, JSON.
    pub cognito_identity: Option<String>,
    /// Lambda-Runtime-Aws-Tenant-Id.
    pub tenant_id: Option<String>,
    /// Receives the parts of a streamed response as they arrive, and the end when the outcome is known; the outcome's response then has no
    /// bytes. The runtime's connection is read only as fast as the parts are received. A buffered response is not sent here.
    pub listener: Option<mpsc::Sender<Part>>,
}

/// A part of a streamed response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The response begins, with this Content-Type.
    Head(Option<String>),
    /// Some bytes of the response.
    Data(Bytes),
}

/// The outcome of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The runtime posted a response.
    Response(Response),
    /// The runtime posted an error, or the API rejected the response and made an error of it.
    Error(FunctionError),
    /// The time limit passed before the answer.
    TimedOut,
    /// The runtime process ended before the answer; the text is its exit status or signal, such as `exit status 1`.
    RuntimeExited(String),
}

/// A response as the runtime posted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The body; empty if a listener has received it.
    pub bytes: Bytes,
    /// Content-Type, if the runtime sent one.
    pub content_type: Option<String>,
    /// Whether the runtime streamed it.
    pub streaming: bool,
    /// The error at the end of a streamed response, from its trailers.
    pub trailing_error: Option<FunctionError>,
}

/// An error as the runtime reported it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionError {
    /// Lambda-Runtime-Function-Error-Type, or `Runtime.Unknown` or `Function.Unknown` if the header is absent or malformed.
    pub error_type: String,
    /// The body unchanged, normally JSON with errorMessage, errorType, requestId and stackTrace.
    pub body: Bytes,
    /// Content-Type, if the runtime sent one.
    pub content_type: Option<String>,
    /// Lambda-Runtime-Function-XRay-Error-Cause, if the runtime sent it.
    pub xray_error_cause: Option<String>,
}

impl FunctionError {
    /// An error in Lambda's own JSON, for failures that Lambda itself reports.
    #[must_use]
    pub fn by_lambda(error_type: &str, message: &str) -> FunctionError {
        let body = serde_json::json!({ "errorType": error_type, "errorMessage": message });
        FunctionError {
            error_type: error_type.to_owned(),
            body: body.to_string().into(),
            content_type: Some("application/json".to_owned()),
            xray_error_cause: None,
        }
    }
}

/// An outcome and its times. `None` means that the step never happened.
#[derive(Clone, Debug)]
pub struct Completion {
    /// The outcome.
    pub outcome: Outcome,
    /// When the event was delivered to the runtime, as the answer to `next`.
    pub delivered: Option<Instant>,
    /// When the runtime's answer had been read completely.
    pub answered: Option<Instant>,
}
