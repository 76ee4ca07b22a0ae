//! Turns each HTTP request into an event, and the response into an HTTP answer, as a function URL, an HTTP or REST API of API Gateway, or an
//! Application Load Balancer does.
//!
//! Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs", and measurements of others on AWS (see `event`). After an error the
//! client gets a short message, as on AWS, and the terminal shows the reason.

mod event;
pub(crate) mod reply;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tokio::sync::mpsc;

use super::access_log::{log_access, refuse};
use super::endpoint::Endpoint;
use super::exception::Exception;
use super::job::Job;
use super::response_stream::MAX_WAITING;
use crate::cli::terminal::warn;
use crate::lambda::contract::Caller;
use crate::lambda::event::LIMIT_BYTES;
use crate::lambda::invocation::Part;
use crate::lambda::runtime_api::body;

/// The error page of a load balancer.
const BAD_GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// The routes for `endpoint`: every path and method.
pub(super) fn router(endpoint: Arc<Endpoint>, caller: Caller) -> Router {
    Router::new().fallback(request).with_state(HttpEndpoint { endpoint, caller })
}

/// The function, and the service that is imitated.
#[derive(Clone, Debug)]
struct HttpEndpoint {
    endpoint: Arc<Endpoint>,
    caller: Caller,
}

async fn request(
    State(http): State<HttpEndpoint>,
    Extension(peer): Extension<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    answered(&http, peer, request, &line).await.unwrap_or_else(|exception| refuse(&line, exception))
}

async fn answered(
    http: &HttpEndpoint,
    peer: SocketAddr,
    request: Request<Body>,
    line: &str,
) -> Result<Response, Exception> {
    let (endpoint, caller) = (&http.endpoint, http.caller);
    let (head, body) = request.into_parts();
    let received = body::receive(body, LIMIT_BYTES as u64).await;
    let received = received
        .map_err(|_| Exception::InvalidRequestContent("the connection ended in the middle of the body".to_owned()))?;
    let mut invoke = endpoint.invoke(Vec::new().into());
    let event = event::from_request(caller, &head, peer.ip(), received.bytes, &invoke.request_id).to_string();
    if received.size > LIMIT_BYTES as u64 || event.len() > LIMIT_BYTES {
        return Err(Exception::RequestTooLarge(LIMIT_BYTES));
    }
    invoke.payload = event.into();
    let request_id = invoke.request_id.clone();
    let (listener, mut parts) = mpsc::channel(MAX_WAITING);
    // The other services do not stream, and get the whole stream as one response.
    invoke.listener = Some(listener).filter(|_| matches!(caller, Caller::FunctionUrl | Caller::RestApi));
    let answer = endpoint.queue.submit(Job { invoke, log_wanted: false, caller: Some(caller) })?;
    if let Some(Part::Head(content_type)) = parts.recv().await {
        let asked = stream::Request { line: line.to_owned(), request_id, is_head: head.method == Method::HEAD, caller };
        let reply = stream::answer(content_type, parts, answer, asked).await;
        return Ok(reply.unwrap_or_else(|reason| unusable(caller, &reason)));
    }
    let answer = answer.await.map_err(|_| Exception::Service("coshell is ending".to_owned()))?;
    let reply = match &answer.outcome {
        Ok(response) => reply::from_response(caller, response).unwrap_or_else(|reason| unusable(caller, &reason)),
        Err(_) => failed(caller),
    };
    log_access(line, reply.status().as_u16(), &request_id, &answer);
    Ok(reply)
}

fn unusable(caller: Caller, reason: &str) -> Response {
    let reply = failed(caller);
    warn(&format!("the client gets {}: {reason}", reply.status().as_u16()));
    reply
}

/// The answer to the client if the function failed.
fn failed(caller: Caller) -> Response {
    let json = |message: &str| ([(CONTENT_TYPE, "application/json")], format!("{{\"message\":\"{message}\"}}"));
    match caller {
        Caller::HttpApi => (StatusCode::INTERNAL_SERVER_ERROR, json("Internal Server Error")).into_response(),
        Caller::RestApi => (StatusCode::BAD_GATEWAY, json("Internal server error")).into_response(),
        Caller::Alb => (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], BAD_GATEWAY_PAGE).into_response(),
        _ => (StatusCode::BAD_GATEWAY, "Internal Server Error").into_response(),
    }
}
