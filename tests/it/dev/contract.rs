//! The caller's contract: `coshell invoke` warns of a response that its caller could not use, and changes nothing.

use std::process::Stdio;

use serde_json::Value;

use crate::support::program::{InvokeTest, Ran, coshell};

const QUEUE: &str = r#"{"Records":[{"eventSource":"aws:sqs","messageId":"a"}]}"#;
const URL: &str = r#"{"version":"2.0","requestContext":{"http":{},"domainName":"x.lambda-url.eu-west-1.on.aws"}}"#;

/// The handler prints this, and fails with this status.
fn invoke(event: &str, response: &str, status: i32, more: &[&str]) -> Ran {
    let script = format!("handler() {{ printf '%s' '{response}'; return {status}; }}");
    InvokeTest::of_script(&script).with_own_runtime().with(&[event]).with(more).run()
}

fn warnings(ran: &Ran) -> Vec<&str> {
    ran.stderr.lines().filter(|line| line.starts_with("warning: ")).collect()
}

#[test]
fn a_warning_changes_neither_the_response_nor_the_status() {
    let ran = invoke(URL, "hello", 0, &[]).assert_status(0).assert_stdout("hello");
    let expected = "warning: the response is not JSON (expected value at line 1 column 1): the client of the function URL gets an error";
    assert_eq!(warnings(&ran), [expected]);
    let ran = invoke(URL, r#"{"statusCode":"200","body":{}}"#, 0, &[]).assert_status(0);
    assert_eq!(warnings(&ran).len(), 2, "{ran:?}");
}

#[test]
fn a_log_line_that_stands_beside_the_json_is_shown() {
    let right = "warning: the response is not JSON, because it also has the line `Fetching a page` \
        (write log lines to stderr with `>&2`): the client of the function URL gets an error";
    for response in ["Fetching a page\n{\"statusCode\":200}", "{\"statusCode\":200}\nFetching a page"] {
        assert_eq!(warnings(&invoke(URL, response, 0, &[]).assert_status(0)), [right]);
    }
}

#[test]
fn a_log_line_before_json_for_an_unknown_caller_is_shown_unless_the_caller_is_named() {
    let response = "Fetching a page\n{\"statusCode\":200}";
    let right =
        "warning: the response has the line `Fetching a page` before its JSON: write log lines to stderr with `>&2`";
    assert_eq!(warnings(&invoke("{}", response, 0, &[]).assert_status(0)), [right]);
    assert_eq!(warnings(&invoke("{}", response, 0, &["--caller", "none"]).assert_status(0)), [""; 0]);
}

#[test]
fn a_handler_that_reads_its_event_from_stdin_is_warned_of() {
    let warned = |script: &str, arguments: &[&str]| {
        let ran = InvokeTest::of_script(script).with_own_runtime().with(&["{\"a\":1}"]).with(arguments).run();
        warnings(&ran.assert_status(0).assert_stdout("")).join("\n")
    };
    let told = warned("handler() {\n  cat >/dev/null\n}\n", &[]);
    assert!(
        told.starts_with("warning: the response is empty: in function.sh:2, `cat` reads stdin, which is empty"),
        "{told}"
    );
    assert!(told.contains("the event is in `$1`, so add `<<<\"$1\"`"), "{told}");
    assert_eq!(warned("handler() { cat >/dev/null; }", &["--env", "COSHELL_CONVENTION=mparkachov"]), "");
    assert_eq!(warned("handler() { : \"$1\"; cat >/dev/null <<<\"$1\"; }", &[]), "");
    let hello = InvokeTest::of_script("handler() { echo \"Hello, $(sed s/a/b/)\"; }").with(&["{\"a\":1}"]).run();
    let told = warnings(&hello.assert_status(0).assert_stdout("Hello, ")).join("\n");
    assert!(told.contains("cannot depend on the event: in function.sh:1, `sed` reads stdin, which is empty"), "{told}");
    let used = InvokeTest::of_script("handler() { echo \"${#1} $(wc -c)\"; }").with(&["{\"a\":1}"]).run();
    assert_eq!(warnings(&used.assert_status(0).assert_stdout("7 0")), [""; 0]);
}

#[test]
fn a_sound_response_a_failure_and_an_unknown_caller_get_no_warning() {
    for (event, response, status) in
        [(URL, "{}", 0), (QUEUE, r#"{"batchItemFailures":[]}"#, 0), (QUEUE, "", 1), ("{}", "", 0)]
    {
        let ran = invoke(event, response, status, &[]).assert_status(status);
        assert!(!ran.stderr.contains("warning"), "{ran:?}");
    }
}

#[test]
fn a_queue_whose_every_message_would_be_deleted_is_told() {
    let ran = invoke(QUEUE, "", 0, &[]).assert_status(0);
    ran.assert_stderr_has(
        "warning: the response is empty, so SQS counts every message as processed: the message is deleted\n",
    );
}

#[test]
fn a_caller_that_no_event_shows_can_be_named_and_any_other_silenced() {
    let ran = invoke("{}", "done", 0, &["--caller", "step-functions"]).assert_status(0).assert_stdout("done");
    ran.assert_stderr_has("fails with States.Runtime\n");
    assert_eq!(warnings(&invoke(QUEUE, "", 0, &["--caller", "none"])), [""; 0]);
    let ran = invoke("{}", "", 0, &["--caller", "sqss"]).assert_status(2);
    ran.assert_stderr_has("'sqs'").assert_stderr_has("step-functions");
}

#[test]
fn json_has_the_warnings_and_stderr_has_none() {
    let ran = invoke(QUEUE, "", 0, &["--json"]).assert_status(0);
    assert_eq!(ran.stderr, "");
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(told["warnings"][0].as_str().unwrap().ends_with("the message is deleted"), "{told}");
}

#[test]
fn help_lists_every_caller_that_can_be_named() {
    let help = coshell().args(["invoke", "--help"]).stdin(Stdio::null()).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    assert!(help.contains("http-api rest-api function-url alb sqs kinesis dynamodb step-functions none\n"), "{help}");
}
