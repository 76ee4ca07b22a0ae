//! Every answer of the Runtime API to a runtime's POST, and what the client gets by it.

use std::time::Duration;

use coshell::lambda::invocation::{FunctionError, Invocation, Invoke, Outcome, Part, Response};
use coshell::lambda::runtime_api::{Init, RuntimeApi};
use tokio::sync::mpsc;

use crate::runtime_api::invoke;
use crate::support::wire::{INIT_ERROR, Wire, error_path, response_path};

const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";
const MODE: &str = "Lambda-Runtime-Function-Response-Mode";
const LIMIT_BYTES: usize = 6_291_556;

/// An API with one event delivered, under the id `id-1`.
fn delivered(asked: Invoke) -> (RuntimeApi, Wire, Invocation) {
    let api = RuntimeApi::start().unwrap();
    let invocation = api.submit(asked).unwrap();
    let mut wire = Wire::connect(api.address());
    assert_eq!(wire.next().status, 200);
    (api, wire, invocation)
}

fn response(bytes: &[u8]) -> Outcome {
    Outcome::Response(Response { bytes: bytes.to_vec().into(), ..Response::default() })
}

#[test]
fn a_response_is_accepted_and_reaches_the_client_unchanged() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    let answer = wire.post(&response_path("id-1"), &[("Content-Type", "text/plain")], b"\0bytes\xff\n");
    assert_eq!((answer.status, answer.text()), (202, "{\"status\":\"OK\"}"));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    let content_type = Some("text/plain".to_owned());
    let expected = Response { bytes: b"\0bytes\xff\n".to_vec().into(), content_type, ..Response::default() };
    assert_eq!(invocation.wait().outcome, Outcome::Response(expected));
}

#[test]
fn an_error_is_accepted_and_reaches_the_client_with_its_type_and_body_as_they_are() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    let headers = [
        ("content-type", "application/json"),
        (ERROR_TYPE, "Function.ExitStatus"),
        ("Lambda-Runtime-Function-XRay-Error-Cause", "{\"paths\":[]}"),
    ];
    let body = b"{ \"errorMessage\": \"no\" , \"stackTrace\": []}";
    let answer = wire.post(&error_path("id-1"), &headers, body);
    assert_eq!((answer.status, answer.text()), (202, "{\"status\":\"OK\"}"));
    let expected = FunctionError {
        error_type: "Function.ExitStatus".to_owned(),
        body: body.to_vec().into(),
        content_type: Some("application/json".to_owned()),
        xray_error_cause: Some("{\"paths\":[]}".to_owned()),
    };
    assert_eq!(invocation.wait().outcome, Outcome::Error(expected));
}

#[test]
fn an_id_that_is_unknown_or_stale_gets_400_invalid_request_id() {
    let (api, mut wire, _invocation) = delivered(invoke("id-1", b"{}"));
    let unknown = wire.post(&response_path("id-2"), &[], b"");
    assert_eq!((unknown.status, unknown.error_type().as_str()), (400, "InvalidRequestID"));
    wire.post(&response_path("id-1"), &[], b"");
    let _later = api.submit(invoke("id-3", b"{}")).unwrap();
    wire.next();
    let stale = wire.post(&response_path("id-1"), &[], b"");
    assert_eq!((stale.status, stale.error_type().as_str()), (400, "InvalidRequestID"));
    let queued = api.submit(invoke("id-4", b"{}"));
    let early = wire.post(&response_path("id-4"), &[], b"");
    assert_eq!((queued.is_ok(), early.status), (true, 400));
}

const INVOCATION_ID: &str = "Lambda-Runtime-Invocation-Id";

/// The event that a runtime gets next, and its invocation id.
fn next_id(wire: &mut Wire) -> String {
    wire.next().header(INVOCATION_ID).unwrap().to_owned()
}

