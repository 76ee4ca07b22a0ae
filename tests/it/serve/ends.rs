//! How `coshell serve` starts and ends: wrong usage, a port in use, Ctrl-C.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use crate::invoke_ends::HANGS;
use crate::support::program::coshell;
use crate::support::serving::{INVOCATIONS, Serve, assert_gone};

#[test]
fn ctrl_c_in_mid_event_leaves_no_process() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let mut serving = Serve::script(HANGS).with(&["--timeout", "900"]).start();
        let host = serving.address().to_string();
        let mut client = serving.wire().host(&host);
        client.send_head(INVOCATIONS, &[("Content-Length", "2")]);
        client.send(b"{}");
        serving.stderr_with("started\n");
        serving.signal(signal);
        let (ended, said) = serving.end();
        assert_eq!(ended, Some(status), "{said}");
        assert!(!said.contains("ExitError"), "{said}"); // it is not the function's fault
        assert_gone(&serving.path("pids"));
    }
}

#[test]
fn ctrl_c_between_events_and_with_several_environments_ends_well() {
    let serving = Serve::script("handler() { echo $PPID $$ >> pids; }").with(&["--concurrency", "3"]);
    let mut serving = serving.start();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| serving.invoke("{}"));
        }
    });
    serving.signal(Signal::SIGINT);
    assert_eq!(serving.end().0, Some(130));
    assert_gone(&serving.path("pids"));
}

#[test]
fn a_port_in_use_is_named_and_exits_2() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let serve = Serve::script("handler() { :; }");
    let output = coshell().arg("serve").arg(serve.folder.path()).args(["--port", &port]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("cannot listen on `127.0.0.1` port {port}")), "{said}");
    assert!(said.contains("in use") && said.contains("--port"), "{said}");
}

#[test]
fn wrong_usage_exits_2() {
    for wrong in [&["--concurrency", "0"][..], &["--timeout", "5401"], &["--env", "x"], &["--host", "no such host"]] {
        let output = Serve::script("handler() { :; }").with(wrong).command().output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
