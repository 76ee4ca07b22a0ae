//! COSHELL_STATE=keep: what stays from event to event, what ends it, and that no byte of one event reaches another.

use std::fs;

use serde_json::Value;

use crate::support::function::{Channel, Function};
use crate::support::running::until;

fn keep(script: &str) -> Function {
    Function::script(script).env("COSHELL_STATE", "keep")
}

#[test]
fn variables_functions_options_folder_umask_and_descriptors_stay() {
    let script = "
    change() { count=$((${count:-0} + 1)); helper() { echo changed; }; cd /tmp; umask 077; set -f; set +e; exec 7</dev/null; shopt -s nullglob; }
    show() { echo \"$count $PWD $(umask) $(helper) $- $(shopt -q nullglob && echo nullglob) $([[ -e /dev/fd/7 || -e /proc/self/fd/7 ]] && echo open)\"; }
    handler() { \"$1\"; }";
    for channel in Channel::BOTH {
        let function = keep(script).over(channel).start();
        function.answer("change").responds("");
        let shown = function.answer("show").text();
        assert!(shown.starts_with("1 /tmp 0077 changed ") && shown.ends_with(" nullglob open"), "{shown}");
        let options = shown.split(' ').nth(4).unwrap();
        assert!(options.contains('f') && !options.contains('e'), "{options}");
        function.answer("change").responds("");
        assert!(function.answer("show").text().starts_with("2 /tmp "));
    }
}

#[test]
fn any_failure_brings_back_the_sourced_state() {
    let script = "
    count=0
    handler() {
      case $1 in
        add) echo $((count += 1)) ;;
        *) eval \"$1\" ;;
      esac
    }";
    for channel in Channel::BOTH {
        let function = keep(script).over(channel).start();
        for (failure, error_type, part) in [
            ("false", "Function.ExitStatus", "status 1"),
            ("exit 3", "Function.ExitStatus", "status 3"),
            ("exit 47", "Function.ExitStatus", "status 47"),
            ("exit 158", "Function.ExitStatus", "status 158"),
            ("return 4", "Function.ExitStatus", "status 4"),
            ("kill -9 $BASHPID", "Function.KilledBySignal", "SIGKILL"),
            ("kill -TERM $BASHPID; sleep 9", "Function.KilledBySignal", "SIGTERM"),
            ("no-such-command", "Function.CommandNotFound", "no-such-command"),
            (": ${unset?needed}", "Function.ExitStatus", "needed"),
        ] {
            function.answer("add").responds("1");
            function.answer("add").responds("2");
            function.answer(failure).fails(error_type, part);
        }
        function.answer("add").responds("1");
        function.answer("kill -9 $$; sleep 9").fails("Runtime.ShellDied", "SIGKILL");
        function.answer("add").responds("1");
    }
}

#[test]
fn exit_0_is_a_success_and_ends_the_state_too() {
    let function = keep("count=0; handler() { echo $((count += 1)); [[ $1 != end ]] || exit 0; }").start();
    function.answer("add").responds("1");
    function.answer("end").responds("2");
    function.answer("add").responds("1");
}

#[test]
fn a_failure_is_located_as_ever() {
    let script = "fetch() {\n  grep -q x /dev/null\n}\nhandler() { [[ $1 != fail ]] || fetch; echo fine; }";
    let function = keep(script).start();
    function.answer("x").responds("fine");
    function.answer("x").responds("fine");
    let answer = function
        .answer("fail")
        .fails("Function.ExitStatus", "function.sh:2: `grep -q x /dev/null` exited with status 1 in `fetch`");
    assert_eq!(answer.stack(), ["fetch (function.sh:2)", "handler (function.sh:4)"]);
}

