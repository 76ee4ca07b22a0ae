//! Streamed CGI responses, read off the wire: the headers become the prelude.

use serde_json::Value;

use crate::support::stub::{ACCEPTED, NEXT, Peer, RESPONSE, Stub, event};

const ERROR: &str = "POST /2018-06-01/runtime/invocation/id-1/error";
const REQUEST: &str = r#"{"rawPath":"/","requestContext":{"http":{"method":"GET"}}}"#;
const PRELUDE: &str = "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"text/plain\"}}\0\0\0\0\0\0\0\0";

fn delivered(script: &str, delivery: &str, request: &str) -> (Stub, Peer) {
    let stub = Stub::serve_with(script, &[("COSHELL_CONVENTION", "cgi"), ("COSHELL_RESPONSE", delivery)]);
    let mut calls = stub.accept();
    calls.expect(NEXT);
    calls.send(event(request));
    (stub, calls)
}

fn stream(stub: &Stub) -> Peer {
    let mut stream = stub.accept();
    let head = stream.head();
    assert_eq!(head[0], format!("{RESPONSE} HTTP/1.1").to_lowercase());
    let content_type = "content-type: application/vnd.awslambda.http-integration-response".to_owned();
    assert!(head.contains(&content_type), "{head:?}");
    stream
}

#[test]
fn the_headers_are_sent_as_the_prelude_while_the_handler_runs() {
    for delivery in ["http-stream", "stream"] {
        let script =
            "mkfifo go\nhandler() { printf 'Content-Type: text/plain\\r\\n\\r\\none\\n'; cat go; printf '\\0\\n\\n'; }";
        let (stub, mut calls) = delivered(script, delivery, REQUEST);
        let mut stream = stream(&stub);
        let mut begin = stream.chunk().unwrap();
        if begin.len() == PRELUDE.len() {
            begin.extend(stream.chunk().unwrap());
        }
        assert_eq!(String::from_utf8(begin).unwrap(), format!("{PRELUDE}one\n"));
        stub.write("go", "two\n");
        assert_eq!(stream.chunks(), b"two\n\0\n\n");
        assert_eq!(stream.trailers(), [""; 0]);
        stream.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn a_response_without_a_body_is_its_prelude_alone() {
    let head = REQUEST.replace("GET", "HEAD");
    for (commands, request, prelude) in [
        ("printf 'Location: /a\\n\\n\\n'", REQUEST, "{\"statusCode\":302,\"headers\":{\"Location\":\"/a\"}}"),
        ("printf 'Status: 304\\n\\nno'; sleep 0.01; echo no", REQUEST, "{\"statusCode\":304,\"headers\":{}}"),
        ("printf 'Content-Type: text/plain\\n\\nno'; sleep 0.01; echo no", &head, PRELUDE.trim_end_matches('\0')),
    ] {
        let (stub, mut calls) = delivered(&format!("handler() {{ {commands}; }}"), "http-stream", request);
        let mut stream = stream(&stub);
        assert_eq!(String::from_utf8(stream.chunks()).unwrap(), format!("{prelude}\0\0\0\0\0\0\0\0"));
        assert_eq!(stream.trailers(), [""; 0]);
        stream.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn a_load_balancer_gets_its_response_in_one_piece() {
    let request = r#"{"httpMethod":"GET","path":"/","requestContext":{"elb":{}}}"#;
    let script = "handler() { printf 'Content-Type: text/plain\\n\\none'; }";
    let (_stub, mut calls) = delivered(script, "http-stream", request);
    let response: Value = serde_json::from_slice(&calls.expect(RESPONSE).body).unwrap();
    assert_eq!((&response["body"], &response["headers"]["Content-Type"]), (&"one".into(), &"text/plain".into()));
    calls.send(ACCEPTED);
    calls.expect(NEXT);
}

#[test]
fn what_is_no_cgi_response_is_an_error_before_the_stream_begins() {
    for (commands, why) in [
        (":", "it is empty"),
        ("echo hello", "line 1, `hello`, is not a header"),
        ("echo 'Content-Type: a/b'", "no empty line ends its headers"),
        ("printf 'Location: /a\\n\\nbody'", "it has a body and no Content-Type"),
        ("printf 'Content-Type: a/b\\n%020000d: x\\n\\n' 0", "more than the 16384 bytes"),
        ("printf 'Status: 99\\n\\n'; head -c 1000000 /dev/zero", "has no status"),
    ] {
        let (_stub, mut calls) = delivered(&format!("handler() {{ {commands}; }}"), "http-stream", REQUEST);
        let report: Value = serde_json::from_slice(&calls.expect(ERROR).body).unwrap();
        assert_eq!(report["errorType"], "Function.InvalidCgiResponse");
        assert!(report["errorMessage"].as_str().unwrap().contains(why), "{report}");
        calls.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn a_failure_after_the_headers_breaks_the_stream_off_and_one_before_them_is_an_error() {
    let script = "handler() { printf 'Content-Type: text/plain\\n\\none'; sleep 0.01; false; }";
    let (stub, mut calls) = delivered(script, "http-stream", REQUEST);
    let mut broken = stream(&stub);
    assert_eq!(String::from_utf8(broken.chunks()).unwrap(), format!("{PRELUDE}one"));
    let trailers = broken.trailers();
    assert!(
        trailers.iter().any(|line| line == "Lambda-Runtime-Function-Error-Type: Function.ExitStatus"),
        "{trailers:?}"
    );
    broken.send(ACCEPTED);
    calls.expect(NEXT);
    let (_stub, mut calls) = delivered("handler() { echo 'Content-Type: text/plain'; false; }", "http-stream", REQUEST);
    let report: Value = serde_json::from_slice(&calls.expect(ERROR).body).unwrap();
    assert_eq!(report["errorType"], "Function.ExitStatus");
}
