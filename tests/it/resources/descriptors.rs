//! Few descriptors, and none left.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::function::{Channel, Function};
use crate::support::program::runs;
use crate::support::running::until;

#[test]
fn thirty_two_descriptors_are_enough() {
    for channel in Channel::BOTH {
        let script = "handler() { case $1 in
          all) for ((i = 0; i < 100; i++)); do exec {fd}</dev/null; done;;
          die) kill -9 $$; sleep 1000;;
          *) printf %s \"$1\";;
        esac; }";
        let function = Function::script(script).over(channel).started_by("ulimit -n 32; exec \"$@\"").start();
        for _ in 0..3 {
            function.answer("one").responds("one");
            function.answer("all").fails("Function.ExitStatus", "Too many open files");
            function.answer("die").fails("Runtime.ShellDied", "");
        }
        function.answer("two").responds("two");
    }
}

#[test]
fn with_too_few_init_fails_with_a_sentence() {
    let function = Function::script("handler() { :; }").started_by("ulimit -n 12; exec \"$@\"");
    function.start().fails_init("Runtime.NoChannel", "Too many open files");
}

/// Each keeps the log's pipe of its event open, and the runtime with it, for as long as there are descriptors to spare.
#[test]
fn daemons_that_keep_the_log_take_no_descriptor_from_the_events_and_none_writes_under_anothers_id() {
    let script = "handler() { case $1 in
      start) { until [[ -e go ]]; do sleep 0.05; done; echo \"of $LAMBDA_RUNTIME_AWS_REQUEST_ID\" >&2; } >/dev/null &
        echo $!;;
      *) printf %s \"$1\";;
    esac; }";
    let function = Function::script(script).env("AWS_LAMBDA_LOG_FORMAT", "JSON");
    let function = function.started_by("ulimit -n 48; exec \"$@\"").start();
    let mut daemons = Vec::new();
    for event in 0..20 {
        daemons.push(function.answer("start").text());
        function.answer(event.to_string()).responds(&event.to_string());
    }
    std::fs::write(function.path("go"), "").unwrap();
    until("the end of the daemons", || (!daemons.iter().any(|pid| runs(pid))).then_some(()));
    function.answer("last").responds("last");
    let log = function.end();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |entry: &Value| Some(entry["message"].as_str()?.strip_prefix("of ")?.to_owned());
    let told: BTreeSet<String> = entries.iter().filter_map(of).collect();
    assert!(!told.is_empty(), "{log}");
    for entry in entries.iter().filter(|entry| of(entry).is_some()) {
        assert_eq!(of(entry).as_deref(), entry["requestId"].as_str(), "{log}");
    }
    assert!(log.contains("background processes keep a log open"), "{log}");
}
