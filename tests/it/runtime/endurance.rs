//! Many events in one process: nothing grows.

use std::fs;

use crate::support::function::Function;
use crate::support::running::{Running, until};

const EVENTS: usize = 10_000;
/// After so many events caches and buffers have their size.
const WARM_UP: usize = 1_000;
/// What allocators may still take in 9,000 events; a leak of one small allocation an event would be more.
const GROWTH_KIB: u64 = 256;
/// What may be left of 6 MB, such as pages of code that only large ones need.
const LARGE_KIB: u64 = 1024;

#[derive(Debug, PartialEq, Eq)]
struct Usage {
    runtime_descriptors: usize,
    bash_descriptors: usize,
    processes: usize,
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn resident_kib(pid: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn children(pid: &str) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split_whitespace().map(str::to_owned).collect()
}

/// What is in use once nothing but the runtime, Bash and one waiting subshell is left.
fn usage(function: &Running, bash: &str) -> Usage {
    let runtime = function.pid().to_string();
    let processes = until("one waiting subshell", || {
        let subshells = children(bash);
        (subshells.len() == 1 && children(&subshells[0]).is_empty()).then(|| children(&runtime).len() + subshells.len())
    });
    Usage {
        runtime_descriptors: count(&format!("/proc/{runtime}/fd")),
        bash_descriptors: count(&format!("/proc/{bash}/fd")),
        processes,
    }
}

#[test]
fn the_memory_of_large_events_and_responses_goes_back_to_the_system() {
    let function = Function::script("handler() { builtin printf %s \"$1\"; }").start();
    let runtime = function.pid().to_string();
    function.answer_alone("small").responds("small");
    let before = resident_kib(&runtime);
    for size in [100_000, 1_000_000, 6_000_000, 5_000_000] {
        let event = "x".repeat(size);
        function.answer_alone(&event).responds(&event);
    }
    function.answer_alone("small").responds("small");
    let grown = resident_kib(&runtime).saturating_sub(before);
    assert!(grown <= LARGE_KIB, "grew by {grown} KiB");
}

#[test]
fn what_is_recorded_of_failures_that_a_handler_copes_with_does_not_pile_up() {
    let script = "handler() { for i in {1..20}; do (false) & wait $! || :; done; wc -c <\"$__coshell_trace_file\"; }";
    let function = Function::script(script).start();
    let first: usize = function.answer("").text().parse().unwrap();
    assert!(first > 0);
    for _ in 0..3 {
        let bytes: usize = function.answer("").text().parse().unwrap();
        assert!(bytes <= first + 100, "{bytes} bytes, {first} at first");
    }
}

#[test]
fn ten_thousand_events_leave_nothing_behind() {
    let script = "handler() { case $1 in *99) return 3;; pid) echo $$;; *) echo \"$1\"; echo \"$1\" >&2;; esac; }";
    let function = Function::script(script).start();
    let bash = function.send("pid").answer_and_next().text();
    let runtime = function.pid().to_string();
    let mut before = None;
    for event in 0..EVENTS {
        if event == WARM_UP {
            before = Some((usage(&function, &bash), resident_kib(&runtime), resident_kib(&bash)));
        }
        let text = event.to_string();
        let answer = function.answer_alone(&text);
        match text.ends_with("99") {
            true => drop(answer.fails("Function.ExitStatus", "3")),
            false => drop(answer.responds(&text)),
        }
    }
    let (used, runtime_kib, bash_kib) = before.unwrap();
    assert_eq!(usage(&function, &bash), used);
    assert_eq!(children(&runtime), [bash.as_str()], "the same Bash, and no zombie");
    let grown = [resident_kib(&runtime).saturating_sub(runtime_kib), resident_kib(&bash).saturating_sub(bash_kib)];
    assert!(grown.iter().all(|kib| *kib <= GROWTH_KIB), "runtime and Bash grew by {grown:?} KiB");
}
