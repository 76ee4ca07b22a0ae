//! The log: the handler's bytes unchanged and in order, whole lines, and all of an event's before its answer.

use std::time::Duration;

use coshell::lambda::invocation::Invoke;

use crate::support::function::{Channel, Function};
use crate::support::running::until;

#[test]
fn all_lines_of_an_event_are_out_before_its_answer() {
    for channel in Channel::BOTH {
        let function = Function::script("handler() { seq \"$1\" >&2; }").over(channel).start();
        for count in [1, 1000, 20_000] {
            let lines: String = (1..=count).map(|line| format!("{line}\n")).collect();
            assert_eq!(function.answer(count.to_string()).responds("").log, lines);
        }
    }
}

#[test]
fn an_unfinished_last_line_gets_its_newline() {
    let function = Function::script("handler() { printf \"$1\" >&2; }").start();
    for (written, logged) in [("a\\nb", "a\nb\n"), ("b", "b\n"), ("\\n", "\n"), ("", ""), ("a\\rb\\0c", "a\rb\0c\n")] {
        assert_eq!(function.answer(written).responds("").log, logged);
    }
}

#[test]
fn an_unfinished_line_appears_while_the_handler_waits() {
    let function = Function::script("handler() { printf 'name? ' >&2; read -r name <name; echo \"$name\" >&2; }");
    nix::unistd::mkfifo(&function.path("name"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let function = function.start();
    let sent = function.send("");
    function.log_with("name? ");
    std::fs::write(function.path("name"), "Zoe\n").unwrap();
    assert_eq!(sent.answer().responds("").log, "name? Zoe\n");
}

#[test]
fn bytes_pass_unchanged() {
    let function = Function::script("handler() { printf '\\xff\\xfe \\x1b[1m\\t%s\\n' \"$1\" >&2; }").start();
    let long = "y".repeat(200_000);
    function.answer(&long).responds("").logs(&format!("\u{fffd}\u{fffd} \x1b[1m\t{long}\n"));
}

#[test]
fn lines_are_written_while_the_handler_runs() {
    let function = Function::script("handler() { echo started >&2; read -r line <go; }");
    nix::unistd::mkfifo(&function.path("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let function = function.start();
    let sent = function.send("");
    function.log_with("started\n");
    std::fs::write(function.path("go"), "\n").unwrap();
    sent.answer().responds("");
}

#[test]
fn what_the_script_prints_while_being_sourced_goes_to_the_log_only() {
    let script = "echo to stdout; printf 'to stderr, unfinished' >&2; handler() { echo \"$1\"; }";
    let function = Function::script(script).start();
    function.answer("a").responds("a");
    function.answer("b").responds("b");
    assert_eq!(function.log_with("unfinished"), "to stdout\nto stderr, unfinished");
}

#[test]
fn what_a_job_of_the_script_prints_later_reaches_the_log() {
    let script = "{ read -r line <go; echo \"job $line\"; } &\nhandler() { echo \"$1\"; }";
    let function = Function::script(script);
    nix::unistd::mkfifo(&function.path("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let function = function.start();
    function.answer("a").responds("a");
    std::fs::write(function.path("go"), "done\n").unwrap();
    function.log_with("job done\n");
    function.answer("b").responds("b");
}

#[test]
fn a_signal_that_kills_the_handler_leaves_no_line_of_bashs_in_the_log() {
    let function = Function::script("handler() { kill -9 $BASHPID; }").start();
    let answer = function.answer("").fails("Function.KilledBySignal", "SIGKILL");
    assert!(!answer.log.contains("__coshell") && !answer.log.contains("Killed"), "{}", answer.log);
}

#[test]
fn the_environment_can_be_printed_with_its_secrets_masked() {
    let function = Function::script("handler() { :; }").env("COSHELL_LOG_ENV", "1").env("STAGE", "test");
    let function = function.env("AWS_SECRET_ACCESS_KEY", "s3cr3t").env("AWS_SESSION_TOKEN", "t0k3n").start();
    function.answer("").responds("");
    let log = function.end();
    for line in
        ["STAGE=test\n", "_HANDLER=function.handler\n", "AWS_SECRET_ACCESS_KEY=***\n", "AWS_SESSION_TOKEN=***\n"]
    {
        assert!(log.contains(line), "no {line:?} in {log}");
    }
    assert!(!log.contains("s3cr3t") && !log.contains("t0k3n"), "{log}");
}

#[test]
fn xtrace_shows_the_handlers_commands_and_none_of_the_drivers() {
    let function = Function::script("set -x\nhandler() { echo \"$1\"; }").start();
    function.send("a").answer_and_next().responds("a");
    let log = until("xtrace", || Some(function.log()).filter(|log| log.contains("+ echo a\n")));
    assert!(!log.contains("__coshell"), "{log}");
}

#[test]
fn the_runtimes_own_line_begins_a_line_also_after_a_part_of_one() {
    let function = Function::script("handler() { printf 'working ' >&2; sleep 1000; }").start();
    let sent = function.send_with("", |invoke| Invoke { timeout: Duration::from_secs(1), ..invoke });
    let log = function.log_with("the time limit is near");
    assert!(log.starts_with("working \n[WARN] "), "{log}");
    drop(sent);
}
