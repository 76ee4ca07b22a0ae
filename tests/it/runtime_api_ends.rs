//! The embedded Runtime API when the runtime, or the API itself, comes to its end.

use coshell::lambda::invocation::{Invoke, Outcome};
use coshell::lambda::runtime_api::{Init, RuntimeApi};

use crate::runtime_api::{LONG, invoke};
use crate::support::wire::Wire;

#[test]
fn the_end_of_the_runtime_ends_what_is_queued_in_flight_and_still_to_come() {
    let api = RuntimeApi::start().unwrap();
    let in_flight = api.submit(invoke("a", b"{}")).unwrap();
    let mut wire = Wire::connect(api.address());
    wire.next();
    let queued = api.submit(invoke("b", b"{}")).unwrap();
    api.runtime_exited("signal SIGKILL");
    let later = api.submit(invoke("c", b"{}")).unwrap();
    for invocation in [in_flight, queued, later] {
        assert_eq!(invocation.wait().outcome, Outcome::RuntimeExited("signal SIGKILL".to_owned()));
    }
}

#[test]
fn the_end_of_the_runtime_before_its_first_next_is_told() {
    let api = RuntimeApi::start().unwrap();
    api.runtime_exited("exit status 1");
    assert_eq!(api.wait_for_init(LONG), Init::RuntimeExited("exit status 1".to_owned()));
}

#[test]
fn what_cannot_be_sent_is_refused_when_it_is_submitted() {
    let api = RuntimeApi::start().unwrap();
    let newline = Invoke { trace_id: Some("a\nb".to_owned()), ..invoke("id-1", b"{}") };
    assert!(api.submit(newline).is_err());
    let _first = api.submit(invoke("id-1", b"{}")).unwrap();
    assert!(api.submit(invoke("id-1", b"{}")).is_err());
}

#[test]
fn closing_the_api_closes_every_connection() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    wire.ask_next();
    assert!(matches!(api.wait_for_init(LONG), Init::Ready(_)));
    drop(api);
    assert!(wire.is_closed_by_server());
}
