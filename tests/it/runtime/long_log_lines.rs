//! Log lines that are JSON objects pass whole up to what CloudWatch keeps as one event, and so do those of background processes.

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use crate::support::function::{Channel, Function};
use crate::support::running::{Running, until};

/// 1 MiB, the most that CloudWatch keeps as one event.
const MOST_BYTES: usize = 1024 * 1024;

const FORMATS: [&str; 2] = ["Text", "JSON"];

/// The event is the line that the handler logs.
const LOGS: &str = "handler() { printf '%s\\n' \"$1\" >&2; }";
/// The same by a background process, which writes after the event is over.
const LOGS_LATER: &str = "handler() { { read -r _ <go; printf '%s\\n' \"$1\"; } >&2 & }";

fn function(script: &str, format: &str) -> Function {
    eprintln!("{format}: {script}"); // shown where the test fails
    Function::script(script).env("AWS_LAMBDA_LOG_FORMAT", format)
}

/// A JSON object of `bytes` bytes that needs nothing added to it.
fn whole(bytes: usize) -> String {
    let head =
        "{\"timestamp\":\"2026-11-29T00:00:00.000Z\",\"level\":\"INFO\",\"requestId\":\"event-1\",\"message\":\"";
    format!("{head}{}\"}}", "m".repeat(bytes - head.len() - 2))
}

/// Embedded metrics of `bytes` bytes.
fn metrics(bytes: usize) -> String {
    let head = " { \"_aws\": {\"Timestamp\": 1, \"CloudWatchMetrics\": []}, \"text\": \"";
    format!("{head}{}\"}}", "\u{e9}".repeat((bytes - head.len() - 2) / 2))
}

/// A log of this size, in place of a file of it in the failure's message.
#[track_caller]
fn assert_log(log: &str, expected: &str) {
    assert!(log == expected, "{} bytes, not {}: {:.300}", log.len(), expected.len(), log);
}

/// The log as soon as it is longer than `bytes`.
fn log_beyond(function: &Running, bytes: usize) -> String {
    until("the log", || Some(function.log()).filter(|log| log.len() > bytes))
}

#[test]
fn an_object_of_1_mib_passes_byte_for_byte_and_alone() {
    for format in FORMATS {
        for (line, bytes) in
            [(whole(MOST_BYTES), MOST_BYTES), (whole(300_000), 300_000), (metrics(MOST_BYTES), MOST_BYTES)]
        {
            assert!(line.len() == bytes || line.len() == bytes - 1, "{} bytes", line.len()); // é has two
            for channel in Channel::BOTH {
                let answer = function(LOGS, format).over(channel).answer(&line).responds("");
                assert_log(&answer.log, &format!("{line}\n"));
            }
        }
    }
}

#[test]
fn an_object_that_lacks_something_gets_it_where_there_is_room_and_stays_as_it_is_where_there_is_none() {
    let bare = |bytes: usize| format!("{{\"m\":\"{}\"}}", "x".repeat(bytes - 8));
    let answer = function(LOGS, "JSON").answer(bare(MOST_BYTES - 10)).responds("");
    assert_log(&answer.log, &format!("{}\n", bare(MOST_BYTES - 10)));
    let answer = function(LOGS, "JSON").answer(bare(MOST_BYTES - 1000)).responds("");
    let entry: Value = serde_json::from_str(&answer.log).unwrap();
    assert_eq!(entry["m"].as_str().unwrap().len(), MOST_BYTES - 1008);
    assert_eq!(entry["requestId"], "event-1");
    assert!(entry["timestamp"].is_string());
}

#[test]
fn one_byte_more_is_split_and_a_warning_says_so() {
    let line = whole(MOST_BYTES + 1);
    let warning =
        "a log line of 1048577 bytes begins as JSON and is split: CloudWatch keeps at most 1048576 bytes as one event";
    let log = function(LOGS, "Text").answer(&line).responds("").log;
    let (passed, warned) = log.split_at(line.len() + 1);
    assert_log(passed, &format!("{line}\n"));
    assert!(warned.starts_with(&format!("[WARN] event-1 {warning}, ")) && warned.lines().count() == 1, "{warned}");

    let log = function(LOGS, "JSON").answer(&line).responds("").log;
    let mut entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let warned = entries.pop().unwrap();
    assert_eq!((&warned["level"], &warned["requestId"]), (&"WARN".into(), &"event-1".into()));
    assert!(warned["message"].as_str().unwrap().starts_with(warning), "{warned}");
    let parts: Vec<i64> = entries.iter().map(|entry| entry["part"].as_i64().unwrap()).collect();
    assert_eq!(parts, [1, 2, 3, 4, 5]);
    let message: String = entries.iter().map(|entry| entry["message"].as_str().unwrap()).collect();
    assert_log(&message, &line);
}

