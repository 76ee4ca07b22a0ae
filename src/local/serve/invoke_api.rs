//! Lambda's Invoke API, as the AWS CLI and the SDKs call it.
//!
//! Source: AWS Lambda API reference, "Invoke". Every function name is taken, since there is one function. The members of a
//! request and their limits are Lambda's own; signatures are not looked at.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::{Engine, prelude::BASE64_STANDARD};

use super::super::contract::Caller;
use super::super::event;
use super::super::invocation::{Bytes, Invoke};
use super::super::invoke::arguments::client_context;
use super::super::runtime_api::body;
use super::exception::Exception;
use super::front::{Front, log_access, refused};
use super::function_api;
use super::invoke_stream;
use super::name::{invoked_arn, qualifier_of, tenant_id};
use super::sandbox::{Answer, Asked};

/// Its route.
pub(super) const INVOCATIONS: &str = "/2015-03-31/functions/{name}/invocations";

const INVOCATION_TYPE: &str = "x-amz-invocation-type";
const LOG_TYPE: &str = "x-amz-log-type";
const CLIENT_CONTEXT: &str = "x-amz-client-context";
const TENANT_ID: &str = "x-amz-tenant-id";
const TRACE_ID: &str = "x-amzn-trace-id";

const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
pub(super) const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The largest event that is queued for later: 1 MB.
const EVENT_LIMIT_BYTES: usize = 1024 * 1024;
/// What a function gets where the client sent nothing.
const NO_PAYLOAD: &[u8] = b"{}";

/// The function's name in the path, unless it is no text.
pub(super) type Named = Result<Path<String>, PathRejection>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

/// The routes for `front`.
pub(super) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .route(INVOCATIONS, post(invoke).fallback(unknown))
        .route(invoke_stream::STREAMING, post(invoke_stream::invoke).fallback(unknown))
        .merge(function_api::router())
        .fallback(unknown)
        .with_state(front)
}

// POST /2015-03-31/functions/{name}/invocations
async fn invoke(
    State(front): State<Arc<Front>>,
    name: Named,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked = asked(&front, name, query.as_deref(), &headers, body).await;
    let replied = match asked {
        Ok((_, InvocationType::DryRun)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok((invoke, InvocationType::Event)) => accepted(&front, invoke),
        Ok((invoke, InvocationType::RequestResponse)) => answered(&front, invoke, &headers).await,
        Err(exception) => Err(exception),
    };
    replied.unwrap_or_else(|exception| refused("invoke", exception))
}

pub(super) async fn unknown(method: Method, uri: Uri) -> Response {
    let asked = format!("{method} {}", uri.path());
    let why = format!(
        "there is no `{asked}` on this port, which has Lambda's Invoke API (`POST {INVOCATIONS}`): for HTTP requests as with a function URL, \
         run `coshell serve` with --url-port, and call that port"
    );
    refused(asked, Exception::UnknownOperation(why))
}

/// What was asked, checked as Lambda checks it.
pub(super) async fn asked(
    front: &Front,
    name: Named,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Invoke, InvocationType), Exception> {
    let received = body::receive(body, event::LIMIT_BYTES as u64).await; // to its end: the client may not read before
    let invocation_type = invocation_type(headers)?;
    let qualifier = qualifier_of(query)?;
    let Path(name) = name.map_err(|_| Exception::Validation("the function's name is not UTF-8".to_owned()))?;
    let function_arn = Some(invoked_arn(&front.arn(), &name, qualifier.as_deref())?);
    let received =
        received.map_err(|_| Exception::InvalidRequestContent("the request ended in mid-body".to_owned()))?;
    let limit = if invocation_type == InvocationType::Event { EVENT_LIMIT_BYTES } else { event::LIMIT_BYTES };
    if received.size > limit as u64 {
        return Err(Exception::RequestTooLarge(limit));
    }
    let invoke = front.invoke(payload(received.bytes)?)?;
    let invoke = Invoke {
        function_arn,
        client_context: headers.get(CLIENT_CONTEXT).map(decoded_context).transpose()?,
        tenant_id: text(headers, TENANT_ID)?.map(tenant_id).transpose()?,
        trace_id: text(headers, TRACE_ID)?.or(invoke.trace_id),
        ..invoke
    };
    Ok((invoke, invocation_type))
}

fn invocation_type(headers: &HeaderMap) -> Result<InvocationType, Exception> {
    match headers.get(INVOCATION_TYPE).map(HeaderValue::as_bytes) {
        None | Some(b"RequestResponse") => Ok(InvocationType::RequestResponse),
        Some(b"Event") => Ok(InvocationType::Event),
        Some(b"DryRun") => Ok(InvocationType::DryRun),
        Some(other) => Err(Exception::Validation(format!(
            "`{}` is no invocation type: use RequestResponse, Event or DryRun",
            other.escape_ascii()
        ))),
    }
}

fn payload(bytes: Vec<u8>) -> Result<Bytes, Exception> {
    if bytes.is_empty() {
        return Ok(Bytes::from_static(NO_PAYLOAD));
    }
    event::is_json(&bytes).map_err(|error| {
        Exception::InvalidRequestContent(format!("Could not parse request body into json: {error:#}"))
    })?;
    Ok(bytes.into())
}

fn decoded_context(header: &HeaderValue) -> Result<String, Exception> {
    let decoded = BASE64_STANDARD.decode(header).map_err(|error| error.to_string());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
    text.and_then(|text| client_context(&text)).map_err(|error| {
        Exception::InvalidRequestContent(format!("Client context must be a valid Base64-encoded JSON object: {error}"))
    })
}

fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Exception> {
    let text = headers.get(name).map(|value| value.to_str().map(str::to_owned));
    text.transpose().map_err(|_| Exception::Validation(format!("the header {name} may have ASCII letters only")))
}

/// Queues the event; what comes of it is in the log alone.
fn accepted(front: &Front, invoke: Invoke) -> Result<Response, Exception> {
    let request_id = invoke.request_id.clone();
    let answer = front.workers.submit(Asked { invoke, log_wanted: false, caller: Some(Caller::None) })?;
    let id = request_id.clone();
    tokio::spawn(async move {
        if let Ok(answer) = answer.await {
            log_access("event", StatusCode::ACCEPTED.as_u16(), &id, &answer);
        }
    });
    Ok((StatusCode::ACCEPTED, headers_of([(REQUEST_ID, &request_id)])).into_response())
}

async fn answered(front: &Front, invoke: Invoke, headers: &HeaderMap) -> Result<Response, Exception> {
    let request_id = invoke.request_id.clone();
    let answer = front.workers.submit(Asked { invoke, log_wanted: log_wanted(headers), caller: None })?;
    let answer = answer.await.map_err(|_| Exception::Service("coshell is ending".to_owned()))?;
    log_access("invoke", StatusCode::OK.as_u16(), &request_id, &answer);
    Ok(reply(&request_id, answer))
}

/// Whether the client asks for the end of the event's log.
pub(super) fn log_wanted(headers: &HeaderMap) -> bool {
    headers.get(LOG_TYPE).is_some_and(|log_type| log_type == "Tail")
}

/// A function's error is no error of the API: the status is 200 either way.
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

pub(super) fn headers_of<const N: usize>(headers: [(HeaderName, &str); N]) -> HeaderMap {
    let valid = headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?)));
    valid.collect()
}
