//! `coshell test`: what passes, what fails, and how that is told.

use std::fs::OpenOptions;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::program::{Ran, runs};
use crate::support::running::until;
use crate::support::suite::Suite;
use crate::support::terminal;

const ECHO: &str = "handler() { printf '{\"got\":%s}\\n' \"$1\"; }";

fn stdout(ran: &Ran) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[track_caller]
fn shows(ran: &Ran, part: &str) {
    assert!(stdout(ran).contains(part), "no {part:?} in {}", stdout(ran));
}

#[test]
fn answers_that_are_as_expected_pass_and_newlines_at_the_end_do_not_count() {
    let suite = Suite::of_script(ECHO).event("a", "1\n", "{\"got\":1}\n\n").event("b", "\"x\"", "{\"got\":\"x\"}");
    let ran = suite.test(&[]).assert_status(0);
    let lines: Vec<String> = stdout(&ran).lines().map(|line| line.split(" (").next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["ok      a", "ok      b", "2 passed"]);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_response_that_differs_is_shown_by_its_lines_beside_its_log() {
    let script = "handler() { echo working >&2; printf '{\"a\":1,\"b\":%s}' \"$1\"; }";
    let ran =
        Suite::of_script(script).event("a", "3", "{\"a\":1,\"b\":2}").event("b", "4", "{\"a\":1,\"b\":4}").test(&[]);
    let ran = ran.assert_status(1);
    shows(&ran, "failed  a: the response differs from `a.response`\n");
    shows(&ran, "           \"a\": 1,\n        -  \"b\": 2\n        +  \"b\": 3\n");
    shows(&ran, "        last lines of the log:\n        working\n");
    shows(&ran, "ok      b");
    shows(&ran, "1 passed, 1 failed\n");
}

#[test]
fn bytes_that_are_no_text_are_told_by_sizes_and_the_first_that_differs() {
    let suite = Suite::of_script("handler() { printf '\\xff\\x01'; }").file("events/a.json", "1");
    let ran = suite.file("events/a.response", b"\xff\x02\x03").test(&[]).assert_status(1);
    shows(&ran, "size in bytes: 3 expected, 2 actual; first difference at offset 1: 0x02 expected, 0x01 actual\n");
}

#[test]
fn an_expected_failure_is_compared_by_type_and_message_and_not_by_its_stack() {
    let script = "handler() { ls /nosuch; }";
    let suite = || Suite::of_script(script).file("events/a.json", "1");
    let error = |text: &str| suite().file("events/a.error", text).test(&[]);
    error("{\"errorType\":\"Function.ExitStatus\",\"stackTrace\":[\"elsewhere\"]}").assert_status(0);
    let ran = error("{\"errorType\":\"Function.Other\"}").assert_status(1);
    shows(&ran, "failed  a: the failure differs from `a.error`\n");
    shows(&ran, "        -  \"errorType\": \"Function.Other\"\n        +  \"errorType\": \"Function.ExitStatus\"\n");
    let ran = error("{\"errorMessage\":\"oh\"}").assert_status(1);
    shows(&ran, "+  \"errorMessage\": \"function.sh:1: `ls /nosuch` exited with status 2");
}

#[test]
fn a_failure_instead_of_a_response_and_the_reverse_are_explained() {
    let suite = Suite::of_script("handler() {\n  [[ $1 == 1 ]]\n  echo fine\n}\n");
    let ran = suite
        .event("a", "2", "fine")
        .file("events/b.json", "1")
        .file("events/b.error", "{\"errorType\":\"A\"}")
        .test(&[]);
    let ran = ran.assert_status(1);
    shows(&ran, "failed  a: the event failed\n        Function.ExitStatus: function.sh:2: ");
    shows(&ran, "        >     2 |   [[ $1 == 1 ]]\n");
    shows(
        &ran,
        "failed  b: the event succeeded, but `b.error` expects a failure\n        @@ -0,0 +1 @@\n        +fine\n",
    );
}

#[test]
fn the_script_is_sourced_once_and_again_where_an_event_took_its_environment_away() {
    let script = "echo >>sourced; handler() { if [[ $1 == 2 ]]; then kill -9 $PPID; sleep 100; elif [[ $1 == 4 ]]; then \
        sleep 100; else wc -l <sourced; fi; }";
    let suite =
        Suite::of_script(script).event("a", "1", "1").event("b", "2", "").event("c", "3", "2").event("d", "4", "");
    let ran = suite.event("e", "5", "3").test(&["--timeout", "1"]).assert_status(1);
    for part in
        ["ok      a", "ok      c", "ok      e", "3 passed, 2 failed\n", "Runtime exited with error: signal SIGKILL\n"]
    {
        shows(&ran, part);
    }
    shows(&ran, "failed  d: the event failed\n        Sandbox.Timedout: Task timed out after 1.00 seconds\n");
}

#[test]
fn a_script_that_cannot_be_sourced_fails_once_and_the_rest_is_not_run() {
    let ran = Suite::of_script("exit 3").event("a", "1", "").event("b", "1", "").test(&[]).assert_status(1);
    shows(&ran, "failed  a: init failed\n        Runtime.ScriptFailed: ");
    shows(&ran, "not run b\n1 failed, 1 not run\n");
}

#[test]
fn stubs_come_first_on_path_and_variables_are_set() {
    let suite =
        Suite::of_script("handler() { curl; echo \"$STAGE\"; }").program("tests/bin/curl", "#!/bin/sh\necho stub\n");
    suite.event("a", "1", "stub\ntest\n").test(&["--env", "STAGE=test"]).assert_status(0);
}

#[test]
fn a_stub_that_cannot_be_executed_is_refused_before_anything_runs() {
    let script = "echo >>ran; handler() { real; }";
    let suite =
        Suite::of_script(script).program("real/real", "#!/bin/sh\necho real >>ran\n").file("events/a.json", "1");
    let path = format!("PATH={}/real:{}", suite.0.path().display(), std::env::var("PATH").unwrap());
    let suite = suite.file("tests/bin/real", "#!/bin/sh\necho stub\n");
    for arguments in [&["--env", path.as_str()][..], &["--env", path.as_str(), "--update"]] {
        let ran = suite.test(arguments).assert_status(2).assert_stdout("");
        ran.assert_stderr_has(
            "tests/bin/real` for tests cannot be executed; nothing was run, because the real `real` would run",
        );
        assert_eq!((suite.read("ran"), suite.read("events/a.response")), (None, None));
    }
}

#[test]
fn a_request_id_is_the_same_in_every_run() {
    let suite = Suite::of_script("handler() { echo \"$LAMBDA_RUNTIME_AWS_REQUEST_ID\"; }").file("events/a.json", "1");
    suite.test(&["--update"]).assert_status(0);
    suite.test(&[]).assert_status(0);
}

#[test]
fn a_caller_that_could_not_use_the_response_is_a_warning_and_no_failure() {
    let queue = "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"a\"}]}";
    let ran = Suite::of_script("handler() { :; }").event("a", queue, "").test(&[]).assert_status(0);
    shows(&ran, "        warning: the response is empty, so SQS counts every message as processed");
}

#[test]
fn only_the_events_that_were_asked_for_are_run() {
    let suite = Suite::of_script(ECHO).event("order", "1", "{\"got\":1}").event("refund", "1", "wrong");
    suite.test(&["--filter", "ord"]).assert_status(0);
    suite
        .test(&["--filter", "none"])
        .assert_status(2)
        .assert_stderr_has("has `none` in its name: the events are order, refund");
}

#[test]
fn without_events_nothing_is_run_and_the_way_to_them_is_told() {
    let ran = Suite::of_script("touch ran").test(&[]).assert_status(2).assert_stdout("");
    ran.assert_stderr_has("no events in `").assert_stderr_has("`coshell events` prints samples");
}

#[test]
fn a_terminal_shows_the_number_of_events_and_colour_and_no_color_takes_the_colour_away() {
    let suite = Suite::of_script(ECHO).event("a", "1", "{\"got\":1}").event("b", "1", "wrong");
    let arguments = format!("test {}", suite.0.path().display());
    let Some(shown) = terminal::shows(&arguments, &[]) else { return };
    assert!(shown.contains(" events ") && shown.contains("/2 ["), "{shown:?}");
    assert!(shown.contains("\x1b[1;32mok     \x1b[0m a"), "{shown:?}");
    let shown = terminal::shows(&arguments, &[("NO_COLOR", "1")]).unwrap();
    assert!(shown.contains("/2 [") && !shown.contains("\x1b[1;") && !shown.contains("\x1b[3"), "{shown:?}");
    let shown = terminal::shows(&arguments, &[("TERM", "dumb")]).unwrap();
    assert!(shown.starts_with("ok      a") && !shown.contains('\x1b'), "{shown:?}");
}

#[test]
fn ctrl_c_in_mid_event_leaves_no_process() {
    let script = "handler() { echo $BASHPID $PPID >pids.new; mv pids.new pids; sleep 1000; }";
    let suite = Suite::of_script(script).event("a", "1", "").event("b", "1", "");
    let child = suite.command(&["--timeout", "900"]).spawn().unwrap();
    let pids = until("the handler's pids", || suite.read("pids"));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    Ran::from(child.wait_with_output().unwrap()).assert_status(130).assert_stdout("");
    for pid in String::from_utf8(pids).unwrap().split_whitespace() {
        assert!(!runs(pid), "{pid}");
    }
}

#[test]
fn a_stdout_that_takes_nothing_gets_a_sentence() {
    let suite = Suite::of_script(ECHO).event("a", "1", "{\"got\":1}");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = suite.command(&[]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).assert_status(1);
    ran.assert_stderr_has("error: cannot write to stdout: No space left on device");
}
