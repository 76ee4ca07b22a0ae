//! The routes of the API: checkpoints, the state, callbacks and the history.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::State;
use super::execution::{End, Execution};
use super::refusal::Refusal;

/// More than any request that Lambda takes.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
const EXECUTIONS: &str = "/2025-12-01/durable-executions";
const CALLBACKS: &str = "/2025-12-01/durable-execution-callbacks";

type Answer = Result<Value, Refusal>;

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route(&format!("{EXECUTIONS}/{{arn}}/checkpoint"), post(checkpoint))
        .route(&format!("{EXECUTIONS}/{{arn}}/state"), get(page))
        .route(&format!("{EXECUTIONS}/{{arn}}/history"), get(history))
        .route(&format!("{EXECUTIONS}/{{arn}}"), get(execution))
        .route(&format!("{CALLBACKS}/{{id}}/{{verb}}"), post(callback))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
}

fn reply(answer: Answer) -> Response {
    match answer {
        Ok(value) => (StatusCode::OK, [("content-type", "application/json")], value.to_string()).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            let headers = [("content-type", "application/json"), ("x-amzn-errortype", refusal.code)];
            (status, headers, refusal.body().to_string()).into_response()
        }
    }
}

fn of_execution(state: &State, arn: &str, answer: impl FnOnce(&mut Execution, u64) -> Answer) -> Response {
    let unknown = || Err(Refusal::not_found(&format!("there is no execution {arn}")));
    reply(state.with(arn, answer).unwrap_or_else(unknown))
}

async fn checkpoint(Shared(state): Shared<Arc<State>>, Path(arn): Path<String>, body: Bytes) -> Response {
    of_execution(&state, &arn, |execution, now| {
        let body: Value = serde_json::from_slice(&body).map_err(|_| Refusal::parameter("the body is not JSON"))?;
        execution.checkpoint(&body, now)
    })
}

async fn page(Shared(state): Shared<Arc<State>>, Path(arn): Path<String>, RawQuery(query): RawQuery) -> Response {
    let value = |name: &str| {
        let mut parameters = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
        parameters.find(|(other, _)| other == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let most = value("MaxItems").parse().unwrap_or(100);
    of_execution(&state, &arn, |execution, _| execution.state(&value("CheckpointToken"), &value("Marker"), most))
}

async fn history(Shared(state): Shared<Arc<State>>, Path(arn): Path<String>) -> Response {
    of_execution(&state, &arn, |execution, _| Ok(json!({"Events": execution.history.events})))
}

async fn execution(Shared(state): Shared<Arc<State>>, Path(arn): Path<String>) -> Response {
    of_execution(&state, &arn, |execution, _| {
        let mut described = json!({"DurableExecutionArn": execution.arn, "InputPayload": execution.records[0].payload});
        match &execution.end {
            None => described["Status"] = "RUNNING".into(),
            Some(End::Succeeded(result)) => {
                (described["Status"], described["Result"]) = ("SUCCEEDED".into(), result.clone().into());
            }
            Some(End::Failed(error)) => (described["Status"], described["Error"]) = ("FAILED".into(), error.clone()),
        }
        Ok(described)
    })
}

async fn callback(
    Shared(state): Shared<Arc<State>>,
    Path((id, verb)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let now = state.now();
    let mut executions = state.executions();
    let mut all = executions.iter_mut();
    let is_known = match verb.as_str() {
        "succeed" => {
            all.any(|execution| execution.answer(&id, &Ok(Some(text.clone()).filter(|text| !text.is_empty())), now))
        }
        "fail" => {
            let error: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!({"ErrorMessage": text}));
            let error = if error.is_object() { error } else { json!({}) };
            all.any(|execution| execution.answer(&id, &Err(error.clone()), now))
        }
        "heartbeat" => all.any(|execution| execution.beat(&id, now)),
        _ => return reply(Err(Refusal::not_found("a callback has succeed, fail and heartbeat"))),
    };
    drop(executions);
    state.changed.notify_all();
    reply(if is_known {
        Ok(json!({}))
    } else {
        Err(Refusal::not_found(&format!("no callback {id} waits for an answer")))
    })
}

async fn unknown() -> Response {
    reply(Err(Refusal::not_found(
        "this is the local API for durable executions of `coshell invoke --durable`: it knows checkpoints, states, callbacks and histories, \
         and invokes no functions",
    )))
}
