//! The HTTP answer of a response: `{"statusCode": …, "headers": {…}, "cookies": […], "body": "…", "isBase64Encoded": …}`.
//!
//! Any other response is the body itself, status 200, `application/json`. Lambda promises that for JSON alone; the warning of
//! the caller's contract says so on the terminal.

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response as Reply};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::super::super::invocation::{Bytes, Response};

/// What the connection is concerned with, not the function; Lambda renames them.
const OF_THE_CONNECTION: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING, UPGRADE];
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The answer, or why there cannot be one.
pub(crate) fn of(response: &Response) -> Result<Reply, String> {
    match serde_json::from_slice(&response.bytes) {
        Ok(Value::Object(fields)) if fields.contains_key("statusCode") => {
            let (status, headers) = head(&fields)?;
            let body = body(&fields)?;
            // By HTTP none follows, and a length would have a client wait for it.
            let body = if status == StatusCode::NO_CONTENT { Bytes::new() } else { body };
            Ok((status, headers, Body::from(body)).into_response())
        }
        Ok(_) | Err(_) => Ok(([(CONTENT_TYPE, JSON)], response.bytes.clone()).into_response()),
    }
}

/// Status and headers of an object that has a `statusCode`.
pub(super) fn head(fields: &Map<String, Value>) -> Result<(StatusCode, HeaderMap), String> {
    let given = &fields["statusCode"];
    let status =
        given.as_u64().and_then(|status| u16::try_from(status).ok()).filter(|status| (200..600).contains(status));
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.ok_or_else(|| format!("`statusCode` is {given}, not an integer from 200 to 599"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in fields.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let (name, value) = header(name, value)?;
        if !OF_THE_CONNECTION.contains(&name) {
            headers.insert(name, value);
        }
    }
    headers.entry(CONTENT_TYPE).or_insert(JSON);
    for cookie in fields.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(SET_COOKIE, header(SET_COOKIE.as_str(), cookie)?.1);
    }
    Ok((status, headers))
}

fn header(name: &str, value: &Value) -> Result<(HeaderName, HeaderValue), String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err(format!("the header `{name}` is {value}, not a string"));
        }
    };
    let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(text.as_bytes()).ok());
    header.ok_or_else(|| format!("`{}: {}` is no header", name.escape_debug(), text.escape_debug()))
}

fn body(fields: &Map<String, Value>) -> Result<Bytes, String> {
    match fields.get("body") {
        None | Some(Value::Null) => Ok(Bytes::new()),
        Some(Value::String(text)) if fields.get("isBase64Encoded") == Some(&Value::Bool(true)) => {
            let decoded = BASE64_STANDARD.decode(text);
            decoded
                .map(Bytes::from)
                .map_err(|error| format!("`isBase64Encoded` is true, but `body` is no base64: {error}"))
        }
        Some(Value::String(text)) => Ok(text.clone().into()),
        Some(_) => Err("`body` is not a string; jq makes one of JSON with `tojson`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::HttpBody;

    fn reply(response: &str) -> Result<Reply, String> {
        of(&Response { bytes: response.to_owned().into(), ..Response::default() })
    }

    #[test]
    fn each_fault_of_a_response_is_named() {
        let table = [
            (r#"{"statusCode":"ok"}"#, "`statusCode` is \"ok\""),
            (r#"{"statusCode":101}"#, "`statusCode` is 101"),
            (r#"{"statusCode":70000}"#, "`statusCode` is 70000"),
            (r#"{"statusCode":200,"headers":{"a b":"c"}}"#, "`a b: c` is no header"),
            (r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#, "`a: b\\r\\nc: d` is no header"),
            (r#"{"statusCode":200,"headers":{"a":["b"]}}"#, "the header `a` is [\"b\"]"),
            (r#"{"statusCode":200,"cookies":["a\nb"]}"#, "`set-cookie: a\\nb` is no header"),
            (r#"{"statusCode":200,"body":{}}"#, "`body` is not a string"),
            (r#"{"statusCode":200,"body":"-","isBase64Encoded":true}"#, "no base64"),
        ];
        for (response, sentence) in table {
            let error = reply(response).unwrap_err();
            assert!(error.contains(sentence), "{response}: {error}");
        }
    }

    #[test]
    fn a_204_has_no_body_and_so_no_length() {
        let reply = reply(r#"{"statusCode":204,"body":"x"}"#).unwrap();
        assert_eq!(HttpBody::size_hint(reply.body()).exact(), Some(0));
    }

    #[test]
    fn headers_of_the_connection_are_not_the_functions() {
        let response =
            r#"{"statusCode":200,"headers":{"Content-Length":"7","Transfer-Encoding":"chunked","Age":3},"body":"x"}"#;
        let reply = reply(response).unwrap();
        let headers: Vec<&str> = reply.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(headers, ["age", "content-type"]);
    }
}
