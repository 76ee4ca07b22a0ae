//! The function as a function URL, called by curl.

use std::fs;

use serde_json::{Value, json};

use crate::support::program::curl_is_missing;
use crate::support::serving::{Serve, Serving, curl};

/// Answers with the event, as the body.
const ECHO: &str = "handler() { echo \"$1\"; }";

fn serve(script: &str) -> Serving {
    Serve::script(script).with(&["--url-port", "0"]).start()
}

fn event_of(serving: &Serving, path: &str, arguments: &[&str]) -> Value {
    let url = format!("{}{path}", serving.function_url());
    serde_json::from_slice(&curl(&[&[url.as_str()], arguments].concat()).stdout).unwrap()
}

/// Status line and headers without their order, and the body.
fn answer_of(serving: &Serving, arguments: &[&str]) -> (Vec<String>, Vec<u8>) {
    let body = serving.path("the body of the answer");
    let url = format!("{}/", serving.function_url());
    let output = ["--dump-header", "-", "--output", body.to_str().unwrap(), &url];
    let head = String::from_utf8(curl(&[&output, arguments].concat()).stdout).unwrap();
    let lines = head.lines().filter(|line| !line.is_empty() && !line.to_lowercase().starts_with("date:"));
    (lines.map(|line| line.to_lowercase()).collect(), fs::read(body).unwrap_or_default())
}

