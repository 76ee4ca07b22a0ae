//! Makes the HTTP answer from a response: `{"statusCode": …, "headers": {…}, "cookies": […], "body": "…", "isBase64Encoded": …}`.
//!
//! With payload format 2.0, any other response becomes the body itself, with status 200 and `application/json`. Lambda documents this only for
//! JSON; for other responses `lambda::contract` warns on the terminal. A REST API and a load balancer accept no other response.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response as Reply};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::lambda::contract::Caller;
use crate::lambda::contract::headers::{Treatment, treatment};
use crate::lambda::invocation::{Bytes, Response};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The answer that `caller` gives to its client, or the reason why the response cannot be used.
pub(crate) fn from_response(caller: Caller, response: &Response) -> Result<Reply, String> {
    match serde_json::from_slice(&response.bytes) {
        Ok(Value::Object(fields)) if fields.contains_key("statusCode") => {
            let (status, headers) = head(caller, &fields)?;
            let body = body(&fields)?;
            // HTTP allows no body after 204, and a client would wait for a body of that length.
            let body = if status == StatusCode::NO_CONTENT { Bytes::new() } else { body };
            Ok((status, headers, Body::from(body)).into_response())
        }
        Ok(_) | Err(_) if matches!(caller, Caller::RestApi | Caller::Alb) => {
            Err("the response is not a JSON object with `statusCode`".to_owned())
        }
        Err(_) if caller == Caller::HttpApi => Err("the response is not JSON".to_owned()),
        Ok(_) | Err(_) => Ok(([(CONTENT_TYPE, JSON)], response.bytes.clone()).into_response()),
    }
}

/// Status and headers of an object that has a `statusCode`.
pub(super) fn head(caller: Caller, fields: &Map<String, Value>) -> Result<(StatusCode, HeaderMap), String> {
    let given = &fields["statusCode"];
    let status =
        given.as_u64().and_then(|status| u16::try_from(status).ok()).filter(|status| (200..600).contains(status));
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.ok_or_else(|| format!("`statusCode` is {given}, not an integer from 200 to 599"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in fields.get("headers").and_then(Value::as_object).into_iter().flatten() {
        if let Some((name, value)) = forwarded(caller, name, value)? {
            headers.insert(name, value);
        }
    }
    if caller == Caller::RestApi {
        append_lists(&mut headers, fields)?;
    }
    headers.entry(CONTENT_TYPE).or_insert(JSON);
    for cookie in fields.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(SET_COOKIE, header(SET_COOKIE.as_str(), cookie)?.1);
    }
    Ok((status, headers))
}

/// The header as `caller` passes it to the client; `None` if `caller` drops the header.
fn forwarded(caller: Caller, name: &str, value: &Value) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    Ok(match treatment(caller, name) {
        Treatment::Kept => Some(header(name, value)?),
        Treatment::Renamed(renamed) => Some(header(&renamed, value)?),
        Treatment::Dropped => None,
    })
}

/// Adds the values of `multiValueHeaders`, which replace the values of `headers` with the same name.
fn append_lists(headers: &mut HeaderMap, fields: &Map<String, Value>) -> Result<(), String> {
    for (name, values) in fields.get("multiValueHeaders").and_then(Value::as_object).into_iter().flatten() {
        let values =
            values.as_array().ok_or_else(|| format!("`multiValueHeaders`: `{name}` is {values}, not a list"))?;
        let sent = values.iter().map(|value| forwarded(Caller::RestApi, name, value)).collect::<Result<Vec<_>, _>>()?;
        sent.iter().flatten().for_each(|(name, _)| drop(headers.remove(name)));
        for (name, value) in sent.into_iter().flatten() {
            headers.append(name, value);
        }
    }
    Ok(())
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
    header.ok_or_else(|| format!("`{}: {}` is not a valid header", name.escape_debug(), text.escape_debug()))
}

fn body(fields: &Map<String, Value>) -> Result<Bytes, String> {
    match fields.get("body") {
        None | Some(Value::Null) => Ok(Bytes::new()),
        Some(Value::String(text)) if fields.get("isBase64Encoded") == Some(&Value::Bool(true)) => {
            let decoded = BASE64_STANDARD.decode(text);
            decoded
                .map(Bytes::from)
                .map_err(|error| format!("`isBase64Encoded` is true, but `body` is not base64: {error}"))
        }
        Some(Value::String(text)) => Ok(text.clone().into()),
        Some(_) => Err("`body` is not a string; in jq, `tojson` makes a string of JSON".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::HttpBody;

    fn reply(response: &str) -> Result<Reply, String> {
        from_response(Caller::FunctionUrl, &Response { bytes: response.to_owned().into(), ..Response::default() })
    }

    #[test]
    fn each_fault_of_a_response_is_named() {
        let table = [
            (r#"{"statusCode":"ok"}"#, "`statusCode` is \"ok\""),
            (r#"{"statusCode":101}"#, "`statusCode` is 101"),
            (r#"{"statusCode":70000}"#, "`statusCode` is 70000"),
            (r#"{"statusCode":200,"headers":{"a b":"c"}}"#, "`a b: c` is not a valid header"),
            (r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#, "`a: b\\r\\nc: d` is not a valid header"),
            (r#"{"statusCode":200,"headers":{"a":["b"]}}"#, "the header `a` is [\"b\"]"),
            (r#"{"statusCode":200,"cookies":["a\nb"]}"#, "`set-cookie: a\\nb` is not a valid header"),
            (r#"{"statusCode":200,"body":{}}"#, "`body` is not a string"),
            (r#"{"statusCode":200,"body":"-","isBase64Encoded":true}"#, "not base64"),
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

    fn headers(caller: Caller, response: &str) -> Vec<(String, String)> {
        let reply =
            from_response(caller, &Response { bytes: response.to_owned().into(), ..Response::default() }).unwrap();
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        reply.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_function_url_renames_headers_of_the_connection() {
        let response =
            r#"{"statusCode":200,"headers":{"Content-Length":"7","Transfer-Encoding":"chunked","Age":3},"body":"x"}"#;
        let mut sent = headers(Caller::FunctionUrl, response);
        sent.sort();
        let expected = [
            ("age", "3"),
            ("content-type", "application/json"),
            ("x-amzn-remapped-content-length", "7"),
            ("x-amzn-remapped-transfer-encoding", "chunked"),
        ];
        assert_eq!(sent, pairs(&expected));
    }

    #[test]
    fn a_rest_api_sends_every_value_of_a_header_and_renames_its_own() {
        let response = r#"{"statusCode":401,"headers":{"a":"1","WWW-Authenticate":"Basic","via":"x"},
            "multiValueHeaders":{"A":["2","3"],"set-cookie":["b=c"]},"body":"x"}"#;
        let mut sent = headers(Caller::RestApi, response);
        sent.sort();
        let expected = [
            ("a", "2"),
            ("a", "3"),
            ("content-type", "application/json"),
            ("set-cookie", "b=c"),
            ("x-amzn-remapped-www-authenticate", "Basic"),
        ];
        assert_eq!(sent, pairs(&expected));
    }

    #[test]
    fn only_payload_format_2_takes_a_response_without_a_status() {
        let reply = |caller| from_response(caller, &Response { bytes: "{}".into(), ..Response::default() });
        for caller in [Caller::FunctionUrl, Caller::HttpApi] {
            assert_eq!(reply(caller).unwrap().status(), StatusCode::OK);
        }
        for caller in [Caller::RestApi, Caller::Alb] {
            assert!(reply(caller).unwrap_err().contains("`statusCode`"));
        }
    }
}
