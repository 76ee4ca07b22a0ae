//! `coshell invoke --repeat`: the same event again and again, and what is told of it.

use serde_json::{Value, json};

use crate::support::program::{InvokeTest, Ran};
use crate::support::running::until;
use crate::support::terminal;

/// The handlers note each event in a file, and some do something else at the third.
const COUNTS: &str = "echo sourced >&2
same() { echo \"same $1\"; echo event >>\"$LAMBDA_TASK_ROOT/events\"; }
changing() { echo \"$BASHPID\"; }
third() { same \"$1\"; [[ $(wc -l <\"$LAMBDA_TASK_ROOT/events\") != 3 ]] || ls /nosuch; }
dies() { same \"$1\"; [[ $(wc -l <\"$LAMBDA_TASK_ROOT/events\") != 3 ]] || kill -KILL $(ps -o ppid= $$); }
hangs() { same \"$1\"; [[ $(wc -l <\"$LAMBDA_TASK_ROOT/events\") != 3 ]] || sleep 1000; }";

fn repeated(function: &str, arguments: &[&str]) -> Ran {
    let test = InvokeTest::of_script(COUNTS).with_own_runtime().path(&format!("function.{function}"));
    test.with(&["7", "--repeat"]).with(arguments).run()
}

fn object(function: &str, arguments: &[&str], status: i32) -> Value {
    let ran = repeated(function, &[arguments, &["--json"]].concat()).assert_status(status);
    assert_eq!(ran.stderr, "");
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn one_environment_gets_every_event_and_the_common_response_is_written_once() {
    let ran = repeated("same", &["25"]).assert_status(0).assert_stdout("same 7");
    assert_eq!(ran.stderr.matches("sourced\n").count(), 1, "{ran:?}");
    let ran = ran.assert_stderr_has("25 events: 25 succeeded\n").assert_stderr_has("\nbilled  ");
    for name in ["min", "p50", "p90", "p99", "max", "mean"] {
        assert!(ran.stderr.contains(&format!(" {name} ")), "no {name} in {}", ran.stderr);
    }
}

#[test]
fn responses_that_differ_are_counted_and_not_written() {
    let ran = repeated("changing", &["3"]).assert_status(0).assert_stdout("");
    ran.assert_stderr_has(
        "3 events: 3 succeeded; 2 of 3 responses differ from the first, so no response is on stdout\n",
    );
}

#[test]
fn a_failure_is_counted_and_the_next_event_is_sent() {
    let ran = repeated("third", &["5"]).assert_status(1).assert_stdout("");
    ran.assert_stderr_has("5 events: 4 succeeded, 1 failed (Function.ExitStatus 1)")
        .assert_stderr_has("\"errorType\":\"Function.ExitStatus\"");
}

#[test]
fn what_ends_the_environment_ends_the_repetition() {
    let ran = repeated("hangs", &["5", "--timeout", "2"]).assert_status(124).assert_stdout("");
    ran.assert_stderr_has(
        "3 events: 2 succeeded, 1 failed (Sandbox.Timedout 1); not every event gave a response, so no response is on stdout; \
         the environment ended, 2 were not sent\n",
    );
    let ran = repeated("dies", &["5"]).assert_status(1);
    ran.assert_stderr_has("1 failed (Runtime.ExitError 1)")
        .assert_stderr_has("the environment ended, 2 were not sent\n");
}

#[test]
fn an_init_that_fails_sends_nothing() {
    let ran = repeated("missing", &["5"]).assert_status(3).assert_stdout("");
    ran.assert_stderr_has("Runtime.HandlerNotFound").assert_stderr_has("init failed: none of 5 events was sent\n");
}

#[test]
fn json_has_the_figures_as_fields() {
    let told = object("same", &["3"], 0);
    let expected = json!({ "status": "success", "events": 3, "succeeded": 3, "failed": 0, "response": "same 7" });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name} in {told}");
    }
    for figures in ["answeredMs", "billedMs"] {
        let names: Vec<&String> = told[figures].as_object().unwrap().keys().collect();
        assert_eq!(names, ["min", "p50", "p90", "p99", "max", "mean"]);
        assert!(told[figures]["min"].as_f64().unwrap() > 0.0, "{told}");
    }
    let told = object("third", &["4"], 1);
    assert_eq!((&told["status"], &told["failed"], told.get("response")), (&json!("failed"), &json!(1), None), "{told}");
    assert_eq!(told["errors"], json!({ "Function.ExitStatus": 1 }));
    assert_eq!(told["error"]["errorType"], "Function.ExitStatus");
}

#[test]
fn it_takes_a_number_over_0_and_no_request_id() {
    for wrong in [&["0"][..], &["many"], &["2", "--request-id", "x"], &["2", "--report"]] {
        repeated("same", wrong).assert_status(2);
    }
}

#[test]
fn the_log_of_the_first_event_and_of_the_first_failure_is_shown_and_the_rest_is_counted() {
    let script = "echo sourced >&2
handler() { echo >>events; n=$(wc -l <events); echo \"event $n\" >&2; ((n != 3 && n != 5)) || ls \"/nosuch$n\"; }";
    let ran =
        |more: &[&str]| InvokeTest::of_script(script).with_own_runtime().with(&["--repeat", "6"]).with(more).run();
    let stderr = ran(&[]).assert_status(1).stderr;
    let log = stderr.split("\n\n6 events").next().unwrap();
    let seen: Vec<&str> = log.lines().filter(|line| line.starts_with("event ") || *line == "sourced").collect();
    assert_eq!(seen, ["sourced", "event 1", "event 3"], "{stderr}");
    assert!(log.contains("cannot access '/nosuch3'") && !log.contains("/nosuch5"), "{stderr}");
    // Of each later event one line, and of the second failure two more and its place.
    assert!(stderr.ends_with("log: 7 more lines not shown; --json has all of the log\n"), "{stderr}");
    let told: Value = serde_json::from_slice(&ran(&["--json"]).stdout).unwrap();
    assert_eq!(
        told["log"].as_array().unwrap().iter().filter(|line| line.as_str().unwrap().starts_with("event ")).count(),
        6
    );
}

#[test]
fn a_terminal_shows_how_far_the_events_have_come_and_the_log_of_the_first() {
    let test = InvokeTest::of_script("handler() { echo \"log $LAMBDA_RUNTIME_DEADLINE_MS\" >&2; echo ok; }");
    let command = format!("invoke {} --repeat 30", test.folder.path().display());
    let Some(shown) = terminal::shows(&command, &[("NO_COLOR", "1")]) else { return };
    assert!(shown.contains("events 0/30 [") && shown.ends_with('\n'), "{shown}");
    assert_eq!(shown.matches("log 1").count(), 1, "{shown}");
    assert!(shown.contains("log: 29 more lines not shown"), "{shown}");
    let summary = shown.split("30 events: 30 succeeded\n").nth(1).unwrap_or_default();
    assert!(!summary.is_empty() && !summary.contains("events "), "{shown}");
}

#[test]
fn after_ctrl_c_no_bar_is_left_on_the_terminal() {
    let test = InvokeTest::of_script("handler() { echo >ready; sleep 1000; }");
    let command = format!("invoke {} --repeat 3 --timeout 900", test.folder.path().display());
    let ready = || until("the event", || test.folder.path().join("ready").exists().then_some(()));
    let Some(shown) = terminal::shows_when_typed_after(ready, "\x03", &command, &[("NO_COLOR", "1")]) else { return };
    let (before, after) = shown.split_once("^C").unwrap();
    let line = before.rsplit("\x1b[2K").next().unwrap();
    assert!(line.chars().count() + "^C".len() < 80, "the `^C` is not in the bar's line: {shown:?}");
    assert!(after.contains("\x1b[2K") && after.contains("interrupted, 3 were not sent"), "{shown:?}");
}
