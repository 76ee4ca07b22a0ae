//! Reads and checks an invocation request, its headers and its payload, as Lambda does. Source: AWS Lambda API reference, "Invoke".

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::api_request::{NameInPath, name_of};
use super::exception::Exception;
use super::function_name::{invoked_arn, qualifier_of, tenant_id};
use super::registry::Registry;
use super::served_function::ServedFunction;
use crate::cli::invoke::arguments::client_context;
use crate::lambda::event;
use crate::lambda::invocation::{Bytes, Invoke};
use crate::lambda::runtime_api::body;

const INVOCATION_TYPE: &str = "x-amz-invocation-type";
const LOG_TYPE: &str = "x-amz-log-type";
const CLIENT_CONTEXT: &str = "x-amz-client-context";
const TENANT_ID: &str = "x-amz-tenant-id";
const TRACE_ID: &str = "x-amzn-trace-id";
pub(super) const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The largest event of the invocation type Event: 1 MB.
const EVENT_LIMIT_BYTES: usize = 1024 * 1024;
/// The event if the client sends none.
const NO_PAYLOAD: &[u8] = b"{}";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

/// Reads the request, checks each part by Lambda's rules, and finds the function.
pub(super) async fn read(
    registry: &Registry,
    name: NameInPath,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Arc<ServedFunction>, Invoke, InvocationType), Exception> {
    let received = body::receive(body, event::LIMIT_BYTES as u64).await; // to the end: some clients read the answer only after they have sent everything
    let invocation_type = invocation_type(headers)?;
    let qualifier = qualifier_of(query)?;
    let name = name_of(name)?;
    let function = registry.find(&name)?;
    let function_arn = Some(invoked_arn(&function.arn(), &name, qualifier.as_deref())?);
    let received = received
        .map_err(|_| Exception::InvalidRequestContent("the connection ended in the middle of the body".to_owned()))?;
    let limit = if invocation_type == InvocationType::Event { EVENT_LIMIT_BYTES } else { event::LIMIT_BYTES };
    if received.size > limit as u64 {
        return Err(Exception::RequestTooLarge(limit));
    }
    let invoke = function.invoke(payload(received.bytes)?);
    let invoke = Invoke {
        function_arn,
        client_context: headers.get(CLIENT_CONTEXT).map(decoded_context).transpose()?,
        tenant_id: text(headers, TENANT_ID)?.map(tenant_id).transpose()?,
        trace_id: text(headers, TRACE_ID)?.or(invoke.trace_id),
        ..invoke
    };
    Ok((Arc::clone(function), invoke, invocation_type))
}

fn invocation_type(headers: &HeaderMap) -> Result<InvocationType, Exception> {
    match headers.get(INVOCATION_TYPE).map(HeaderValue::as_bytes) {
        None | Some(b"RequestResponse") => Ok(InvocationType::RequestResponse),
        Some(b"Event") => Ok(InvocationType::Event),
        Some(b"DryRun") => Ok(InvocationType::DryRun),
        Some(other) => Err(Exception::Validation(format!(
            "`{}` is not an invocation type: use RequestResponse, Event or DryRun",
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
    text.transpose().map_err(|_| Exception::Validation(format!("the header {name} may only have ASCII characters")))
}

/// Whether the client asks for the end of the event's log.
pub(super) fn log_wanted(headers: &HeaderMap) -> bool {
    headers.get(LOG_TYPE).is_some_and(|log_type| log_type == "Tail")
}

pub(super) fn headers_of<const N: usize>(headers: [(HeaderName, &str); N]) -> HeaderMap {
    let valid = headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?)));
    valid.collect()
}
