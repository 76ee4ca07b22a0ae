//! Responses that are sent as they are written, read off the wire.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::running::until;
use crate::support::stub::{ACCEPTED, NEXT, Peer, RESPONSE, Stub, answer, event};

const ERROR: &str = "POST /2018-06-01/runtime/invocation/id-1/error";
const PLAIN: [(&str, &str); 1] = [("COSHELL_RESPONSE", "stream")];
const HTTP: [(&str, &str); 1] = [("COSHELL_RESPONSE", "http-stream")];

/// A stub that has delivered an event, and the connection of the calls.
fn delivered(script: &str, variables: &[(&str, &str)]) -> (Stub, Peer) {
    let stub = Stub::serve_with(script, variables);
    let mut calls = stub.accept();
    calls.expect(NEXT);
    calls.send(event("{}"));
    (stub, calls)
}

/// The connection of the stream, its head being read.
fn stream(stub: &Stub) -> (Peer, Vec<String>) {
    let mut stream = stub.accept();
    let head = stream.head();
    assert_eq!(head[0], format!("{RESPONSE} HTTP/1.1").to_lowercase());
    (stream, head)
}

/// The report in the trailers of a stream that broke off.
fn report(stream: &mut Peer) -> (String, Value) {
    let trailers = stream.trailers();
    let value = |name: &str| {
        let line = trailers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {trailers:?}")).to_owned()
    };
    let body = BASE64_STANDARD.decode(value("Lambda-Runtime-Function-Error-Body")).unwrap();
    (value("Lambda-Runtime-Function-Error-Type"), serde_json::from_slice(&body).unwrap())
}

#[test]
fn the_first_bytes_are_sent_while_the_handler_runs_and_none_is_lost() {
    let (stub, mut calls) =
        delivered("mkfifo go\nhandler() { printf 'one\\n'; cat go; printf '\\0\\n\\n\\n'; }", &PLAIN);
    let (mut stream, head) = stream(&stub);
    for line in [
        "lambda-runtime-function-response-mode: streaming",
        "transfer-encoding: chunked",
        "content-type: application/octet-stream",
        "trailer: lambda-runtime-function-error-type, lambda-runtime-function-error-body",
    ] {
        assert!(head.iter().any(|given| given == line), "no {line:?} in {head:?}");
    }
    assert_eq!(stream.chunk().unwrap(), b"one\n");
    stub.write("go", "two\n");
    assert_eq!(stream.chunks(), b"two\n\0\n\n\n");
    assert_eq!(stream.trailers(), [""; 0]);
    stream.send(ACCEPTED);
    calls.expect(NEXT);
}

#[test]
fn a_failure_in_mid_stream_ends_it_with_two_trailers() {
    let (stub, mut calls) = delivered("handler() { echo begun; echo why >&2; sleep 0.01; grep x </dev/null; }", &PLAIN);
    let (mut stream, _) = stream(&stub);
    assert_eq!(stream.chunks(), b"begun\n");
    assert!(stub.log().contains("why"), "the log is out before the last chunk");
    let (error_type, report) = report(&mut stream);
    assert_eq!(error_type, "Function.ExitStatus");
    assert_eq!(report["errorType"], "Function.ExitStatus");
    assert_eq!(report["requestId"], "id-1");
    assert_eq!(report["stackTrace"][0], "handler (function.sh:1)");
    assert!(report["errorMessage"].as_str().unwrap().contains("`grep x < /dev/null` exited with status 1"), "{report}");
    stream.send(ACCEPTED);
    calls.expect(NEXT);
}

#[test]
fn a_long_report_fits_into_what_servers_take_as_trailers() {
    let script =
        "f() { if (($1)); then f $(($1 - 1)); else printf '%5000s' x >&2; false; fi; }\nhandler() { echo a; f 40; }";
    let (stub, _calls) = delivered(script, &PLAIN);
    let (mut stream, _) = stream(&stub);
    stream.chunks();
    let trailers = stream.trailers();
    assert!(trailers.concat().len() < 4000, "{} bytes", trailers.concat().len());
}

