//! Makes the event of an HTTP request: payload format 2.0 here, the other formats in `payload_v1`.
//!
//! Lambda's documentation only says that bodies of binary content types come in base64. Others measured on AWS which types are text
//! (ministackorg/ministack, pull request 766): `text/*` and `application/` `json`, `xml` and `javascript`. Every other body is base64,
//! also an HTML form and a body without a content type. Cookies are in `cookies` and in the headers
//! (awslabs/aws-lambda-rust-runtime, pull request 586).

mod payload_v1;

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::lambda::contract::Caller;

/// Stands for the random id that AWS puts into the host name of a function URL or an API.
const URL_ID: &str = "local";
/// The account id that AWS uses in its examples.
const ACCOUNT: &str = "123456789012";
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The event of one request, in the format of `caller`.
pub(super) fn from_request(caller: Caller, head: &Parts, source: IpAddr, body: Vec<u8>, request_id: &str) -> Value {
    match caller {
        Caller::RestApi => payload_v1::of_rest_api(head, source, body, request_id),
        Caller::Alb => payload_v1::of_load_balancer(head, source, body),
        Caller::HttpApi => of_http_api(head, source, body, request_id),
        _ => payload_v2(head, source, body, request_id),
    }
}

/// An HTTP API gives an account id, and gives cookies only in `cookies`, not in the headers.
fn of_http_api(head: &Parts, source: IpAddr, body: Vec<u8>, request_id: &str) -> Value {
    let mut event = payload_v2(head, source, body, request_id);
    event["requestContext"]["accountId"] = ACCOUNT.into();
    if let Some(headers) = event["headers"].as_object_mut() {
        headers.shift_remove(COOKIE.as_str());
    }
    event
}

fn payload_v2(head: &Parts, source: IpAddr, body: Vec<u8>, request_id: &str) -> Value {
    let host = text(&head.headers, HOST).unwrap_or_default();
    let query = head.uri.query().unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": head.uri.path(),
        "rawQueryString": query,
        "headers": headers(&head.headers, source, &host),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": URL_ID,
            "domainName": host,
            "domainPrefix": URL_ID,
            "http": {
                "method": head.method.as_str(),
                "path": head.uri.path(),
                "protocol": format!("{:?}", head.version),
                "sourceIp": source.to_string(),
                "userAgent": text(&head.headers, USER_AGENT).unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time(now),
            "timeEpoch": u64::try_from(now.as_millis()).unwrap_or_default(),
        },
    });
    let cookies = cookies(&head.headers);
    if !cookies.is_empty() {
        event["cookies"] = cookies.into();
    }
    if !query.is_empty() {
        event["queryStringParameters"] = parameters(query).into();
    }
    let is_binary = !body.is_empty() && !is_text(&head.headers, &body);
    if is_binary {
        event["body"] = BASE64_STANDARD.encode(body).into();
    } else if !body.is_empty() {
        event["body"] = String::from_utf8_lossy(&body).into(); // `is_text` has checked that the body is UTF-8
    }
    event["isBase64Encoded"] = is_binary.into();
    event
}

/// The headers with names in lower case; several values of a name are joined with commas. Includes the headers that Lambda adds.
fn headers(given: &HeaderMap, source: IpAddr, host: &str) -> Map<String, Value> {
    let named = given.keys().map(|name| (name.as_str().to_owned(), joined(given, name).into()));
    let mut headers: Map<String, Value> = named.collect();
    for (name, value) in forwarded(source, host) {
        headers.insert(name.to_owned(), value.into());
    }
    headers
}

/// The headers that describe the client's connection.
fn forwarded(source: IpAddr, host: &str) -> [(&'static str, String); 3] {
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    [
        ("x-forwarded-for", source.to_string()),
        ("x-forwarded-port", port.to_owned()),
        ("x-forwarded-proto", "http".to_owned()),
    ]
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let separator = if name == COOKIE { "; " } else { "," };
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(separator)
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let all = joined(headers, &COOKIE);
    all.split(';').map(str::trim).filter(|cookie| !cookie.is_empty()).map(str::to_owned).collect()
}

/// The decoded parameters of a query; several values of a name are joined with commas.
fn parameters(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let joined = match parameters.get(name.as_ref()).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.into_owned(),
        };
        parameters.insert(name.into_owned(), joined.into());
    }
    parameters
}

fn is_text(headers: &HeaderMap, body: &[u8]) -> bool {
    let content_type = text(headers, CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.starts_with("text/")
        || matches!(essence, "application/json" | "application/xml" | "application/javascript");
    is_text && !headers.contains_key(CONTENT_ENCODING) && std::str::from_utf8(body).is_ok()
}

/// The time in the format of web server logs: `12/Mar/2020:19:03:58 +0000`.
fn time(since_epoch: Duration) -> String {
    let rfc_3339 = humantime::format_rfc3339_seconds(UNIX_EPOCH + since_epoch).to_string();
    let (date, time) = rfc_3339.trim_end_matches('Z').split_once('T').unwrap_or_default();
    let mut parts = date.splitn(3, '-');
    let [year, month, day] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let month = month.parse().ok().and_then(|month: usize| MONTHS.get(month.checked_sub(1)?)).unwrap_or(&"");
    format!("{day}/{month}/{year}:{time} +0000")
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn event(request: axum::http::request::Builder, body: &[u8]) -> Value {
        let (head, ()) = request.body(()).unwrap().into_parts();
        from_request(Caller::FunctionUrl, &head, [127, 0, 0, 1].into(), body.to_vec(), "id")
    }

    #[test]
    fn a_body_is_text_only_for_the_content_types_that_aws_treats_as_text() {
        let table: [(&str, &[u8], bool); 9] = [
            ("text/csv", b"a", false),
            ("application/json; charset=utf-8", b"a", false),
            ("APPLICATION/XML", b"a", false),
            ("application/javascript", b"a", false),
            ("application/x-www-form-urlencoded", b"a", true),
            ("application/vnd.api+json", b"a", true),
            ("image/png", b"a", true),
            ("", b"a", true),
            ("text/plain", b"\xff", true),
        ];
        for (content_type, body, is_binary) in table {
            let event = event(Request::post("/").header("content-type", content_type), body);
            assert_eq!(event["isBase64Encoded"], is_binary, "`{content_type}`");
            let expected = if is_binary { BASE64_STANDARD.encode(body) } else { "a".to_owned() };
            assert_eq!(event["body"], expected, "`{content_type}`");
        }
    }

    #[test]
    fn a_part_that_the_request_lacks_is_absent_from_the_event() {
        let event = event(Request::get("/a%20b"), b"");
        for absent in ["body", "cookies", "queryStringParameters"] {
            assert!(event.get(absent).is_none(), "{absent} in {event}");
        }
        assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/a%20b"), &json!("")));
    }

    #[test]
    fn the_time_has_the_format_of_web_server_logs() {
        assert_eq!(time(Duration::from_secs(1_773_342_238)), "12/Mar/2026:19:03:58 +0000");
    }
}