#[test]
fn context_variables_belong_to_one_event() {
    let script = "handler() { echo \"$LAMBDA_RUNTIME_AWS_REQUEST_ID ${LAMBDA_RUNTIME_TRACE_ID-none} ${_X_AMZN_TRACE_ID-none} ${LAMBDA_RUNTIME_CLIENT_CONTEXT-none}\"; }";
    let function = keep(script).start();
    let first = function.send_with("{}", |invoke| coshell::lambda::invocation::Invoke {
        request_id: "one".into(),
        trace_id: Some("Root=1".into()),
        client_context: Some("{}".into()),
        ..invoke
    });
    assert_eq!(first.answer_and_next().text(), "one Root=1 Root=1 {}");
    let second = function.send_with("{}", |invoke| coshell::lambda::invocation::Invoke {
        request_id: "two".into(),
        trace_id: None,
        ..invoke
    });
    assert_eq!(second.answer().text(), "two none none none");
}

#[test]
fn stdin_is_empty_and_output_belongs_to_the_event() {
    let script = "handler() { exec >&2 2>/dev/null </etc/hostname; }; show() { read -r line || line=none; echo \"$line\"; echo log >&2; }";
    let function =
        keep(&format!("{script}\nboth() {{ [[ $1 == show ]] && show || handler; }}")).handler("function.both").start();
    function.answer("x").responds("");
    function.answer("show").responds("none").logs("log\n");
}

#[test]
fn a_background_process_that_holds_stdout_is_waited_for_and_its_late_lines_keep_their_request_id() {
    let script = "handler() {
      case $1 in
        hold) echo soon; (until [[ -e go ]]; do sleep 0.01; done; echo late) & ;;
        log) (until [[ -e go2 ]]; do sleep 0.01; done; echo \"late line\" >&2) >/dev/null & echo soon ;;
        *) echo \"$1\" ;;
      esac
    }";
    for channel in Channel::BOTH {
        let function = keep(script).env("AWS_LAMBDA_LOG_FORMAT", "JSON").over(channel).start();
        let held = function.send("hold");
        fs::write(function.path("go"), "").unwrap();
        held.answer().responds("soon\nlate");
        let id = function.send_with("log", |invoke| coshell::lambda::invocation::Invoke {
            request_id: "of-the-log".into(),
            ..invoke
        });
        id.answer_and_next().responds("soon");
        function.answer("next").responds("next");
        fs::write(function.path("go2"), "").unwrap();
        let log = function.log_with("late line");
        let line = log.lines().find(|line| line.contains("late line")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(line).unwrap()["requestId"], "of-the-log");
    }
}

#[test]
fn a_shell_that_holds_its_stdout_is_replaced_and_the_answer_does_not_wait() {
    let script =
        "n=0; handler() { [[ $1 != hold ]] || exec 3>&1; [[ $1 != close ]] || exec 3>&1 3>&-; echo $((n += 1)); }";
    for (channel, delivery) in [(Channel::Proc, "buffered"), (Channel::Fifos, "buffered"), (Channel::Proc, "stream")] {
        let function = keep(script).env("COSHELL_RESPONSE", delivery).over(channel).start();
        for (event, count) in [("x", "1"), ("hold", "2"), ("x", "1"), ("close", "2"), ("x", "3")] {
            let answer = function.answer(event);
            assert_eq!(answer.text().trim_end(), count, "{event}");
            assert_eq!(answer.log.contains("still holds the stdout of this event"), event == "hold", "{}", answer.log);
        }
    }
}

#[test]
fn a_readonly_variable_of_the_driver_fails_its_event_and_not_the_one_after() {
    let function = keep("handler() { [[ $1 != freeze ]] || readonly __coshell_turn; echo \"$1\"; }").start();
    function.answer("freeze").fails("Function.ExitStatus", "status 1");
    function.answer("x").responds("x");
}

