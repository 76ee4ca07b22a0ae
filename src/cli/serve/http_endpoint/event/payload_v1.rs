//! Makes the events of a REST API (payload format 1.0) and of an Application Load Balancer.
//!
//! Sources: Amazon API Gateway Developer Guide, "Input format of a Lambda function for proxy integration"; Elastic Load Balancing guide,
//! "Lambda functions as targets for Application Load Balancers". The REST API has a stage named `local` and no binary
//! media types; without a template its resource is `/{proxy+}`. The target group has no multi-value headers.

use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::header::{HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::{ACCOUNT, URL_ID, forwarded, is_text, text, time};

const STAGE: &str = "local";

/// The event of a REST API.
pub(super) fn of_rest_api(head: &Parts, source: IpAddr, body: Vec<u8>, request_id: &str) -> Value {
    let path = head.uri.path();
    let proxy = Some(path.trim_start_matches('/')).filter(|proxy| !proxy.is_empty());
    let resource = if proxy.is_some() { "/{proxy+}" } else { "/" };
    let parameters: Vec<(String, String)> =
        form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let headers = all_headers(&head.headers, source);
    let (body, is_binary) = match String::from_utf8(body) {
        Ok(text) => (if text.is_empty() { Value::Null } else { text.into() }, false),
        Err(binary) => (BASE64_STANDARD.encode(binary.as_bytes()).into(), true),
    };
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": head.method.as_str(),
        "headers": last_values(&headers),
        "multiValueHeaders": all_values(&headers),
        "queryStringParameters": or_null(last_values(&parameters)),
        "multiValueQueryStringParameters": or_null(all_values(&parameters)),
        "pathParameters": proxy.map(|proxy| json!({ "proxy": proxy })),
        "stageVariables": null,
        "requestContext": rest_context(head, source, request_id, resource),
        "body": body,
        "isBase64Encoded": is_binary,
    })
}

fn rest_context(head: &Parts, source: IpAddr, request_id: &str, resource: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({
        "accountId": ACCOUNT,
        "apiId": URL_ID,
        "domainName": text(&head.headers, HOST).unwrap_or_default(),
        "domainPrefix": URL_ID,
        "extendedRequestId": request_id,
        "httpMethod": head.method.as_str(),
        "identity": {
            "accountId": null,
            "apiKey": null,
            "caller": null,
            "sourceIp": source.to_string(),
            "user": null,
            "userAgent": text(&head.headers, USER_AGENT),
            "userArn": null,
        },
        "path": format!("/{STAGE}{}", head.uri.path()),
        "protocol": format!("{:?}", head.version),
        "requestId": request_id,
        "requestTime": time(now),
        "requestTimeEpoch": u64::try_from(now.as_millis()).unwrap_or_default(),
        "resourceId": URL_ID,
        "resourcePath": resource,
        "stage": STAGE,
    })
}

/// The event of a load balancer, which leaves the parameters of the query encoded.
pub(super) fn of_load_balancer(head: &Parts, source: IpAddr, body: Vec<u8>) -> Value {
    let query = head.uri.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let parameters: Vec<(String, String)> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let is_binary = !body.is_empty() && !is_text(&head.headers, &body);
    let body = if is_binary { BASE64_STANDARD.encode(body) } else { String::from_utf8_lossy(&body).into_owned() };
    json!({
        "requestContext": {
            "elb": { "targetGroupArn": format!("arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/{URL_ID}/0123456789abcdef") },
        },
        "httpMethod": head.method.as_str(),
        "path": head.uri.path(),
        "queryStringParameters": last_values(&parameters),
        "headers": last_values(&all_headers(&head.headers, source)),
        "body": body,
        "isBase64Encoded": is_binary,
    })
}

/// Every header with each of its values, and the headers that the caller adds.
fn all_headers(given: &HeaderMap, source: IpAddr) -> Vec<(String, String)> {
    let added = forwarded(source, &text(given, HOST).unwrap_or_default());
    let is_added = |name: &HeaderName| added.iter().any(|(added, _)| name == added);
    let kept = given.iter().filter(|(name, _)| !is_added(name));
    let kept = kept.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut headers: Vec<(String, String)> = kept.collect();
    headers.extend(added.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    headers
}

fn last_values(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
}

fn all_values(pairs: &[(String, String)]) -> Map<String, Value> {
    let mut lists: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let list = lists.entry(name.clone()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(value.as_str().into());
        }
    }
    lists
}

fn or_null(fields: Map<String, Value>) -> Value {
    if fields.is_empty() { Value::Null } else { fields.into() }
}
