//! The paths of `coshell serve` for probes.

use crate::support::running::until;
use crate::support::serving::{Serve, Serving};

fn probe(serving: &Serving, path: &str) -> (u16, String) {
    let mut client = serving.wire().host(&serving.address().to_string());
    client.send_request("GET", path);
    let answer = client.answer();
    (answer.status, answer.text().to_owned())
}

#[test]
fn a_server_is_healthy_at_once_and_ready_when_its_init_has_succeeded() {
    let serving = Serve::script("cat go >/dev/null; handler() { :; }").fifo("go").start();
    assert_eq!(probe(&serving, "/_coshell/health"), (200, "{\"status\":\"ok\"}".to_owned()));
    assert_eq!(probe(&serving, "/_coshell/ready"), (503, "{\"status\":\"starting\"}".to_owned()));
    std::fs::write(serving.path("go"), "").unwrap();
    let ready = || (probe(&serving, "/_coshell/ready").0 == 200).then_some(());
    until("readiness", ready);
    assert_eq!(probe(&serving, "/_coshell/ready").1, "{\"status\":\"ready\"}");
}

#[test]
fn a_server_whose_script_cannot_be_sourced_is_not_ready() {
    let serving = Serve::script("exit 3").start();
    until("the failed init", || probe(&serving, "/_coshell/ready").1.contains("initFailed").then_some(()));
    assert_eq!(probe(&serving, "/_coshell/ready").0, 503);
    assert_eq!(probe(&serving, "/_coshell/health").0, 200);
}
