//! What a handler starts in the background.

use std::fs;
use std::io::Write;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use crate::support::function::{Channel, Function};
use crate::support::program::runs;
use crate::support::running::until;

/// Waits for the end of the process whose id is in `parent`.
const AFTER_THE_HANDLER: &str = "tail -s 0.01 --pid=$parent -f /dev/null";

#[test]
fn a_child_that_holds_stdout_is_waited_for() {
    for channel in Channel::BOTH {
        let script = format!("handler() {{ parent=$BASHPID; ({AFTER_THE_HANDLER}; echo late) & echo early; }}");
        let function = Function::script(&script).over(channel).start();
        for _ in 0..2 {
            function.answer("").responds("early\nlate");
        }
    }
}

#[test]
fn a_child_that_holds_stdout_is_waited_for_also_when_the_handler_fails() {
    let script = format!("handler() {{ parent=$BASHPID; ({AFTER_THE_HANDLER}; echo late >&2) & return 3; }}");
    let function = Function::script(&script).start();
    function.answer("").fails("Function.ExitStatus", "3").logs("late\n");
    function.answer("").fails("Function.ExitStatus", "3").logs("late\n");
}

#[test]
fn a_child_that_holds_only_stderr_is_not_waited_for_and_its_later_lines_reach_the_log() {
    for channel in Channel::BOTH {
        let script = "handler() { { read -r line <go; echo \"later $line\" >&2; } >/dev/null & echo \"$1\"; }";
        let function = Function::script(script).over(channel);
        mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
        let function = function.start();
        function.send("first").answer_and_next().responds("first");
        fs::write(function.path("go"), "one\n").unwrap();
        function.log_with("later one\n");
        function.answer("second").responds("second");
        function.answer("third").responds("third");
        let mut go = fs::File::options().write(true).open(function.path("go")).unwrap();
        go.write_all(b"two\nthree\n").unwrap();
        drop(go);
        function.log_with("later t");
    }
}

#[test]
fn a_daemon_lives_on_from_event_to_event() {
    let script = "handler() { case $1 in
      start) sleep 1000 >/dev/null 2>&1 & echo $!;;
      session) setsid sleep 1000 >/dev/null & echo $!;;
      *) kill -0 \"$1\" && echo lives;;
    esac; }";
    let function = Function::script(script).start();
    for start in ["start", "session"] {
        let pid = function.answer(start).text();
        function.answer(&pid).responds("lives");
        function.answer(&pid).responds("lives");
        assert!(runs(&pid));
    }
}

#[test]
fn a_hundred_children_that_keep_the_log_disturb_nothing() {
    let function = Function::script("handler() { sleep 1000 >/dev/null & echo \"$1\"; }").start();
    for event in 0..100 {
        function.answer(event.to_string()).responds(&event.to_string());
    }
    assert!(function.log().contains("more than 64 background processes keep a log open"), "{}", function.log());
}

#[test]
fn a_child_that_writes_to_the_log_without_end_holds_up_no_event() {
    let script = "handler() { case $1 in loud) while :; do echo noise; done >&2 & echo $!;; *) echo \"$1\";; esac; }";
    let function = Function::script(script).start();
    let pid = function.answer("loud").text();
    for _ in 0..3 {
        function.answer("next").responds("next");
    }
    kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL).unwrap();
}

#[test]
fn a_handlers_orphans_are_no_zombies() {
    let function = Function::script("handler() { (true & (true &) ) >/dev/null 2>&1; echo $BASHPID; }").start();
    let mut last = String::new();
    for _ in 0..5 {
        last = function.send("").answer_and_next().text();
    }
    until("the end of the last subshell", || (!fs::exists(format!("/proc/{last}")).unwrap()).then_some(()));
    // The last orphan may still be on its way; a zombie would stay.
    let children = || fs::read_to_string(format!("/proc/{0}/task/{0}/children", function.pid())).unwrap();
    until("Bash as the only child", || (children().split_whitespace().count() == 1).then_some(()));
}

#[test]
fn a_child_that_holds_stdout_may_write_more_to_stderr_than_a_pipe_holds() {
    for end in ["echo ok", "return 3"] {
        let script = format!("handler() {{ {{ until [[ -e go ]]; do sleep 0.01; done; seq 30000 >&2; }} & {end}; }}");
        let function = Function::script(&script).start();
        let answer = function.send("");
        fs::write(function.path("go"), "").unwrap();
        let answer = answer.answer();
        assert_eq!(answer.log.lines().filter(|line| line.parse::<u32>().is_ok()).count(), 30000, "{end}");
    }
}

#[test]
fn what_such_a_child_writes_to_stderr_is_in_the_log_before_the_answer() {
    let script = "handler() { { echo progress >&2; until [[ -e go ]]; do sleep 0.01; done; echo done; } & }";
    let function = Function::script(script).start();
    let answer = function.send("");
    until("the line", || function.log().contains("progress\n").then_some(()));
    fs::write(function.path("go"), "").unwrap();
    answer.answer().responds("done");
}

#[test]
fn what_the_script_has_started_outlives_any_number_of_background_processes() {
    let script = "(while read -r line <go; do echo \"$line\" >&2; done) & helper=$!
handler() { sleep 1000 >/dev/null & kill -0 $helper && echo up; }";
    let function = Function::script(script);
    mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
    let function = function.start();
    for event in 0..70 {
        function.send(event.to_string()).answer_and_next().responds("up");
    }
    fs::write(function.path("go"), "the helper logs\n").unwrap();
    function.log_with("the helper logs\n");
}
