//! The log: whose each line is, whole lines, the rules of its two formats, and the trace.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use coshell::lambda::invocation::Invoke;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::{Value, json};

use crate::sandbox::{GIVE_UP, Running, Sandbox};

const CHILDREN: usize = 8;
const LINES: usize = 1000;

fn json_log(script: &str) -> Sandbox {
    Sandbox::of_script(script).env("AWS_LAMBDA_LOG_FORMAT", "JSON")
}

fn entries(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Every child of every event wrote all of its lines, in order, under its event's request id.
fn assert_whole(log: &str, events: &[&str]) {
    let mut next: BTreeMap<(String, usize), usize> = BTreeMap::new();
    for entry in entries(log) {
        let message = entry["message"].as_str().unwrap();
        let words: Vec<&str> = message.split(' ').collect();
        let [id, child, line, padding] = words[..] else { panic!("not whole: {entry}") };
        assert_eq!(entry["requestId"], id, "{entry}");
        assert_eq!(padding.len(), 200, "{entry}");
        let next = next.entry((id.to_owned(), child.parse().unwrap())).or_insert(1);
        assert_eq!(line.parse::<usize>().unwrap(), *next, "{entry}");
        *next += 1;
    }
    let expected = events.iter().flat_map(|id| (1..=CHILDREN).map(move |child| (((*id).to_owned(), child), LINES + 1)));
    assert_eq!(next, expected.collect());
}

const WRITERS: &str = r#"
padding=$(printf '%0200d' 0)
write() {
  local line
  for line in {1..1000}; do
    echo "$LAMBDA_RUNTIME_AWS_REQUEST_ID $1 $line $padding" >&2
  done
}
"#;

#[test]
fn a_thousand_lines_of_each_of_eight_children_come_whole_under_their_events_id() {
    let script = format!("{WRITERS}handler() {{ for child in {{1..8}}; do write \"$child\" & done; wait; }}");
    let running = json_log(&script).ready();
    running.response("event-1", "");
    running.response("event-2", "");
    assert_whole(&running.log(), &["event-1", "event-2"]);
}

#[test]
fn lines_of_children_that_outlive_their_event_keep_its_id() {
    let script = format!(
        "{WRITERS}handler() {{ for child in {{1..8}}; do {{ read -r _ <\"go-$1\"; write \"$child\"; }} >&2 & done; }}"
    );
    let sandbox = json_log(&script);
    let gates = ["1", "2", "3"].map(|event| sandbox.folder.path().join(format!("go-{event}")));
    gates.iter().for_each(|gate| mkfifo(gate, Mode::S_IRWXU).unwrap());
    let running = sandbox.ready();
    for event in ["1", "2", "3"] {
        assert_eq!(running.response(&format!("event-{event}"), event), "");
    }
    // Open in both directions and kept so: a child that comes to its gate late finds it open, and its line in it.
    let open = |gate: &PathBuf| {
        let mut gate = File::options().read(true).write(true).open(gate).unwrap();
        gate.write_all("\n".repeat(CHILDREN).as_bytes()).unwrap();
        gate
    };
    let _open_gates = gates.each_ref().map(open);
    let all = 3 * CHILDREN * LINES;
    let log = running.log_when(|log| log.lines().count() >= all && log.ends_with('\n'));
    assert_whole(&log, &["event-1", "event-2", "event-3"]);
}

/// The one entry that a handler's `command` leaves, without its timestamp, which must be one.
fn entry_of(running: &Running, id: &str, command: &str) -> Value {
    let before = running.log().len();
    running.response(id, command);
    let log = running.log();
    let mut entries = entries(&log[before..]);
    assert_eq!(entries.len(), 1, "{log}");
    let timestamp = entries[0].as_object_mut().unwrap().shift_remove("timestamp").unwrap();
    assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
    entries.remove(0)
}

#[test]
fn json_entries_follow_lambdas_rules() {
    let running = json_log("handler() { eval \"$1\"; }").ready();
    let plain = |level: &str, message: &str| json!({"level": level, "message": message, "requestId": "r-1"});
    let table = [
        ("echo hello >&2", plain("INFO", "hello")),
        ("echo '[ERROR] no money' >&2", plain("ERROR", "[ERROR] no money")),
        ("echo 'WARN: slow' >&2", plain("WARN", "WARN: slow")),
        ("printf unfinished >&2", plain("INFO", "unfinished")),
        ("printf 'caf\\xe9\\n' >&2", plain("INFO", "caf\u{fffd}")),
        ("echo '{\"level\":\"DEBUG\",\"n\":1.0}' >&2", json!({"level": "DEBUG", "n": 1.0, "requestId": "r-1"})),
        ("echo '[1, 2]' >&2", plain("INFO", "[1, 2]")),
        ("echo '{not json}' >&2", plain("INFO", "{not json}")),
    ];
    for (command, expected) in table {
        assert_eq!(entry_of(&running, "r-1", command), expected, "{command}");
    }
    let entry = entry_of(&running, "r-2", "cd /nosuch || :");
    assert_eq!((&entry["level"], &entry["requestId"]), (&"ERROR".into(), &"r-2".into()), "{entry}");
}

#[test]
fn an_object_keeps_its_bytes_and_embedded_metrics_pass_untouched() {
    let running = json_log("handler() { printf '%s\\n' \"$1\" >&2; }").ready();
    let metrics = "{ \"_aws\": {\"Timestamp\": 1}, \"z\": 1.50 }";
    running.response("r-1", metrics);
    assert_eq!(running.log(), format!("{metrics}\n"));
    running.response("r-2", "{\"z\": 1.50, \"a\": 1, \"z\": 2}");
    let log = running.log();
    assert!(log.lines().nth(1).unwrap().starts_with("{\"z\": 1.50, \"a\": 1, \"z\": 2,\"timestamp\":\""), "{log}");
}

#[test]
fn entries_of_a_tenants_event_carry_its_id() {
    let running = json_log("handler() { echo hello >&2; }").ready();
    let invoke =
        Invoke { request_id: "r-1".into(), tenant_id: Some("blue".into()), timeout: GIVE_UP, ..Invoke::default() };
    let invocation = running.submit(invoke);
    let _ = invocation.wait();
    assert_eq!(entries(&running.log())[0]["tenantId"], "blue");
}

#[test]
fn a_very_long_line_becomes_numbered_parts_and_nothing_is_cut() {
    let running = json_log("handler() { head -c 1000000 /dev/zero | tr '\\0' x >&2; echo >&2; }").ready();
    running.response("r-1", "");
    let entries = entries(&running.log());
    let parts: Vec<u64> = entries.iter().map(|entry| entry["part"].as_u64().unwrap()).collect();
    assert_eq!(parts, [1, 2, 3, 4]);
    let bytes: usize = entries.iter().map(|entry| entry["message"].as_str().unwrap().len()).sum();
    assert_eq!(bytes, 1_000_000);
}

#[test]
fn a_failure_is_one_json_entry_with_its_type_and_stack_also_at_init() {
    let running = json_log("handler() {\n  ls /nosuch\n}").ready();
    running.error("r-1", "");
    let log = entries(&running.log());
    let failure = log.last().unwrap();
    assert_eq!(failure["level"], "ERROR");
    assert_eq!(failure["errorType"], "Function.ExitStatus");
    assert_eq!(failure["stackTrace"], json!(["handler (function.sh:2)"]));
    assert!(failure["message"].as_str().unwrap().starts_with("function.sh:2: `ls /nosuch` exited with status 2"));
    let running = json_log("ls /nosuch").start();
    let _ = running.init();
    let log = entries(&running.log());
    assert_eq!((&log[1]["level"], &log[1]["errorType"]), (&"FATAL".into(), &"Runtime.ScriptFailed".into()));
}

#[test]
fn the_least_level_leaves_out_lines_of_the_runtime_and_no_others() {
    for (level, warns, fails) in [("INFO", true, true), ("error", false, true), ("FATAL", false, false)] {
        let script = "handler() { echo output; echo '[DEBUG] mine' >&2; exit 3; }";
        let running = Sandbox::of_script(script).env("AWS_LAMBDA_LOG_LEVEL", level).ready();
        running.error("r-1", "");
        let log = running.log();
        let found = (log.contains("[DEBUG] mine\n"), log.contains("[WARN] r-1"), log.contains("[ERROR] r-1"));
        assert_eq!(found, (true, warns, fails), "{level}: {log}");
    }
}
