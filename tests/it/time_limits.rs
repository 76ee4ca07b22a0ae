//! Events whose time runs out: what is ended, what stays, and what the log says. (What the reports say is in failures/cases/time-*.)

use std::fs;
use std::path::Path;
use std::time::Duration;

use coshell::lambda::invocation::Outcome;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::failures::case::Case;
use crate::failures::chapters::CHAPTERS;
use crate::failures::{FOLDER, side_by_side};
use crate::sandbox::{GIVE_UP, Running, Sandbox};

/// The runtime, the persistent Bash and the subshell that waits for the next event.
const IDLE_PROCESSES: usize = 3;

#[test]
fn whatever_it_waits_for_its_processes_are_ended_and_the_same_bash_takes_the_next_event() {
    let cases: Vec<&str> =
        CHAPTERS.iter().flat_map(|chapter| chapter.cases).copied().filter(|name| name.starts_with("time-")).collect();
    assert!(cases.len() >= 9);
    side_by_side(&cases, |name| {
        let running = Case::read(Path::new(FOLDER), name).sandbox().ready();
        let bash = running.response("before", "pid");
        let invocation = running.send("hanging", "hang", Duration::from_millis(1800));
        let outcome = invocation.wait().outcome;
        assert!(
            matches!(&outcome, Outcome::Error(error) if error.error_type == "Function.TimedOut"),
            "{name}: {outcome:?}"
        );
        assert_eq!(running.response("after", "pid"), bash, "{name}");
        until_idle(&running, name);
    });
}

fn until_idle(running: &Running, name: &str) {
    let limit = std::time::Instant::now() + GIVE_UP;
    while running.processes().len() != IDLE_PROCESSES {
        assert!(std::time::Instant::now() < limit, "{name}: {:#?}", running.processes());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_loop_of_several_commands_is_found_in_its_function_with_a_line() {
    let script = "spin() {\n  local n=0\n  while [[ $n ]]; do\n    n=$((n + 1))\n    n=$((n - 1))\n  done\n}\nhandler() {\n  spin\n}\n";
    let running = Sandbox::of_script(script).env("COSHELL_TIMEOUT_MARGIN_MS", "800").ready();
    for number in 0..3 {
        let invocation = running.send(&format!("event-{number}"), "", Duration::from_millis(1800));
        let Outcome::Error(error) = invocation.wait().outcome else { panic!("{}", running.log()) };
        let report: serde_json::Value = serde_json::from_slice(&error.body).unwrap();
        let innermost = report["stackTrace"][0].as_str().unwrap();
        assert!(innermost.starts_with("spin (function.sh:"), "{report}");
        assert_eq!(report["stackTrace"][1], "handler (function.sh:9)");
    }
}

#[test]
fn an_event_that_ends_in_time_is_not_touched() {
    let script = "handler() { trap 'echo signal >&2' STKFLT TERM; sleep 0.05; echo fine; }";
    let running = Sandbox::of_script(script).env("COSHELL_TIMEOUT_MARGIN_MS", "100").ready();
    assert_eq!(running.response("event-1", ""), "fine");
    assert_eq!(running.log(), "");
}

#[test]
fn the_margin_takes_at_most_half_of_the_time() {
    let script = "handler() { sleep 100; }";
    let running = Sandbox::of_script(script).env("COSHELL_TIMEOUT_MARGIN_MS", "60000").ready();
    let invocation = running.send("event-1", "", Duration::from_millis(2000));
    let completion = invocation.wait();
    let took = completion.answered.unwrap() - completion.delivered.unwrap();
    assert!(matches!(completion.outcome, Outcome::Error(_)) && took >= Duration::from_millis(990), "{took:?}");
}

#[test]
fn without_the_variable_nothing_is_signalled_and_the_log_says_what_runs() {
    let script = "handler() {
  trap 'echo signal >&2' TERM INT HUP USR1 USR2 STKFLT
  printf kept
  sleep 1000 || echo ended >&2
}";
    let running = Sandbox::of_script(script).ready();
    let outcome = running.send("event-1", "", Duration::from_millis(400)).wait().outcome;
    assert_eq!(outcome, Outcome::TimedOut);
    let log = running.log_when(|log| log.contains("the time limit is near"));
    assert!(
        log.starts_with("[WARN] event-1 the time limit is near; after 0.")
            && log.contains("is running: `sleep 1000` for 0."),
        "{log}"
    );
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(running.processes().iter().any(|process| process.starts_with("sleep 1000")));
}

#[test]
fn a_background_child_that_holds_stdout_is_named_once_and_the_response_has_all() {
    let script = "handler() { { cat go; echo late; } & echo early; }";
    let sandbox = Sandbox::of_script(script);
    let go = sandbox.folder.path().join("go");
    mkfifo(&go, Mode::S_IRWXU).unwrap();
    let running = sandbox.ready();
    let invocation = running.send("event-1", "", GIVE_UP);
    running.log_when(|log| log.contains("still holds its stdout"));
    fs::write(&go, "go\n").unwrap();
    let Outcome::Response(response) = invocation.wait().outcome else { panic!("{}", running.log()) };
    assert_eq!(&response.bytes[..], b"early\ngo\nlate");
    let log = running.log();
    assert!(log.starts_with("[WARN] event-1 the handler has ended, but a background process still holds"), "{log}");
    assert!(log.contains("`cat go` for ") && log.lines().count() == 1, "{log}");
}

#[test]
fn a_bash_that_is_kept_from_taking_an_event_is_replaced_in_time() {
    let script = "[[ -e warm ]] || trap 'touch warm; sleep 1000' CHLD
handler() { ls >/dev/null; echo fine; }";
    let running = Sandbox::of_script(script).env("COSHELL_TIMEOUT_MARGIN_MS", "800").ready();
    assert_eq!(running.response("event-1", ""), "fine");
    let outcome = running.send("event-2", "", Duration::from_millis(1800)).wait().outcome;
    assert!(matches!(&outcome, Outcome::Error(error) if error.error_type == "Runtime.ShellBusy"), "{outcome:?}");
    assert_eq!(running.response("event-3", ""), "fine");
}
