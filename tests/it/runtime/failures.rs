//! A handler that fails: the report says how, and the next event is served.

use crate::support::function::{Channel, Function};

#[test]
fn each_way_to_fail_has_its_error_type_and_the_next_event_works() {
    let rows = [
        ("exit 3", "Function.ExitStatus", "status 3"),
        ("return 7", "Function.ExitStatus", "status 7"),
        ("exit 255", "Function.ExitStatus", "status 255"),
        ("nosuch_command", "Function.CommandNotFound", "nosuch_command"),
        ("/etc/passwd", "Function.CommandNotExecutable", "/etc/passwd"),
        ("kill -9 $BASHPID", "Function.KilledBySignal", "SIGKILL"),
        ("kill -TERM $BASHPID", "Function.KilledBySignal", "SIGTERM"),
        ("kill -INT $BASHPID", "Function.KilledBySignal", "SIGINT"),
        ("kill -HUP $BASHPID", "Function.KilledBySignal", "SIGHUP"),
        ("kill -PIPE $BASHPID", "Function.KilledBySignal", "SIGPIPE"),
        ("kill -SEGV $BASHPID", "Function.KilledBySignal", "SIGSEGV"),
        ("kill -ABRT $BASHPID", "Function.KilledBySignal", "SIGABRT"),
        ("sh -c 'kill -9 $$'", "Function.KilledBySignal", ""),
        ("exec sh -c 'kill -9 $$'", "Function.KilledBySignal", "SIGKILL"),
        ("${x!y}", "Function.ExitStatus", "status 1"),
        ("echo $nosuch_variable", "Function.ExitStatus", "nosuch_variable"),
        ("x=$((1 / 0))", "Function.ExitStatus", "division by 0"),
        ("eval 'if'", "Function.ExitStatus", "status"),
        ("cat /nosuch/file", "Function.ExitStatus", "/nosuch/file"),
        (": </nosuch/file", "Function.ExitStatus", "/nosuch/file"),
    ];
    for channel in Channel::BOTH {
        let function = Function::script("handler() { eval \"$1\"; echo fine; }").over(channel).start();
        for (command, error_type, part) in rows {
            eprintln!("{command}");
            function.answer(command).fails(error_type, part);
            function.answer(":").responds("fine");
        }
    }
}

#[test]
#[ignore = "bug: turn.rs follows shell.turn, which moves on when the next subshell waits, to the wrong pipes"]
fn a_failure_is_told_with_place_command_status_and_the_end_of_stderr() {
    let script = "fetch() {\n  echo trying >&2\n  ls /nosuch/folder\n}\nhandler() {\n  fetch \"$1\"\n}";
    let answer = Function::script(script).answer("");
    for part in ["function.sh:3", "ls /nosuch/folder", "status 2", "fetch", "No such file or directory"] {
        answer.fails_with(part);
    }
    assert_eq!(answer.stack(), ["fetch (function.sh:3)", "handler (function.sh:6)"]);
    answer.logs("trying\n").logs("cannot access '/nosuch/folder'");
}

#[test]
#[ignore = "bug: turn.rs follows shell.turn, which moves on when the next subshell waits, to the wrong pipes"]
fn a_failure_inside_a_command_substitution_is_told_where_it_began() {
    let script = "inner() {\n  (exit 3)\n}\nhandler() {\n  local x\n  x=$(inner)\n}";
    let answer = Function::script(script).answer("").fails("Function.ExitStatus", "function.sh:2");
    assert_eq!(answer.stack(), ["inner (function.sh:2)", "handler (function.sh:6)"]);
}

#[test]
#[ignore = "bug: turn.rs follows shell.turn, which moves on when the next subshell waits, to the wrong pipes"]
fn a_failure_in_a_sourced_file_names_that_file() {
    let function = Function::script("source lib/words.sh\nhandler() { word; }");
    let function = function.file("lib/words.sh", "word() {\n  (exit 4)\n}\n");
    function.answer("").fails("Function.ExitStatus", "words.sh:2");
}

#[test]
fn the_failure_stands_in_the_log_before_its_answer_is_posted() {
    let answer = Function::script("handler() { echo before >&2; exit 3; }").answer("");
    answer.fails("Function.ExitStatus", "status 3").logs("before\n").logs("[ERROR] event-1 ").logs("status 3");
}

#[test]
fn an_error_body_stays_small_however_much_was_said() {
    let script = "deep() { (($1)) && deep $(($1 - 1)); head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; exit 3; }
handler() { deep 400; }";
    let function = Function::script(script).start();
    let answer = function.answer("");
    assert!(answer.error_body().len() <= 256 * 1024, "{} bytes", answer.error_body().len());
    assert!(answer.log.contains(&"x".repeat(3_000_000)));
    answer.fails("Function.ExitStatus", "status 3");
}

#[test]
fn a_failing_command_that_is_not_utf_8_is_reported_in_utf_8() {
    let function = Function::script("handler() { eval \"$1\"; }").start();
    function.answer(b"printf '\xff\xfe\\n' >&2; \xff\xfe").fails("Function.CommandNotFound", "\u{fffd}");
    function.answer("echo fine").responds("fine");
}

#[test]
fn what_a_failed_handler_wrote_is_no_response_of_the_next() {
    let function = Function::script("handler() { echo \"$1\"; [[ $1 != bad ]]; }").start();
    function.answer("bad").fails("Function.ExitStatus", "status 1");
    function.answer("good").responds("good");
}

#[test]
fn a_handler_that_meddles_with_our_variables_harms_itself_at_most() {
    let function = Function::script("handler() { eval \"$1\"; echo fine; }").start();
    let meddling = "for name in ${!__coshell_*}; do unset \"$name\" || :; done 2>/dev/null";
    for event in [meddling, "readonly __coshell_done=x __coshell_code=3", "unset -f __coshell_exit"] {
        let _ = function.send(event).answer();
        function.answer(":").responds("fine");
    }
}
