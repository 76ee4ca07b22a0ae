//! The embedded Runtime API delivers events as Lambda's does, and tells its client when.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coshell::lambda::invocation::{Invoke, Outcome};
use coshell::lambda::runtime_api::{Init, RuntimeApi};

use crate::support::wire::{INIT_ERROR, NEXT, Wire, response_path};

pub const LONG: Duration = Duration::from_secs(60);

pub fn invoke(id: &str, payload: &[u8]) -> Invoke {
    Invoke { payload: payload.to_vec().into(), request_id: id.to_owned(), timeout: LONG, ..Invoke::default() }
}

#[test]
fn an_event_comes_with_all_of_lambdas_headers_in_lambdas_spelling() {
    let api = RuntimeApi::start().unwrap();
    let asked = Invoke {
        function_arn: Some("arn:aws:lambda:us-east-1:123456789012:function:f".to_owned()),
        trace_id: Some("Root=1-5759e988;Sampled=1".to_owned()),
        client_context: Some("{\"a\":\"\u{fc}\"}".to_owned()),
        cognito_identity: Some("{}".to_owned()),
        tenant_id: Some("blue".to_owned()),
        ..invoke("id-1", b"{}")
    };
    let _invocation = api.submit(asked).unwrap();
    let event = Wire::connect(api.address()).next();
    let table = [
        ("Lambda-Runtime-Aws-Request-Id", "id-1"),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f"),
        ("Lambda-Runtime-Trace-Id", "Root=1-5759e988;Sampled=1"),
        ("Lambda-Runtime-Client-Context", "{\"a\":\"\u{fc}\"}"),
        ("Lambda-Runtime-Cognito-Identity", "{}"),
        ("Lambda-Runtime-Aws-Tenant-Id", "blue"),
        ("Content-Type", "application/json"),
    ];
    for (name, value) in table {
        assert_eq!(event.header(name), Some(value), "{name}");
    }
    assert_eq!((event.status, event.text()), (200, "{}"));
}

#[test]
fn what_is_not_asked_for_is_not_sent_as_a_header() {
    let api = RuntimeApi::start().unwrap();
    let _invocation = api.submit(invoke("id-1", b"{}")).unwrap();
    let event = Wire::connect(api.address()).next();
    let mut names: Vec<&str> = event.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.retain(|name| name.starts_with("Lambda-"));
    names.sort_unstable();
    assert_eq!(names, ["Lambda-Runtime-Aws-Request-Id", "Lambda-Runtime-Deadline-Ms", "Lambda-Runtime-Invocation-Id"]);
}

#[test]
fn the_deadline_is_counted_from_delivery() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let api = RuntimeApi::start().unwrap();
    let _invocation = api.submit(invoke("id-1", b"{}")).unwrap();
    let before = now();
    let event = Wire::connect(api.address()).next();
    let deadline: u128 = event.header("Lambda-Runtime-Deadline-Ms").unwrap().parse().unwrap();
    assert!(before + LONG.as_millis() <= deadline && deadline <= now() + LONG.as_millis());
}

#[test]
fn an_event_over_2048_bytes_is_chunked_without_a_length_and_comes_whole() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    for (size, chunked) in [(0, false), (2048, false), (2049, true), (6_000_000, true)] {
        let payload: Vec<u8> = (0..size).map(|at: usize| b"0123456789"[at % 10]).collect();
        let _invocation = api.submit(invoke(&size.to_string(), &payload)).unwrap();
        let event = wire.next();
        assert_eq!(event.header("Transfer-Encoding").is_some(), chunked, "{size} bytes");
        assert_eq!(event.header("Content-Length").is_none(), chunked, "{size} bytes");
        assert!(event.body == payload, "{size} bytes came back as {}", event.body.len());
        assert_eq!(wire.post(&response_path(&size.to_string()), &[], b"").status, 202);
    }
}

#[test]
fn delivery_answer_and_following_next_are_told_in_this_order() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    let invocation = api.submit(invoke("id-1", b"{}")).unwrap();
    wire.next();
    wire.post(&response_path("id-1"), &[], b"done");
    let completion = invocation.wait();
    assert_eq!(invocation.wait_for_next(Duration::ZERO), None);
    wire.ask_next();
    let next = invocation.wait_for_next(LONG).unwrap();
    let (delivered, answered) = (completion.delivered.unwrap(), completion.answered.unwrap());
    assert!(delivered <= answered && answered <= next);
}