fn is_uuid(id: &str) -> bool {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
        && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[test]
fn each_event_comes_with_a_uuid_of_its_own_as_its_invocation_id() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    let mut ids: Vec<String> = Vec::new();
    for _ in 0..3 {
        let _invocation = api.submit(invoke("id-1", b"{}")).unwrap();
        ids.push(next_id(&mut wire));
        assert_eq!(wire.post(&response_path("id-1"), &[], b"").status, 202);
    }
    assert!(ids.iter().all(|id| is_uuid(id)), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

#[test]
fn an_answer_with_the_right_invocation_id_none_or_an_empty_one_is_accepted() {
    for path in [response_path("id-1"), error_path("id-1")] {
        let api = RuntimeApi::start().unwrap();
        let mut wire = Wire::connect(api.address());
        for case in ["right", "blanks", "first of two", "empty", "none"] {
            let invocation = api.submit(invoke("id-1", b"{}")).unwrap();
            let id = next_id(&mut wire);
            let blanks = format!("  {id} ");
            let headers: &[(&str, &str)] = match case {
                "right" => &[(INVOCATION_ID, &id)],
                "blanks" => &[(INVOCATION_ID, &blanks)],
                "first of two" => &[(INVOCATION_ID, &id), (INVOCATION_ID, "other")],
                "empty" => &[(INVOCATION_ID, "")],
                _ => &[],
            };
            assert_eq!(wire.post(&path, headers, b"{}").status, 202, "{case}");
            assert!(matches!(invocation.wait().outcome, Outcome::Response(_) | Outcome::Error(_)), "{case}");
        }
    }
}

#[test]
fn an_answer_with_another_invocation_id_gets_400_and_the_event_stays_open() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    let long = "x".repeat(9000);
    for id in ["0d5d0dc7-0b3f-4f8b-9a59-4c1f2b7a6e10", "no UUID", "\u{e9}", &long] {
        for path in [response_path("id-1"), error_path("id-1")] {
            let refused = wire.post(&path, &[(INVOCATION_ID, id)], b"wrong");
            assert_eq!((refused.status, refused.error_type().as_str()), (400, "InvalidInvocationId"), "{id}");
        }
    }
    assert_eq!(wire.post(&response_path("id-1"), &[], b"right").status, 202);
    assert_eq!(invocation.wait().outcome, response(b"right"));
}

#[test]
fn no_byte_of_a_stream_with_another_invocation_id_reaches_the_listener() {
    let (sender, mut parts) = mpsc::channel(4);
    let (_api, mut wire, _invocation) = delivered(Invoke { listener: Some(sender), ..invoke("id-1", b"{}") });
    let head = [(MODE, "streaming"), ("Transfer-Encoding", "chunked")];
    wire.send_head(&response_path("id-1"), &[&head[..], &[(INVOCATION_ID, "other")]].concat());
    wire.send(b"5\r\nwrong\r\n0\r\n\r\n");
    assert_eq!(wire.answer().error_type(), "InvalidInvocationId");
    wire.send_head(&response_path("id-1"), &head);
    wire.send(b"5\r\nright\r\n0\r\n\r\n");
    assert_eq!(wire.answer().status, 202);
    assert_eq!(parts.blocking_recv(), Some(Part::Head(None)));
    assert_eq!(parts.blocking_recv(), Some(Part::Data("right".into())));
    assert_eq!(parts.blocking_recv(), None);
}

#[test]
fn a_late_answer_is_told_from_the_answer_to_a_later_event_with_the_same_request_id() {
    let short = Invoke { timeout: Duration::from_millis(1), ..invoke("id-1", b"{}") };
    let api = RuntimeApi::start().unwrap();
    let [mut early, mut later] = [(); 2].map(|()| Wire::connect(api.address()));
    let _other = api.submit(invoke("id-2", b"{}")).unwrap();
    later.next();
    let first = api.submit(short).unwrap();
    let first_id = next_id(&mut early);
    assert_eq!(first.wait().outcome, Outcome::TimedOut);
    assert_eq!(later.post(&response_path("id-2"), &[], b"").status, 202);
    let second = api.submit(invoke("id-1", b"{}")).unwrap();
    let second_id = next_id(&mut later);
    let late = early.post(&response_path("id-1"), &[(INVOCATION_ID, &first_id)], b"first");
    assert_eq!((late.status, late.error_type().as_str()), (410, "InvokeTimeout"));
    assert_eq!(later.post(&response_path("id-1"), &[(INVOCATION_ID, &second_id)], b"second").status, 202);
    assert_eq!(second.wait().outcome, response(b"second"));
}

#[test]
fn a_second_answer_gets_403_and_the_first_one_stands() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    wire.post(&response_path("id-1"), &[], b"first");
    for path in [response_path("id-1"), error_path("id-1")] {
        let second = wire.post(&path, &[], b"second");
        assert_eq!((second.status, second.error_type().as_str()), (403, "InvalidStateTransition"));
    }
    assert_eq!(invocation.wait().outcome, response(b"first"));
}

#[test]
fn a_response_of_the_largest_size_is_accepted() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    let body = vec![b'x'; LIMIT_BYTES];
    assert_eq!(wire.post(&response_path("id-1"), &[], &body).status, 202);
    assert!(invocation.wait().outcome == response(&body));
}

