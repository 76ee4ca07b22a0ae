//! The function behind HTTP: any request becomes an event, and the response an HTTP answer, as with a function URL, an HTTP or REST API of
//! API Gateway, or an Application Load Balancer.
//!
//! Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs"; where it is silent, what others measured on AWS
//! (`event`). What goes wrong gives the client a bare error, as on AWS, and its reason to the developer's terminal.

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

use super::access_log::{log_access, refused};
use super::endpoint::Endpoint;
use super::exception::Exception;
use super::job::Job;
use super::response_stream::MOST_WAITING;
use crate::cli::terminal::warn;
use crate::lambda::contract::Caller;
use crate::lambda::event::LIMIT_BYTES;
use crate::lambda::invocation::Part;
use crate::lambda::runtime_api::body;

/// What the client of a load balancer sees.
const BAD_GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// The routes for `endpoint`: every path and method.
pub(super) fn router(endpoint: Arc<Endpoint>, caller: Caller) -> Router {
    Router::new().fallback(request).with_state(Door { endpoint, caller })
}

/// The function, and who stands before it: what the event is like, and what becomes of the response.
#[derive(Clone, Debug)]
struct Door {
    endpoint: Arc<Endpoint>,
    caller: Caller,
}

async fn request(State(door): State<Door>, Extension(peer): Extension<SocketAddr>, request: Request<Body>) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    answered(&door, peer, request, &line).await.unwrap_or_else(|exception| refused(&line, exception))
}

async fn answered(door: &Door, peer: SocketAddr, request: Request<Body>, line: &str) -> Result<Response, Exception> {
    let (endpoint, caller) = (&door.endpoint, door.caller);
    let (head, body) = request.into_parts();
    let received = body::receive(body, LIMIT_BYTES as u64).await;
    let received =
        received.map_err(|_| Exception::InvalidRequestContent("the request ended in mid-body".to_owned()))?;
    let mut invoke = endpoint.invoke(Vec::new().into());
    let event = event::of(caller, &head, peer.ip(), received.bytes, &invoke.request_id).to_string();
    if received.size > LIMIT_BYTES as u64 || event.len() > LIMIT_BYTES {
        return Err(Exception::RequestTooLarge(LIMIT_BYTES));
    }
    invoke.payload = event.into();
    let request_id = invoke.request_id.clone();
    let (listener, mut parts) = mpsc::channel(MOST_WAITING);
    // The others invoke without streaming, and get the whole stream as one response.
    invoke.listener = Some(listener).filter(|_| matches!(caller, Caller::FunctionUrl | Caller::RestApi));
    let answer = endpoint.queue.submit(Job { invoke, log_wanted: false, caller: Some(caller) })?;
    if let Some(Part::Head(content_type)) = parts.recv().await {
        let asked = stream::Request { line: line.to_owned(), request_id, is_head: head.method == Method::HEAD, caller };
        let reply = stream::answer(content_type, parts, answer, asked).await;
        return Ok(reply.unwrap_or_else(|reason| unusable(caller, &reason)));
    }
    let answer = answer.await.map_err(|_| Exception::Service("coshell is ending".to_owned()))?;
    let reply = match &answer.outcome {
        Ok(response) => reply::of(caller, response).unwrap_or_else(|reason| unusable(caller, &reason)),
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

/// All that a client learns of a function's fault.
fn failed(caller: Caller) -> Response {
    let json = |message: &str| ([(CONTENT_TYPE, "application/json")], format!("{{\"message\":\"{message}\"}}"));
    match caller {
        Caller::HttpApi => (StatusCode::INTERNAL_SERVER_ERROR, json("Internal Server Error")).into_response(),
        Caller::RestApi => (StatusCode::BAD_GATEWAY, json("Internal server error")).into_response(),
        Caller::Alb => (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], BAD_GATEWAY_PAGE).into_response(),
        _ => (StatusCode::BAD_GATEWAY, "Internal Server Error").into_response(),
    }
}
