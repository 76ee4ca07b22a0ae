//! `coshell invoke`, under the real runtime: how a failure is told to a person and to a machine, and the trace.

use std::fs;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::coshell;
use crate::support::terminal;

const FAILING: &str =
    "fetch() {\n  local key=$1\n  ls \"/nosuch/$key\"\n  echo fetched\n}\n\nhandler() {\n  fetch a\n}\n";
const JSON_LINE: &str = "{\"errorMessage\":\"function.sh:3: `ls \\\"/nosuch/$key\\\"` exited with status 2 in `fetch`: \
    ls: cannot access '/nosuch/a': No such file or directory\",\"errorType\":\"Function.ExitStatus\",\"requestId\":\"my-id\",\
    \"stackTrace\":[\"fetch (function.sh:3)\",\"handler (function.sh:8)\"]}";

fn folder(script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("function.sh"), script).unwrap();
    folder
}

fn invoke(script: &str, arguments: &[&str]) -> Output {
    let folder = folder(script);
    let mut command = coshell();
    command.arg("invoke").arg(folder.path()).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(script: &str, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = invoke(script, &[&["--json", "--request-id", "my-id"], arguments].concat());
    assert_eq!(text(&output.stderr), "");
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

/// What a terminal shows of an invocation; `None` where there is no script(1).
fn on_a_terminal(script: &str, variables: &[(&str, &str)]) -> Option<String> {
    let folder = folder(script);
    terminal::shows(&format!("invoke {}", folder.path().display()), variables)
}

#[test]
fn where_stderr_is_no_terminal_the_error_is_lambdas_json_on_the_last_line() {
    let output = invoke(FAILING, &["--request-id", "my-id"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr).lines().last(), Some(JSON_LINE));
}

#[test]
fn a_terminal_shows_the_sentence_the_source_and_the_calls() {
    let Some(shown) = on_a_terminal(FAILING, &[("NO_COLOR", "1")]) else { return };
    let expected = "
Function.ExitStatus: function.sh:3: `ls \"/nosuch/$key\"` exited with status 2 in `fetch`: ls: cannot access '/nosuch/a': No such file or directory
      1 | fetch() {
      2 |   local key=$1
>     3 |   ls \"/nosuch/$key\"
      4 |   echo fetched
      5 | }
    at fetch (function.sh:3)
    at handler (function.sh:8)
";
    assert!(shown.contains(expected), "{shown}");
    assert!(!shown.contains('\x1b') && !shown.contains("{\"errorMessage\""), "{shown}");
    assert_eq!(shown.matches("exited with status 2").count(), 1, "the log's line is left out: {shown}");
    assert!(shown.starts_with("ls: cannot access '/nosuch/a'"), "the handler's own log is not: {shown}");
}

#[test]
fn a_terminal_shows_the_log_before_the_response_and_all_of_it() {
    let script = "echo sourced >&2; handler() { printf 'one\\ntwo' >&2; echo response; }";
    let Some(shown) = on_a_terminal(script, &[("NO_COLOR", "1")]) else { return };
    assert!(shown.starts_with("sourced\none\ntwo"), "{shown:?}");
    assert!(shown.contains("response\nREPORT "), "{shown:?}");
    let shown = on_a_terminal("exit 3", &[("NO_COLOR", "1")]).unwrap();
    assert_eq!(shown.matches("ended while it was being sourced").count(), 1, "{shown:?}");
    let slow = folder("handler() { echo last >&2; sleep 100; }");
    let command = format!("invoke {} --timeout 0.5", slow.path().display());
    let shown = terminal::shows(&command, &[("NO_COLOR", "1")]).unwrap();
    assert!(shown.starts_with("last\n") && shown.contains("Task timed out after 0.50 seconds"), "{shown:?}");
}

#[test]
fn a_terminal_has_colour_unless_no_color_or_a_dumb_terminal_says_otherwise() {
    let Some(shown) = on_a_terminal(FAILING, &[("NO_COLOR", "")]) else { return };
    assert!(shown.contains("\x1b[1;31mFunction.ExitStatus\x1b[0m: function.sh:3:"), "{shown}");
    assert!(shown.contains("\x1b[1;31m>     3 |   ls \"/nosuch/$key\"\x1b[0m\n"), "{shown}");
    let shown = on_a_terminal(FAILING, &[("TERM", "dumb")]).unwrap();
    assert!(!shown.contains('\x1b'), "{shown}");
}

#[test]
fn json_has_the_response_the_figures_and_the_log() {
    let (told, status) = json("handler() { echo hello >&2; printf 'got\\n%s' \"$1\"; }", &["{\"a\":1}"]);
    assert_eq!(status, Some(0));
    let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["requestId", "status", "response", "durationMs", "initDurationMs", "maxMemoryBytes", "warnings", "log"]
    );
    assert_eq!((&told["requestId"], &told["status"]), (&"my-id".into(), &"success".into()));
    assert_eq!((&told["response"], &told["log"]), (&"got\n{\"a\":1}".into(), &json!(["hello"])));
    for figure in ["durationMs", "initDurationMs", "maxMemoryBytes"] {
        assert!(told[figure].as_f64().unwrap() > 0.0, "{told}");
    }
}

#[test]
fn json_has_what_is_not_utf_8_as_base64() {
    let (told, _) = json("handler() { printf '\\xff\\xfe!'; }", &[]);
    assert_eq!((told.get("response"), &told["responseBase64"]), (None, &"//4h".into()));
}

#[test]
fn json_has_every_kind_of_error_as_lambda_has_it_and_its_status() {
    let (told, status) = json(FAILING, &[]);
    assert_eq!((&told["status"], status), (&"failed".into(), Some(1)));
    assert_eq!(told["error"], serde_json::from_str::<Value>(JSON_LINE).unwrap());
    assert!(told["log"][1].as_str().unwrap().starts_with("[ERROR] my-id function.sh:3"), "{told}");
    let (told, status) = json("exit 3", &[]);
    assert_eq!((&told["status"], status), (&"initFailed".into(), Some(3)));
    assert_eq!(told["error"]["errorType"], "Runtime.ScriptFailed");
    let (told, status) = json("handler() { sleep 100; }", &["--timeout", "0.4"]);
    assert_eq!((&told["status"], status), (&"timedOut".into(), Some(124)));
    assert!(told["log"][0].as_str().unwrap().contains("the time limit is near"), "{told}");
}

#[test]
fn trace_shows_every_command_on_stderr() {
    let output = invoke("handler() { echo \"$1\"; }", &["--trace", "--request-id", "my-id", "7"]);
    assert_eq!(text(&output.stdout), "7\n".trim_end());
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with("[TRACE] my-id +0."), "{stderr}");
    assert!(stderr.ends_with(" handler (function.sh:1): echo 7\n"), "{stderr}");
}

#[test]
fn help_documents_trace_and_json() {
    let help = text(&coshell().args(["invoke", "--help"]).output().unwrap().stdout);
    for part in ["--trace", "--json", "COSHELL_TRACE=1", "NO_COLOR", "responseBase64", "`timedOut`"] {
        assert!(help.contains(part), "no {part} in {help}");
    }
}
