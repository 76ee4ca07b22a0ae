//! Lambda-Runtime-Invocation-Id: the runtime sends the id of each event back with its answer, so that a late answer never becomes the
//! answer to a retry with the same request id.

use std::time::Duration;

use coshell::lambda::invocation::{Invoke, Outcome};

use crate::support::function::Function;
use crate::support::running::until;
use crate::support::stub::{ACCEPTED, NEXT, Peer, RESPONSE, Request, Stub, answer, event_with};

const ERROR: &str = "POST /2018-06-01/runtime/invocation/id-1/error";
const ID: &str = "lambda-runtime-invocation-id";
const UUID: &str = "0d5d0dc7-0b3f-4f8b-9a59-4c1f2b7a6e10";

/// An event with this invocation id.
fn event(id: &str, body: &str) -> String {
    event_with(&format!("Lambda-Runtime-Invocation-Id: {id}\r\n"), body)
}

/// All invocation ids of a request, as they stand on the wire.
fn ids(request: &Request) -> Vec<&str> {
    let split = request.headers.iter().filter_map(|line| line.split_once(": "));
    split.filter(|(name, _)| name.eq_ignore_ascii_case(ID)).map(|(_, value)| value).collect()
}

/// The runtime has asked for its first event on this connection.
fn asked(script: &str, variables: &[(&str, &str)]) -> (Stub, Peer) {
    let stub = Stub::serve_with(script, variables);
    let mut peer = stub.accept();
    peer.expect(NEXT);
    (stub, peer)
}

#[test]
fn a_response_and_an_error_carry_the_id_of_their_own_event() {
    let (_stub, mut peer) = asked("handler() { [[ $1 != 1 ]] || return 3; printf %s \"$1\"; }", &[]);
    let odd = "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~";
    for (id, body, call) in [(UUID, "0", RESPONSE), (odd, "1", ERROR), ("UPPER-lower", "2", RESPONSE)] {
        peer.send(event(id, body));
        assert_eq!(ids(&peer.expect(call)), [id]);
        peer.send(ACCEPTED);
        assert_eq!(ids(&peer.expect(NEXT)), [""; 0]);
    }
}

#[test]
fn an_event_without_an_id_is_answered_without_one_also_after_an_event_with_one() {
    let (stub, mut peer) = asked("handler() { :; }", &[]);
    for (head, expected) in
        [(format!("{ID}: {UUID}\r\n"), vec![UUID]), (String::new(), vec![]), (format!("{ID}:\r\n"), vec![])]
    {
        peer.send(event_with(&head, "{}"));
        assert_eq!(ids(&peer.expect(RESPONSE)), expected);
        peer.send(ACCEPTED);
        peer.expect(NEXT);
    }
    assert_eq!(stub.log(), "");
}

#[test]
fn the_first_of_two_ids_is_sent_back_and_blanks_around_an_id_are_no_part_of_it() {
    let (_stub, mut peer) = asked("handler() { :; }", &[]);
    for head in [format!("{ID}: first\r\n{ID}: second\r\n"), format!("{ID}: \t first \t\r\n")] {
        peer.send(event_with(&head, "{}"));
        assert_eq!(ids(&peer.expect(RESPONSE)), ["first"]);
        peer.send(ACCEPTED);
        peer.expect(NEXT);
    }
}

