//! COSHELL_CONVENTION=cgi: HTTP events as CGI requests, and CGI responses as what Lambda expects.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::function::{Channel, Function};
use crate::support::running::Running;

const NO_RESPONSE: &str = "Function.InvalidCgiResponse";

fn function(script: &str) -> Function {
    Function::script(script).env("COSHELL_CONVENTION", "cgi")
}

fn program(text: &str) -> Function {
    Function::without_script().program("hello.cgi", text).handler("hello.cgi").env("COSHELL_CONVENTION", "cgi")
}

fn context() -> Value {
    json!({ "http": { "method": "POST", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" }, "domainName": "d.example" })
}

/// A request of payload format 2.0.
fn request(body: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": "/a%20b", "rawQueryString": "x=1&y", "cookies": ["a=1", "b=2"],
        "headers": { "content-type": "text/plain", "x-two": "1,2", "proxy": "evil:80" },
        "requestContext": context(), "body": body, "isBase64Encoded": false,
    })
}

#[track_caller]
fn response(function: Function, event: &Value) -> Value {
    let answer = function.answer(event.to_string());
    let text = answer.text();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}; log: {}", answer.log))
}

/// The body of a response that is a text.
#[track_caller]
fn body(function: Function, event: &Value) -> String {
    let response = response(function, event);
    assert_eq!((&response["statusCode"], &response["isBase64Encoded"]), (&json!(200), &json!(false)), "{response}");
    response["body"].as_str().unwrap().to_owned()
}

/// Prints what a handler sees, however it is called.
const SHOW: &str = r#"printf 'Content-Type: text/plain\n\n'
printf '<%s>' "$REQUEST_METHOD" "$PATH_INFO" "$QUERY_STRING" "$CONTENT_TYPE" "$CONTENT_LENGTH" "$HTTP_COOKIE" "$HTTP_X_TWO" \
  "${HTTP_PROXY-none}" "$REMOTE_ADDR" "$SERVER_NAME" "$GATEWAY_INTERFACE" "$#" "${LAMBDA_RUNTIME_AWS_REQUEST_ID:+id}"
cat
"#;
const SHOWN: &str =
    "<POST></a b><x=1&y><text/plain><7><a=1; b=2><1,2><none><192.0.2.1><d.example><CGI/1.1><0><id>h\u{e9}llo\n";

#[test]
fn a_function_and_a_program_see_the_same_request() {
    for channel in Channel::BOTH {
        assert_eq!(body(function(&format!("handler() {{\n{SHOW}}}")).over(channel), &request("héllo\n")), SHOWN);
        let program = program(&format!("#!/bin/sh\n{SHOW}")).over(channel);
        assert_eq!(body(program, &request("héllo\n")), SHOWN);
    }
}

#[test]
fn the_variables_are_exported_and_those_of_one_event_are_not_there_in_the_next() {
    let script =
        "handler() { echo 'Content-Type: text/plain'; echo; env | grep -E '^(HTTP_|CONTENT_|AUTH)' | sort || :; }";
    let text = |function: &Running, event: &Value| {
        let response: Value = serde_json::from_str(&function.answer(event.to_string()).text()).unwrap();
        response["body"].as_str().unwrap().to_owned()
    };
    let full = "CONTENT_LENGTH=1\nCONTENT_TYPE=text/plain\nHTTP_COOKIE=a=1; b=2\nHTTP_X_TWO=1,2\n";
    let bare = json!({ "rawPath": "/", "requestContext": context() });
    for state in ["fresh", "keep"] {
        let function = function(script).env("COSHELL_STATE", state).start();
        for _ in 0..3 {
            assert_eq!(text(&function, &request("x")), full, "{state}");
            assert_eq!(text(&function, &bare), "", "{state}");
        }
    }
}

