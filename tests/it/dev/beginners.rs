//! The faults of a beginner in `coshell invoke` and `coshell test`: each message names the remedy.

use crate::support::program::InvokeTest;
use crate::support::suite::Suite;

const URL: &str = include_str!("../../../src/cli/samples/function-url.json");

#[test]
fn the_failure_of_a_beginners_handler_names_the_remedy() {
    for (script, part) in [
        ("handler() {\n  read -r event\n  echo \"$event\"\n}\n", "as in `read -r event <<<\\\"$1\\\"`"),
        (
            "handler() {\n  if [[ $1 ]]; then\n    echo a\n}\n",
            "the `if` on line 2 is still open: its `fi` is missing before this `}`",
        ),
        ("handler() { echo \"$TABLE_NAME\"; }\n", "add `--env TABLE_NAME=VALUE` or `--env-file FILE`"),
        ("handler() {\n  local total=1\n  echo \"$totl\"\n}\n", "did you mean `total`, which the script sets?"),
        (
            "handler() {\n  name = \"x\"\n}\n",
            "an assignment has no blanks around `=`, so Bash took this for a command: write `name=\\\"x\\\"`",
        ),
        ("handler() { echo \"$QUERY_STRING\"; }\n", "add `--env COSHELL_CONVENTION=cgi`"),
        ("handler() { echo \"${LAMBDA_EVENT[name]}\"; }\n", "add `declare -A LAMBDA_EVENT` at the top level"),
        ("handler() { echo \"${LAMBDA_EVENT[a.b]-}\"; }\n", "add `declare -A LAMBDA_EVENT` at the top level"),
        ("handler() {\n  local -A LAMBDA_EVENT\n  echo \"${LAMBDA_EVENT[name]}\"\n}\n", "outside of functions"),
        ("handler() { ./tool.sh; }\n", "(`chmod +x ./tool.sh` before you package it)"),
        ("handler() { echo \"$event\"; }\n", "write `event=$1` first, or use `$1`"),
        ("handler() { echo \"$1\"; }\nhandler \"$@\"\n", "the script itself calls `handler`: remove this call"),
        ("Handler() { :; }\n", "rename it, or set the handler to FILE.FUNCTION, such as `function.Handler`"),
        ("handler() {\n  if[ -z x ]; then echo; fi\n}\n", "a blank is missing: write `if [`"),
        ("handler() {\n  if [[ $1 == x]]; then echo; fi\n}\n", "a blank is missing before `]]`"),
        ("handler() {\n  cat <<EOF\nx\n  EOF\n}\n", "the here-document needs a last line that is only `EOF`"),
        ("handler() { ecoh \"$1\"; }\n", "command `ecoh` not found in `handler`; is the name right?"),
    ] {
        let test = InvokeTest::of_script(script).file("tool.sh", "echo a\n").with_own_runtime();
        let ran = test.run();
        assert!(ran.status != Some(0) && ran.stderr.contains(part), "{script}: no {part:?} in {}", ran.stderr);
    }
    let test = InvokeTest::of_script("").file("main", "#!/bin/sh\n").path("main").with_own_runtime();
    test.run().assert_stderr_has("is a file that cannot be executed: run `chmod +x ");
}

#[test]
fn a_missing_jq_is_told_with_what_needs_no_jq() {
    let test = InvokeTest::of_script("handler() { PATH=/nosuch; jq . <<<\"$1\"; }").with_own_runtime();
    test.run()
        .assert_stderr_has("array LAMBDA_EVENT (handlers/EVENTS.md)")
        .assert_stderr_has("handlers/deploy/BINARIES.md");
}

#[test]
fn a_cgi_response_without_the_convention_gets_a_hint() {
    let script = "handler() { printf 'Content-Type: text/plain\\n\\nhi\\n'; }";
    let hint = "warning: the response begins with the CGI header `content-type` and is sent as it is";
    for event in ["{}", URL] {
        InvokeTest::of_script(script).with_own_runtime().with(&[event]).run().assert_status(0).assert_stderr_has(hint);
    }
    let cgi = InvokeTest::of_script(script)
        .with_own_runtime()
        .with(&[URL, "--env", "COSHELL_CONVENTION=cgi"])
        .run()
        .assert_status(0);
    assert!(!cgi.stderr.contains("warning"), "{cgi:?}");
    let suite = Suite::of_script(script)
        .file("events/a.json", URL)
        .file("events/a.response", "Content-Type: text/plain\n\nhi\n");
    let told = String::from_utf8_lossy(&suite.test(&[]).assert_status(0).stdout).into_owned();
    assert!(told.contains("warning: the response begins with the CGI header"), "{told}");
}

#[test]
fn a_new_event_is_first_to_be_mended_and_a_response_is_shown_before_it_is_written() {
    let suite = Suite::of_script("handler() { [[ $1 == 1 ]]; echo fine; }")
        .file("events/bad.json", "2")
        .file("events/good.json", "1");
    let told = String::from_utf8_lossy(&suite.test(&[]).assert_status(1).stdout).into_owned();
    let failed = "failed  bad: the event failed: mend the handler, or, if the failure is what you expect, write `bad.error` with --update\n";
    assert!(told.contains(failed), "{told}");
    let written =
        "failed  good: there is no `good.response`: if this response is right, write the file with --update\n";
    assert!(told.contains(written) && told.contains("+fine\n"), "{told}");
}

#[test]
fn an_event_or_a_function_that_is_nearly_named_right_is_suggested() {
    let test = || InvokeTest::of_script("handler() { echo \"$1\"; }").with_own_runtime().file("order.json", "{}");
    let ran = test().with(&["order.json"]).run().assert_status(2);
    ran.assert_stderr_has("the event cannot be sent (to send the file `").assert_stderr_has("/order.json`, write `@");
    test().with(&["nothere.json"]).run().assert_status(2).assert_stderr_has("no file of that name exists");
    test().with(&["{a:1}"]).run().assert_status(2).assert_stderr_has("put the event into single quotes");
    test()
        .path("function")
        .run()
        .assert_status(2)
        .assert_stderr_has("did you mean")
        .assert_stderr_has("/function.sh`, or `");
}
