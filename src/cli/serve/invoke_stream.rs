//! Answers InvokeWithResponseStream: streams the response as messages while the handler writes. Source: AWS Lambda API reference.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::sync::mpsc;

use super::access_log::{log_access, refuse};
use super::api_request::NameInPath;
use super::event_stream::{MEDIA_TYPE, complete, payload_chunk};
use super::exception::Exception;
use super::invoke_request::{EXECUTED_VERSION, InvocationType, REQUEST_ID, headers_of, log_wanted, read};
use super::job::Job;
use super::registry::Registry;
use super::response_stream::{MAX_WAITING, StreamedBody};
use super::served_function::ServedFunction;
use crate::lambda::invocation::Invoke;

// POST /2021-11-15/functions/{name}/response-streaming-invocations
pub(super) async fn invoke(
    State(registry): State<Arc<Registry>>,
    name: NameInPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let replied = match read(&registry, name, query.as_deref(), &headers, body).await {
        Ok((_, _, InvocationType::DryRun)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok((_, _, InvocationType::Event)) => Err(Exception::Validation(
            "InvokeWithResponseStream supports the invocation types RequestResponse and DryRun, not Event".to_owned(),
        )),
        Ok((function, invoke, InvocationType::RequestResponse)) => streamed(&function, invoke, &headers),
        Err(exception) => Err(exception),
    };
    replied.unwrap_or_else(|exception| refuse("stream", exception))
}

fn streamed(function: &ServedFunction, invoke: Invoke, headers: &HeaderMap) -> Result<Response, Exception> {
    let request_id = invoke.request_id.clone();
    let (listener, parts) = mpsc::channel(MAX_WAITING);
    let invoke = Invoke { listener: Some(listener), ..invoke };
    let answer = function.queue.submit(Job { invoke, log_wanted: log_wanted(headers), caller: None })?;
    let mut reply_headers = headers_of([(REQUEST_ID, &request_id), (EXECUTED_VERSION, "$LATEST")]);
    reply_headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let line = function.log_prefix.line("stream");
    let body = StreamedBody::new(parts, answer, payload_chunk, move |mut answer| {
        log_access(line, StatusCode::OK.as_u16(), &request_id, &answer);
        let log_result = answer.log_tail.take().map(|tail| BASE64_STANDARD.encode(tail));
        Ok(complete(answer, log_result))
    });
    Ok((reply_headers, body.into_body()).into_response())
}
