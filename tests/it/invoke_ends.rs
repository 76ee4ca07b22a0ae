//! `coshell invoke`: every way in which it ends other than well, and that nothing is left behind.

use std::fs;
use std::io::{BufRead, BufReader};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::program::{InvokeTest, Ran, curl_is_missing, runs};
use crate::support::running::until;
use crate::support::serving::assert_gone;

/// Leaves a child in a session of its own, an orphan, and an orphan without environment, says so, and waits for ever.
pub(crate) const HANGS: &str = r#"handler() {
  local pids
  setsid sleep 1000 & pids=$!
  pids+=" $( (sleep 1000 >/dev/null & echo $!) )"
  env -i sleep 1000 & pids+=" $!"
  echo "$pids $BASHPID" > "$LAMBDA_TASK_ROOT/pids"
  echo started >&2
  sleep 1000
}"#;

fn assert_nothing_left(test: &InvokeTest) {
    assert_gone(&test.folder.path().join("pids"));
}

#[test]
fn a_failing_handler_exits_1_with_lambdas_json_as_the_last_line() {
    if curl_is_missing() {
        return;
    }
    let ran = InvokeTest::of_script("handler() { echo trouble >&2; return 7; }").run().assert_status(1);
    let ran = ran.assert_stdout("").assert_stderr_has("trouble\n");
    assert_eq!(
        ran.stderr.lines().last(),
        Some("{\"errorMessage\":\"status 7\",\"errorType\":\"Function.ExitStatus\"}")
    );
}

#[test]
fn an_init_error_exits_3_with_the_runtimes_json() {
    if curl_is_missing() {
        return;
    }
    let ran = InvokeTest::of_script("return 1").run();
    ran.assert_status(3).assert_stdout("").assert_stderr_has("\"errorType\":\"Runtime.InitError\"");
}

#[test]
fn a_runtime_that_ends_in_init_without_a_word_exits_3() {
    let by_status = InvokeTest::of_script("").bootstrap("#!/bin/sh\nexit 5\n").run();
    by_status.assert_status(3).assert_stderr_has("Runtime.ExitError").assert_stderr_has("exit status 5");
    let by_signal = InvokeTest::of_script("").bootstrap("#!/bin/sh\nkill -KILL $$\n").run();
    by_signal.assert_status(3).assert_stderr_has("Runtime.ExitError").assert_stderr_has("SIGKILL");
}

#[test]
fn a_runtime_that_cannot_be_started_exits_3_with_its_name() {
    let ran = InvokeTest::of_script("").bootstrap("#!/no/such/shell\n").run();
    ran.assert_status(3).assert_stderr_has("cannot start the runtime").assert_stderr_has("bootstrap\"");
}

#[test]
fn a_runtime_that_dies_in_mid_event_exits_1() {
    if curl_is_missing() {
        return;
    }
    let ran = InvokeTest::of_script("handler() { kill -KILL $$; }").run();
    ran.assert_status(1).assert_stderr_has("Runtime.ExitError").assert_stderr_has("SIGKILL");
}

#[test]
fn a_time_limit_exits_124_in_lambdas_words_and_leaves_no_process() {
    if curl_is_missing() {
        return;
    }
    let test = InvokeTest::of_script(HANGS).with(&["--timeout", "1"]);
    test.run().assert_status(124).assert_stdout("").assert_stderr_has("Task timed out after 1.00 seconds");
    assert_nothing_left(&test);
}

#[test]
fn what_a_good_handler_leaves_running_is_ended_too() {
    if curl_is_missing() {
        return;
    }
    let script = HANGS.replace("  sleep 1000\n}", "}").replace("sleep 1000 &", "sleep 1000 >/dev/null &");
    let test = InvokeTest::of_script(&script);
    test.run().assert_status(0);
    assert_nothing_left(&test);
}

#[test]
fn ctrl_c_ends_everything_and_says_so_by_its_status() {
    if curl_is_missing() {
        return;
    }
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGQUIT, 131), (Signal::SIGTERM, 143)] {
        let test = InvokeTest::of_script(HANGS).with(&["--timeout", "900"]);
        ran_until(signal, &test).assert_status(status).assert_stdout("");
        assert_nothing_left(&test);
    }
}

