//! Several events at once in one runtime: AWS_LAMBDA_MAX_CONCURRENCY, as managed instances set it.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use coshell::lambda::invocation::Outcome;
use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::freezer::dial;
use crate::support::function::{Channel, Function};
use crate::support::running::{Running, until};
use crate::support::stub::{NEXT, RESPONSE, Stub, answer, event};

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
    function.log_with("one of 2 slots ends: the script could not be sourced 3 times in a row");
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
fn a_slot_whose_connection_dies_asks_again_and_the_others_go_on() {
    let script = "handler() { echo here >&2; until [[ -e go ]]; do sleep 0.01; done; echo done; }";
    let stub = Stub::serve_with(script, &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    let [mut busy, mut idle] = [stub.accept(), stub.accept()];
    for peer in [&mut busy, &mut idle] {
        peer.expect(NEXT);
    }
    busy.send(event("{}"));
    until("the handler", || stub.log().contains("here\n").then_some(()));
    drop(idle);
    let mut idle = stub.accept();
    idle.expect(NEXT);
    assert!(stub.log().contains("cannot read the next invocation"), "{}", stub.log());
    assert!(stub.log().contains("trying again (1 of 5 tries failed)"), "{}", stub.log());
    stub.write("go", "");
    assert_eq!(busy.expect(RESPONSE).body, b"done");
}

#[test]
fn a_failed_answer_is_logged_and_its_slot_goes_on() {
    let stub = Stub::serve_with("handler() { echo \"$1\"; }", &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    let [mut first, mut second] = [stub.accept(), stub.accept()];
    for peer in [&mut first, &mut second] {
        peer.expect(NEXT);
    }
    first.send(event("1"));
    first.expect(RESPONSE);
    first.send(answer("500 Internal Server Error", "{}"));
    first.expect(NEXT);
    assert!(stub.log().contains("cannot post the response: status 500"), "{}", stub.log());
    first.send(event("2"));
    first.expect(RESPONSE);
    drop(first);
    stub.accept().expect(NEXT);
}

#[test]
fn when_no_slot_can_call_next_any_more_the_process_ends_and_says_so() {
    let stub = Stub::serve_with("handler() { :; }", &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    let mut peers = [stub.accept(), stub.accept()];
    for _ in 0..5 {
        for peer in &mut peers {
            peer.expect(NEXT);
            peer.send(answer("500 Internal Server Error", "{}"));
        }
    }
    stub.ends_in_failure_after("none of the 2 slots is left", |stub| {
        assert_eq!(stub.log().matches("one of 2 slots ends: cannot read the next invocation: status 500").count(), 2);
        assert_eq!(stub.log().matches("trying again").count(), 8, "{}", stub.log());
    });
}

/// Starts a runtime that Lambda would send `concurrency` events at once, and whose process may open `most` descriptors.
fn with_descriptors(most: &str, concurrency: usize, variables: &[(&str, &str)]) -> Running {
    // No process polls: there are hundreds of handlers.
    let script = "handler() { mkfifo \"$1\"; echo \"here $1\" >&2; read -r line <\"$1\"; echo \"$1\"; }";
    let mut function = function(concurrency, script).env("AWS_LAMBDA_LOG_LEVEL", "DEBUG");
    for (name, value) in variables {
        function = function.env(name, *value);
    }
    function.started_by(&format!("{most}; exec \"$@\"")).start()
}

/// How many Bashes wait for an event.
fn slots_of(function: &Running, concurrency: usize) -> usize {
    let slots = until("the number of slots", || {
        let log = function.log();
        let (_, rest) = log.split_once("[DEBUG] runtime_worker_pool_initializing workerCount=")?;
        let (count, rest) = rest.split_once(" executionEnvironmentMaxConcurrency=")?;
        assert_eq!(rest.lines().next(), Some(concurrency.to_string().as_str()), "{log}");
        count.parse::<usize>().ok()
    });
    until("all slots", || (usage(function).processes == 1 + 2 * slots).then_some(()));
    slots
}

#[test]
fn there_are_as_many_slots_as_lambda_asks_for_and_descriptors_allow() {
    for (most, concurrency, expected) in [
        ("ulimit -n 1024", 2, 2),
        ("ulimit -n 1024", 64, 64),
        ("ulimit -n 1024", 200, 76),
        ("ulimit -n 1024", 1600, 76),
        ("ulimit -Sn 256; ulimit -Hn 1024", 64, 64), // the soft limit is raised
        ("ulimit -n 4096", 200, 200),
        ("ulimit -n 4096", 1600, 312),
    ] {
        let function = with_descriptors(most, concurrency, &[]);
        let slots = slots_of(&function, concurrency);
        assert_eq!(slots, expected, "{most}, {concurrency}");
        // An event in every slot at once.
        let names: Vec<String> = (0..slots).map(|number| format!("e{number}")).collect();
        let sent: Vec<_> = names.iter().map(|name| function.send(name)).collect();
        names.iter().for_each(|name| drop(function.log_with(&format!("here {name}\n"))));
        let descriptors = usage(&function).descriptors;
        assert!(descriptors <= 32 + 13 * slots, "{most}, {concurrency}: {descriptors} descriptors");
        names.iter().for_each(|name| fs::write(function.path(name), "go\n").unwrap());
        for (sent, name) in sent.into_iter().zip(&names) {
            sent.answer().responds(name);
        }
    }
}

#[test]
fn coshell_slots_lowers_the_number_of_slots_and_never_raises_it() {
    for (setting, expected) in [("2", 2), ("900", 4), ("none", 4)] {
        let function = with_descriptors(":", 4, &[("COSHELL_SLOTS", setting)]);
        assert_eq!(slots_of(&function, 4), expected, "COSHELL_SLOTS={setting}");
        assert_eq!(function.log().contains("COSHELL_SLOTS is `none` and ignored"), setting == "none");
    }
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
