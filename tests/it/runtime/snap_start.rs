//! SnapStart: the functions before the snapshot and after the restore, in Lambda's order, and what is new after a restore.

use std::process::Command;

use serde_json::Value;

use crate::support::emulator::Emulator;
use crate::support::function::Function;
use crate::support::running::until;
use crate::support::stub::{ACCEPTED, NEXT, Peer, RESPONSE, Stub, answer, event};

const RESTORE: &str = "GET /2018-06-01/runtime/restore/next";
const INIT_ERROR: &str = "POST /2018-06-01/runtime/init/error";
const RESTORE_ERROR: &str = "POST /2018-06-01/runtime/restore/error";
const SNAP_START: (&str, &str) = ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start");

fn serve(script: &str) -> Stub {
    Stub::serve_with(script, &[SNAP_START])
}

/// Restores the environment: its new connection.
fn restored(stub: &Stub, mut peer: Peer) -> Peer {
    peer.send(answer("200 OK", ""));
    stub.accept()
}

fn answered(peer: &mut Peer) -> String {
    peer.expect(NEXT);
    peer.send(event("{}"));
    let body = peer.expect(RESPONSE).body;
    peer.send(ACCEPTED);
    String::from_utf8(body).unwrap()
}

/// The report of the failed init or restore.
fn report(peer: &mut Peer, call: &str, error_type: &str) -> String {
    let request = peer.expect(call);
    assert_eq!(request.header("lambda-runtime-function-error-type"), Some(error_type));
    let report: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(report["errorType"], error_type);
    assert_eq!(report.get("requestId"), None, "there is no event yet");
    peer.send(ACCEPTED);
    report["errorMessage"].as_str().unwrap().to_owned()
}