#[test]
fn a_request_becomes_an_event_in_payload_format_2() {
    if curl_is_missing() {
        return;
    }
    let serving = serve(ECHO);
    let host = serving.function_url().trim_start_matches("http://").to_owned();
    let headers = ["-H", "X-Two: a", "-H", "X-Two: b", "-H", "Cookie: c=1; d=2", "-A", "agent", "-X", "PUT"];
    let mut event = event_of(&serving, "/a%20b/c?x=1&y=%C3%A9+z&x=2", &headers);
    let context = event["requestContext"].as_object_mut().unwrap();
    let [id, time, epoch] = ["requestId", "time", "timeEpoch"].map(|field| context.remove(field).unwrap());
    assert_eq!((id.as_str().unwrap().len(), time.as_str().unwrap().len()), (36, 26), "{id} {time}");
    assert!(epoch.as_u64().unwrap() > 1_700_000_000_000, "{epoch}");
    let expected = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a%20b/c",
        "rawQueryString": "x=1&y=%C3%A9+z&x=2",
        "cookies": ["c=1", "d=2"],
        "headers": {
            "accept": "*/*",
            "cookie": "c=1; d=2",
            "host": host,
            "user-agent": "agent",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": host.split_once(':').unwrap().1,
            "x-forwarded-proto": "http",
            "x-two": "a,b",
        },
        "queryStringParameters": { "x": "1,2", "y": "é z" },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": "local",
            "http": {
                "method": "PUT",
                "path": "/a%20b/c",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "agent",
            },
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[test]
fn a_text_stays_text_and_other_bytes_and_forms_become_base64() {
    if curl_is_missing() {
        return;
    }
    let serving = serve(ECHO);
    let sent = |content_type: &str, body: &[u8]| {
        fs::write(serving.path("body"), body).unwrap();
        let [header, file] = [format!("Content-Type: {content_type}"), format!("@{}", serving.path("body").display())];
        let event = event_of(&serving, "/", &["-H", &header, "--data-binary", &file]);
        (event["body"].clone(), event["isBase64Encoded"].clone())
    };
    assert_eq!(sent("application/json", "{\"é\": 1}\n".as_bytes()), (json!("{\"é\": 1}\n"), json!(false)));
    assert_eq!(sent("image/png", b"\x89PNG\0"), (json!("iVBORwA="), json!(true)));
    assert_eq!(sent("application/x-www-form-urlencoded", b"a=b"), (json!("YT1i"), json!(true)));
}

#[test]
fn a_response_becomes_an_answer_with_status_headers_cookies_and_bytes() {
    if curl_is_missing() {
        return;
    }
    let response = r#"{"statusCode":201,"headers":{"Content-Type":"image/png","X-A":"b"},"cookies":["c=1; Path=/","d=2"],"body":"iVBORwA=","isBase64Encoded":true}"#;
    let serving = serve(&format!("handler() {{ echo '{response}'; }}"));
    let (mut head, body) = answer_of(&serving, &[]);
    head.sort();
    let expected = [
        "content-length: 5",
        "content-type: image/png",
        "http/1.1 201 created",
        "set-cookie: c=1; path=/",
        "set-cookie: d=2",
        "x-a: b",
    ];
    assert_eq!((head, body), (expected.map(str::to_owned).to_vec(), b"\x89PNG\0".to_vec()));
    serving.stderr_with("GET / 201 ");
    let (head, _) = answer_of(&serving, &["--head"]);
    assert_eq!(head[0], "http/1.1 201 created");
}

#[test]
fn a_response_without_a_status_is_the_body() {
    if curl_is_missing() {
        return;
    }
    let serving = serve("handler() { cat answer; }");
    for answer in ["{\"message\":\"hi\"}", "\"hi\"", "plain text"] {
        fs::write(serving.path("answer"), answer).unwrap();
        let (head, body) = answer_of(&serving, &[]);
        assert_eq!((head[0].as_str(), String::from_utf8(body).unwrap().as_str()), ("http/1.1 200 ok", answer));
        assert!(head.contains(&"content-type: application/json".to_owned()), "{head:?}");
    }
    serving.stderr_with("warning: the response is not JSON");
}

#[test]
fn a_fault_of_the_function_is_a_bare_502_and_its_reason_stands_on_the_terminal() {
    if curl_is_missing() {
        return;
    }
    let table = [
        ("handler() { false; }", "GET / 502 Function.ExitStatus "),
        ("false", "GET / 502 Runtime.ScriptFailed "),
        ("handler() { sleep 1000; }", "GET / 502 Sandbox.Timedout "),
        ("handler() { echo '{\"statusCode\":\"ok\"}'; }", "warning: the client gets 502: `statusCode` is \"ok\""),
        (
            "handler() { echo '{\"statusCode\":204,\"body\":{}}'; }",
            "warning: the client gets 502: `body` is not a string",
        ),
    ];
    for (script, reason) in table {
        let limit = if script.contains("sleep") { "0.5" } else { "30" };
        let serving = Serve::script(script).with(&["--url-port", "0", "--timeout", limit]).start();
        let (head, body) = answer_of(&serving, &[]);
        assert_eq!((head[0].as_str(), body.as_slice()), ("http/1.1 502 bad gateway", &b"Internal Server Error"[..]));
        serving.stderr_with(reason);
    }
}

#[test]
fn a_request_that_makes_an_event_over_6_mb_is_refused() {
    if curl_is_missing() {
        return;
    }
    let serving = serve(ECHO);
    fs::write(serving.path("large"), vec![b'x'; 5 * 1024 * 1024]).unwrap();
    let large = format!("@{}", serving.path("large").display());
    let (head, _) = answer_of(&serving, &["--data-binary", &large]); // a form: base64
    assert!(head.contains(&"http/1.1 413 payload too large".to_owned()), "{head:?}");
    let (head, body) = answer_of(&serving, &["--data-binary", &large, "-H", "Content-Type: text/plain"]);
    assert!(head.contains(&"http/1.1 200 ok".to_owned()) && body.len() > 5 * 1024 * 1024, "{head:?}");
}

#[test]
fn pages_from_this_machine_may_call_it_and_others_may_not() {
    if curl_is_missing() {
        return;
    }
    let serving = serve("handler() { echo ran >&2; }");
    let status = |header: &str| answer_of(&serving, &["-H", header]).0[0].clone();
    for refused in
        ["Origin: https://evil.example", "Host: rebound.example", "Origin: null", "Sec-Fetch-Site: cross-site"]
    {
        assert_eq!(status(refused), "http/1.1 403 forbidden", "{refused}");
    }
    assert_eq!(status("Origin: http://localhost:3000"), "http/1.1 200 ok");
    let port = serving.function_url().rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(status(&format!("Host: localhost:{port}")), "http/1.1 200 ok");
    assert_eq!(serving.stderr_with_times("GET / 200", 2).matches("ran\n").count(), 2);
}