#[test]
fn each_format_gets_its_response() {
    let script = r#"handler() {
        printf 'Status: 201 Created\r\nContent-Type: text/plain\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-A: 1\r\nX-A: 2\r\n\r\n'
        printf '%s' "$SCRIPT_NAME|$PATH_INFO|$QUERY_STRING"
    }"#;
    let rest = json!({
        "httpMethod": "GET", "path": "/a", "requestContext": { "path": "/prod/a", "stage": "prod" },
        "multiValueQueryStringParameters": { "x": ["1 2", "3"] }, "multiValueHeaders": { "Accept": ["a/b"] },
    });
    let cookies = json!({ "Set-Cookie": ["a=1", "b=2"], "X-A": ["1", "2"] });
    let expected = json!({ "statusCode": 201, "headers": { "Content-Type": "text/plain" }, "multiValueHeaders": cookies,
        "body": "/prod|/a|x=1%202&x=3", "isBase64Encoded": false });
    assert_eq!(response(function(script), &rest), expected);
    let balancer = json!({
        "httpMethod": "GET", "path": "/a", "requestContext": { "elb": {} }, "multiValueHeaders": {},
        "multiValueQueryStringParameters": { "x": ["1%202", "3"] },
    });
    let lists = json!({ "Content-Type": ["text/plain"], "Set-Cookie": ["a=1", "b=2"], "X-A": ["1", "2"] });
    let expected = json!({ "statusCode": 201, "statusDescription": "201 Created", "multiValueHeaders": lists,
        "body": "|/a|x=1%202&x=3", "isBase64Encoded": false });
    assert_eq!(response(function(script), &balancer), expected);
    let version_2 = response(function(script), &request(""));
    assert_eq!(version_2["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(version_2["headers"], json!({ "Content-Type": "text/plain", "X-A": "1, 2" }));
}

#[test]
fn every_byte_passes_both_ways() {
    let bytes: Vec<u8> = (0..=255).chain(*b"\n\n\0\0").collect();
    let event = json!({ "requestContext": context(), "rawPath": "/", "body": BASE64_STANDARD.encode(&bytes), "isBase64Encoded": true });
    let script = "handler() { printf 'Content-Type: application/octet-stream\\n\\n'; cat; }";
    let response = response(function(script), &event);
    assert_eq!(response["isBase64Encoded"], true);
    assert_eq!(BASE64_STANDARD.decode(response["body"].as_str().unwrap()).unwrap(), bytes);
}

#[test]
fn a_body_of_6_mb_passes_both_ways_and_a_larger_one_is_refused_with_the_limit() {
    let text = "x".repeat(6 * 1024 * 1024 - 2000);
    let echo = "handler() { printf 'Content-Type: text/plain\\n\\n'; cat; }";
    assert_eq!(body(function(echo), &request(&text)), text);
    let large = function("handler() { printf 'Content-Type: text/plain\\n\\n'; head -c 20000000 /dev/zero; }").start();
    for _ in 0..2 {
        large.answer(request("").to_string()).fails("Function.ResponseSizeTooLarge", "the response has 20000026 bytes");
    }
    let binary = function("handler() { printf 'Content-Type: image/png\\n\\n'; head -c 5000000 /dev/zero; }");
    binary.answer(request("").to_string()).fails("Function.ResponseSizeTooLarge", "6 MiB and 100 bytes");
}

#[test]
fn what_is_no_cgi_response_fails_with_the_line_and_the_reason() {
    for (commands, part) in [
        (":", "it is empty; print a header"),
        ("echo hello", "line 1, `hello`, is not a header"),
        ("echo 'Content-Type: text/plain'; echo hello", "line 2, `hello`, is not a header"),
        ("echo 'Content-Type: text/plain'", "no empty line ends its headers"),
        ("echo 'Status: abc'; echo", "line 1, `Status: abc`, has no status"),
        (
            "printf 'HTTP/1.1 200 OK\\r\\nContent-Type: a/b\\r\\n\\r\\n'",
            "is a status line, as a `nph-` program prints it",
        ),
        ("printf 'Content-Type: a/b\\n folded\\n\\n'", "CGI has no continuation lines"),
        ("printf 'Content-Type: a\\0b\\n\\n'", "has the control character NUL"),
        ("printf 'Location: /a\\rSet-Cookie: b\\n\\n'", "has the control character CR"),
        ("printf 'X-A: b\\n\\nbody'", "none of Content-Type, Location and Status"),
        ("printf 'Status: 200\\n\\nbody'", "it has a body and no Content-Type"),
        ("printf 'Content-Type: a/b\\n'; printf 'X: %06000d\\n' {1..20}", "more than 65536 bytes"),
        ("echo '{\"statusCode\":200}'", "is JSON and not a header"),
    ] {
        function(&format!("handler() {{ {commands}; }}")).answer(request("").to_string()).fails(NO_RESPONSE, part);
    }
}

#[test]
fn a_handler_that_fails_after_its_headers_fails_and_its_own_error_counts() {
    let failing = function("handler() { printf 'Content-Type: a/b\\n\\nbody'; false; }");
    failing.answer(request("").to_string()).fails("Function.ExitStatus", "`false` exited with status 1");
    let own = function("handler() { echo '{\"errorType\":\"Full\",\"errorMessage\":\"later\"}'; return 1; }");
    let answer = own.answer(request("").to_string());
    let report: Value = serde_json::from_slice(answer.error_body()).unwrap();
    assert_eq!((&report["errorType"], &report["errorMessage"]), (&json!("Full"), &json!("later")));
    let program = program("#!/bin/sh\necho 'Content-Type: a/b'\necho\nexit 3\n");
    program.answer(request("").to_string()).fails("Function.ExitStatus", "program `hello.cgi` exited with status 3");
}

#[test]
fn an_event_that_is_no_http_request_fails_and_the_next_one_is_answered() {
    let function = function("handler() { printf 'Status: 204\\n\\n'; echo ran >&2; }").start();
    for event in ["{}", "[]", "{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}"] {
        let answer = function.answer(event).fails("Runtime.NotHttp", "the event is not an HTTP request: it");
        assert!(!answer.log.contains("ran"), "{}", answer.log);
    }
    let answer = function.answer(request("").to_string()).logs("ran\n");
    answer.responds(r#"{"statusCode":204,"headers":{},"body":"","isBase64Encoded":false}"#);
}

#[test]
fn a_path_that_no_handler_should_see_is_answered_with_400() {
    let function = function("handler() { printf 'Status: 204\\n\\n'; echo ran >&2; }").start();
    for path in ["/a/../../etc/passwd", "/%2e%2e/x", "/a%00", "/a%0d%0aSet-Cookie:b"] {
        let mut event = request("");
        event["rawPath"] = json!(path);
        let answer =
            function.answer(event.to_string()).logs("the client gets status 400, and the handler is not called");
        assert!(!answer.log.contains("ran"), "{path}");
        let response: Value = serde_json::from_slice(answer.bytes()).unwrap();
        assert_eq!(response["statusCode"], 400, "{path}");
    }
}

#[test]
fn a_line_break_in_a_headers_value_reaches_no_handlers_header() {
    let mut event = request("");
    event["headers"] = json!({ "x-name": "a\r\nSet-Cookie: evil=1" });
    let script = "handler() { printf 'Content-Type: text/plain\\nX-Name: %s\\n\\n' \"$HTTP_X_NAME\"; }";
    let response = response(function(script), &event);
    assert_eq!(response["headers"]["X-Name"], "a  Set-Cookie: evil=1");
    assert!(response.get("cookies").is_none() || response["cookies"] == json!([]), "{response}");
}

#[test]
fn redirects_and_heads_are_as_http_has_them() {
    let location = |text: &str| response(function(&format!("handler() {{ printf '{text}'; }}")), &request(""));
    for (text, status, to) in [
        ("Location: https://example.com/a#b\\n\\n\\n", 302, "https://example.com/a#b"),
        ("Location: /local?x=1\\n\\n", 302, "/local?x=1"),
        ("Status: 301 Moved\\nLocation: /b\\nContent-Type: text/plain\\n\\nmoved", 301, "/b"),
    ] {
        let response = location(text);
        assert_eq!((&response["statusCode"], &response["headers"]["Location"]), (&json!(status), &json!(to)), "{text}");
    }
    let mut head = request("");
    head["requestContext"]["http"]["method"] = json!("HEAD");
    let response = response(function("handler() { printf 'Content-Type: a/b\\n\\nbody'; }"), &head);
    assert_eq!((&response["body"], &response["headers"]["Content-Type"]), (&json!(""), &json!("a/b")));
}

#[test]
fn the_other_conventions_take_the_same_event_as_it_is() {
    let event = request("x").to_string();
    Function::script("handler() { echo \"$1\"; echo \"${REQUEST_METHOD-none}\" >&2; }")
        .answer(&event)
        .responds(&event)
        .logs("none\n");
}
