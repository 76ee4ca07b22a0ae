//! The log lines of `coshell serve` about refused requests and about clients that have gone.

use crate::support::running::until;
use crate::support::serving::{INVOCATIONS, Serve, Serving};
use crate::support::wire::Wire;

const ECHO: &str = "handler() { echo \"$1\"; }";

#[test]
fn a_refusal_is_logged_with_its_reason() {
    let serving = Serve::script(ECHO).start();
    assert_eq!(serving.invoke("{").status, 400);
    serving.stderr_with("invoke 400 refused: Could not parse request body into json: EOF");
    let host = serving.address().to_string();
    let answer = serving.wire().host(&host).post("/2015-03-31/functions/%FF/invocations", &[], b"{}");
    assert_eq!((answer.status, answer.header("X-Amzn-Errortype")), (400, Some("ValidationException")), "{answer:?}");
    serving.stderr_with("invoke 400 refused: the function's name is not UTF-8\n");
    assert_eq!(serving.wire().host(&host).post("/other", &[], b"").status, 404);
    serving.stderr_with("POST /other 404 refused: there is no `POST /other` on this port");
    serving.stderr_with("run `coshell serve` with --url-port");
    assert_eq!(serving.wire().host("rebound.example").post(INVOCATIONS, &[], b"1").status, 403);
    serving.stderr_with("invocations 403 refused: the host `rebound.example` is not this server");
}

#[test]
fn a_tenant_id_that_lambda_would_not_take_is_refused() {
    let serving = Serve::script(ECHO).start();
    for id in ["a;b", &"t".repeat(257)] {
        let answer = serving.invoke_with(&[("X-Amz-Tenant-Id", id)], b"{}");
        assert_eq!((answer.status, answer.header("X-Amzn-Errortype")), (400, Some("ValidationException")), "{id}");
    }
}

#[test]
fn what_a_client_sends_cannot_steer_the_terminal() {
    let serving = Serve::script(ECHO).with(&["--url-port", "0"]).start();
    let url = serving.function_url();
    let host = url.trim_start_matches("http://");
    let answer = Wire::connect(host.parse().unwrap()).host(host).post("/a\u{9b}31mb", &[], b"");
    assert_eq!(answer.status, 200, "{answer:?}");
    serving.stderr_with("POST /a\u{fffd}31mb 200 ");
}

#[test]
fn the_log_says_when_a_client_has_gone_and_its_waiting_event_is_not_run() {
    let serving = Serve::script("handler() { echo >\"started $1\"; cat go; }").fifo("go").start();
    let host = serving.address().to_string();
    let send = |event: &str| {
        let mut client = serving.wire().host(&host);
        client.send_head(INVOCATIONS, &[("Content-Length", "1")]);
        client.send(event.as_bytes());
        client
    };
    let first = send("1");
    until("the first event", || serving.path("started 1").exists().then_some(()));
    let second = send("2");
    has_seen_all(&serving);
    first.reset();
    second.reset();
    has_seen_all(&serving);
    std::fs::write(serving.path("go"), "\"went\"").unwrap();
    serving.stderr_with("answered, but the client had gone ");
    serving.stderr_with("not run, because the client had gone ");
    assert!(!serving.path("started 2").exists());
}

#[test]
fn a_client_that_closes_its_half_after_its_request_gets_its_answer_also_from_the_queue() {
    let serving = Serve::script("handler() { echo >\"started ${1:0:1}\"; cat go; }")
        .fifo("go")
        .with(&["--url-port", "0"])
        .start();
    let host = serving.address().to_string();
    let send = |event: &str| {
        let mut client = serving.wire().host(&host);
        client.send_head(INVOCATIONS, &[("Content-Length", "1")]);
        client.send(event.as_bytes());
        client.close_its_half();
        client
    };
    let mut first = send("1");
    until("the first event", || serving.path("started 1").exists().then_some(()));
    let mut second = send("2");
    has_seen_all(&serving);
    for (client, text) in [(&mut first, "\"one\""), (&mut second, "\"two\"")] {
        std::fs::write(serving.path("go"), text).unwrap();
        assert_eq!(client.answer().text(), text);
        assert!(client.is_closed_by_server());
    }
    let url = serving.function_url();
    let host = url.trim_start_matches("http://");
    let mut client = Wire::connect(host.parse().unwrap()).host(host);
    client.send_head("/", &[("Content-Length", "0")]);
    client.close_its_half();
    std::fs::write(serving.path("go"), "\"three\"").unwrap();
    assert_eq!(client.answer().text(), "\"three\"");
}

#[test]
fn connections_above_the_limit_of_open_files_wait_with_a_warning() {
    let serving = Serve::script(ECHO).with_open_files(40).start();
    assert_eq!(serving.invoke("1").text(), "1");
    let clients: Vec<Wire> = (0..60).map(|_| serving.wire()).collect();
    serving.stderr_with("warning: the server cannot accept another connection: Too many open files");
    drop(clients);
    assert_eq!(serving.invoke("2").text(), "2");
}

/// Returns when the server has seen all that was sent before. It looks at its connections in turn: at its second answer it has been
/// round.
fn has_seen_all(serving: &Serving) {
    for _ in 0..2 {
        assert_eq!(serving.invoke_with(&[("X-Amz-Invocation-Type", "DryRun")], b"{}").status, 204);
    }
}
