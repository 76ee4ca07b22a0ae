//! Streams an answer: takes status and headers from the prelude that the runtime sent, and forwards the body as it arrives.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::reply;
use crate::cli::serve::access_log::log_access;
use crate::cli::serve::job::Answer;
use crate::cli::serve::log_prefix::LogPrefix;
use crate::cli::serve::response_stream::StreamedBody;
use crate::lambda::contract::{Caller, headers};
use crate::lambda::invocation::{FunctionError, Part};

/// The content type of a stream that begins with a prelude.
const WITH_PRELUDE: &str = "application/vnd.awslambda.http-integration-response";
const PLAIN: HeaderValue = HeaderValue::from_static("application/octet-stream");
const SEPARATOR: [u8; 8] = [0; 8];
/// API Gateway accepts no longer prelude.
const MAX_PRELUDE_BYTES: usize = 16 * 1024;

/// What the access log line of a streamed request needs.
pub(super) struct Request {
    pub(super) line: String,
    pub(super) request_id: String,
    /// Whether the method is HEAD, so that the client wants no body.
    pub(super) is_head: bool,
    pub(super) caller: Caller,
    pub(super) log_prefix: LogPrefix,
}

/// The answer to a request whose response has begun with this content type, or the reason why the prelude cannot be used.
pub(super) async fn answer(
    content_type: Option<String>,
    mut parts: mpsc::Receiver<Part>,
    answer: oneshot::Receiver<Answer>,
    request: Request,
) -> Result<Response, String> {
    let (mut reply, body) = if content_type.as_deref() == Some(WITH_PRELUDE) {
        let (prelude, body) = prelude(&mut parts).await?;
        let (status, headers) = reply::head(request.caller, &prelude)?;
        headers::stream_warnings(request.caller, &prelude).iter().for_each(|warning| request.log_prefix.warn(warning));
        ((status, headers).into_response(), body)
    } else {
        ((StatusCode::OK, [(CONTENT_TYPE, PLAIN)]).into_response(), Bytes::new())
    };
    let status = reply.status().as_u16();
    let Request { line, request_id, is_head, .. } = request;
    let end = move |answer: Answer| {
        log_access(line, status, &request_id, &answer);
        broken_off(answer)
    };
    let mut streamed = StreamedBody::new(parts, answer, std::convert::identity, end);
    streamed.pending.extend(Some(body).filter(|body| !body.is_empty()));
    // If HTTP allows no body, nobody would read the body to its end, and the log would say that the client had gone.
    let has_body = !is_head && !matches!(reply.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    *reply.body_mut() = if has_body {
        streamed.into_body()
    } else {
        tokio::spawn(streamed.drain());
        StreamedBody::empty().into_body()
    };
    Ok(reply)
}

/// If the handler fails in mid-stream, the connection is broken, so that the client knows that the body is incomplete.
fn broken_off(answer: Answer) -> Result<Vec<Bytes>, FunctionError> {
    answer.outcome.map(|_| Vec::new())
}

/// Reads up to the separator: the prelude, and the part of the body that came with the separator.
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
        if bytes.len() > MAX_PRELUDE_BYTES + SEPARATOR.len() {
            return Err(format!("the prelude is longer than {MAX_PRELUDE_BYTES} bytes"));
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
        Ok(_) => Err("the prelude is not a JSON object".to_owned()),
        Err(error) => Err(format!("the prelude is not JSON: {error}")),
    }
}
