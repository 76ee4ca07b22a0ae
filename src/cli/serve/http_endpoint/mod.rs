//! Turns each HTTP request into an event, and the response into an HTTP answer, as a function URL, an HTTP or REST API of API Gateway, or an
//! Application Load Balancer does.
//!
//! Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs", and measurements of others on AWS (see `event`). After an error the
//! client gets a short message, as on AWS, and the terminal shows the reason.

mod event;
pub(crate) mod reply;
pub(super) mod routes;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use self::routes::{Route, Routes};
use super::access_log::{log_access, log_refused, refuse};
use super::exception::Exception;
use super::job::Job;
use super::response_stream::MAX_WAITING;
use super::served_function::ServedFunction;
use crate::lambda::contract::Caller;
use crate::lambda::event::LIMIT_BYTES;
use crate::lambda::invocation::{Invoke, Part};
use crate::lambda::runtime_api::body;
use crate::lambda::template::Api;

/// The error page of a load balancer.
const BAD_GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// Which functions the requests to a port run.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// One function, and the service that is imitated.
    Function(Destination),
    /// The functions of the APIs of a template.
    Apis(Routes),
}

/// A function, and how its requests and responses are treated.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) function: Arc<ServedFunction>,
    pub(super) caller: Caller,
    /// Whether the client gets a streamed response while the handler writes. The other clients get the whole stream as one response.
    pub(super) streams: bool,
}

/// The routes of a port: every path and method.
pub(super) fn router(target: Target) -> Router {
    Router::new().fallback(request).with_state(Arc::new(target))
}

async fn request(
    State(target): State<Arc<Target>>,
    Extension(peer): Extension<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let request_line = format!("{} {}", request.method(), request.uri());
    let (destination, route) = match &*target {
        Target::Function(destination) => (destination.clone(), None),
        Target::Apis(routes) => match routes.find(request.method().as_str(), request.uri().path()) {
            Some((route, parameters)) => (destination_of(route), Some((route, parameters))),
            None => return no_route(routes, &request_line),
        },
    };
    let line = destination.function.log_prefix.line(request_line);
    run(&destination, route, peer, request, &line).await.unwrap_or_else(|exception| refuse(&line, exception))
}

fn destination_of(route: &Route) -> Destination {
    let (caller, streams) = match route.event.api {
        Api::Http => (Caller::HttpApi, false),
        Api::Rest => (Caller::RestApi, true),
    };
    Destination { function: Arc::clone(&route.function), caller, streams }
}

/// API Gateway's answer to a request for which no route exists.
fn no_route(routes: &Routes, request_line: &str) -> Response {
    let (status, message) = if routes.has(Api::Http) {
        (StatusCode::NOT_FOUND, "Not Found")
    } else {
        (StatusCode::FORBIDDEN, "Missing Authentication Token")
    };
    log_refused(request_line, status.as_u16(), "no event of the template has this method and path");
    (status, json_message(message)).into_response()
}

async fn run(
    destination: &Destination,
    route: Option<(&Route, Map<String, Value>)>,
    peer: SocketAddr,
    request: Request<Body>,
    line: &str,
) -> Result<Response, Exception> {
    let Destination { function, caller, streams } = destination;
    let is_head = request.method() == Method::HEAD;
    let mut invoke = invocation(destination, route, peer, request).await?;
    let request_id = invoke.request_id.clone();
    let (listener, mut parts) = mpsc::channel(MAX_WAITING);
    invoke.listener = Some(listener).filter(|_| *streams);
    let answer = function.queue.submit(Job { invoke, log_wanted: false, caller: Some(*caller) })?;
    if let Some(Part::Head(content_type)) = parts.recv().await {
        let log_prefix = function.log_prefix.clone();
        let request = stream::Request { line: line.to_owned(), request_id, is_head, caller: *caller, log_prefix };
        let reply = stream::answer(content_type, parts, answer, request).await;
        return Ok(reply.unwrap_or_else(|reason| unusable(destination, &reason)));
    }
    let answer = answer.await.map_err(|_| Exception::Service("coshell is ending".to_owned()))?;
    let reply = match &answer.outcome {
        Ok(response) => reply::from_response(*caller, response).unwrap_or_else(|reason| unusable(destination, &reason)),
        Err(_) => failed(*caller),
    };
    log_access(line, reply.status().as_u16(), &request_id, &answer);
    Ok(reply)
}

/// The invocation for a request.
async fn invocation(
    destination: &Destination,
    route: Option<(&Route, Map<String, Value>)>,
    peer: SocketAddr,
    request: Request<Body>,
) -> Result<Invoke, Exception> {
    let (head, body) = request.into_parts();
    let received = body::receive(body, LIMIT_BYTES as u64).await;
    let received = received
        .map_err(|_| Exception::InvalidRequestContent("the connection ended in the middle of the body".to_owned()))?;
    let mut invoke = destination.function.invoke(Vec::new().into());
    let mut event = event::from_request(destination.caller, &head, peer.ip(), received.bytes, &invoke.request_id);
    if let Some((route, parameters)) = route {
        route.complete(&mut event, parameters);
    }
    let event = event.to_string();
    if received.size > LIMIT_BYTES as u64 || event.len() > LIMIT_BYTES {
        return Err(Exception::RequestTooLarge(LIMIT_BYTES));
    }
    invoke.payload = event.into();
    Ok(invoke)
}

fn unusable(destination: &Destination, reason: &str) -> Response {
    let reply = failed(destination.caller);
    destination.function.log_prefix.warn(&format!("the client gets {}: {reason}", reply.status().as_u16()));
    reply
}

/// The answer to the client if the function failed.
fn failed(caller: Caller) -> Response {
    match caller {
        Caller::HttpApi => (StatusCode::INTERNAL_SERVER_ERROR, json_message("Internal Server Error")).into_response(),
        Caller::RestApi => (StatusCode::BAD_GATEWAY, json_message("Internal server error")).into_response(),
        Caller::Alb => (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], BAD_GATEWAY_PAGE).into_response(),
        _ => (StatusCode::BAD_GATEWAY, "Internal Server Error").into_response(),
    }
}

fn json_message(message: &str) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, "application/json")], format!("{{\"message\":\"{message}\"}}"))
}