#[test]
fn registered_functions_run_before_the_snapshot_in_reverse_and_after_the_restore_in_order() {
    let stub = serve(
        "one() { echo one >&2; state=one; }; two() { echo two >&2; state=two; }
        three() { echo three >&2; state+=,three; }; four() { echo four >&2; state+=,four; }
        LAMBDA_BEFORE_SNAPSHOT=(one)
        LAMBDA_BEFORE_SNAPSHOT+=(two)
        LAMBDA_AFTER_RESTORE=(three four)
        handler() { echo \"$state\"; }",
    );
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    assert_eq!(stub.log(), "two\none\n");
    let mut peer = restored(&stub, peer);
    assert_eq!(answered(&mut peer), "one,three,four");
    assert_eq!(stub.log(), "two\none\nthree\nfour\n");
    assert_eq!(answered(&mut peer), "one,three,four");
}

#[test]
fn a_script_without_such_functions_is_restored_as_well() {
    let stub = serve("set -u; handler() { echo fine; }");
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    assert_eq!(answered(&mut restored(&stub, peer)), "fine");
}

#[test]
fn random_does_not_go_on_from_the_snapshot() {
    let stub = serve(
        "seed() { RANDOM=42; }; draw() { drawn=$RANDOM; }; LAMBDA_BEFORE_SNAPSHOT=(seed); LAMBDA_AFTER_RESTORE=(draw); handler() { echo \"$drawn\"; }",
    );
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    let drawn = answered(&mut restored(&stub, peer));
    let ran = Command::new("bash").args(["-c", "RANDOM=42; echo \"$RANDOM\""]).output().unwrap();
    assert_ne!(drawn, String::from_utf8(ran.stdout).unwrap().trim());
}

#[test]
fn a_failure_before_the_snapshot_goes_to_init_error_and_names_the_command() {
    let stub = serve("warm() {\n  false\n}\nLAMBDA_BEFORE_SNAPSHOT=(warm)\nhandler() { :; }");
    let mut peer = stub.accept();
    let message = report(&mut peer, INIT_ERROR, "Runtime.BeforeSnapshotError");
    assert_eq!(
        message,
        "a function in LAMBDA_BEFORE_SNAPSHOT failed: function.sh:2: `false` exited with status 1 in `warm`"
    );
    drop(peer);
    stub.ends_in_failure("LAMBDA_BEFORE_SNAPSHOT");
}

#[test]
fn a_failure_after_the_restore_goes_to_restore_error() {
    for (options, command) in [("", "grep x /dev/null"), ("set +e; ", "return 3")] {
        let stub =
            serve(&format!("{options}refresh() {{ {command}; }}; LAMBDA_AFTER_RESTORE=(refresh); handler() {{ :; }}"));
        let mut peer = stub.accept();
        peer.expect(RESTORE);
        let mut peer = restored(&stub, peer);
        let message = report(&mut peer, RESTORE_ERROR, "Runtime.AfterRestoreError");
        assert!(message.starts_with("a function in LAMBDA_AFTER_RESTORE failed: "), "{message}");
        assert!(message.contains(command), "{message}");
        drop(peer);
        stub.ends_in_failure("LAMBDA_AFTER_RESTORE");
    }
}

#[test]
fn a_function_that_does_not_exist_is_named() {
    let stub = serve("LAMBDA_BEFORE_SNAPSHOT=(wram); handler() { :; }");
    let mut peer = stub.accept();
    let message = report(&mut peer, INIT_ERROR, "Runtime.BeforeSnapshotError");
    assert!(message.contains("wram: command not found"), "{message}");
}

#[test]
fn a_script_that_cannot_be_sourced_and_a_handler_that_is_missing_are_reported_as_ever() {
    let stub = serve("false; handler() { :; }");
    report(&mut stub.accept(), INIT_ERROR, "Runtime.ScriptFailed");
    let stub = serve("other() { :; }");
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    report(&mut restored(&stub, peer), RESTORE_ERROR, "Runtime.HandlerNotFound");
}

#[test]
fn without_snap_start_on_the_other_side_events_are_served_on_the_same_connection() {
    let stub = serve("after() { state=after; }; LAMBDA_AFTER_RESTORE=(after); handler() { echo \"$state\"; }");
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    peer.send(answer("404 Not Found", "404 page not found"));
    assert_eq!(answered(&mut peer), "after");
    assert!(stub.log().contains("[WARN] AWS_LAMBDA_INITIALIZATION_TYPE is `snap-start`"), "{}", stub.log());
}

#[test]
fn a_refused_restore_is_reported_and_ends_the_process() {
    for status in ["403 Forbidden", "500 Internal Server Error"] {
        let stub = serve("handler() { :; }");
        let mut peer = stub.accept();
        peer.expect(RESTORE);
        peer.send(answer(status, "{\"errorType\":\"X\"}"));
        let message = report(&mut peer, INIT_ERROR, "Runtime.BeforeSnapshotError");
        assert!(message.contains(&format!("status {}", &status[..3])), "{message}");
        drop(peer);
        stub.ends_in_failure("was not restored from a snapshot");
    }
}

#[test]
fn a_new_bash_after_the_restore_runs_all_of_these_functions_again() {
    let stub = serve(
        "before() { state=before; }; after() { state+=,after; }; LAMBDA_BEFORE_SNAPSHOT=(before); LAMBDA_AFTER_RESTORE=(after)
        handler() { case $1 in die) kill -9 $$; sleep 1000;; *) echo \"$state\";; esac; }",
    );
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    let mut peer = restored(&stub, peer);
    peer.expect(NEXT);
    peer.send(event("die"));
    peer.expect("POST /2018-06-01/runtime/invocation/id-1/error");
    peer.send(ACCEPTED);
    assert_eq!(answered(&mut peer), "before,after");
}

#[test]
fn without_the_initialization_type_nothing_of_this_happens() {
    let script = "no() { echo NO >&2; exit 9; }; LAMBDA_BEFORE_SNAPSHOT=(no); LAMBDA_AFTER_RESTORE=(no); handler() { echo fine; }";
    Function::script(script).env(SNAP_START.0, "on-demand").start().answer("").responds("fine");
}

#[test]
fn tmout_does_not_end_the_wait_for_the_restore_and_sigterm_does() {
    let stub = serve("TMOUT=1; handler() { echo fine; }");
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    until("more than a second of the wait", || (stub.age_seconds() > 1.5).then_some(()));
    assert_eq!(answered(&mut restored(&stub, peer)), "fine");
    let stub = serve("handler() { :; }");
    let mut peer = stub.accept();
    peer.expect(RESTORE);
    stub.terminate();
    assert!(peer.request_or_end().is_none());
    until("the end of Bash", || stub.pids().is_empty().then_some(()));
}

#[test]
fn the_emulator_which_knows_no_restore_serves_events() {
    let script = "before() { state=before; }; LAMBDA_BEFORE_SNAPSHOT=(before); handler() { echo \"$state\"; }";
    let Some(mut emulator) = Emulator::serve_with(script, &[SNAP_START]) else { return };
    assert_eq!(emulator.invoke(b"{}").text(), "before", "{}", emulator.log());
}