#[test]
fn an_id_that_is_not_visible_ascii_is_left_out_and_one_warning_says_so() {
    let (stub, mut peer) = asked("handler() { printf %s \"$1\"; }", &[]);
    for (id, body) in [("\u{e9}", "1"), ("a b", "2"), (&"x".repeat(20_000), "3"), ("usable", "4")] {
        peer.send(event(id, body));
        let request = peer.expect(RESPONSE);
        assert_eq!(request.body, body.as_bytes());
        assert_eq!(ids(&request), if body == "4" { vec!["usable"] } else { vec![] });
        peer.send(ACCEPTED);
        peer.expect(NEXT);
    }
    let log = stub.log();
    assert!(log.starts_with("[WARN] id-1 the Lambda-Runtime-Invocation-Id of this event "), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[test]
fn a_streamed_response_carries_the_id_whether_it_ends_well_or_breaks_off() {
    let script = "handler() { echo begun; [[ $1 != 1 ]] || return 3; }";
    for mode in ["stream", "http-stream"] {
        let script =
            if mode == "stream" { script.to_owned() } else { script.replace("begun", "'{\"statusCode\":200}'") };
        let (stub, mut peer) = asked(&script, &[("COSHELL_RESPONSE", mode)]);
        for body in ["0", "1"] {
            peer.send(event(UUID, body));
            let mut stream = stub.accept();
            let head = stream.head();
            assert!(
                head[0].ends_with("/id-1/response http/1.1") && head.contains(&format!("{ID}: {UUID}")),
                "{head:?}"
            );
            stream.chunks();
            assert_eq!(stream.trailers().len(), if body == "1" { 2 } else { 0 });
            stream.send(ACCEPTED);
            peer.expect(NEXT);
        }
    }
}

#[test]
fn a_failure_before_the_first_byte_of_a_stream_carries_the_id() {
    let (_stub, mut peer) = asked("handler() { return 3; }", &[("COSHELL_RESPONSE", "stream")]);
    peer.send(event(UUID, "{}"));
    assert_eq!(ids(&peer.expect(ERROR)), [UUID]);
}

/// Whatever is posted, 400 and 410 concern that event alone: each gets one line in the log, and the next event is served.
#[test]
fn an_answer_that_lambda_refuses_is_one_line_in_the_log_and_the_next_event_is_served() {
    let refusals = [
        ("400 Bad Request", "{\"errorMessage\":\"Invalid invocation ID\",\"errorType\":\"InvalidInvocationId\"}"),
        ("400 Bad Request", "{\"errorType\":\"InvalidRequestID\"}"),
        ("400 Bad Request", "<html>\n<p>no JSON</p>\n</html>\n"),
        ("400 Bad Request", ""),
        ("410 Gone", "{\"errorMessage\":\"Invoke timeout\",\"errorType\":\"InvokeTimeout\"}"),
        ("410 Gone", ""),
    ];
    let script = "handler() { [[ $1 != 1 ]] || { echo failed >&2; return 3; }; echo \"$1\"; }";
    let (stub, mut peer) = asked(script, &[]);
    for (status, body) in refusals {
        for (event_body, call) in [("0", RESPONSE), ("1", ERROR)] {
            let before = stub.log().len();
            peer.send(event(UUID, event_body));
            peer.expect(call);
            peer.send(answer(status, body));
            peer.expect(NEXT);
            let log = stub.log()[before..].to_owned();
            let told = format!("[WARN] id-1 the Runtime API refused the answer: status {}", &status[..3]);
            let lines: Vec<&str> = log.lines().filter(|line| line.contains("refused")).collect();
            assert!(lines.len() == 1 && lines[0].starts_with(&told), "{log}");
            assert!(lines[0].ends_with("; the client does not get it"), "{log}");
        }
    }
}

#[test]
fn a_stream_that_lambda_refuses_at_once_is_one_line_in_the_log_and_the_next_event_is_served() {
    let (stub, mut peer) =
        asked("handler() { echo begun; head -c 3000000 /dev/zero; }", &[("COSHELL_RESPONSE", "stream")]);
    for status in ["400 Bad Request", "410 Gone"] {
        peer.send(event(UUID, "{}"));
        let mut stream = stub.accept();
        stream.head();
        stream.send(answer(status, ""));
        drop(stream);
        peer.expect(NEXT);
        assert!(stub.log().contains(&format!("refused the answer: status {}", &status[..3])), "{}", stub.log());
    }
}

/// Client A gives up, and client B sends a new event with A's request id while A's handler still runs.
#[test]
fn a_late_answer_never_reaches_the_client_of_a_later_event_with_the_same_request_id() {
    for mode in ["buffered", "stream"] {
        let script = "handler() {
          echo \"here $1\" >&2; until [[ -e $LAMBDA_TASK_ROOT/go-$1 ]]; do sleep 0.01; done
          [[ $1 != c ]] || return 3; echo \"answer of $1\"
        }";
        let function = Function::script(script).env("AWS_LAMBDA_MAX_CONCURRENCY", "3").env("COSHELL_RESPONSE", mode);
        let function = function.start();
        let go = |name: &str| std::fs::write(function.path(&format!("go-{name}")), "").unwrap();
        let same = |invoke| Invoke { request_id: "same".to_owned(), ..invoke };
        for late in ["a", "c"] {
            let sent =
                function.send_with(late, |invoke| Invoke { timeout: Duration::from_millis(100), ..same(invoke) });
            function.log_with(&format!("here {late}\n"));
            assert_eq!(sent.answer().outcome, Outcome::TimedOut);
        }
        let last = function.send_with("b", same);
        function.log_with("here b\n");
        for (count, late) in [(1, "a"), (2, "c")] {
            go(late);
            let refused = |log: &str| log.matches("refused the answer: status 410").count() == count;
            until("the refusal", || refused(&function.log()).then_some(()));
        }
        go("b");
        let answer = last.answer().text();
        assert_eq!(answer.trim_end(), "answer of b", "{mode}");
    }
}