#[test]
fn a_larger_response_gets_413_its_client_an_error_and_the_connection_goes_on() {
    let (api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    let answer = wire.post(&response_path("id-1"), &[], &vec![b'x'; LIMIT_BYTES + 1]);
    assert_eq!((answer.status, answer.error_type().as_str()), (413, "RequestEntityTooLarge"));
    let Outcome::Error(error) = invocation.wait().outcome else { panic!("no error") };
    assert_eq!(error.error_type, "Function.ResponseSizeTooLarge");
    assert!(String::from_utf8_lossy(&error.body).contains("6291557 bytes"));
    let _later = api.submit(invoke("id-2", b"next")).unwrap();
    assert_eq!(wire.next().text(), "next");
}

#[test]
fn an_answer_after_the_time_limit_gets_410_and_the_client_was_told_timed_out() {
    let short = Invoke { timeout: Duration::from_millis(1), ..invoke("id-1", b"{}") };
    let (api, mut wire, invocation) = delivered(short);
    assert_eq!(invocation.wait().outcome, Outcome::TimedOut);
    let late = wire.post(&response_path("id-1"), &[], b"late");
    assert_eq!((late.status, late.error_type().as_str()), (410, "InvokeTimeout"));
    assert_eq!(invocation.wait().outcome, Outcome::TimedOut);
    let _later = api.submit(invoke("id-2", b"next")).unwrap();
    assert_eq!(wire.next().text(), "next");
}

#[test]
fn a_response_mode_other_than_streaming_gets_400_and_the_client_an_error() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    let answer = wire.post(&response_path("id-1"), &[(MODE, "buffered")], b"");
    assert_eq!((answer.status, answer.error_type().as_str()), (400, "InvalidFunctionResponseMode"));
    let Outcome::Error(error) = invocation.wait().outcome else { panic!("no error") };
    assert_eq!(error.error_type, "Runtime.InvalidResponseModeHeader");
}

#[test]
fn a_streamed_response_is_buffered_and_its_trailers_are_kept() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    let headers = [
        (MODE, "streaming"),
        ("Transfer-Encoding", "chunked"),
        ("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"),
    ];
    wire.send_head(&response_path("id-1"), &headers);
    wire.send(b"3\r\none\r\n");
    wire.send(b"4\r\n two\r\n0\r\n");
    wire.send(
        b"Lambda-Runtime-Function-Error-Type: Function.ExitStatus\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
    );
    assert_eq!(wire.answer().status, 202);
    let Outcome::Response(response) = invocation.wait().outcome else { panic!("no response") };
    let error = response.trailing_error.unwrap();
    assert_eq!((response.streaming, &response.bytes[..]), (true, &b"one two"[..]));
    assert_eq!((error.error_type.as_str(), &error.body[..]), ("Function.ExitStatus", &b"{}"[..]));
}

#[test]
fn a_listener_gets_a_streamed_response_as_it_comes_and_the_end_of_it() {
    let (sender, mut parts) = mpsc::channel(1);
    let (_api, mut wire, invocation) = delivered(Invoke { listener: Some(sender), ..invoke("id-1", b"{}") });
    let headers = [(MODE, "streaming"), ("Transfer-Encoding", "chunked"), ("Content-Type", "text/x")];
    wire.send_head(&response_path("id-1"), &headers);
    assert_eq!(parts.blocking_recv(), Some(Part::Head(Some("text/x".to_owned()))));
    wire.send(b"3\r\none\r\n");
    assert_eq!(parts.blocking_recv(), Some(Part::Data("one".into())));
    wire.send(b"4\r\n two\r\n");
    assert_eq!(parts.blocking_recv(), Some(Part::Data(" two".into())));
    wire.send(b"0\r\n\r\n");
    assert_eq!(parts.blocking_recv(), None);
    assert_eq!(wire.answer().status, 202);
    let Outcome::Response(response) = invocation.wait().outcome else { panic!("no response") };
    assert_eq!((response.streaming, response.bytes.len()), (true, 0));
}

#[test]
fn a_response_whose_connection_breaks_off_is_a_truncated_response() {
    let (_api, mut wire, invocation) = delivered(invoke("id-1", b"{}"));
    wire.send_head(&response_path("id-1"), &[("Content-Length", "100")]);
    wire.send(b"half");
    drop(wire);
    let Outcome::Error(error) = invocation.wait().outcome else { panic!("no error") };
    assert_eq!(error.error_type, "Runtime.TruncatedResponse");
}

#[test]
fn an_init_error_is_told_with_its_body_and_a_second_one_gets_403() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    let answer = wire.post(INIT_ERROR, &[(ERROR_TYPE, "Runtime.NoSuchHandler")], b"{\"errorMessage\":\"no\"}");
    assert_eq!((answer.status, answer.text()), (202, "{\"status\":\"OK\"}"));
    let Init::Failed(error) = api.wait_for_init(Duration::from_secs(60)) else { panic!("init did not fail") };
    assert_eq!(error.error_type, "Runtime.NoSuchHandler");
    assert_eq!(&error.body[..], b"{\"errorMessage\":\"no\"}");
    assert_eq!(wire.post(INIT_ERROR, &[], b"").status, 403);
}

#[test]
fn any_other_path_gets_404_and_any_other_method_405() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    assert_eq!(wire.post("/2018-06-01/runtime/nothing", &[], b"").status, 404);
    assert_eq!(wire.post(crate::support::wire::NEXT, &[], b"").status, 405);
}
