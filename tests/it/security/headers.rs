//! Whatever stands in an event's headers is data: no shell, no path, no header and no log line is made of it.

use serde_json::Value;

use crate::support::stub::{ACCEPTED, NEXT, Request, Stub, answer};

/// A header's value may hold all of these.
const HOSTILE: [&str; 14] = [
    "$(touch pwned)",
    "`touch pwned`",
    "\"; touch pwned; \"",
    "'; touch pwned; '",
    "${x:=$(touch pwned)}",
    "a[$(touch pwned)]",
    "() { :; }; touch pwned",
    "../../init/error",
    "..",
    "%0d%0aX-Injected: 1",
    "%s%n%99999999d\\x41\\n",
    "-n --help ~ * ? !! \\",
    "tab\there?and#there",
    "\u{fc}\u{1F600}\u{9b}31m",
];

const SHOW: &str = "handler() {
  [[ $1 != bad ]] || { printf '{\"errorType\":%s,\"errorMessage\":\"x\"}' \"$type\"; return 3; }
  printf '%s\\n' \"$LAMBDA_RUNTIME_AWS_REQUEST_ID\" \"$LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN\" \"$LAMBDA_RUNTIME_TRACE_ID\" \\
    \"$_X_AMZN_TRACE_ID\" \"$LAMBDA_RUNTIME_CLIENT_CONTEXT\" \"$LAMBDA_RUNTIME_COGNITO_IDENTITY\" \"$LAMBDA_RUNTIME_AWS_TENANT_ID\"
  printenv LAMBDA_RUNTIME_AWS_REQUEST_ID
}
type='\"a\\r\\nX-Injected: 1\"'";

fn event(value: &str, body: &str) -> Vec<u8> {
    let names =
        ["Aws-Request-Id", "Invoked-Function-Arn", "Trace-Id", "Client-Context", "Cognito-Identity", "Aws-Tenant-Id"];
    let headers = names.map(|name| format!("Lambda-Runtime-{name}: {value}\r\n")).concat();
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{headers}Lambda-Runtime-Deadline-Ms: {value}\r\nContent-Length: {length}\r\n\r\n{body}")
        .into()
}

/// The request is the post of `what` for this request id: all of the id is one part of the path.
#[track_caller]
fn assert_call(request: &Request, id: &str, what: &str) {
    let path = request.call.strip_prefix("POST /2018-06-01/runtime/invocation/").unwrap();
    let part = path.strip_suffix(&format!("/{what}")).unwrap();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_~%".contains(c);
    assert!(part.chars().all(is_plain), "{part}");
    assert_eq!(decoded(part), id.as_bytes());
    assert!(request.header("x-injected").is_none());
}

fn decoded(part: &str) -> Vec<u8> {
    form_urlencoded::parse(part.replace('+', "%2B").as_bytes()).next().unwrap().0.into_owned().into_bytes()
}

#[test]
fn every_value_reaches_the_handler_as_it_is_and_goes_back_as_one_part_of_a_path() {
    for variables in [&[][..], &[("COSHELL_CHANNEL", "fifo")], &[("COSHELL_TRACE", "1")]] {
        let stub = Stub::serve_with(SHOW, variables);
        let mut peer = stub.accept();
        let large = "x$(touch pwned)'\"".repeat(500); // 8.5 kB, seven times
        for value in HOSTILE.into_iter().chain([large.as_str()]) {
            peer.expect(NEXT);
            peer.send(event(value, "good"));
            let request = peer.request();
            assert_call(&request, value, "response");
            assert_eq!(String::from_utf8_lossy(&request.body), [value; 8].join("\n"));
            peer.send(ACCEPTED);
        }
        peer.expect(NEXT);
        assert!(!stub.files().contains(&"pwned".to_owned()), "{:?}", stub.files());
    }
}

#[test]
fn a_failure_of_such_an_event_is_one_report_and_one_entry_in_the_log() {
    let stub = Stub::serve_with(SHOW, &[("AWS_LAMBDA_LOG_FORMAT", "JSON")]);
    let mut peer = stub.accept();
    for value in HOSTILE {
        peer.expect(NEXT);
        peer.send(event(value, "bad"));
        let request = peer.request();
        assert_call(&request, value, "error");
        assert_eq!(request.header("lambda-runtime-function-error-type"), Some("Function.ExitStatus"));
        let report: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(report["errorType"], "a\r\nX-Injected: 1");
        peer.send(ACCEPTED);
    }
    peer.expect(NEXT);
    let log = stub.log();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failures = entries.iter().filter(|entry| entry["level"] == "ERROR");
    let ids: Vec<&str> = failures.map(|entry| entry["requestId"].as_str().unwrap()).collect();
    assert_eq!(ids, HOSTILE);
}

#[test]
fn a_streamed_response_to_such_an_event_goes_to_its_path_alone() {
    for value in HOSTILE {
        let stub = Stub::serve_with("handler() { echo x; }", &[("COSHELL_RESPONSE", "stream")]);
        let mut peer = stub.accept();
        peer.expect(NEXT);
        peer.send(event(value, ""));
        let head = stub.accept().head();
        let path = head[0].strip_prefix("post /2018-06-01/runtime/invocation/").unwrap();
        let part = path.strip_suffix("/response http/1.1").unwrap();
        assert!(!part.contains(['/', ' ', '.', '?', '#']), "{head:?}");
        assert!(!head.iter().any(|line| line.starts_with("x-injected")), "{head:?}");
    }
}

#[test]
fn a_line_break_or_a_nul_in_a_header_never_becomes_part_of_a_value() {
    for value in ["a\rb", "a\r\n b", "a\0b", "a\nb"] {
        let stub = Stub::serve(SHOW);
        let mut peer = stub.accept();
        peer.expect(NEXT);
        peer.send(event(value, "good"));
        stub.ends_in_failure("cannot read the next invocation");
    }
}

#[test]
fn a_request_id_that_is_no_utf_8_is_answered_and_costs_no_other_event() {
    let stub = Stub::serve("handler() { echo \"$1\"; }");
    let mut peer = stub.accept();
    peer.expect(NEXT);
    peer.send(b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: a\xff\xfeb\r\nContent-Length: 1\r\n\r\n1");
    peer.request();
    peer.send(answer("400 Bad Request", "{\"errorType\":\"InvalidRequestID\"}"));
    peer.expect(NEXT);
}

#[test]
fn a_head_that_is_too_large_ends_the_process_with_a_sentence() {
    let stub = Stub::serve(SHOW);
    let mut peer = stub.accept();
    peer.expect(NEXT);
    peer.send(event(&"x".repeat(20_000), "good"));
    stub.ends_in_failure("cannot read the next invocation");
}
