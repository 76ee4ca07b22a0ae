//! Under AWS's own Runtime Interface Emulator.

use crate::support::emulator::Emulator;
use crate::support::skip::{no_namespaces, no_real_root};

const ECHO: &str = "handler() { echo \"$1\" >&2; printf %s \"$1\"; }";

/// Written afresh to do what the handler of AWS's tutorial does.
const TUTORIAL: &str = "function handler () {
  DATA=$1
  echo \"$DATA\" 1>&2;
  ANSWER=\"Echoing request: '$DATA'\"

  echo $ANSWER
}
";

/// The tutorial's own function.sh, where there is a copy of the tutorial.
fn tutorial() -> String {
    let path = std::env::var_os("COSHELL_TUTORIAL").unwrap_or_else(|| "/shared/tutorial/function.sh".into());
    std::fs::read_to_string(path).unwrap_or_else(|_| TUTORIAL.to_owned())
}

#[test]
fn an_echo_handler_answers_again_and_again() {
    let Some(mut emulator) = Emulator::serve(ECHO) else { return };
    for event in ["{\"text\":\"Hello\"}", "[1,2]", "\"\u{fc}\""] {
        assert_eq!(emulator.invoke(event.as_bytes()).text(), event);
    }
    assert!(emulator.log().contains("{\"text\":\"Hello\"}"), "{}", emulator.log());
}

#[test]
fn as_a_user_without_rights_whose_root_can_only_be_read_it_is_the_same() {
    if no_real_root() {
        return;
    }
    let script = "handler() { if touch /x /var/task/x /mnt/x 2>/dev/null; then echo writable; fi; echo \"$UID $1\"; }";
    let Some(mut emulator) = Emulator::serve_as_nobody(script) else { return };
    for event in ["{\"text\":\"Hello\"}", "[1,2]"] {
        assert_eq!(emulator.invoke(event.as_bytes()).text(), format!("65534 {event}"), "{}", emulator.log());
    }
}

#[test]
fn large_events_come_back_whole() {
    let Some(mut emulator) = Emulator::serve(ECHO) else { return };
    for size in [2048, 2049, 100_000, 6_000_000] {
        let event = format!("\"{}\"", "0123456789".repeat(size / 10 + 1).split_at(size - 2).0);
        let answer = emulator.invoke(event.as_bytes());
        assert!(answer.body == event.as_bytes(), "{size} bytes came back as {}", answer.body.len());
    }
}

#[test]
fn a_failing_handler_is_reported_and_the_next_event_works() {
    let Some(mut emulator) = Emulator::serve("handler() { [[ $1 != *bad* ]] || return 7; echo fine; }") else { return };
    for _ in 0..2 {
        assert_eq!(emulator.invoke(b"{\"a\":\"bad\"}").error_type(), "Function.ExitStatus");
        assert_eq!(emulator.invoke(b"{}").text(), "fine");
    }
}

#[test]
fn a_response_that_is_too_large_fails_alone() {
    let Some(mut emulator) = Emulator::serve("handler() { head -c \"$1\" /dev/zero | tr '\\0' x; }") else { return };
    assert_eq!(emulator.invoke(b"7000000").error_type(), "Function.ResponseSizeTooLarge");
    assert_eq!(emulator.invoke(b"3").text(), "xxx");
}

#[test]
fn an_init_error_reaches_the_client() {
    let Some(mut emulator) = Emulator::serve("false") else { return };
    let answer = emulator.invoke(b"{}");
    assert_eq!(answer.error_type(), "Runtime.ScriptFailed", "{answer:?}");
    assert!(answer.text().contains("function.sh:1"), "{answer:?}");
}

#[test]
fn a_time_limit_ends_the_handler() {
    let Some(mut emulator) = Emulator::serve_with_limit("handler() { sleep 1000; }", 1) else { return };
    let answer = emulator.invoke(b"{}");
    assert!(answer.text().contains("Task timed out after 1.00 seconds"), "{answer:?}");
}

#[test]
fn the_tutorials_function_runs_unchanged_in_a_zip_and_under_a_layer() {
    if no_namespaces() {
        return;
    }
    for folder in ["/var/task", "/opt"] {
        let Some(mut emulator) = Emulator::serve_with_bootstrap_in(folder, &tutorial()) else { return };
        for _ in 0..2 {
            let answer = emulator.invoke(b"{\"text\":\"Hello\"}");
            let told = || format!("bootstrap in {folder}: {answer:?}; {}", emulator.log());
            assert_eq!(answer.text(), "Echoing request: '{\"text\":\"Hello\"}'", "{}", told());
        }
    }
}

#[test]
fn a_streamed_response_comes_whole_and_a_failing_one_leaves_the_emulator_usable() {
    let script = "handler() { case $1 in *fail*) false ;; *) echo one; sleep 0.01; printf 'two\\n\\n' ;; esac; }";
    let Some(mut emulator) = Emulator::serve_with(script, &[("COSHELL_RESPONSE", "stream")]) else { return };
    for _ in 0..2 {
        assert_eq!(emulator.invoke(b"{}").text(), "one\ntwo\n\n");
        assert!(emulator.invoke(b"\"fail\"").error_type().contains("Function.ExitStatus"));
    }
}
