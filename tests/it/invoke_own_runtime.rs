//! `coshell invoke` with the runtime that is built in.

use crate::support::program::{InvokeTest, Ran};

fn invoke(script: &str, event: &str) -> Ran {
    InvokeTest::of_script(script).with_own_runtime().with(&["-", "--timeout", "30"]).stdin(event.as_bytes()).run()
}

#[test]
fn large_events_come_back_whole() {
    for size in [2049, 100_000, 6_000_000] {
        let event = format!("\"{}\"", "0123456789".repeat(size / 10 + 1).split_at(size - 2).0);
        let ran = invoke("handler() { printf %s \"$1\"; }", &event);
        assert!(ran.status == Some(0) && ran.stdout == event.as_bytes(), "{size} bytes: {}", ran.stderr);
    }
}

#[test]
fn a_handler_that_fails_is_told_and_exits_1() {
    let ran = invoke("handler() { echo trouble >&2; return 7; }", "{}").assert_status(1).assert_stdout("");
    ran.assert_stderr_has("trouble\n").assert_stderr_has("\"errorType\":\"Function.ExitStatus\"");
}

#[test]
fn a_script_that_cannot_be_sourced_exits_3() {
    let ran = invoke("handler() {\n", "{}").assert_status(3).assert_stdout("");
    ran.assert_stderr_has("\"errorType\":\"Runtime.UserCodeSyntaxError\"");
}

#[test]
fn a_time_limit_exits_124() {
    let test = InvokeTest::of_script("handler() { sleep 1000; }").with_own_runtime().with(&["--timeout", "0.5"]);
    test.run().assert_status(124).assert_stderr_has("Task timed out after 0.50 seconds");
}
