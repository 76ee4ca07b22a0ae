//! A Runtime API that answers wrongly, late or not at all.

use crate::support::stub::{ACCEPTED, NEXT, RESPONSE, Stub, answer, event};

const ECHO: &str = "handler() { printf %s \"$1\"; }";

#[test]
fn one_connection_serves_all_calls() {
    let stub = Stub::serve(ECHO);
    let mut peer = stub.accept();
    for body in ["first", "", "third"] {
        peer.expect(NEXT);
        peer.send(event(body));
        assert_eq!(peer.expect(RESPONSE).body, body.as_bytes());
        peer.send(ACCEPTED);
    }
    peer.expect(NEXT);
}

#[test]
fn an_event_without_a_request_id_ends_the_process() {
    for head in ["", "Lambda-Runtime-Aws-Request-Id:\r\n"] {
        let stub = Stub::serve(ECHO);
        let mut peer = stub.accept();
        peer.expect(NEXT);
        peer.send(format!("HTTP/1.1 200 OK\r\n{head}Content-Length: 2\r\n\r\n{{}}"));
        stub.ends_in_failure("Lambda-Runtime-Aws-Request-Id");
    }
}

#[test]
fn an_event_that_is_cut_off_runs_nothing_and_ends_the_process() {
    let cut_by_length =
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nContent-Length: 100\r\n\r\nonly this";
    let cut_chunk = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nTransfer-Encoding: chunked\r\n\r\n\
                     9\r\nonly this\r\n";
    let cut_head = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Requ";
    for bytes in [cut_by_length, cut_chunk, cut_head] {
        let stub = Stub::serve("handler() { echo ran >&2; }");
        let mut peer = stub.accept();
        peer.expect(NEXT);
        peer.send(bytes);
        drop(peer);
        stub.ends_in_failure("cannot read the next invocation");
    }
}

#[test]
fn an_answer_to_next_that_is_no_event_ends_the_process() {
    for status in ["500 Internal Server Error", "403 Forbidden", "302 Found"] {
        let stub = Stub::serve(ECHO);
        let mut peer = stub.accept();
        peer.expect(NEXT);
        peer.send(answer(status, "{\"errorType\":\"Broken\"}"));
        stub.ends_in_failure(&status[..3]);
    }
}

#[test]
fn an_event_in_odd_chunks_comes_whole() {
    let stub = Stub::serve(ECHO);
    let mut peer = stub.accept();
    peer.expect(NEXT);
    let pieces = [
        "HTTP/1.1 200 OK\r\nlambda-runtime-AWS-request-id: id-1\r\nTransfer-Enc",
        "oding: chunked\r\n\r\n1",
        "\r\n",
        "a\r",
        "\n00000A;extension=1\r\nbcdef",
        "ghijk\r\n3\r\nl\nm\r\n0\r",
        "\nTrailer: x\r\n\r\n",
    ];
    for piece in pieces {
        peer.send(piece);
    }
    assert_eq!(peer.expect(RESPONSE).body, b"abcdefghijkl\nm");
    peer.send(ACCEPTED);
    peer.expect(NEXT);
}

#[test]
fn a_connection_that_is_closed_while_idle_is_replaced() {
    let stub = Stub::serve(ECHO);
    let mut peer = stub.accept();
    for _ in 0..2 {
        peer.expect(NEXT);
        peer.send(event("x"));
        peer.expect(RESPONSE);
        peer.send("HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        drop(peer);
        peer = stub.accept();
    }
    peer.expect(NEXT);
}

#[test]
fn a_connection_that_died_while_the_handler_ran_is_replaced_for_the_post() {
    let script = "handler() { read -r line <go; echo answered; }";
    let stub = Stub::serve(&format!("mkfifo go\n{script}"));
    let mut peer = stub.accept();
    peer.expect(NEXT);
    peer.send(event("x"));
    drop(peer);
    stub.write("go", "\n");
    let mut peer = stub.accept();
    assert_eq!(peer.expect(RESPONSE).body, b"answered");
    peer.send(ACCEPTED);
    peer.expect(NEXT);
}

#[test]
fn a_connection_that_breaks_in_a_post_ends_the_process_and_the_post_is_not_repeated() {
    let broken_after_the_head = Stub::serve("handler() { head -c 6000000 /dev/zero; }");
    let mut peer = broken_after_the_head.accept();
    peer.expect(NEXT);
    peer.send(event("x"));
    peer.head();
    drop(peer);
    broken_after_the_head.ends_in_failure("cannot post the response");

    let broken_before_the_answer = Stub::serve(ECHO);
    let mut peer = broken_before_the_answer.accept();
    peer.expect(NEXT);
    peer.send(event("x"));
    peer.expect(RESPONSE);
    drop(peer);
    broken_before_the_answer.ends_in_failure("cannot post the response");
}

#[test]
fn an_answer_that_concerns_one_event_only_is_logged_and_the_next_event_is_served() {
    for (status, body) in [
        ("400 Bad Request", "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}"),
        ("403 Forbidden", "{\"errorType\":\"InvalidStateTransition\"}"),
        ("410 Gone", ""),
        ("413 Payload Too Large", "{\"errorType\":\"RequestEntityTooLarge\"}"),
    ] {
        let stub = Stub::serve(ECHO);
        let mut peer = stub.accept();
        peer.expect(NEXT);
        peer.send(event("first"));
        peer.expect(RESPONSE);
        peer.send(answer(status, body));
        peer.expect(NEXT);
        assert!(stub.log().contains(&status[..3]), "{}", stub.log());
        peer.send(event("second"));
        assert_eq!(peer.expect(RESPONSE).body, b"second");
    }
}

#[test]
fn an_answer_that_says_that_the_api_is_broken_ends_the_process() {
    for (status, body) in [("500 Internal Server Error", ""), ("503 Service Unavailable", "oops")] {
        let stub = Stub::serve(ECHO);
        let mut peer = stub.accept();
        peer.expect(NEXT);
        peer.send(event("first"));
        peer.expect(RESPONSE);
        peer.send(answer(status, body));
        stub.ends_in_failure(&status[..3]);
    }
}

#[test]
fn an_init_error_that_is_not_taken_still_ends_the_process() {
    for reply in [answer("500 Internal Server Error", ""), answer("403 Forbidden", "{}"), String::new()] {
        let stub = Stub::serve("exit 3");
        let mut peer = stub.accept();
        peer.expect("POST /2018-06-01/runtime/init/error");
        peer.send(reply);
        drop(peer);
        stub.ends_in_failure("");
    }
}

#[test]
fn an_api_that_is_gone_ends_the_process() {
    let stub = Stub::serve(ECHO);
    let mut peer = stub.accept();
    peer.expect(NEXT);
    drop(peer);
    stub.ends_in_failure("cannot read the next invocation");
}
