//! The embedded Runtime API with SnapStart, the metadata API and the credentials, as Lambda's emulator and guide describe them.

use std::time::Duration;

use coshell::lambda::runtime_api::{Credentials, Features, Init, RuntimeApi};
use serde_json::{Value, json};

use crate::runtime_api::LONG;
use crate::support::wire::{Answer, INIT_ERROR, NEXT, Wire};

const RESTORE: &str = "/2018-06-01/runtime/restore/next";
const RESTORE_ERROR: &str = "/2018-06-01/runtime/restore/error";
const METADATA: &str = "/2026-01-15/metadata/execution-environment";
const ERROR_TYPE: (&str, &str) = ("Lambda-Runtime-Function-Error-Type", "Runtime.AfterRestoreError");

fn with_snap_start() -> RuntimeApi {
    RuntimeApi::start_with(Features { snap_start: true, credentials: None }).unwrap()
}

fn ask(wire: &mut Wire, path: &str, header: &str) {
    wire.send(format!("GET {path} HTTP/1.1\r\nHost: lambda\r\n{header}\r\n").as_bytes());
}

fn get(api: &RuntimeApi, path: &str, header: &str) -> Answer {
    let mut wire = Wire::connect(api.address());
    ask(&mut wire, path, header);
    wire.answer()
}

/// A runtime that has been restored, on its connection.
fn restored(api: &RuntimeApi) -> Wire {
    let mut wire = Wire::connect(api.address());
    ask(&mut wire, RESTORE, "");
    api.wait_for_snapshot(LONG).unwrap();
    api.restore();
    assert_eq!(wire.answer().status, 200);
    wire
}

#[test]
fn restore_next_waits_for_the_restore_and_has_an_empty_answer() {
    let api = with_snap_start();
    assert_eq!(api.wait_for_snapshot(Duration::ZERO), Err(Init::TimedOut));
    let mut wire = Wire::connect(api.address());
    ask(&mut wire, RESTORE, "");
    api.wait_for_snapshot(LONG).unwrap();
    assert_eq!(api.wait_for_init(Duration::ZERO), Init::TimedOut, "the snapshot is not the end of init");
    api.restore();
    let answer = wire.answer();
    assert_eq!((answer.status, answer.text()), (200, ""));
    wire.ask_next();
    assert!(matches!(api.wait_for_init(LONG), Init::Ready(_)));
}

#[test]
fn restore_next_is_refused_a_second_time_and_after_next() {
    let api = with_snap_start();
    let mut wire = restored(&api);
    let refused =
        |answer: Answer| assert_eq!((answer.status, &answer.error_type()[..]), (403, "InvalidStateTransition"));
    refused(get(&api, RESTORE, ""));
    wire.ask_next();
    assert!(matches!(api.wait_for_init(LONG), Init::Ready(_)));
    refused(get(&api, RESTORE, ""));
}

#[test]
fn without_snap_start_the_calls_are_unknown() {
    let api = RuntimeApi::start().unwrap();
    assert_eq!(get(&api, RESTORE, "").status, 404);
    assert_eq!(Wire::connect(api.address()).post(RESTORE_ERROR, &[ERROR_TYPE], b"{}").status, 404);
}

#[test]
fn a_restore_error_is_taken_once_between_the_restore_and_the_first_next() {
    let api = with_snap_start();
    let post = |path: &str| Wire::connect(api.address()).post(path, &[ERROR_TYPE], b"{\"errorMessage\":\"m\"}");
    assert_eq!(post(RESTORE_ERROR).status, 403, "before the restore");
    let _wire = restored(&api);
    assert_eq!(post(INIT_ERROR).status, 403, "init is over");
    let taken = post(RESTORE_ERROR);
    assert_eq!((taken.status, taken.text()), (202, "{\"status\":\"OK\"}"));
    let Init::Failed(error) = api.wait_for_init(LONG) else { panic!("no failure") };
    assert_eq!(
        (&error.error_type[..], &error.body[..]),
        ("Runtime.AfterRestoreError", &b"{\"errorMessage\":\"m\"}"[..])
    );
    assert_eq!(post(RESTORE_ERROR).status, 403, "a second time");
}

#[test]
fn a_restore_error_after_the_first_next_is_refused() {
    let api = with_snap_start();
    let mut wire = restored(&api);
    wire.ask_next();
    assert!(matches!(api.wait_for_init(LONG), Init::Ready(_)));
    assert_eq!(Wire::connect(api.address()).post(RESTORE_ERROR, &[ERROR_TYPE], b"{}").status, 403);
}

#[test]
fn a_runtime_that_asks_for_no_restore_is_ready_at_its_first_next() {
    let api = with_snap_start();
    let mut wire = Wire::connect(api.address());
    ask(&mut wire, NEXT, "");
    assert!(matches!(api.wait_for_snapshot(LONG), Err(Init::Ready(_))));
}

#[test]
fn metadata_is_given_for_the_token_alone() {
    let api = RuntimeApi::start().unwrap();
    let token = api.metadata_token();
    let answer = get(&api, METADATA, &format!("Authorization: Bearer {token}\r\n"));
    assert_eq!((answer.status, answer.text()), (200, "{\"AvailabilityZoneID\":\"use1-az1\"}"));
    assert_eq!(answer.header("Cache-Control"), Some("private, max-age=43200, immutable"));
    for header in [String::new(), format!("Authorization: {token}\r\n"), "Authorization: Bearer wrong\r\n".to_owned()] {
        assert_eq!(get(&api, METADATA, &header).status, 401, "{header}");
    }
    let bearer = format!("Bearer {token}");
    assert_eq!(Wire::connect(api.address()).post(METADATA, &[("Authorization", &bearer)], b"").status, 405);
}

#[test]
fn credentials_are_given_for_the_token_alone_and_only_where_there_are_some() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "key/with+signs".to_owned(),
        session_token: "session".to_owned(),
    };
    let api = RuntimeApi::start_with(Features { snap_start: true, credentials: Some(credentials) }).unwrap();
    let (uri, token) = api.credentials_endpoint().unwrap();
    let path = uri.strip_prefix(&format!("http://{}", api.address())).unwrap();
    assert_eq!(path, "/2021-04-23/credentials");
    let answer = get(&api, path, &format!("Authorization: {token}\r\n"));
    let mut document: Value = serde_json::from_slice(&answer.body).unwrap();
    let expiration = document.as_object_mut().unwrap().remove("Expiration").unwrap();
    assert!(humantime::parse_rfc3339(expiration.as_str().unwrap()).is_ok(), "{expiration}");
    assert_eq!(
        document,
        json!({"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "key/with+signs", "Token": "session"})
    );
    for header in [String::new(), format!("Authorization: Bearer {token}\r\n"), "Authorization: wrong\r\n".to_owned()] {
        assert_eq!(get(&api, path, &header).status, 404, "{header}");
    }
    let without = RuntimeApi::start().unwrap();
    assert_eq!(without.credentials_endpoint(), None);
    assert_eq!(get(&without, path, &format!("Authorization: {token}\r\n")).status, 404);
}