#[test]
fn exit_traps_run_when_the_shell_ends() {
    let script = "handler() {
      case $1 in
        trap) trap 'echo bye >&2' EXIT; echo set ;;
        fail) false ;;
        *) echo \"$1\" ;;
      esac
    }";
    let function = keep(script).start();
    function.answer("trap").responds("set").logs("");
    function.answer("x").responds("x").logs("");
    let answer = function.answer("fail").fails("Function.ExitStatus", "`false`");
    assert!(answer.log.starts_with("bye\n"), "{}", answer.log);
    function.answer("y").responds("y").logs("");
}

#[test]
fn what_traps_write_between_two_events_reaches_no_answer() {
    let script = "handler() {
      [[ $1 != first ]] || {
        mkfifo go
        trap 'echo CHILD; echo CHILD >&2' CHLD; trap 'echo USR; echo USR >&2' USR1
        { read -r x <go; kill -USR1 $shell; touch sent; } >/dev/null 2>&1 &
      }
      echo \"$1\"
    }
    run() { shell=$BASHPID; handler \"$1\"; }";
    let function = keep(script).handler("function.run").start();
    function.answer("first").responds("first");
    fs::write(function.path("go"), "go\n").unwrap();
    until("the signal", || function.path("sent").exists().then_some(()));
    let answer = function.answer("second");
    assert_eq!(answer.text(), "second");
}

#[test]
fn a_shell_that_is_killed_between_two_events_costs_neither() {
    for channel in Channel::BOTH {
        let function = keep("count=0; handler() { echo \"$((count += 1)) $BASHPID\"; }").over(channel).start();
        for _ in 0..5 {
            let text = function.answer("x").text();
            let (count, pid) = text.split_once(' ').unwrap();
            assert_eq!(count, "1");
            let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
            until("its end", || (!std::path::Path::new(&format!("/proc/{pid}")).exists()).then_some(()));
        }
    }
}

#[test]
fn a_readonly_context_variable_fails_an_event_and_not_the_one_after() {
    let function =
        keep("handler() { [[ $1 != freeze ]] || readonly LAMBDA_RUNTIME_AWS_REQUEST_ID; echo \"$1\"; }").start();
    function.answer("freeze").responds("freeze");
    function.answer("second").fails("Function.ExitStatus", "an earlier event has made a variable readonly");
    function.answer("third").responds("third");
}

#[test]
fn an_event_for_which_descriptors_run_out_is_answered_and_the_next_gets_a_new_shell() {
    let function = keep("count=0; handler() { ulimit -Sn 40; exec {fd}</dev/null; echo $((count += 1)); }").start();
    let counts: Vec<u32> = (0..60).map(|_| function.answer("x").text().parse().unwrap()).collect();
    assert_eq!(counts[0], 1);
    assert!(counts.iter().filter(|count| **count == 1).count() > 1, "{counts:?}");
}

#[test]
fn context_variables_that_the_handler_sets_are_gone_in_the_next_event() {
    let script = "handler() { echo \"${LAMBDA_RUNTIME_CLIENT_CONTEXT-none}\"; LAMBDA_RUNTIME_CLIENT_CONTEXT=mine; }";
    let function = keep(script).start();
    for _ in 0..3 {
        function.answer("x").responds("none");
    }
}

#[test]
fn an_event_array_keeps_its_attributes() {
    let function =
        keep("declare -Al LAMBDA_EVENT; handler() { echo \"${LAMBDA_EVENT[a]}\"; unset LAMBDA_EVENT; }").start();
    for _ in 0..3 {
        function.answer("{\"a\":\"ÄB\"}").responds("äb");
    }
}

#[test]
fn a_time_limit_ends_the_event_and_the_state() {
    let function = keep("count=0; handler() { count=$((count + 1)); [[ $1 != hang ]] || sleep 1000; echo $count; }")
        .env("COSHELL_TIMEOUT_MARGIN_MS", "4000")
        .start();
    function.answer("x").responds("1");
    let hanging = function.send_with("hang", |invoke| coshell::lambda::invocation::Invoke {
        timeout: std::time::Duration::from_secs(5),
        ..invoke
    });
    hanging.answer().fails("Function.TimedOut", "sleep 1000");
    function.answer("x").responds("1");
}

