//! COSHELL_TRACE: every command in the log, and nothing of it anywhere else.

use crate::sandbox::Sandbox;

fn traced(script: &str) -> Sandbox {
    Sandbox::of_script(script).env("COSHELL_TRACE", "1")
}

/// What was traced, without the time in front.
fn steps(log: &str) -> Vec<String> {
    let steps = log.lines().filter_map(|line| line.strip_prefix("[TRACE] r-1 +"));
    steps.map(|step| step.split_once(' ').unwrap().1.to_owned()).collect()
}

#[test]
fn stdout_and_captured_stderr_are_as_without_it() {
    let script = "deep() {\n  local said\n  said=$(ls /nosuch 2>&1) || echo \"said: $said\"\n}\nhandler() {\n  deep \"$1\"\n  echo on stderr >&2\n}";
    let plain = Sandbox::of_script(script).ready().response("r-1", "x");
    let running = traced(script).ready();
    assert_eq!(running.response("r-1", "x"), plain);
    assert_eq!(plain, "said: ls: cannot access '/nosuch': No such file or directory");
    let expected = [
        "handler (function.sh:6): deep x",
        "deep (function.sh:2): local said",
        "  deep (function.sh:3): ls /nosuch",
        "deep (function.sh:3): said='ls: cannot access '\\''/nosuch'\\'': No such file or directory'",
        "deep (function.sh:3): echo 'said: ls: cannot access '\\''/nosuch'\\'': No such file or directory'",
        "handler (function.sh:7): echo on stderr",
    ];
    let log = running.log();
    let steps = steps(&log);
    assert_eq!(steps, expected, "{log}");
    assert_eq!(log.lines().filter(|line| !line.starts_with("[TRACE] ")).collect::<Vec<&str>>(), ["on stderr"]);
}

#[test]
fn what_a_handler_does_about_tracing_itself_is_as_the_page_says() {
    let script = "handler() {
  echo one >/dev/null
  set +x
  echo two >/dev/null
  set -x
  echo three >/dev/null
  PS4='mine '
  echo four >/dev/null
}";
    let running = traced(script).ready();
    running.response("r-1", "");
    let log = running.log();
    let traced: Vec<bool> = ["echo one", "echo two", "echo three", "echo four"].map(|step| log.contains(step)).into();
    assert_eq!(traced, [true, false, true, false], "{log}");
    running.response("r-2", "");
    assert!(running.log().contains("[TRACE] r-2 "), "{}", running.log());
}

#[test]
fn nothing_of_the_runtimes_own_traps_is_traced() {
    for (line, expected) in [("echo \"${nosuch?}\"", vec![]), ("false", vec!["handler (function.sh:2): false"])] {
        let running = traced(&format!("handler() {{\n  {line}\n}}\n")).ready();
        running.error("r-1", "");
        let log = running.log();
        assert_eq!(steps(&log), expected, "{line}: {log}");
    }
}

#[test]
fn a_failure_is_reported_as_without_it() {
    let script = "handler() {\n  ls /nosuch\n}";
    let body = |sandbox: Sandbox| sandbox.ready().error("r-1", "").body;
    assert_eq!(body(traced(script)), body(Sandbox::of_script(script)));
}

#[test]
fn traced_commands_are_json_entries_of_their_event() {
    let running = traced("handler() { echo \"$1\"; }").env("AWS_LAMBDA_LOG_FORMAT", "json").ready();
    running.response("r-1", "x");
    let entry: serde_json::Value = serde_json::from_str(running.log().lines().last().unwrap()).unwrap();
    assert_eq!((&entry["level"], &entry["requestId"]), (&"TRACE".into(), &"r-1".into()), "{entry}");
    assert!(entry["message"].as_str().unwrap().ends_with("handler (function.sh:1): echo x"), "{entry}");
}

#[test]
fn a_file_takes_the_trace_instead_of_the_log() {
    let script = "inner() {\n  echo \"$1\"\n}\nhandler() {\n  x=$(inner \"$1\")\n  echo \"$x\" on stderr >&2\n}";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace");
    let running = Sandbox::of_script(script).env("COSHELL_TRACE_FILE", file.to_str().unwrap()).ready();
    running.response("r-1", "one");
    running.response("r-2", "two");
    assert_eq!(running.log(), "one on stderr\ntwo on stderr\n");
    let text = std::fs::read_to_string(&file).unwrap();
    let records: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let echo = records.iter().find(|record| record["command"] == "echo two").unwrap();
    assert_eq!(echo["stack"], serde_json::json!(["inner (function.sh:2)", "handler (function.sh:5)"]));
    assert_eq!((&echo["requestId"], &echo["subshells"]), (&"r-2".into(), &2.into()));
    assert!(records.iter().all(|record| record["time"].as_f64().unwrap() > 1e9), "{text}");
    let ends: Vec<&serde_json::Value> = records.iter().filter(|record| record["end"] == true).collect();
    assert_eq!(ends.iter().map(|end| &end["requestId"]).collect::<Vec<_>>(), ["r-1", "r-2"]);
}

#[test]
fn a_trace_file_that_cannot_be_written_is_told_and_costs_no_event() {
    let running = Sandbox::of_script("handler() { echo \"$1\"; }").env("COSHELL_TRACE_FILE", "/nosuch/trace").ready();
    assert_eq!(running.response("r-1", "one"), "one");
    let log = running.log();
    assert!(log.contains("cannot write the trace to `/nosuch/trace`: No such file or directory"), "{log}");
}

#[test]
fn without_it_the_handlers_own_trace_goes_to_stderr_as_ever() {
    let running = Sandbox::of_script("handler() {\n  PS4='mine '\n  set -x\n  echo \"$1\"\n}").ready();
    assert_eq!(running.response("r-1", "x"), "x");
    assert!(running.log().contains("mine echo x\n") && !running.log().contains("TRACE"), "{}", running.log());
}