#[test]
fn coshells_own_end_by_sigkill_ends_the_runtime_and_all_of_its_processes() {
    let test = InvokeTest::of_script(HANGS).with_own_runtime().with(&["--timeout", "900"]);
    ran_until(Signal::SIGKILL, &test);
    let pids = fs::read_to_string(test.folder.path().join("pids")).unwrap();
    until("the end of every process", || pids.split_whitespace().all(|pid| !runs(pid)).then_some(()));
}

/// What came of it when this signal came in mid-event.
fn ran_until(signal: Signal, test: &InvokeTest) -> Ran {
    let mut child = test.command().spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while line != "started\n" {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "ended before it started");
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn a_runtime_gets_sigterm_first_so_that_it_can_remove_its_files() {
    if curl_is_missing() {
        return;
    }
    let bootstrap = "#!/usr/bin/env bash
touch kept; trap 'rm kept; exit' TERM
curl -s --noproxy '*' http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next >/dev/null &
echo started >&2
wait; sleep 1000 & wait\n";
    let test = InvokeTest::of_script("").bootstrap(bootstrap).with(&["--timeout", "0.5"]);
    test.run().assert_status(124);
    assert!(!test.folder.path().join("kept").exists());
}

/// Runs a shell command in which `$COSHELL` is the program and `.` the function; a fifo named `go` is there.
fn shell(script: &str, command: &str) -> Ran {
    let test = InvokeTest::of_script(script);
    let mut shell = std::process::Command::new("bash");
    shell.current_dir(test.folder.path()).args(["-c", command]).env("COSHELL", env!("CARGO_BIN_EXE_coshell"));
    Ran::from(shell.output().unwrap())
}

#[test]
fn a_reader_of_stdout_that_has_enough_is_no_failure_of_the_handler() {
    let script = "handler() { head -c 1000000 /dev/zero | tr '\\0' x; }";
    for options in ["", "--json", "--repeat 2"] {
        let ran = shell(script, &format!("\"$COSHELL\" invoke . {options} | head -c 1; echo \" ${{PIPESTATUS[0]}}\""));
        let first = if options == "--json" { "{" } else { "x" };
        assert_eq!(String::from_utf8_lossy(&ran.stdout), format!("{first} 141\n"), "{ran:?}");
        assert!(!ran.stderr.contains("error"), "{ran:?}");
    }
}

#[test]
fn a_stdout_that_is_full_is_told_apart_from_a_failed_handler() {
    for options in ["", "--json", "--repeat 2", "--env COSHELL_RESPONSE=stream"] {
        let ran = shell("handler() { echo hello; }", &format!("\"$COSHELL\" invoke . {options} >/dev/full"));
        ran.assert_status(4).assert_stderr_has("error: cannot write the response to stdout: No space left on device");
    }
    shell("handler() { false; }", "\"$COSHELL\" invoke . >/dev/full").assert_status(1);
}

#[test]
fn a_response_without_a_line_end_keeps_its_line_for_itself_where_both_streams_are_one_file() {
    let url = r#"{"version":"2.0","requestContext":{"http":{},"domainName":"x.lambda-url.eu-west-1.on.aws"}}"#;
    for stream in ["", "--report --env COSHELL_RESPONSE=stream"] {
        let command = format!("\"$COSHELL\" invoke . {stream} '{url}' >both 2>&1; cat both");
        let shown = shell("handler() { printf hello; }", &command).stdout;
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.starts_with("hello\nwarning: ") || shown.starts_with("hello\nREPORT "), "{shown}");
        let alone = shell("handler() { printf hello; }", &format!("\"$COSHELL\" invoke . {stream} '{url}'"));
        alone.assert_stdout("hello");
    }
    let alone = shell("handler() { printf hello; }", "\"$COSHELL\" invoke . >both 2>&1; cat both");
    alone.assert_stdout("hello");
}
