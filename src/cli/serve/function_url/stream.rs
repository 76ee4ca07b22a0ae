//! A streamed answer: the head from the prelude that the runtime sent, the body as it comes.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::reply;
use crate::cli::serve::access_log::log_access;
use crate::cli::serve::job::Answer;
use crate::cli::serve::response_stream::Streamed;
use crate::cli::terminal::warn;
use crate::lambda::contract::{Caller, headers};
use crate::lambda::invocation::{FunctionError, Part};

/// The content type of a stream that begins with a prelude.
const WITH_PRELUDE: &str = "application/vnd.awslambda.http-integration-response";
const PLAIN: HeaderValue = HeaderValue::from_static("application/octet-stream");
const SEPARATOR: [u8; 8] = [0; 8];
/// The most that API Gateway takes.
const MOST_PRELUDE_BYTES: usize = 16 * 1024;

/// What the line in the log about it needs.
pub(super) struct Request {
    pub(super) line: String,
    pub(super) request_id: String,
    /// Whether the client wants the head alone.
    pub(super) is_head: bool,
    pub(super) caller: Caller,
}

/// The answer to a request whose response has begun with this content type, or why there is none.
pub(super) async fn answer(
    content_type: Option<String>,
    mut parts: mpsc::Receiver<Part>,
    answer: oneshot::Receiver<Answer>,
    asked: Request,
) -> Result<Response, String> {
    let (mut reply, body) = if content_type.as_deref() == Some(WITH_PRELUDE) {
        let (prelude, body) = prelude(&mut parts).await?;
        let (status, headers) = reply::head(asked.caller, &prelude)?;
        headers::warnings(asked.caller, &prelude).iter().for_each(|warning| warn(warning));
        ((status, headers).into_response(), body)
    } else {
        ((StatusCode::OK, [(CONTENT_TYPE, PLAIN)]).into_response(), Bytes::new())
    };
    let status = reply.status().as_u16();
    let Request { line, request_id, is_head, caller: _ } = asked;
    let end = move |answer: Answer| {
        log_access(line, status, &request_id, &answer);
        broken_off(answer)
    };
    let mut streamed = Streamed::new(parts, answer, std::convert::identity, end);
    streamed.begun.extend(Some(body).filter(|body| !body.is_empty()));
    // Where HTTP has no body, nobody would read this one to its end; and the line in the log would be of a client that had gone.
    let has_body = !is_head && !matches!(reply.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    *reply.body_mut() = if has_body {
        streamed.into_body()
    } else {
        tokio::spawn(streamed.drain());
        Streamed::nothing().into_body()
    };
    Ok(reply)
}

/// A stream that breaks off breaks its connection: a client learns that way that it is not whole.
fn broken_off(answer: Answer) -> Result<Vec<Bytes>, FunctionError> {
    answer.outcome.map(|_| Vec::new())
}

/// Reads up to the separator: the prelude, and what came of the body with it.
async fn prelude(parts: &mut mpsc::Receiver<Part>) -> Result<(serde_json::Map<String, Value>, Bytes), String> {
    let mut bytes = Vec::new();
    while let Some(part) = parts.recv().await {
        let Part::Data(data) = part else { continue };
        bytes.extend_from_slice(&data);
        if let Some(at) = bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
            let body = Bytes::from(bytes.split_off(at + SEPARATOR.len()));
            bytes.truncate(at);
            return Ok((fields(&bytes)?, body));
        }
        if bytes.len() > MOST_PRELUDE_BYTES + SEPARATOR.len() {
            return Err(format!("the prelude is longer than {MOST_PRELUDE_BYTES} bytes"));
        }
    }
    Err("the response ended before the 8 NUL bytes that follow its prelude".to_owned())
}

fn fields(prelude: &[u8]) -> Result<serde_json::Map<String, Value>, String> {
    match serde_json::from_slice(prelude) {
        Ok(Value::Object(mut fields)) => {
            fields.entry("statusCode").or_insert(json!(200));
            Ok(fields)
        }
        Ok(_) => Err("the prelude is no JSON object".to_owned()),
        Err(error) => Err(format!("the prelude is not JSON: {error}")),
    }
}
