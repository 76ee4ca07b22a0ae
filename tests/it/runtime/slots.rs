//! Several events at once in one runtime: AWS_LAMBDA_MAX_CONCURRENCY, as managed instances set it.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use coshell::lambda::invocation::Outcome;
use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::freezer::dial;
use crate::support::function::{Channel, Function};
use crate::support::program::runs;
use crate::support::running::{Running, until};
use crate::support::stub::{NEXT, Stub, event};

fn function(slots: usize, script: &str) -> Function {
    Function::script(script).env("AWS_LAMBDA_MAX_CONCURRENCY", slots.to_string())
}

/// Says that it is here, and goes on when told.
const MEET: &str = "
meet() { echo \"here $1\" >&2; until [[ -e $LAMBDA_TASK_ROOT/go-$1 ]]; do sleep 0.01; done; }";

fn go(function: &Running, name: &str) {
    fs::write(function.path(&format!("go-{name}")), "").unwrap();
}

#[test]
fn events_overlap_fully() {
    for channel in Channel::BOTH {
        let script = format!("{MEET}; handler() {{ meet \"$1\"; echo \"$1 $BASHPID\"; }}");
        let function = function(4, &script).over(channel).start();
        for round in 0..3 {
            let names = ["a", "b", "c", "d"].map(|name| format!("{name}{round}"));
            let sent = names.each_ref().map(|name| function.send(name));
            names.iter().for_each(|name| drop(function.log_with(&format!("here {name}\n"))));
            names.iter().rev().for_each(|name| go(&function, name));
            for (sent, name) in sent.into_iter().zip(names) {
                assert!(sent.answer_and_next().text().starts_with(&format!("{name} ")));
            }
        }
    }
}

#[test]
fn each_slot_sources_the_script_at_the_same_time_in_a_bash_of_its_own() {
    let script = "echo \"$$\" >>begun; until [[ $(wc -l <begun) == 5 ]]; do sleep 0.01; done; handler() { :; }";
    let function = function(5, script).start();
    function.answer("").responds("");
    let begun = fs::read_to_string(function.path("begun")).unwrap();
    let mut bashes: Vec<&str> = begun.lines().collect();
    bashes.sort_unstable();
    bashes.dedup();
    assert_eq!(bashes.len(), 5, "{begun}");
}

#[test]
fn what_an_event_does_to_its_shell_stays_in_its_slot_and_files_are_shared() {
    let script = format!(
        "{MEET}; value=sourced
        handler() {{
          case $1 in
            first) cd /; value=mine; echo shared >\"$LAMBDA_TASK_ROOT/file\"; meet first; echo \"$value $PWD\" ;;
            *) echo \"$value $([[ $PWD == \"$LAMBDA_TASK_ROOT\" ]] && echo root) $(<file)\" ;;
          esac
        }}"
    );
    let function = function(2, &script).start();
    let first = function.send("first");
    function.log_with("here first\n");
    function.answer("second").responds("sourced root shared");
    go(&function, "first");
    first.answer().responds("mine /");
}

#[test]
fn a_crash_in_one_slot_touches_no_other() {
    for channel in Channel::BOTH {
        let script =
            format!("{MEET}; handler() {{ case $1 in die) kill -9 $$; sleep 1000;; *) meet long; echo long;; esac; }}");
        let function = function(2, &script).over(channel).start();
        let long = function.send("long");
        function.log_with("here long\n");
        for _ in 0..5 {
            function.answer("die").fails("Runtime.ShellDied", "SIGKILL");
        }
        go(&function, "long");
        long.answer().responds("long");
    }
}

#[test]
fn a_failing_init_is_reported_once_and_at_once_and_leaves_nothing_running() {
    let function = function(4, "mkdir first || exit 5; sleep 1000; handler() { :; }").start();
    let function = function.fails_init("Runtime.ScriptFailed", "status 5");
    assert_eq!(function.log().matches("[FATAL]").count(), 1, "{}", function.log());
    assert_eq!(function.environment().pids(), [] as [u32; 0]);
}

#[test]
fn a_slot_whose_script_cannot_be_sourced_any_more_ends_alone_and_the_last_one_ends_the_process() {
    let script = format!(
        "[[ ! -e broken ]]; {MEET}
        handler() {{ case $1 in die) touch broken; kill -9 $$; sleep 1000;; keep) meet keep; echo kept;; *) echo fine;; esac; }}"
    );
    let function = function(2, &script).start();
    let keep = function.send("keep");
    function.log_with("here keep\n");
    function.answer("die").fails("Runtime.ShellDied", "");
    for _ in 0..2 {
        function.answer("x").fails("Runtime.ScriptFailed", "function.sh:1");
    }
    function.log_with("one of 2 slots: the script could not be sourced 3 times in a row");
    go(&function, "keep");
    keep.answer().responds("kept");
    for _ in 0..3 {
        function.answer("x").responds("fine");
    }
    function.answer("die").fails("Runtime.ShellDied", "");
    until("the end", || matches!(function.answer("x").outcome, Outcome::RuntimeExited(_)).then_some(()));
    assert!(function.log().contains("none of the 2 slots is left"), "{}", function.log());
}

