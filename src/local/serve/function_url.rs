//! The function as a function URL: any HTTP request becomes an event in payload format 2.0, and the response an HTTP answer.
//!
//! Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs"; where it is silent, what others measured on AWS
//! (`event`). What goes wrong gives the client a bare 502, as on Lambda, and its reason to the developer's terminal.

mod event;
pub(crate) mod reply;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tokio::sync::mpsc;

use super::super::contract::Caller;
use super::super::event::LIMIT_BYTES;
use super::super::invocation::Part;
use super::super::runtime_api::body;
use super::super::terminal::warn;
use super::exception::Exception;
use super::front::{Front, log_access, refused};
use super::sandbox::Asked;
use super::streamed::MOST_WAITING;

/// The routes for `front`: every path and method.
pub(super) fn router(front: Arc<Front>) -> Router {
    Router::new().fallback(request).with_state(front)
}

async fn request(
    State(front): State<Arc<Front>>,
    Extension(peer): Extension<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    answered(&front, peer, request, &line).await.unwrap_or_else(|exception| refused(&line, exception))
}

async fn answered(front: &Front, peer: SocketAddr, request: Request<Body>, line: &str) -> Result<Response, Exception> {
    let (head, body) = request.into_parts();
    let received = body::receive(body, LIMIT_BYTES as u64).await;
    let received =
        received.map_err(|_| Exception::InvalidRequestContent("the request ended in mid-body".to_owned()))?;
    let mut invoke = front.invoke(Vec::new().into())?;
    let event = event::of(&head, peer.ip(), received.bytes, &invoke.request_id).to_string();
    if received.size > LIMIT_BYTES as u64 || event.len() > LIMIT_BYTES {
        return Err(Exception::RequestTooLarge(LIMIT_BYTES));
    }
    invoke.payload = event.into();
    let request_id = invoke.request_id.clone();
    let (listener, mut parts) = mpsc::channel(MOST_WAITING);
    invoke.listener = Some(listener);
    let answer = front.workers.submit(Asked { invoke, log_wanted: false, caller: Some(Caller::FunctionUrl) })?;
    if let Some(Part::Head(content_type)) = parts.recv().await {
        let asked = stream::Asked { line: line.to_owned(), request_id, is_head: head.method == Method::HEAD };
        return Ok(stream::answer(content_type, parts, answer, asked).await.unwrap_or_else(|reason| unusable(&reason)));
    }
    let answer = answer.await.map_err(|_| Exception::Service("coshell is ending".to_owned()))?;
    let reply = match &answer.outcome {
        Ok(response) => reply::of(response).unwrap_or_else(|reason| unusable(&reason)),
        Err(_) => bad_gateway(),
    };
    log_access(line, reply.status().as_u16(), &request_id, &answer);
    Ok(reply)
}

fn unusable(reason: &str) -> Response {
    warn(&format!("the client gets 502: {reason}"));
    bad_gateway()
}

/// All that a client learns of a function's fault.
fn bad_gateway() -> Response {
    (StatusCode::BAD_GATEWAY, "Internal Server Error").into_response()
}
