//! Lambda stops everything between events, for any time, and may stop it in the middle of one. By default the tests stop it a few
//! times and for a moment: COSHELL_TEST_FREEZES says how many times, COSHELL_TEST_FREEZE_MS for how long.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coshell::lambda::invocation::Invoke;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::freezer::{Freezer, dial, span};
use crate::support::function::{Channel, Function};
use crate::support::running::{GIVE_UP, Running, Sent, until};
use crate::support::stub::{ACCEPTED, NEXT, RESPONSE, Stub, event_with};

fn freezes() -> u64 {
    dial("COSHELL_TEST_FREEZES", 3)
}

/// An event whose time limit is not reached by a freeze.
fn send<'a>(function: &'a Running, event: &str) -> Sent<'a> {
    function.send_with(event, |invoke| Invoke { timeout: GIVE_UP + span(), ..invoke })
}

#[test]
fn stopped_between_events_the_next_one_works_in_the_same_bash() {
    for (freezer, channel) in Freezer::all().iter().zip(Channel::BOTH) {
        eprintln!("{freezer:?}");
        let function = Function::script("handler() { echo \"$1 $$\"; echo \"log $1\" >&2; }").over(channel);
        let function = function.started_by(&freezer.start()).start();
        let bash = function.answer("").text();
        for number in 0..freezes() {
            let first = send(&function, "before");
            // Stopped as soon as it has answered, or once it waits for the next event.
            let answer = if number % 2 == 0 { first.answer() } else { first.answer_and_next() };
            answer.responds(&format!("before{bash}")).logs("log before\n");
            let frozen = freezer.freeze(|| function.environment().pids());
            sleep(span());
            let during = send(&function, "during");
            drop(frozen);
            during.answer().responds(&format!("during{bash}")).logs("log during\n");
            send(&function, "after").answer().responds(&format!("after{bash}"));
        }
        assert!(!function.log().contains("[WARN]"), "{}", function.log());
    }
}

#[test]
fn stopped_in_the_middle_of_an_event_it_goes_on_where_it_was() {
    let script = "handler() { seq 40000; echo here >&2; read -r line <go; seq 40000; echo \"$1 $line\"; }";
    let numbers: String = (1..=40_000).map(|number| format!("{number}\n")).collect();
    for (freezer, channel) in Freezer::all().iter().zip(Channel::BOTH) {
        eprintln!("{freezer:?}");
        let function = Function::script(script).over(channel).started_by(&freezer.start());
        mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
        let function = function.start();
        let mut go = fs::File::options().read(true).write(true).open(function.path("go")).unwrap();
        for number in 0..freezes() {
            let text = number.to_string();
            let sent = send(&function, &text);
            until("the handler", || (function.log().matches("here\n").count() as u64 > number).then_some(()));
            if number % 2 == 0 {
                std::io::Write::write_all(&mut go, b"on\n").unwrap(); // it is stopped while it writes
            }
            let frozen = freezer.freeze(|| function.environment().pids());
            sleep(span());
            drop(frozen);
            if number % 2 == 1 {
                std::io::Write::write_all(&mut go, b"on\n").unwrap();
            }
            sent.answer().responds(&format!("{numbers}{numbers}{text} on"));
        }
    }
}

#[test]
fn a_handler_that_fails_after_a_stop_is_reported_as_ever() {
    let script = "handler() { echo here >&2; read -r line <go; (exit 3); }";
    for freezer in Freezer::all() {
        let function = Function::script(script).started_by(&freezer.start());
        mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
        let function = function.start();
        let sent = send(&function, "");
        function.log_with("here\n");
        let frozen = freezer.freeze(|| function.environment().pids());
        sleep(span());
        drop(frozen);
        fs::write(function.path("go"), "on\n").unwrap();
        sent.answer().fails("Function.ExitStatus", "function.sh:1");
    }
}

/// Long enough for a handler to begin on a busy machine.
const NOT_BEFORE: Duration = Duration::from_millis(1500);

#[test]
fn time_that_passes_while_it_is_stopped_counts_towards_the_deadline() {
    for freezer in Freezer::all() {
        let script = "handler() { echo here >&2; sleep 1000; }";
        let stub = Stub::serve_by(&freezer.start(), script, &[("COSHELL_TIMEOUT_MARGIN_MS", "60000")]);
        let mut peer = stub.accept();
        peer.expect(NEXT);
        let deadline = SystemTime::now() + 2 * NOT_BEFORE + span();
        let deadline_ms = deadline.duration_since(UNIX_EPOCH).unwrap().as_millis();
        peer.send(event_with(&format!("Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"), "x"));
        until("the handler", || stub.log().contains("here\n").then_some(()));
        let frozen = freezer.freeze(|| stub.pids());
        sleep(deadline.duration_since(SystemTime::now()).unwrap_or_default());
        drop(frozen);
        // Half of the time was left for the handler, and is over.
        let request = peer.request();
        let report = String::from_utf8_lossy(&request.body).into_owned();
        assert!(request.call.ends_with("/error") && report.contains("Function.TimedOut"), "{request:?} {report}");
        peer.send(ACCEPTED);
        peer.expect(NEXT);
    }
}

#[test]
fn a_kept_alive_connection_that_dies_while_it_is_stopped_is_replaced() {
    for freezer in Freezer::all() {
        let stub = Stub::serve_by(
            &freezer.start(),
            "mkfifo go; handler() { echo here >&2; read -r line <go; echo \"$1 $line\"; }",
            &[],
        );
        let mut peer = stub.accept();
        for number in 0..freezes() {
            peer.expect(NEXT);
            peer.send(event_with("", &number.to_string()));
            until("the handler", || (stub.log().matches("here\n").count() as u64 > number).then_some(()));
            let frozen = freezer.freeze(|| stub.pids());
            drop(peer);
            sleep(span());
            drop(frozen);
            stub.write("go", "on\n");
            peer = stub.accept();
            assert_eq!(peer.expect(RESPONSE).body, format!("{number} on").as_bytes());
            peer.send(ACCEPTED);
        }
    }
}
