//! Under AWS's emulator in its mode of managed instances: several events at once, another user, a wrong deadline, late answers.

use serde_json::Value;

use crate::support::emulator::Emulator;
use crate::support::skip::no_real_root;
use crate::support::wire::Answer;

const SLOTS: usize = 4;

fn managed(script: &str, variables: &[(&str, &str)]) -> Option<Emulator> {
    if no_real_root() {
        return None;
    }
    Emulator::serve_managed(SLOTS, script, variables)
}

/// Waits until the test touches this file.
const WAIT_FOR: &str = "wait_for() { until [[ -e $COSHELL_TEST_MARK/$1 ]]; do sleep 0.01; done; }";

#[test]
fn events_overlap_and_their_log_lines_carry_their_own_request_ids() {
    let script = format!(
        "{WAIT_FOR}
        handler() {{
          [[ $1 != {{}} ]] || return 0
          echo \"begins $1 $LAMBDA_RUNTIME_AWS_REQUEST_ID\" >&2
          wait_for go
          echo \"$1 $UID $PWD\"
        }}"
    );
    let Some(emulator) = managed(&script, &[]) else { return };
    let events = ["1", "2", "3", "4"];
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let invoke = |event: &'static str| emulator.invoke_at_once(event.as_bytes());
        let clients = events.map(|event| scope.spawn(move || invoke(event)));
        events.iter().for_each(|event| drop(emulator.log_with(&format!("begins {event} "))));
        emulator.touch("go");
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    for (answer, event) in answers.iter().zip(events) {
        assert_eq!(answer.text(), format!("{event} 993 /var/task"), "{}", emulator.log());
    }
    let log = emulator.log();
    let entries: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for event in events {
        let is_its_own = |entry: &&Value| entry["message"].as_str().unwrap().starts_with(&format!("begins {event} "));
        let entry = entries.iter().find(is_its_own).unwrap();
        let id = entry["requestId"].as_str().unwrap();
        assert_eq!(entry["message"], format!("begins {event} {id}"), "{log}");
    }
}

#[test]
fn a_crash_fails_its_event_alone() {
    let script = format!(
        "{WAIT_FOR}
        handler() {{ case $1 in 1) echo here >&2; wait_for go; echo long;; 2) kill -9 $$; sleep 1000;; *) echo fine;; esac; }}"
    );
    let Some(emulator) = managed(&script, &[]) else { return };
    let long = std::thread::scope(|scope| {
        let long = scope.spawn(|| emulator.invoke_at_once(b"1"));
        emulator.log_with("here");
        for _ in 0..SLOTS {
            assert_eq!(emulator.invoke_at_once(b"2").error_type(), "Runtime.ShellDied");
            assert_eq!(emulator.invoke_at_once(b"3").text(), "fine");
        }
        emulator.touch("go");
        long.join().unwrap()
    });
    assert_eq!(long.text(), "long");
}

#[test]
fn an_answer_after_the_time_limit_is_logged_and_the_slot_goes_on() {
    let script = format!("{WAIT_FOR}; handler() {{ [[ $1 != 1 ]] || wait_for go; echo \"$1\"; }}");
    let Some(emulator) = managed(&script, &[("AWS_LAMBDA_FUNCTION_TIMEOUT", "1")]) else { return };
    for _ in 0..SLOTS {
        let late = emulator.invoke_at_once(b"1");
        assert!(late.text().contains("Task timed out after 1.00 seconds"), "{late:?}");
    }
    // All slots are taken by handlers that nobody waits for.
    emulator.touch("go");
    let refused = |log: &str| log.matches("refused the answer: status 410").count();
    crate::support::running::until("every late answer", || (refused(&emulator.log()) == SLOTS).then_some(()));
    for _ in 0..SLOTS {
        assert_eq!(emulator.invoke_at_once(b"2").text(), "2");
    }
}

