//! The errors of Lambda's API: a status, the exception's name in `x-amzn-ErrorType`, and a JSON document.
//!
//! The members are spelled as in the service's model, which SDKs read (botocore, `lambda/2015-03-31`): `Message` in some exceptions,
//! `message` in others.

use axum::http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::json;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// An error that Lambda's API would answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exception {
    /// 403: the request comes from a web page of another site, or for another host.
    AccessDenied(String),
    /// 404: no route of the API matches the request.
    UnknownOperation(String),
    /// 404: no function has this name. Says which functions are served.
    FunctionNotFound { arn: String, served: String },
    /// 400: the event or the client context is malformed.
    InvalidRequestContent(String),
    /// 400: a header or a parameter has an invalid value.
    Validation(String),
    /// 413: the event is larger than this number of bytes.
    RequestTooLarge(usize),
    /// 429: this number of events waits already.
    TooManyRequests(usize),
    /// 500: coshell itself cannot run the event.
    Service(String),
}

impl Exception {
    /// The message for the client.
    pub(super) fn sentence(&self) -> String {
        match self {
            Exception::AccessDenied(why)
            | Exception::UnknownOperation(why)
            | Exception::InvalidRequestContent(why)
            | Exception::Validation(why)
            | Exception::Service(why) => why.clone(),
            Exception::FunctionNotFound { arn, served } => {
                format!("Function not found: {arn}; this server has {served}")
            }
            Exception::RequestTooLarge(limit) => {
                format!("Request must be smaller than {limit} bytes for the InvokeFunction operation")
            }
            Exception::TooManyRequests(waiting) => {
                format!("Rate Exceeded: {waiting} events wait already; serve with a higher --concurrency")
            }
        }
    }
}

impl IntoResponse for Exception {
    fn into_response(self) -> Response {
        let why = self.sentence();
        let (status, name, document) = match self {
            Exception::AccessDenied(_) => {
                (StatusCode::FORBIDDEN, "AccessDeniedException", json!({ "Type": "User", "Message": why }))
            }
            Exception::UnknownOperation(_) => {
                (StatusCode::NOT_FOUND, "UnknownOperationException", json!({ "Type": "User", "Message": why }))
            }
            Exception::FunctionNotFound { .. } => {
                (StatusCode::NOT_FOUND, "ResourceNotFoundException", json!({ "Type": "User", "Message": why }))
            }
            Exception::InvalidRequestContent(_) => {
                (StatusCode::BAD_REQUEST, "InvalidRequestContentException", json!({ "Type": "User", "message": why }))
            }
            Exception::Validation(_) => (StatusCode::BAD_REQUEST, "ValidationException", json!({ "message": why })),
            Exception::RequestTooLarge(_) => {
                let document = json!({ "Type": "User", "message": why });
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", document)
            }
            Exception::TooManyRequests(_) => {
                let document = json!({ "Type": "User", "Reason": "ConcurrentInvocationLimitExceeded", "message": why });
                (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", document)
            }
            Exception::Service(_) => {
                let document = json!({ "Type": "Service", "Message": why });
                (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", document)
            }
        };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ERROR_TYPE, HeaderValue::from_static(name)),
        ];
        (status, headers, document.to_string()).into_response()
    }
}