#[test]
fn an_api_that_fails_one_slot_ends_the_process_and_what_runs_in_the_others() {
    let script = "handler() { (trap '' TERM; echo here >&2; sleep 1000) & sleep 1000; }";
    let stub = Stub::serve_with(script, &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    let [mut busy, mut idle] = [stub.accept(), stub.accept()];
    for peer in [&mut busy, &mut idle] {
        peer.expect(NEXT);
    }
    busy.send(event("{}"));
    until("the handler", || stub.log().contains("here\n").then_some(()));
    let pids = stub.pids();
    drop(idle);
    stub.ends_in_failure("cannot read the next invocation");
    let left: Vec<u32> = pids.into_iter().filter(|pid| runs(&pid.to_string())).collect();
    assert_eq!(left, [] as [u32; 0]);
}

/// What the events of the long test do, told by their text. COSHELL_TEST_EVENTS says how many there are.
const MIXED: &str = "handler() {
  echo \"begins $LAMBDA_RUNTIME_AWS_REQUEST_ID\" >&2
  case $1 in
    *0) sleep 0.0$((RANDOM % 5)); echo \"$1\" ;;
    *1) echo \"$1\"; kill -9 $$; kill -STOP $BASHPID ;;
    *2) kill -9 $BASHPID ;;
    *3) echo \"$1\"; return 3 ;;
    *4) for ((i = 0; i < RANDOM % 100; i++)); do echo \"loud $LAMBDA_RUNTIME_AWS_REQUEST_ID\" >&2; done; echo \"$1\" ;;
    *5) printf '%s\\n' \"$1\"; printf '%0100000d' 0 ;;
    *6) (sleep 0.01; echo \"late $LAMBDA_RUNTIME_AWS_REQUEST_ID\" >&2) >/dev/null & echo \"$1\" ;;
    *7) (sleep 0.01; echo late) & echo \"$1\" ;;
    *) echo \"$1\" ;;
  esac
}";

fn assert_is_its_own(event: &str, answer: Answer) {
    match event.as_bytes().last().unwrap() {
        b'1' => drop(answer.fails("Runtime.ShellDied", "SIGKILL")),
        b'2' => drop(answer.fails("Function.KilledBySignal", "SIGKILL")),
        b'3' => drop(answer.fails("Function.ExitStatus", "status 3")),
        b'5' => drop(answer.responds(&format!("{event}\n{}", "0".repeat(100_000)))),
        b'7' => drop(answer.responds(&format!("{event}\nlate"))),
        _ => drop(answer.responds(event)),
    }
}

/// Every line of a handler's carries the request id of its own event, and is whole.
fn assert_log_is_right(log: &str) -> usize {
    let of_handlers = log.lines().filter_map(|line| {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let message = entry["message"].as_str()?.to_owned();
        let (word, id) = message.split_once(' ')?;
        matches!(word, "begins" | "loud" | "late").then(|| assert_eq!(entry["requestId"], id, "{line}"))
    });
    of_handlers.count()
}

#[derive(Debug, PartialEq, Eq)]
struct Usage {
    descriptors: usize,
    processes: usize,
}

fn usage(function: &Running) -> Usage {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", function.pid())).unwrap().count();
    Usage { descriptors, processes: function.environment().pids().len() }
}

#[test]
fn eight_slots_answer_every_event_of_a_mixture_with_its_own_and_leave_nothing_behind() {
    const SLOTS: usize = 8;
    let events = dial("COSHELL_TEST_EVENTS", 600);
    let function = function(SLOTS, MIXED).env("AWS_LAMBDA_LOG_FORMAT", "JSON").start();
    function.answer("first").responds("first");
    // The runtime, and a Bash and a waiting subshell for each slot.
    let processes = 1 + 2 * SLOTS;
    let settled = |what: &str| until(what, || Some(usage(&function)).filter(|usage| usage.processes == processes));
    let before = settled("all slots");
    let next = AtomicU64::new(0);
    let client = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= events {
                return;
            }
            // Each kind of event, in an order that has nothing to do with the slots.
            let event = format!("{number}-{}", (number * 7 + number / 10) % 10);
            assert_is_its_own(&event, function.answer_alone(&event));
        }
    };
    std::thread::scope(|scope| (0..2 * SLOTS).for_each(|_| drop(scope.spawn(client))));
    // The last background process may be gone a moment before the end of its log is read.
    until("all as it was", || (usage(&function) == before).then_some(()));
    assert!(assert_log_is_right(&function.log()) as u64 >= events);
}