#[test]
fn a_program_in_the_place_of_an_old_shell_is_as_old_as_its_event() {
    let function = keep("handler() { [[ $1 != hang ]] || exec sleep 1000; sleep 1.5; }")
        .env("COSHELL_TIMEOUT_MARGIN_MS", "4000")
        .start();
    function.answer("grow old").responds("");
    let hanging = function.send_with("hang", |invoke| coshell::lambda::invocation::Invoke {
        timeout: std::time::Duration::from_secs(5),
        ..invoke
    });
    let answer = hanging.answer().fails("Function.TimedOut", "running: `sleep 1000` for ");
    let report = String::from_utf8_lossy(answer.error_body()).into_owned();
    let seconds =
        |before: &str| -> f64 { report.split_once(before).unwrap().1.split(' ').next().unwrap().parse().unwrap() };
    let (event, program) = (seconds("timed out after "), seconds("`sleep 1000` for "));
    assert!(program <= event + 0.1, "{report}"); // both are rounded
}

#[test]
fn a_shell_that_uses_too_much_memory_is_replaced_after_its_event() {
    let script =
        "handler() { [[ $1 != grow ]] || { printf -v big '%020000000d' 0; }; big=${big-}; echo \"${#big} $1\"; }";
    let function = keep(script).env("COSHELL_STATE_MAX_MB", "15").start();
    function.answer("x").responds("0 x");
    function.answer("grow").responds("20000000 grow");
    function.answer("y").responds("0 y");
    assert!(
        function.log().contains("more than COSHELL_STATE_MAX_MB=15: a new shell takes the next event"),
        "{}",
        function.log()
    );
}

#[test]
fn tracing_json_logs_and_streaming_work() {
    let function = keep("handler() { count=$((${count:-0} + 1)); echo \"$count\"; }").env("COSHELL_TRACE", "1").start();
    for count in ["1", "2", "3"] {
        let answer = function.answer("x").responds(count);
        assert_eq!(answer.log.matches("echo").count(), 1, "{}", answer.log);
    }
    let function = keep("set -x; handler() { : \"$1\"; }").start();
    for event in ["a", "b"] {
        let answer = function.answer(event).responds("");
        assert_eq!(answer.log, format!("+ handler {event}\n+ : {event}\n"));
    }
    let function = keep("n=0; handler() { echo \"$((n += 1))\"; }").env("COSHELL_RESPONSE", "stream").start();
    for count in ["1\n", "2\n", "3\n"] {
        assert_eq!(function.answer("x").text(), count);
    }
}

#[test]
fn an_unknown_value_is_named_and_ignored() {
    let function =
        Function::script("count=0; handler() { echo $((count += 1)); }").env("COSHELL_STATE", "forever").start();
    function.answer("x").responds("1");
    function.answer("x").responds("1");
    assert!(function.log().contains("COSHELL_STATE is `forever` and ignored: it must be `fresh` or `keep`"));
}

#[test]
fn a_handler_that_redefines_everything_keeps_running() {
    let script = "handler() {
      exec() { echo EXEC; }; printf() { echo PRINTF; }; unset() { echo UNSET; }; export() { echo EXPORT; }; read() { echo READ; }
      mapfile() { echo MAPFILE; }; trap() { echo TRAP; }; IFS=0123456789abc; set -o noclobber -o nounset -o allexport; shopt -s nocasematch extdebug
      alias exec=false builtin=false; TMOUT=1; BASH_ENV=/nowhere; GLOBIGNORE=*; PATH=/nowhere; REPLY=y
      n=$((${n:-0} + 1)); echo \"$n $1\"
    }";
    let function = keep(script).start();
    for (number, event) in ["a", "b", "c", "d"].into_iter().enumerate() {
        function.answer(event).responds(&format!("{} {event}", number + 1));
    }
}
