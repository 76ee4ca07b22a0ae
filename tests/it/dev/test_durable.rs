//! `coshell test` on durable functions: the events that are inputs of executions.

use crate::support::program::Ran;
use crate::support::suite::Suite;

const SCRIPT: &str = "handler() {
  who=$(durable wait-for-callback ok -- true) || who=$(durable error)
  durable wait 2d
  durable parallel both -- 'durable step a -- echo 1' 'durable step b -- echo 2' >/dev/null
  echo \"$1 by $who\"
}";
const HISTORY: &str = "ExecutionStarted
ContextStarted (WaitForCallback) 1 ok
ContextSucceeded (WaitForCallback) 1 ok
CallbackStarted 1-1 ok create callback id
CallbackSucceeded 1-1 ok create callback id
StepStarted 1-2 ok submitter
StepSucceeded 1-2 ok submitter
WaitStarted 2
WaitSucceeded 2
ContextStarted (Parallel) 3 both
ContextSucceeded (Parallel) 3 both
ContextStarted (ParallelBranch) 3-1
ContextSucceeded (ParallelBranch) 3-1
StepStarted 3-1-1 a
StepSucceeded 3-1-1 a
ContextStarted (ParallelBranch) 3-2
ContextSucceeded (ParallelBranch) 3-2
StepStarted 3-2-1 b
StepSucceeded 3-2-1 b
ExecutionSucceeded
";

#[track_caller]
fn shows(ran: &Ran, part: &str) {
    let printed = String::from_utf8_lossy(&ran.stdout);
    assert!(printed.contains(part), "no {part:?} in {printed}");
}

#[test]
fn an_execution_runs_to_its_end_and_its_result_and_history_are_written_and_compared() {
    let suite = Suite::of_script(SCRIPT).file("events/a.json", "7").file("events/a.callbacks", "ok=Ada\n");
    shows(
        &suite.test(&[]).assert_status(1),
        "failed  a: there is no `a.response`: if this response is right, write the file with --update\n",
    );
    shows(&suite.test(&["--update"]).assert_status(0), "wrote   a.response\n");
    assert_eq!(String::from_utf8(suite.read("events/a.response").unwrap()).unwrap(), "7 by Ada\n");
    assert_eq!(String::from_utf8(suite.read("events/a.history").unwrap()).unwrap(), HISTORY);
    for _ in 0..3 {
        shows(&suite.test(&[]).assert_status(0), "1 passed\n");
    }
    std::fs::remove_file(suite.0.path().join("events/a.history")).unwrap();
    let ran = suite.test(&[]).assert_status(1);
    shows(&ran, "failed  a: there is no `a.history`: if this history is right, write the file with --update\n");
    shows(&ran, "        +StepSucceeded 3-2-1 b\n");
    let suite = suite.file("events/a.history", HISTORY);
    let suite = suite.file("function.sh", SCRIPT.replace("wait 2d", "wait 2d night"));
    let ran = suite.test(&[]).assert_status(1);
    shows(&ran, "failed  a: the history differs from `a.history`\n");
    shows(&ran, "        -WaitStarted 2\n");
    shows(&ran, "        +WaitStarted 2 night\n");
    shows(&suite.test(&["--update"]).assert_status(0), "wrote   a.history\n");
    suite.test(&[]).assert_status(0);
}

#[test]
fn a_callback_can_fail_and_one_without_an_answer_is_a_fault_that_names_it() {
    let failing = Suite::of_script(SCRIPT).file("events/a.json", "7").file("events/a.history", "");
    shows(
        &failing.test(&["--update"]).assert_status(1),
        "the execution cannot go on: nobody answers the callback `ok`",
    );
    assert_eq!(failing.read("events/a.history").unwrap(), b"");
    let failing = failing.file("events/a.callbacks", "ok!={\"ErrorType\":\"No\",\"ErrorMessage\":\"never\"}\n");
    failing.test(&["--update"]).assert_status(0);
    let response = String::from_utf8(failing.read("events/a.response").unwrap()).unwrap();
    assert_eq!(response, "7 by {\"errorType\":\"No\",\"errorMessage\":\"never\"}\n");
    let wrong = failing.file("events/a.callbacks", "ok\n").test(&[]).assert_status(1);
    shows(&wrong, "a.callbacks`: the line `ok` is not NAME=RESULT, nor NAME!=ERROR for a failure\n");
}

#[test]
fn a_failed_execution_is_an_expected_error_beside_events_of_the_same_function_that_are_none() {
    let script = "handler() { if [[ $1 == 1 ]]; then durable step s --attempts 1 -- false; fi; echo fine; }";
    let suite =
        Suite::of_script(script).event("plain", "2", "fine").file("events/a.json", "1").file("events/a.history", "");
    let ran = suite.test(&["--update"]).assert_status(0);
    shows(&ran, "wrote   a.error: the event failed");
    let history = String::from_utf8(suite.read("events/a.history").unwrap()).unwrap();
    assert_eq!(history, "ExecutionStarted\nStepStarted 1 s\nStepFailed 1 s\nExecutionFailed\n");
    shows(&suite.test(&[]).assert_status(0), "2 passed\n");
}

#[test]
fn a_history_without_an_event_is_a_warning() {
    let suite = Suite::of_script("handler() { :; }").event("a", "1", "").file("events/b.history", "");
    suite.test(&[]).assert_status(0).assert_stderr_has("b.history` is not used, because the event");
}
