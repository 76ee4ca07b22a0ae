//! Bash or a subshell of its is killed: at most the event in flight fails, with a sentence, and the next one is served.

use std::fs;

use coshell::lambda::invocation::Outcome;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::function::{Channel, Function};
use crate::support::program::runs;
use crate::support::running::{Running, until};

/// Answers with the ids of the persistent Bash and of its subshell, or does as it is told.
const SCRIPT: &str = "handler() { if [[ $1 == pids ]]; then echo \"$$ $BASHPID\"; else eval \"$1\"; fi; }";

fn sigkill(pid: &str) {
    kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL).unwrap();
}

/// The persistent Bash, once the runtime waits for the next event.
fn bash_between_events(function: &Running) -> String {
    let pids = function.send("pids").answer_and_next().text();
    pids.split(' ').next().unwrap().to_owned()
}

/// The subshell that waits for the next event.
fn waiting_subshell(bash: &str) -> String {
    let children = || fs::read_to_string(format!("/proc/{bash}/task/{bash}/children")).unwrap();
    until("one child that waits", || {
        let children = children();
        let mut children = children.split_whitespace();
        let (first, second) = (children.next()?, children.next());
        let waits = fs::read_to_string(format!("/proc/{first}/wchan")).unwrap_or_default().contains("pipe");
        (second.is_none() && waits).then(|| first.to_owned())
    })
}

#[test]
fn a_handler_that_kills_bash_fails_alone() {
    for channel in Channel::BOTH {
        let function = Function::script(SCRIPT).over(channel).start();
        for event in ["kill -9 $$", "kill -9 $$ $BASHPID", "kill -TERM $$", "kill -SEGV $$", "kill -HUP $$"] {
            eprintln!("{event}");
            function.answer(format!("{event}; sleep 1000")).fails("Runtime.ShellDied", "Bash");
            function.answer("echo fine").responds("fine");
        }
    }
}

#[test]
fn an_event_that_comes_while_bash_is_about_to_die_is_taken_by_the_next_bash() {
    let dying = "[[ -p go ]] || mkfifo go; trap '[[ ! -e die ]] || { rm die; read -r line <go; kill -9 $$; }' CHLD";
    for channel in Channel::BOTH {
        let function = Function::script(&format!("{dying}\n{SCRIPT}")).over(channel).start();
        for _ in 0..3 {
            function.send("echo >die").answer_and_next().responds("");
            let sent = function.send("echo fine");
            fs::write(function.path("go"), "\n").unwrap(); // waits for Bash, which is in its trap
            sent.answer().responds("fine");
        }
    }
}

#[test]
fn a_handler_that_kills_bash_and_returns_at_once_is_answered_either_way() {
    let function = Function::script(SCRIPT).start();
    for _ in 0..5 {
        let answer = function.answer("kill -9 $$");
        assert!(matches!(answer.outcome, Outcome::Response(_) | Outcome::Error(_)), "{answer:?}");
        function.answer("echo fine").responds("fine");
    }
}

#[test]
fn bash_killed_while_a_handler_runs_fails_that_event_alone() {
    for channel in Channel::BOTH {
        let function = Function::script(SCRIPT).over(channel).start();
        let sent = function.send("echo \"$$ is bash\" >&2; sleep 1000");
        let log = function.log_with("is bash\n");
        sigkill(log.lines().last().unwrap().split(' ').next().unwrap());
        sent.answer().fails("Runtime.ShellDied", "Bash");
        function.answer("echo fine").responds("fine");
    }
}

#[test]
fn bash_killed_between_events_costs_no_event() {
    for channel in Channel::BOTH {
        let function = Function::script(SCRIPT).over(channel).start();
        for _ in 0..3 {
            let bash = bash_between_events(&function);
            waiting_subshell(&bash);
            sigkill(&bash);
            until("the end of Bash", || (!runs(&bash)).then_some(()));
            function.answer("echo fine").responds("fine");
        }
    }
}

#[test]
fn a_waiting_subshell_that_is_killed_costs_no_event() {
    for channel in Channel::BOTH {
        let function = Function::script(SCRIPT).over(channel).start();
        for _ in 0..3 {
            let bash = bash_between_events(&function);
            let subshell = waiting_subshell(&bash);
            sigkill(&subshell);
            until("its end", || (!runs(&subshell)).then_some(()));
            function.answer("echo fine").responds("fine");
        }
    }
}

#[test]
fn bash_and_its_waiting_subshell_killed_between_events_cost_no_event() {
    let function = Function::script(SCRIPT).start();
    let bash = bash_between_events(&function);
    let subshell = waiting_subshell(&bash);
    sigkill(&bash);
    sigkill(&subshell);
    until("their end", || (!runs(&bash) && !runs(&subshell)).then_some(()));
    function.answer("echo fine").responds("fine");
}

#[test]
fn a_running_subshell_that_is_killed_fails_its_event_alone() {
    for channel in Channel::BOTH {
        let function = Function::script(SCRIPT).over(channel).start();
        let sent = function.send("echo \"$BASHPID is mine\" >&2; sleep 1000 >/dev/null");
        let log = function.log_with("is mine\n");
        sigkill(log.lines().last().unwrap().split(' ').next().unwrap());
        sent.answer().fails("Function.KilledBySignal", "SIGKILL");
        function.answer("echo fine").responds("fine");
    }
}

