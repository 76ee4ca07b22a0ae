//! `coshell serve --url-as`: the events and the answers of API Gateway and of load balancers.

use serde_json::{Value, json};

use crate::support::serving::{Serve, Serving};
use crate::support::wire::{Answer, Wire};

/// Answers with what stands in `answer`, and keeps the event.
const ANSWERS: &str = "handler() { printf '%s' \"$1\" >event; cat answer; }";

fn serve(caller: &str) -> Serving {
    Serve::script(ANSWERS).with(&["--url-port", "0", "--url-as", caller]).start()
}

/// Sends a POST and gives back the answer to it.
fn post(serving: &Serving, name: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let said = serving.stderr_with(&format!("{name} on http://"));
    let host = said.split(&format!("{name} on http://")).nth(1).unwrap().split('/').next().unwrap().to_owned();
    Wire::connect(host.parse().unwrap()).host(&host).post(path, headers, body)
}

fn event(serving: &Serving) -> Value {
    serde_json::from_slice(&std::fs::read(serving.path("event")).unwrap()).unwrap()
}

fn answering(serving: &Serving, response: &str) {
    std::fs::write(serving.path("answer"), response).unwrap();
}

#[test]
fn a_rest_api_sends_format_1_and_needs_a_status_and_renames_headers() {
    let serving = serve("rest-api");
    answering(&serving, r#"{"statusCode":401,"headers":{"WWW-Authenticate":"Basic"},"body":"no"}"#);
    let headers = [("X-Two", "a"), ("X-Two", "b"), ("Content-Type", "image/png")];
    let answer = post(&serving, "REST API", "/orders/1?tag=a&tag=b%20c", &headers, b"text");
    assert_eq!((answer.status, answer.text()), (401, "no"));
    assert_eq!(answer.header("X-Amzn-Remapped-Www-Authenticate"), Some("Basic"), "{answer:?}");
    serving.stderr_with(
        "warning: the REST API renames the header `WWW-Authenticate`: the client gets it as `x-amzn-remapped-",
    );
    let event = event(&serving);
    for (pointer, value) in [
        ("/resource", json!("/{proxy+}")),
        ("/path", json!("/orders/1")),
        ("/httpMethod", json!("POST")),
        ("/headers/x-two", json!("b")),
        ("/multiValueHeaders/x-two", json!(["a", "b"])),
        ("/queryStringParameters", json!({ "tag": "b c" })),
        ("/multiValueQueryStringParameters", json!({ "tag": ["a", "b c"] })),
        ("/pathParameters", json!({ "proxy": "orders/1" })),
        ("/stageVariables", Value::Null),
        ("/requestContext/path", json!("/local/orders/1")),
        ("/requestContext/stage", json!("local")),
        ("/requestContext/identity/sourceIp", json!("127.0.0.1")),
        ("/body", json!("text")),
        ("/isBase64Encoded", json!(false)),
    ] {
        assert_eq!(event.pointer(pointer), Some(&value), "{pointer} in {event}");
    }
    answering(&serving, "{}");
    let answer = post(&serving, "REST API", "/", &[], b"");
    assert_eq!((answer.status, answer.text()), (502, "{\"message\":\"Internal server error\"}"));
    serving.stderr_with("warning: the client gets 502: the response is not a JSON object with `statusCode`");
}

#[test]
fn an_http_api_sends_format_2_with_its_cookies_apart_and_answers_500_to_what_is_not_json() {
    let serving = serve("http-api");
    answering(&serving, "{\"a\":1}");
    let answer = post(&serving, "HTTP API", "/a?b=c", &[("Cookie", "d=1; e=2")], b"");
    assert_eq!((answer.status, answer.text()), (200, "{\"a\":1}"));
    let event = event(&serving);
    assert_eq!(
        (&event["version"], &event["rawPath"], &event["cookies"]),
        (&json!("2.0"), &json!("/a"), &json!(["d=1", "e=2"]))
    );
    assert_eq!((&event["requestContext"]["accountId"], event["headers"].get("cookie")), (&json!("123456789012"), None));
    answering(&serving, "hello");
    let answer = post(&serving, "HTTP API", "/", &[], b"");
    assert_eq!((answer.status, answer.text()), (500, "{\"message\":\"Internal Server Error\"}"));
}

#[test]
fn a_load_balancer_leaves_the_query_encoded_and_has_a_page_for_what_it_cannot_use() {
    let serving = serve("alb");
    answering(
        &serving,
        r#"{"statusCode":200,"statusDescription":"200 OK","headers":{"content-type":"text/plain"},"body":"hi"}"#,
    );
    let answer = post(&serving, "load balancer", "/a?tag=a%20b&tag=c%20d&e", &[("Content-Type", "image/png")], b"\xff");
    assert_eq!((answer.status, answer.text(), answer.header("Content-Type")), (200, "hi", Some("text/plain")));
    let event = event(&serving);
    assert!(event["requestContext"]["elb"]["targetGroupArn"].is_string(), "{event}");
    assert_eq!(event["queryStringParameters"], json!({ "tag": "c%20d", "e": "" }));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
    assert_eq!(event.get("multiValueHeaders"), None);
    answering(&serving, "{}");
    let answer = post(&serving, "load balancer", "/", &[], b"");
    assert_eq!((answer.status, answer.header("Content-Type")), (502, Some("text/html")));
    assert!(answer.text().contains("502 Bad Gateway"));
    assert_eq!(self::event(&serving)["body"], "");
}

#[test]
fn only_a_caller_that_sends_http_can_be_named_and_only_with_a_port() {
    for wrong in [&["--url-port", "0", "--url-as", "sqs"][..], &["--url-as", "alb"]] {
        let output = Serve::script(ANSWERS).with(wrong).command().output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
    }
}
