//! `_HANDLER` without a dot that names a program: run for each event, with the event on stdin.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use crate::support::function::{Channel, Function};

fn program(text: &str) -> Function {
    Function::without_script().program("run", text).handler("run")
}

#[test]
fn two_events_in_a_row_and_no_state_between_them() {
    for channel in Channel::BOTH {
        let function = program("#!/bin/bash\nn=$((${n-0} + 1)); export n; cd /; read -r line; echo \"$n $line $#\"\n");
        let function = function.over(channel).start();
        function.answer("first").responds("1 first 0");
        function.answer("second").responds("1 second 0");
    }
}

#[test]
fn the_event_reaches_stdin_to_the_byte() {
    let function = program("#!/bin/sh\ncat\n").start();
    function.answer("a\0b\n").responds("a\0b");
    let large = "x".repeat(5_000_000);
    function.answer(&large).responds(&large);
    function.answer("short").responds("short");
}

#[test]
fn what_is_not_executable_is_an_init_error_with_the_way_out() {
    let function = program("#!/bin/sh\n");
    set_permissions(function.path("run"), Permissions::from_mode(0o644)).unwrap();
    function.start().fails_init("Runtime.HandlerNotExecutable", "in the zip its mode must be 0755");
}

#[test]
fn what_is_not_there_is_an_init_error_with_all_that_was_looked_for() {
    let function = Function::without_script().handler("run").start();
    function.fails_init("Runtime.ScriptNotFound", "run.sh");
}

#[test]
fn a_missing_interpreter_is_told() {
    let answer = program("#!/nosuch/interpreter\n").answer("");
    answer.fails_with("program `run` exited with status 12"); // 6 or 7, as the Bash has it
    answer.fails_with(": run: "); // no word of our driver
    answer.fails_with("the file exists, but the interpreter that its first line names does not");
}

#[test]
fn a_failing_program_is_told_with_its_status_and_the_next_event_is_served() {
    let function = program("#!/bin/sh\nread -r x\necho \"trouble $x\" >&2\nexit \"$x\"\n").start();
    function.answer("3\n").fails("Function.ExitStatus", "program `run` exited with status 3: trouble 3");
    let killed = program("#!/bin/sh\nkill -9 $$\n").answer("");
    killed.fails("Function.KilledBySignal", "program `run` was killed by SIGKILL");
    function.answer("0\n").responds("").logs("trouble 0\n");
}

#[test]
fn it_may_be_named_by_an_absolute_path_and_may_stand_in_a_folder() {
    let function = Function::without_script().program("bin/run", "#!/bin/sh\npwd\n");
    let path = function.path("bin/run").display().to_string();
    let root = function.folder.path().canonicalize().unwrap().display().to_string();
    function.handler(&path).answer("").responds(&root);
    Function::without_script()
        .program("bin/run", "#!/bin/sh\necho in a folder\n")
        .handler("bin/run")
        .answer("")
        .responds("in a folder");
}

#[test]
fn with_the_argument_convention_a_program_gets_the_event_as_its_only_argument_and_on_stdin() {
    let text = "#!/bin/sh\nread -r line\nprintf '%s|%s|%s' \"$#\" \"$1\" \"$line\"\n";
    for channel in Channel::BOTH {
        let function = program(text).env("COSHELL_CONVENTION", "argument").over(channel).start();
        let event = r#"{"a": "it's *  b"}"#;
        function.answer(event).responds(&format!("1|{event}|{event}"));
        function.answer("-n").responds("1|-n|-n");
        function.answer("").responds("1||");
    }
    let function = Function::script("handler() { echo \"$# $1 $-\"; }").env("COSHELL_CONVENTION", "argument").start();
    let text = function.answer("a b").text();
    assert!(text.starts_with("1 a b ") && text.contains('e') && text.contains('u'), "as without the setting: {text}");
}

#[test]
fn an_event_that_is_too_large_for_an_argument_is_a_failure_that_names_the_limit() {
    let function = program("#!/bin/sh\nprintf '%s' \"${#1}\"\n").env("COSHELL_CONVENTION", "argument").start();
    let largest = "x".repeat(128 * 1024 - 1);
    function.answer(&largest).responds("131071");
    let failed = function.answer(format!("{largest}x"));
    failed.fails_with("Argument list too long");
    failed.fails_with("at most 128 KiB");
    function.answer("next").responds("4");
}
