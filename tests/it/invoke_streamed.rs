//! `coshell invoke` with a handler whose response is streamed.

use std::fs;
use std::io::{BufRead, BufReader, Read};

use crate::support::program::InvokeTest;

const STREAM: [&str; 2] = ["--env", "COSHELL_RESPONSE=stream"];

#[test]
fn a_streamed_response_is_written_as_it_comes() {
    let test = InvokeTest::of_script("mkfifo go\nhandler() { echo one; cat go; printf '\\n\\n'; }");
    let test = test.with_own_runtime().with(&STREAM);
    let mut child = test.command().spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "one\n");
    fs::write(test.folder.path().join("go"), "two").unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\n\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_stream_that_breaks_off_exits_1_with_the_report_and_what_came_before() {
    let ran =
        InvokeTest::of_script("handler() { echo one; sleep 0.01; return 3; }").with_own_runtime().with(&STREAM).run();
    let ran = ran.assert_status(1).assert_stdout("one\n");
    ran.assert_stderr_has("\"errorType\":\"Function.ExitStatus\"");
}

#[test]
fn an_endless_stream_ends_with_the_time_limit() {
    let ran = InvokeTest::of_script("handler() { echo one; yes two; }").with_own_runtime().with(&STREAM);
    let ran = ran.with(&["--timeout", "0.5"]).run().assert_status(124);
    assert!(ran.stdout.starts_with(b"one\ntwo\n"));
    ran.assert_stderr_has("Task timed out after 0.50 seconds");
}

#[test]
fn a_streamed_response_is_whole_in_the_json_of_a_call() {
    let ran = InvokeTest::of_script("handler() { echo one; }").with_own_runtime().with(&STREAM).with(&["--json"]).run();
    let told: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(told["response"], "one\n");
}

#[test]
fn a_header_that_the_function_url_renames_is_warned_of_in_a_prelude_too() {
    let script = r#"handler() { echo '{"statusCode":200,"headers":{"content-length":"4"}}'; echo one; }"#;
    for more in [&[][..], &["--json"], &["--repeat", "2"]] {
        let test = InvokeTest::of_script(script).with_own_runtime().with(&["--caller", "function-url"]);
        let ran = test.with(&["--env", "COSHELL_RESPONSE=http-stream"]).with(more).run().assert_status(0);
        let told = if more == ["--json"] { String::from_utf8_lossy(&ran.stdout).into_owned() } else { ran.stderr };
        assert!(told.contains("the function URL renames the header `content-length`"), "{more:?}: {told}");
    }
}
