//! A Runtime API whose answers are cut, odd or malformed, byte for byte: the event is served, or the process ends with a sentence. It
//! never hangs, and no handler runs on half an event.

use crate::failures::on_threads;
use crate::support::stub::{ACCEPTED, NEXT, Peer, RESPONSE, Stub};

const ECHO: &str = "handler() { echo ran >>ran; printf %s \"$1\"; }";
const ID: &str = "Lambda-Runtime-Aws-Request-Id: id-1\r\n";
const EVENT: &str = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nContent-Length: 2\r\n\r\n{}";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nTransfer-Encoding: chunked\r\n\r\n\
                       1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n";
/// So many runtimes at a time.
const THREADS: usize = 4;

fn ran(stub: &Stub) -> bool {
    stub.files().contains(&"ran".to_owned())
}

/// The runtime, and its connection after it has asked for the first event.
fn asked() -> (Stub, Peer) {
    let stub = Stub::serve(ECHO);
    let mut peer = stub.accept();
    peer.expect(NEXT);
    (stub, peer)
}

/// The same after it has sent the event's response.
fn responded() -> (Stub, Peer) {
    let (stub, mut peer) = asked();
    peer.send(EVENT);
    peer.expect(RESPONSE);
    (stub, peer)
}

fn ends_by_next(bytes: &str) {
    eprintln!("{bytes:?}");
    let (stub, mut peer) = asked();
    peer.send(bytes);
    drop(peer);
    stub.ends_in_failure_after("cannot read the next invocation", |stub| assert!(!ran(stub)));
}

#[test]
fn an_event_that_is_cut_at_any_byte_runs_nothing() {
    // With the line of its last chunk, which has size 0, a chunked event is whole (RFC 9112, section 8).
    let last = [EVENT.len(), CHUNKED.len() - "\r\n".len()];
    let answers = [EVENT, CHUNKED].into_iter().zip(last);
    let cuts: Vec<&str> = answers.flat_map(|(answer, last)| (0..last).map(|end| &answer[..end])).collect();
    on_threads(THREADS, &cuts, |cut| ends_by_next(cut));
}

#[test]
fn an_answer_to_a_response_that_is_cut_at_any_byte_ends_the_process_and_nothing_is_sent_twice() {
    let cuts: Vec<&str> = (0..ACCEPTED.len()).map(|end| &ACCEPTED[..end]).collect();
    on_threads(THREADS, &cuts, |cut| {
        eprintln!("{cut:?}");
        let (stub, mut peer) = responded();
        peer.send(cut);
        drop(peer);
        stub.ends_in_failure("cannot post the response");
    });
}

#[test]
fn answers_that_come_byte_by_byte_are_whole_answers() {
    let (_stub, mut peer) = asked();
    for event in [EVENT, CHUNKED] {
        for byte in event.bytes() {
            peer.send([byte]);
        }
        assert_eq!(peer.expect(RESPONSE).body, b"{}");
        for byte in ACCEPTED.bytes() {
            peer.send([byte]);
        }
        peer.expect(NEXT);
    }
}

#[test]
fn an_answer_that_is_no_event_ends_the_process_with_a_sentence() {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n{{}}");
    let chunked = |body: &str| format!("HTTP/1.1 200 OK\r\n{ID}Transfer-Encoding: chunked\r\n\r\n{body}");
    let malformed = [
        "\0\u{1}garbage\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK".to_owned() + &"x".repeat(300_000),
        "HTTP/9.9 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 20 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 99999 OK\r\n\r\n".to_owned(),
        head(&format!("{ID}Content-Length: 2x\r\n")),
        head(&format!("{ID}Content-Length: -1\r\n")),
        head(&format!("{ID}Content-Length: 99999999999999999999999\r\n")),
        head(&format!("{ID}Content-Length: 2\r\nContent-Length: 3\r\n")),
        head(&format!("{ID}Content-Length: 18446744073709551615\r\n")),
        head(&format!("{ID}no colon\r\nContent-Length: 2\r\n")),
        head(&format!("{ID}: no name\r\nContent-Length: 2\r\n")),
        head(&format!("{ID}a b: c\r\nContent-Length: 2\r\n")),
        head(&format!("{ID}X: {}\r\nContent-Length: 2\r\n", "x".repeat(1_000_000))),
        head(&format!("{ID}{}Content-Length: 2\r\n", "X: x\r\n".repeat(10_000))),
        head("Content-Length: 2\r\n"),
        chunked("zz\r\n{}\r\n0\r\n\r\n"),
        chunked("-2\r\n{}\r\n0\r\n\r\n"),
        chunked("ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        chunked("7fffffffffffffff\r\n{}"),
        chunked("2\r\n{}x\r\n0\r\n\r\n"),
        chunked(&format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(1_000_000))),
        "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        format!("HTTP/1.1 304 Not Modified\r\n{ID}\r\n"),
        "HTTP/1.1 301 Moved Permanently\r\nLocation: /2018-06-01/runtime/invocation/next\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".to_owned(),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>".to_owned(),
    ];
    let texts: Vec<&str> = malformed.iter().map(String::as_str).collect();
    on_threads(THREADS, &texts, |bytes| ends_by_next(bytes));
}

