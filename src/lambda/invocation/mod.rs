//! One invocation as its client sees it: what is sent, and what comes of it. How it gets there is `in_flight`.

mod in_flight;

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

pub use self::in_flight::Invocation;
pub(crate) use self::in_flight::Refusal;
/// Shared bytes: a clone costs nothing, so that 6 MB events and responses are never copied here. `Vec<u8>` turns into it.
pub use axum::body::Bytes;

/// What a client asks of a function. `None` means that the header is not sent.
#[derive(Clone, Debug, Default)]
pub struct Invoke {
    /// The event, byte for byte as the runtime gets it.
    pub payload: Bytes,
    /// Lambda-Runtime-Aws-Request-Id; must differ from that of every other invocation that has no outcome yet.
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
    /// Gets a streamed response as it comes, and its end when the outcome is known; the outcome's response has no bytes then.
    /// The runtime's connection is read no faster than the parts are taken. A response that is not streamed does not go here.
    pub listener: Option<mpsc::Sender<Part>>,
}

/// A part of a streamed response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It begins, with this Content-Type.
    Head(Option<String>),
    /// Some bytes of it.
    Data(Bytes),
}

/// What came of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The runtime posted a response.
    Response(Response),
    /// The runtime posted an error, or the API made one of a response that it refused.
    Error(FunctionError),
    /// The time limit passed before the answer.
    TimedOut,
    /// The runtime process ended before the answer; how, in words, such as `exit status: 1`.
    RuntimeExited(String),
}

/// A response as the runtime posted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The body; empty where a listener has got it.
    pub bytes: Bytes,
    /// Content-Type, where the runtime sent one.
    pub content_type: Option<String>,
    /// Whether the runtime streamed it.
    pub streaming: bool,
    /// The error that a streamed response ended with, from its trailers.
    pub trailing_error: Option<FunctionError>,
}

/// An error as the runtime reported it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionError {
    /// Lambda-Runtime-Function-Error-Type, or `Runtime.Unknown` or `Function.Unknown` where it is absent or malformed.
    pub error_type: String,
    /// The body as it came, normally JSON with errorMessage, errorType and stackTrace.
    pub body: Bytes,
    /// Content-Type, where the runtime sent one.
    pub content_type: Option<String>,
    /// Lambda-Runtime-Function-XRay-Error-Cause, where the runtime sent it.
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

/// An outcome and its moments. `None` where that moment never came.
#[derive(Clone, Debug)]
pub struct Completion {
    /// What came of it.
    pub outcome: Outcome,
    /// When the event was handed to the runtime, as the answer to its `next`.
    pub delivered: Option<Instant>,
    /// When the runtime's answer had been read to its end.
    pub answered: Option<Instant>,
}
