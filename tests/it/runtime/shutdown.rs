//! SIGTERM: the script's own traps run, what they say is in the log, and then nothing is left.

use std::fs;

use coshell::lambda::invocation::Outcome;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::emulator::Emulator;
use crate::support::function::{Channel, Function};
use crate::support::program::runs;
use crate::support::running::until;
use crate::support::stub::{NEXT, RESPONSE, Stub, answer, event};

/// The traps of a script, and what must be in the log in the end, in this order.
const TRAPS: [(&str, &[&str]); 8] = [
    ("trap 'echo exit >&2' EXIT", &["exit\n"]),
    ("trap 'echo exit' EXIT", &["exit\n"]),
    ("trap 'printf \"exit %s without newline\" $? >&2' EXIT", &["exit 143 without newline\n"]),
    ("trap 'echo term >&2' TERM; trap 'echo exit >&2' EXIT", &["term\n", "exit\n"]),
    ("trap 'echo term; exit 3' TERM; trap 'echo exit $? >&2' EXIT", &["term\n", "exit 3\n"]),
    ("trap 'echo term; exit 3' TERM", &["term\n"]),
    ("trap '' TERM; trap 'echo exit >&2' EXIT", &["exit\n"]),
    ("trap 'seq 10000 >&2; echo last >&2' EXIT", &["\n9999\n", "last\n"]),
];

#[track_caller]
fn assert_in_order(log: &str, lines: &[&str]) {
    let mut rest = log;
    for line in lines {
        let at = rest.find(line).unwrap_or_else(|| panic!("no {line:?} at its place in {log:?}"));
        rest = &rest[at + line.len()..];
    }
}

#[test]
fn between_events_the_scripts_own_traps_run_and_are_heard() {
    for (traps, said) in TRAPS {
        for channel in Channel::BOTH {
            eprintln!("{traps}");
            let function = Function::script(&format!("{traps}\nhandler() {{ echo \"$1\"; }}")).over(channel).start();
            function.send("a").answer_and_next().responds("a");
            assert_in_order(&function.end(), said);
        }
    }
}

#[test]
fn in_the_middle_of_an_event_they_run_as_well_and_the_handler_is_told_to_end() {
    for (traps, said) in TRAPS {
        for channel in Channel::BOTH {
            eprintln!("{traps}");
            let handler = "handler() { echo here >&2; sleep 1000; echo never >&2; }";
            let function = Function::script(&format!("{traps}\n{handler}")).over(channel).start();
            let _sent = function.send("a");
            function.log_with("here\n");
            let log = function.end();
            assert_in_order(&log, said);
            assert!(!log.contains("never"), "{log}");
        }
    }
}

#[test]
fn while_the_script_is_being_sourced_they_run_too() {
    let script = "trap 'echo exit >&2' EXIT; echo here >&2; sleep 1000; echo never >&2; handler() { :; }";
    let function = Function::script(script).start();
    function.log_with("here\n");
    let log = function.end();
    assert_in_order(&log, &["exit\n"]);
    assert!(!log.contains("never"), "{log}");
}

#[test]
fn neither_a_trap_without_an_end_nor_a_process_that_hides_holds_it_up() {
    let script = "trap 'echo begun >&2; sleep 1000' EXIT
        handler() { setsid sleep 1000 >/dev/null 2>&1 & env -i setsid bash -c 'trap \"\" TERM; sleep 1001' >/dev/null 2>&1 & echo $!; }";
    let function = Function::script(script).start();
    let hidden = function.send("").answer_and_next().text();
    until("the process, ignoring SIGTERM", || {
        let name = fs::read_to_string(format!("/proc/{hidden}/comm")).unwrap_or_default();
        (name == "sleep\n").then_some(())
    });
    kill(Pid::from_raw(function.pid()), Signal::SIGTERM).unwrap();
    until("its end", || matches!(function.answer("").outcome, Outcome::RuntimeExited(_)).then_some(()));
    assert!(!runs(&hidden), "{hidden} is left");
    assert!(function.log().contains("begun\n"), "{}", function.log());
}

#[test]
fn a_trap_of_the_scripts_is_not_seen_by_its_handlers() {
    let script =
        "trap 'echo exit >&2' EXIT; handler() { trap -p TERM; bash -c 'trap -p'; kill -TERM $BASHPID; echo never; }";
    let function = Function::script(script).start();
    function.answer("").fails("Function.KilledBySignal", "SIGTERM").logs("");
    let script = "trap 'echo exit >&2' EXIT; handler() { trap -p TERM; bash -c 'trap -p TERM'; }";
    Function::script(script).answer("").responds("");
}

const HOOK: &str = "COSHELL_SHUTDOWN_HOOK";

#[test]
fn the_emulator_sends_sigterm_with_the_hook_alone() {
    let script = "trap 'echo \"the end\" >&2' EXIT; handler() { echo \"$1\"; }";
    for (hook, told) in [("1", true), ("0", false)] {
        let Some(mut emulator) = Emulator::serve_with(script, &[(HOOK, hook)]) else { return };
        for _ in 0..3 {
            assert_eq!(emulator.invoke(b"{}").text(), "{}");
        }
        let log = emulator.end();
        assert_eq!(log.contains("the end"), told, "hook {hook}: {log}");
    }
}

#[test]
fn an_init_that_fails_is_reported_with_the_hook_too() {
    let Some(mut emulator) = Emulator::serve_with("false", &[(HOOK, "1")]) else { return };
    assert_eq!(emulator.invoke(b"{}").error_type(), "Runtime.ScriptFailed");
}

#[test]
fn the_hook_is_registered_before_the_first_next_and_only_where_it_is_asked_for() {
    for (hook, extensions) in [("1", &["coshell-shutdown"][..]), ("0", &[])] {
        let function = Function::script("handler() { echo \"$1\"; }").env(HOOK, hook).start();
        function.answer("a").responds("a");
        assert_eq!(function.environment().api().extensions(), extensions);
        function.answer("b").responds("b");
        assert!(!function.end().contains("shutdown hook"));
    }
}

#[test]
fn where_the_hook_cannot_be_registered_the_log_says_so_and_events_are_served() {
    let stub = Stub::serve_with("handler() { echo \"$1\"; }", &[(HOOK, "1")]);
    let (mut api, mut extensions) = (stub.accept(), stub.accept());
    extensions.expect("POST /2020-01-01/extension/register");
    extensions.send(answer("403 Forbidden", "{\"errorType\":\"Extension.InvalidExtensionState\"}"));
    api.expect(NEXT);
    api.send(event("served"));
    assert_eq!(api.expect(RESPONSE).body, b"served");
    let log = stub.log();
    assert!(log.contains("the shutdown hook does not work") && log.contains("InvalidExtensionState"), "{log}");
}