#[test]
fn a_line_that_is_no_json_is_split_as_ever_and_without_a_warning() {
    for line in ["y".repeat(700_000), format!("{{{}", "y".repeat(700_000)), format!("[{}]", "1,".repeat(400_000))] {
        let log = function(LOGS, "Text").answer(&line).responds("").log;
        assert_log(&log, &format!("{line}\n"));
        let log = function(LOGS, "JSON").answer(&line).responds("").log;
        let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let sizes: Vec<usize> = entries.iter().map(|entry| entry["message"].as_str().unwrap().len()).collect();
        let full = 256 * 1024;
        let count = line.len().div_ceil(full);
        assert!(sizes.len() == count && sizes[..count - 1].iter().all(|size| *size == full), "{sizes:?}");
    }
}

#[test]
fn a_background_process_logs_an_object_of_1_mib_whole_and_a_longer_one_in_parts_with_a_warning() {
    for format in FORMATS {
        for line in [whole(MOST_BYTES), metrics(MOST_BYTES), whole(MOST_BYTES + 1)] {
            let function = function(LOGS_LATER, format);
            mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
            let function = function.start();
            function.send(&line).answer_and_next().responds("");
            std::fs::write(function.path("go"), "\n").unwrap();
            if line.len() <= MOST_BYTES {
                assert_log(&log_beyond(&function, line.len()), &format!("{line}\n"));
            } else {
                let log = function.log_with("a log line of 1048577 bytes begins as JSON and is split");
                assert_eq!(log.matches("CloudWatch").count(), 1);
                assert!(log.matches('m').count() > MOST_BYTES - 200, "{} bytes", log.len());
            }
        }
    }
}

#[test]
fn what_a_background_process_has_begun_when_the_event_ends_becomes_one_line() {
    let script = "handler() { { printf '{\"_aws\":1,'; : >begun; read -r _ <go; echo '\"a\":2}'; } >&2 &
      until [[ -e begun ]]; do sleep 0.01; done; }";
    for format in FORMATS {
        let function = function(script, format);
        mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
        let function = function.start();
        function.send("").answer_and_next().responds("");
        std::fs::write(function.path("go"), "\n").unwrap();
        assert_eq!(function.log_with("\"a\""), "{\"_aws\":1,\"a\":2}\n");
    }
}

#[test]
fn objects_of_several_slots_are_not_torn_by_each_other() {
    let script = "printf -v text '%200000s' x
    handler() {
      : >\"here-$1\"; until [[ -e here-1 && -e here-2 ]]; do sleep 0.01; done
      for line in {1..40}; do printf '{\"_aws\":%s,\"text\":\"%s\"}\\n' \"$1\" \"$text\" >&2; done
    }";
    for format in FORMATS {
        let function = function(script, format).env("AWS_LAMBDA_MAX_CONCURRENCY", "2").start();
        for sent in ["1", "2"].map(|event| function.send(event)) {
            sent.answer().responds("");
        }
        let log = function.log();
        assert_eq!(log.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count(), 80);
        assert_eq!(log.lines().count(), 80);
    }
}

#[test]
fn lines_of_one_slot_do_not_tear_the_object_that_another_slot_is_writing() {
    let script = "handler() { [[ $1 == 1 ]] || { echo plain >&2; return; }
      printf '{\"a\":' >&2; : >begun; read -r _ <go; echo '1}' >&2; }";
    let function = function(script, "JSON").env("AWS_LAMBDA_MAX_CONCURRENCY", "2");
    mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
    let function = function.start();
    let slow = function.send("1");
    until("the beginning", || function.path("begun").exists().then_some(()));
    function.answer("2").responds("");
    std::fs::write(function.path("go"), "\n").unwrap();
    slow.answer().responds("");
    let log = function.end();
    assert!(log.lines().any(|line| line.starts_with("{\"a\":1,\"timestamp\":")), "{log}");
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
}

#[test]
fn an_object_that_is_never_finished_appears_while_the_handler_waits_and_loses_nothing() {
    let function =
        function("handler() { printf '{\"question\": ' >&2; read -r answer <go; echo \"$answer\" >&2; }", "Text");
    mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
    let function = function.start();
    let sent = function.send("");
    function.log_with("{\"question\": ");
    std::fs::write(function.path("go"), "none\n").unwrap();
    assert_eq!(sent.answer().responds("").log, "{\"question\": none\n");
    for format in FORMATS {
        let log =
            Function::script("handler() { printf '{\"a\":' >&2; return 3; }").env("AWS_LAMBDA_LOG_FORMAT", format);
        let log = log.answer("").fails("Function.ExitStatus", "3").log;
        assert!(
            log.contains(if format == "Text" { "{\"a\":\n[ERROR]" } else { "\"message\":\"{\\\"a\\\":\"" }),
            "{log}"
        );
    }
}