#[test]
fn the_first_next_ends_init() {
    let api = RuntimeApi::start().unwrap();
    assert_eq!(api.wait_for_init(Duration::ZERO), Init::TimedOut);
    let mut wire = Wire::connect(api.address());
    wire.ask_next();
    assert!(matches!(api.wait_for_init(LONG), Init::Ready(_)));
    let refusal = Wire::connect(api.address()).post(INIT_ERROR, &[], b"{}");
    assert_eq!((refusal.status, refusal.error_type().as_str()), (403, "InvalidStateTransition"));
}

#[test]
fn several_parked_nexts_get_an_event_each() {
    let api = RuntimeApi::start().unwrap();
    let mut slots: Vec<Wire> = (0..4).map(|_| Wire::connect(api.address())).collect();
    slots.iter_mut().for_each(Wire::ask_next);
    let ids = ["a", "b", "c", "d"];
    let invocations: Vec<_> = ids.iter().map(|id| api.submit(invoke(id, id.as_bytes())).unwrap()).collect();
    for slot in &mut slots {
        let event = slot.answer();
        let id = event.header("Lambda-Runtime-Aws-Request-Id").unwrap().to_owned();
        assert_eq!(slot.post(&response_path(&id), &[], &event.body).status, 202);
    }
    for (id, invocation) in ids.iter().zip(invocations) {
        let Outcome::Response(response) = invocation.wait().outcome else { panic!("no response to {id}") };
        assert_eq!(response.bytes, id.as_bytes());
    }
}

#[test]
fn a_next_follows_the_invocation_of_its_own_connection() {
    let api = RuntimeApi::start().unwrap();
    let mut slots = [Wire::connect(api.address()), Wire::connect(api.address())];
    let [first, second] = ["a", "b"].map(|id| api.submit(invoke(id, b"{}")).unwrap());
    for (slot, id) in slots.iter_mut().zip(["a", "b"]) {
        assert_eq!(slot.next().header("Lambda-Runtime-Aws-Request-Id"), Some(id));
    }
    for (slot, id) in slots.iter_mut().zip(["a", "b"]) {
        slot.post(&response_path(id), &[], b"");
    }
    slots[1].ask_next();
    assert!(second.wait_for_next(LONG).is_some());
    assert_eq!(first.wait_for_next(Duration::ZERO), None);
}

#[test]
fn a_parked_next_whose_connection_closed_takes_no_event_with_it() {
    let api = RuntimeApi::start().unwrap();
    let mut gone = Wire::connect(api.address());
    gone.ask_next();
    assert!(matches!(api.wait_for_init(LONG), Init::Ready(_)));
    drop(gone);
    let mut wire = Wire::connect(api.address());
    wire.post(&response_path("nobody"), &[], b""); // answered after the other connection's end was seen
    let _invocation = api.submit(invoke("id-1", b"{}")).unwrap();
    assert_eq!(wire.next().header("Lambda-Runtime-Aws-Request-Id"), Some("id-1"));
}

#[test]
fn a_web_page_takes_no_event_away() {
    let api = RuntimeApi::start().unwrap();
    let port = api.address().port();
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    for headers in [
        format!("{own}Origin: https://example.com\r\n"),
        format!("{own}Origin: null\r\n"),
        format!("{own}Sec-Fetch-Site: cross-site\r\n"),
        format!("Host: 127.0.0.1.example.com:{port}\r\n"),
        "Host: example.com\r\n".to_owned(),
    ] {
        let mut wire = Wire::connect(api.address());
        wire.send(format!("GET {NEXT} HTTP/1.1\r\n{headers}\r\n").as_bytes());
        let answer = wire.answer();
        assert_eq!(answer.status, 403, "{headers}");
    }
    assert_eq!(api.wait_for_init(Duration::ZERO), Init::TimedOut, "none of them counts as the runtime's");
    let _invocation = api.submit(invoke("id-1", b"{}")).unwrap();
    let mut wire = Wire::connect(api.address());
    wire.send(format!("GET {NEXT} HTTP/1.1\r\n{own}\r\n").as_bytes());
    assert_eq!(wire.answer().status, 200);
}