/// Client A gives up at the time limit, and client B sends a new event with A's request id while A's handler still runs. Without the
/// invocation id on A's late answer, the emulator gives that answer to B.
#[test]
fn a_late_answer_does_not_reach_the_client_of_a_later_event_with_the_same_request_id() {
    const REQUEST_ID: &str = "11111111-2222-4333-8444-555555555555";
    let script = format!(
        "{WAIT_FOR}; handler() {{ [[ $1 != {{}} ]] || return 0
          echo \"here $1 $LAMBDA_RUNTIME_AWS_REQUEST_ID\" >&2; wait_for \"go-$1\"; echo \"answer of $1\"; }}"
    );
    for mode in ["buffered", "stream"] {
        let variables = [("AWS_LAMBDA_FUNCTION_TIMEOUT", "4"), ("COSHELL_RESPONSE", mode)];
        let Some(emulator) = managed(&script, &variables) else { return };
        let late = emulator.invoke_as(REQUEST_ID, b"1");
        assert!(late.text().contains("Task timed out after 4.00 seconds"), "{late:?}");
        let answer = std::thread::scope(|scope| {
            let second = scope.spawn(|| emulator.invoke_as(REQUEST_ID, b"2"));
            emulator.log_with(&format!("here 2 {REQUEST_ID}"));
            emulator.touch("go-1");
            emulator.log_with("refused the answer: status 410");
            emulator.touch("go-2");
            second.join().unwrap()
        });
        assert_eq!(answer.text().trim_end(), "answer of 2", "{mode}: {}", emulator.log());
    }
}

#[test]
fn a_deadline_that_is_weeks_ahead_ends_no_event_and_breaks_nothing() {
    let Some(emulator) =
        managed("handler() { echo \"$LAMBDA_RUNTIME_DEADLINE_MS\"; }", &[("COSHELL_TIMEOUT_MARGIN_MS", "100")])
    else {
        return;
    };
    let deadline_ms: u64 = emulator.invoke_at_once(b"{}").text().parse().unwrap();
    assert!(deadline_ms > 0 && !emulator.log().contains("time limit"), "{}", emulator.log());
}

#[test]
fn a_stream_that_breaks_off_shows_its_error_to_the_client() {
    let script = "handler() { [[ $1 != 1 ]] || { echo part; echo said >&2; return 3; }; printf fine; }";
    let Some(emulator) = managed(script, &[("COSHELL_RESPONSE", "stream")]) else { return };
    let broken = emulator.invoke_at_once(b"1");
    assert_eq!(broken.error_type(), "Function.ExitStatus", "{broken:?}");
    assert_eq!(broken.header("Error-Type"), Some("Function.ExitStatus"), "{broken:?}");
    assert_eq!(emulator.invoke_at_once(b"2").text(), "fine");
}

#[test]
fn an_init_that_fails_is_told() {
    if no_real_root() {
        return;
    }
    let Some(emulator) = Emulator::serve_managed(SLOTS, "exit 5; handler() { :; }", &[]) else { return };
    assert_eq!(emulator.log().matches("\"FATAL\"").count(), 1, "{}", emulator.log());
}

#[test]
fn with_64_slots_the_client_of_a_later_event_never_gets_the_late_answer_to_the_same_request_id() {
    let script = format!(
        "{WAIT_FOR}; handler() {{ echo \"begins $1\" >&2; [[ $1 == {{}} ]] || wait_for \"go$1\"; echo \"answer $1\"; }}"
    );
    if no_real_root() {
        return;
    }
    let Some(emulator) = Emulator::serve_managed(64, &script, &[("AWS_LAMBDA_FUNCTION_TIMEOUT", "3")]) else { return };
    let first = emulator.invoke_as("the-same-id", b"1");
    assert!(first.text().contains("Task timed out after 3.00 seconds"), "{first:?}");
    let second = std::thread::scope(|scope| {
        let second = scope.spawn(|| emulator.invoke_as("the-same-id", b"2"));
        emulator.log_with("begins 2");
        emulator.touch("go1");
        emulator.log_with("refused the answer");
        emulator.touch("go2");
        second.join().unwrap()
    });
    assert_eq!(second.text(), "answer 2", "{}", emulator.log());
}