#[test]
fn a_handler_that_fails_before_its_first_byte_gets_an_error_report() {
    for variables in [PLAIN, HTTP] {
        let (_stub, mut calls) = delivered("handler() { false; }", &variables);
        let report: Value = serde_json::from_slice(&calls.expect(ERROR).body).unwrap();
        assert_eq!(report["errorType"], "Function.ExitStatus");
        calls.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn a_failing_handlers_own_error_is_its_report_and_no_response() {
    let own = r#"{"errorType":"NotYet","errorMessage":"later"}"#;
    for variables in [PLAIN, HTTP] {
        let script = format!("handler() {{ echo '{own}'; sleep 0.01; return 3; }}");
        let (_stub, mut calls) = delivered(&script, &variables);
        let report: Value = serde_json::from_slice(&calls.expect(ERROR).body).unwrap();
        assert_eq!((&report["errorType"], &report["errorMessage"]), (&"NotYet".into(), &"later".into()));
        calls.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn what_looks_like_an_error_and_is_none_is_sent_whole() {
    let own = r#"{"errorType":"NotYet","errorMessage":"later"}"#;
    for (more, rest) in [(":", ""), ("sleep 0.01; echo more", "more\n")] {
        let (stub, mut calls) = delivered(&format!("handler() {{ echo '{own}'; {more}; }}"), &PLAIN);
        let (mut stream, _) = stream(&stub);
        assert_eq!(String::from_utf8(stream.chunks()).unwrap(), format!("{own}\n{rest}"));
        stream.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn a_response_without_a_byte_is_an_empty_stream() {
    let (stub, mut calls) = delivered("handler() { :; }", &PLAIN);
    let (mut stream, _) = stream(&stub);
    assert_eq!(stream.chunks(), b"");
    stream.send(ACCEPTED);
    calls.expect(NEXT);
}

#[test]
fn an_http_response_begins_with_its_prelude_and_a_separator() {
    for (script, body) in [
        (r#"handler() { echo '{"statusCode":201,"cookies":["a=b"]}'; echo body; }"#, "body\n"),
        (r#"handler() { printf '{"statusCode":201,"cookies":["a=b"]}'; }"#, ""),
    ] {
        let (stub, mut calls) = delivered(script, &HTTP);
        let (mut stream, head) = stream(&stub);
        let content_type = "content-type: application/vnd.awslambda.http-integration-response".to_owned();
        assert!(head.contains(&content_type), "{head:?}");
        let expected = format!("{{\"statusCode\":201,\"cookies\":[\"a=b\"]}}\0\0\0\0\0\0\0\0{body}");
        assert_eq!(String::from_utf8(stream.chunks()).unwrap(), expected);
        stream.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn a_prelude_that_cannot_be_used_is_an_error_that_says_why() {
    for (script, why) in [
        ("handler() { echo '<html>'; head -c 100000 /dev/zero; }", "its first line is not JSON"),
        ("handler() { :; }", "its first line is empty"),
        ("handler() { echo '{\"statusCode\":\"ok\"}'; }", "its statusCode is \"ok\""),
        ("handler() { head -c 1000000 /dev/zero; }", "its first line is longer than 16384 bytes"),
    ] {
        let (_stub, mut calls) = delivered(script, &HTTP);
        let report: Value = serde_json::from_slice(&calls.expect(ERROR).body).unwrap();
        assert_eq!(report["errorType"], "Function.InvalidPrelude");
        assert!(report["errorMessage"].as_str().unwrap().contains(why), "{report}");
        calls.send(ACCEPTED);
        calls.expect(NEXT);
    }
}

#[test]
fn an_api_that_does_not_read_holds_the_handler_back_and_memory_stays_flat() {
    let script = "handler() { head -c 80000000 /dev/zero; }";
    let (stub, mut calls) = delivered(script, &PLAIN);
    let (mut stream, _) = stream(&stub);
    let first = stream.chunk().unwrap().len(); // and nothing more is read: the rest must wait
    let before = stub.peak_bytes();
    assert_eq!(first + stream.chunks().len(), 80_000_000);
    assert_eq!(stream.trailers(), [""; 0]);
    assert!(stub.peak_bytes() - before < 4_000_000, "from {before} to {} bytes", stub.peak_bytes());
    stream.send(ACCEPTED);
    calls.expect(NEXT);
}

#[test]
fn an_answer_in_mid_stream_ends_it_and_the_next_event_works() {
    let (stub, mut calls) = delivered("handler() { head -c 20000000 /dev/zero; }", &PLAIN);
    let (mut stream, _) = stream(&stub);
    stream.send(answer("413 Payload Too Large", "{\"errorType\":\"RequestEntityTooLarge\"}"));
    calls.expect(NEXT); // although nobody reads the stream
    assert!(stub.log().contains("the Runtime API refused the answer: status 413"), "{}", stub.log());
    drop(stream);
    calls.send(event("{}"));
    let (mut stream, _) = self::stream(&stub);
    assert_eq!(stream.chunks().len(), 20_000_000);
}

#[test]
fn an_answer_to_a_stream_that_breaks_off_unread_ends_it_too() {
    let script = "mkfifo go\nhandler() { { cat go; kill -9 $$; } & head -c 80000000 /dev/zero; }";
    let (stub, mut calls) = delivered(script, &PLAIN);
    let (mut stream, _) = stream(&stub);
    stub.write("go", "");
    until("Bash's end", || stub.log().contains("SIGKILL").then_some(()));
    stream.send(answer("413 Payload Too Large", "{\"errorType\":\"RequestEntityTooLarge\"}"));
    calls.expect(NEXT); // although nobody reads the stream
}

#[test]
fn a_stream_that_the_api_drops_ends_the_process() {
    let (stub, _calls) =
        delivered("mkfifo go\nhandler() { echo one; cat go; echo two; sleep 0.01; echo three; }", &PLAIN);
    let (mut stream, _) = stream(&stub);
    stream.chunk();
    drop(stream);
    stub.write("go", "");
    stub.ends_in_failure("cannot stream the response");
}

#[test]
fn a_delivery_that_does_not_exist_is_told_and_ignored() {
    let (stub, mut calls) = delivered("handler() { echo a; }", &[("COSHELL_RESPONSE", "Stream")]);
    assert_eq!(calls.expect(RESPONSE).body, b"a");
    assert!(stub.log().contains("COSHELL_RESPONSE is `Stream` and ignored"), "{}", stub.log());
}