#[test]
fn a_dead_bash_leaves_no_subshell_behind() {
    let function = Function::script(SCRIPT).start();
    let bash = bash_between_events(&function);
    let orphan = waiting_subshell(&bash);
    sigkill(&bash);
    until("the end of Bash", || (!runs(&bash)).then_some(()));
    function.answer("echo fine").responds("fine");
    until("the end of the orphan", || (!runs(&orphan)).then_some(()));
}

#[test]
fn a_new_bash_sources_the_script_anew() {
    let script = format!("count=$(cat count 2>/dev/null || echo 0); echo $((count + 1)) >count\n{SCRIPT}");
    let function = Function::script(&script).start();
    function.answer("cat count").responds("1");
    function.answer("kill -9 $$; sleep 1000").fails("Runtime.ShellDied", "");
    function.answer("cat count").responds("2");
}

#[test]
fn a_script_that_no_longer_sources_is_told_to_each_event_and_three_times_end_the_process() {
    for channel in Channel::BOTH {
        let script = format!("[[ ! -e broken ]]\n{SCRIPT}");
        let function = Function::script(&script).over(channel).start();
        function.answer("touch broken; kill -9 $$; sleep 1000").fails("Runtime.ShellDied", "");
        let mut failures = 0;
        while !matches!(function.send("echo fine").answer().outcome, Outcome::RuntimeExited(_)) {
            failures += 1;
        }
        assert!((1..=3).contains(&failures), "{failures}");
        function.assert_ended_in_failure();
        assert!(function.log().contains("3 times in a row"), "{}", function.log());
    }
}

#[test]
fn a_script_that_sources_again_in_time_is_served_again() {
    let script = format!("[[ ! -e broken ]]\n{SCRIPT}");
    let function = Function::script(&script).start();
    function.answer("touch broken; kill -9 $$; sleep 1000").fails("Runtime.ShellDied", "");
    function.answer("echo fine").fails("Runtime.ScriptFailed", "function.sh:1");
    fs::remove_file(function.path("broken")).unwrap();
    function.answer("echo fine").responds("fine");
    function.answer("echo fine").responds("fine");
}

/// Kills its Bash and stays, until there is something to read.
const ORPHAN: &str =
    "if [[ $1 == orphan ]]; then echo $BASHPID >pid; kill -9 $$; read -r line <>go; else eval \"$1\"; fi";

fn with_orphan() -> (Running, String) {
    let function = Function::script(&format!("[[ -e go ]] || mkfifo go\nhandler() {{ {ORPHAN}; }}")).start();
    function.send("orphan").answer_and_next().fails("Runtime.ShellDied", "Bash");
    let pid = fs::read_to_string(function.path("pid")).unwrap();
    (function, pid.trim().to_owned())
}

#[test]
fn a_handler_whose_bash_died_does_not_run_on() {
    let (_function, orphan) = with_orphan();
    until("the end of the handler", || (!runs(&orphan)).then_some(()));
}

#[test]
fn what_a_handler_whose_bash_died_has_started_ends_with_it() {
    for channel in Channel::BOTH {
        let function = Function::script(SCRIPT).over(channel).start();
        let event = "sleep 1000 & echo $! >child; kill -9 $$; wait";
        function.send(event).answer_and_next().fails("Runtime.ShellDied", "Bash");
        let child = fs::read_to_string(function.path("child")).unwrap();
        until("the end of the handler's child", || (!runs(child.trim())).then_some(()));
    }
}

#[test]
fn a_handler_whose_bash_died_cannot_speak_for_the_next_event() {
    let (function, orphan) = with_orphan();
    let mut go = fs::File::options().read(true).write(true).open(function.path("go")).unwrap();
    std::io::Write::write_all(&mut go, b"\n").unwrap();
    until("the orphan's word", || {
        let in_pipe = fs::read_to_string(format!("/proc/{orphan}/wchan")).unwrap_or_default().contains("pipe");
        let stdin = fs::read_link(format!("/proc/{orphan}/fd/0")).unwrap_or_default();
        (!runs(&orphan) || (in_pipe && stdin.to_string_lossy().starts_with("pipe:"))).then_some(())
    });
    function.answer("exit 5").fails("Function.ExitStatus", "status 5");
    function.answer("echo fine").responds("fine");
}

#[test]
fn a_replaced_bash_leaves_no_descriptor_behind() {
    let function = Function::script(SCRIPT).start();
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", function.pid())).unwrap().count();
    function.send("pids").answer_and_next();
    let before = descriptors();
    for _ in 0..10 {
        function.send("kill -9 $$; sleep 1000").answer_and_next().fails("Runtime.ShellDied", "");
    }
    // What Bash itself had for stdout is read by another thread, which sees its end when it does: perhaps after the next `next`.
    until("as many descriptors as before", || (descriptors() == before).then_some(()));
}

#[test]
fn what_a_handler_goes_on_starting_after_its_bash_was_killed_is_ended_too() {
    let function = Function::script("handler() { kill -9 $$; for i in {1..100}; do sleep 1000 & done; wait; }").start();
    for _ in 0..5 {
        function.answer("").fails("Runtime.ShellDied", "");
    }
    until("the end of what it started", || (function.environment().pids().len() <= 3).then_some(()));
}
