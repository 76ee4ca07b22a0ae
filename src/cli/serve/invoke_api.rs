//! Answers Invoke, as the AWS CLI and the SDKs call it.
//!
//! Source: AWS Lambda API reference, "Invoke". The fields of a request and their limits are Lambda's. Signatures are not
//! checked.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::access_log::{log_access, refuse};
use super::api_request::NameInPath;
use super::exception::Exception;
use super::invoke_request::{EXECUTED_VERSION, InvocationType, REQUEST_ID, headers_of, log_wanted, read};
use super::job::{Answer, Job};
use super::registry::Registry;
use super::served_function::ServedFunction;
use crate::lambda::contract::Caller;
use crate::lambda::invocation::Invoke;

const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");

// POST /2015-03-31/functions/{name}/invocations
pub(super) async fn invoke(
    State(registry): State<Arc<Registry>>,
    name: NameInPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = read(&registry, name, query.as_deref(), &headers, body).await;
    let replied = match read {
        Ok((_, _, InvocationType::DryRun)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok((function, invoke, InvocationType::Event)) => enqueue(&function, invoke),
        Ok((function, invoke, InvocationType::RequestResponse)) => run(&function, invoke, &headers).await,
        Err(exception) => Err(exception),
    };
    replied.unwrap_or_else(|exception| refuse("invoke", exception))
}

/// Queues the event; its result is only logged.
fn enqueue(function: &ServedFunction, invoke: Invoke) -> Result<Response, Exception> {
    let request_id = invoke.request_id.clone();
    let answer = function.queue.submit(Job { invoke, log_wanted: false, caller: Some(Caller::None) })?;
    let (id, line) = (request_id.clone(), function.log_prefix.line("event"));
    tokio::spawn(async move {
        if let Ok(answer) = answer.await {
            log_access(line, StatusCode::ACCEPTED.as_u16(), &id, &answer);
        }
    });
    Ok((StatusCode::ACCEPTED, headers_of([(REQUEST_ID, &request_id)])).into_response())
}

async fn run(function: &ServedFunction, invoke: Invoke, headers: &HeaderMap) -> Result<Response, Exception> {
    let request_id = invoke.request_id.clone();
    let answer = function.queue.submit(Job { invoke, log_wanted: log_wanted(headers), caller: None })?;
    let answer = answer.await.map_err(|_| Exception::Service("coshell is ending".to_owned()))?;
    log_access(function.log_prefix.line("invoke"), StatusCode::OK.as_u16(), &request_id, &answer);
    Ok(reply(&request_id, answer))
}

/// The answer with the response or the error of the function. The status is 200 in both cases, because the API call itself succeeded.
fn reply(request_id: &str, answer: Answer) -> Response {
    let mut headers = headers_of([(REQUEST_ID, request_id), (EXECUTED_VERSION, "$LATEST")]);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(log_tail) = answer.log_tail {
        headers.extend(headers_of([(LOG_RESULT, BASE64_STANDARD.encode(log_tail).as_str())]));
    }
    let bytes = match answer.outcome {
        Ok(response) => response.bytes,
        Err(error) => {
            headers.insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
            error.body
        }
    };
    (headers, bytes).into_response()
}