#[test]
fn an_odd_answer_that_is_an_event_is_served_and_so_is_the_next() {
    let odd = [
        format!("HTTP/1.1 100 Continue\r\n\r\n{EVENT}"),
        format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{EVENT}"),
        format!("HTTP/1.1 200\r\n{ID}Content-Length: 2\r\n\r\n{{}}"),
        format!("HTTP/1.1 200 OK\n{}Content-Length: 2\n\n{{}}", ID.replace('\r', "")),
        format!("HTTP/1.1 200 OK\r\n{ID}{ID}Content-Length: 2\r\n\r\n{{}}"),
        format!("HTTP/1.1 200 OK\r\n{ID}Lambda-Runtime-Aws-Request-Id: id-2\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("HTTP/1.1 200 OK\r\n{ID}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("HTTP/1.1 200 OK\r\n{ID}Lambda-Runtime-Deadline-Ms: soon\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!(
            "HTTP/1.1 200 OK\r\n{ID}Lambda-Runtime-Deadline-Ms: 99999999999999999999\r\nContent-Length: 2\r\n\r\n{{}}"
        ),
        format!("HTTP/1.1 200 OK\r\n{ID}Lambda-Runtime-Deadline-Ms: 0\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("HTTP/1.1 200 OK\r\n{ID}Content-Type: \r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("HTTP/1.1 200 OK\r\n{ID}{}Content-Length: 2\r\n\r\n{{}}", "X: x\r\n".repeat(50)),
    ];
    on_threads(THREADS, &odd, |bytes| {
        eprintln!("{bytes:?}");
        let (_stub, mut peer) = asked();
        for answer in [bytes, EVENT] {
            peer.send(answer);
            assert_eq!(peer.expect(RESPONSE).body, b"{}");
            peer.send(ACCEPTED);
            peer.expect(NEXT);
        }
    });
}

#[test]
fn an_event_that_ends_with_its_connection_is_whole() {
    for version in ["1.0", "1.1"] {
        let (stub, mut peer) = asked();
        peer.send(format!("HTTP/{version} 200 OK\r\n{ID}\r\n{{}}"));
        drop(peer);
        let mut peer = stub.accept();
        assert_eq!(peer.expect(RESPONSE).body, b"{}");
        peer.send(ACCEPTED);
        peer.expect(NEXT);
    }
}

#[test]
fn bytes_that_nobody_asked_for_are_no_answer_to_what_follows() {
    let (stub, mut peer) = asked();
    peer.send(format!("{EVENT}{ACCEPTED}"));
    let mut second = stub.accept();
    assert_eq!(second.expect(RESPONSE).body, b"{}");
    second.send(ACCEPTED);
    second.expect(NEXT);
}

#[test]
fn odd_answers_to_a_response_mean_what_their_status_says() {
    let taken = [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\n\r\n",
    ];
    for answer in taken {
        eprintln!("{answer:?}");
        let (_stub, mut peer) = responded();
        peer.send(answer);
        peer.expect(NEXT);
    }
    let broken = [
        "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 100\r\n\r\nthe reason",
        "garbage\r\n\r\n",
    ];
    for answer in broken {
        eprintln!("{answer:?}");
        let (stub, mut peer) = responded();
        peer.send(answer);
        drop(peer);
        stub.ends_in_failure("cannot post the response");
    }
}
