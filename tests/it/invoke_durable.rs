//! Durable executions on this machine: `coshell invoke --durable`, with its own API for checkpoints.

use serde_json::Value;

use crate::support::program::{InvokeTest, Ran};

/// A durable function of `script`, with the input "x".
fn durable(script: &str) -> InvokeTest {
    InvokeTest::of_script(script).with_own_runtime().with(&["\"x\"", "--durable"])
}

/// The events of the history: type, id and name, without the ends of invocations.
fn history(result: &Value) -> Vec<String> {
    let event = |event: &Value| {
        let text = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", text("EventType"), text("Id"), text("Name"))
    };
    let events = result["history"].as_array().unwrap().iter().map(event);
    let is_of_operation = |event: &String| !event.starts_with("Execution") && !event.starts_with("Invocation");
    events.filter(is_of_operation).collect()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn a_finished_step_is_not_run_again_and_its_log_lines_are_not_repeated() {
    let script = "set -e
charge() { echo \"charging $1\" >&2; echo \"receipt of $1\"; }
handler() {
  echo begin >&2
  receipt=$(durable step charge -- charge \"$1\")
  echo \"got $receipt\" >&2
  durable wait 1d
  echo \"later: $receipt\" >&2
  echo \"$receipt\"
}";
    let ran = durable(script).run().assert_status(0).assert_stdout("receipt of \"x\"");
    let log: Vec<&str> = ran.stderr.lines().take(4).collect();
    assert_eq!(log, ["begin", "charging \"x\"", "got receipt of \"x\"", "later: receipt of \"x\""], "{}", ran.stderr);
    let all = durable(script).with(&["--env", "COSHELL_LOG_REPEATS=1"]).run().assert_status(0);
    assert_eq!(all.stderr.lines().filter(|line| *line == "begin").count(), 2, "{}", all.stderr);
    assert_eq!(all.stderr.lines().filter(|line| line.starts_with("charging")).count(), 1, "{}", all.stderr);
}

#[test]
fn a_step_that_fails_names_itself_its_command_its_line_and_its_function() {
    let script = "set -euo pipefail
charge() {
  local card=$1
  grep -q \"$card\" /nosuch
  echo never
}
handler() {
  durable step charge --attempts 2 --delay 1 -- charge 4711
  echo never
}";
    let ran = durable(script).run().assert_status(1).assert_stdout("");
    let error: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    let message = "the step `charge`: function.sh:4: `grep -q \"$card\" /nosuch` exited with status 2 in `charge`: \
                   grep: /nosuch: No such file or directory";
    assert_eq!(
        (&error["errorType"], error["errorMessage"].as_str().unwrap()),
        (&"Function.ExitStatus".into(), message)
    );
    assert_eq!(error["stackTrace"], serde_json::json!(["charge (function.sh:4)", "handler (function.sh:8)"]));
    assert_eq!(
        ran.stderr.matches("grep: /nosuch").count(),
        2 + 1 + 1,
        "two attempts, the log, the report: {}",
        ran.stderr
    );
}

#[test]
fn a_commands_own_failure_is_named_where_nothing_is_known_inside_of_it() {
    let script = "handler() { durable step call --attempts 1 -- sh -c 'exit 44' || { echo \"$?\"; durable error; }; }";
    let ran = durable(script).run().assert_status(0);
    let text = String::from_utf8(ran.stdout).unwrap();
    let (status, error) = text.split_once('\n').unwrap();
    let error: Value = serde_json::from_str(error).unwrap();
    assert_eq!(status, "44");
    assert_eq!(
        error["errorMessage"],
        "the step `call`: function.sh:1: `sh -c exit 44` exited with status 44 in `handler`"
    );
}

#[test]
fn errexit_works_in_a_step_whose_failure_is_handled_and_own_errors_are_kept() {
    let script = "set -e
fails() { echo before >&2; (exit 5); echo after >&2; }
own() { echo '{\"errorType\":\"Declined\",\"errorMessage\":\"no money\"}'; return 9; }
handler() {
  if durable step a --attempts 1 -- fails; then echo yes; else echo \"no $?\"; fi
  durable step b --attempts 1 -- own || { echo \"no $?\"; durable error; }
  durable step c --no-retry-on Declined -- own || echo \"no $?\"
}";
    let expected = "no 5\nno 9\n{\"errorType\":\"Declined\",\"errorMessage\":\"no money\"}\nno 9";
    let ran = durable(script).run().assert_status(0).assert_stdout(expected);
    assert!(ran.stderr.contains("before") && !ran.stderr.contains("after"), "{}", ran.stderr);
}

#[test]
fn branches_run_at_once_and_each_keeps_its_place_in_the_history() {
    let script = "set -e
work() { durable step one -- echo \"$1${DURABLE_INDEX-}\"; durable wait 5; durable step two -- echo \"$1\"; }
handler() {
  durable parallel both -- 'work a' 'work b' >/dev/null
  durable map all work -- c d >/dev/null
  durable child last -- work e
}";
    for setting in ["COSHELL_STATE=keep", "COSHELL_CHANNEL=fifo", "COSHELL_RESPONSE=stream"] {
        let ran = durable(script).with(&["--env", setting, "--json"]).run().assert_status(0);
        let result = json(&ran);
        assert_eq!(result["response"], "e\ne", "{setting}: {result}");
        let mut history = history(&result);
        history.retain(|event| event.starts_with("StepSucceeded"));
        history.sort();
        let expected = [
            "1-1-1 one",
            "1-1-3 two",
            "1-2-1 one",
            "1-2-3 two",
            "2-1-1 one",
            "2-1-3 two",
            "2-2-1 one",
            "2-2-3 two",
            "3-1 one",
            "3-3 two",
        ];
        assert_eq!(history, expected.map(|event| format!("StepSucceeded {event}")), "{setting}");
    }
}

#[test]
fn too_many_failed_branches_fail_the_work_and_stop_the_rest() {
    let script = "handler() {
  durable parallel --max 1 work -- 'echo a' 'sh -c \"exit 3\"' 'echo c' >result || echo \"failed with $?\"
  jq -c '[.completionReason, .successCount, .failureCount, .totalCount]' result
  durable parallel --tolerate 1 more -- 'echo a' false | jq -r '.all[0].result, .completionReason'
}";
    let expected = "failed with 1\n[\"FAILURE_TOLERANCE_EXCEEDED\",1,1,2]\na\nALL_COMPLETED";
    durable(&format!("cd /tmp || exit; cd \"$(mktemp -d)\" || exit\n{script}"))
        .run()
        .assert_status(0)
        .assert_stdout(expected);
}

#[test]
fn callbacks_are_answered_from_the_command_line_or_time_out() {
    let script = "send() { echo \"$DURABLE_CALLBACK_ID\" >&2; }
handler() {
  id=$(durable callback first --timeout 1h)
  durable await \"$id\" || durable error
  durable wait-for-callback second --timeout 2h -- send || durable error
}";
    durable(script)
        .with(&["--callback", "first=one", "--callback", "second=two"])
        .run()
        .assert_status(0)
        .assert_stdout("one\ntwo");
    let failed =
        durable(script).with(&["--callback-failure", "first={\"ErrorType\":\"No\",\"ErrorMessage\":\"never\"}"]).run();
    failed.assert_status(0).assert_stdout(
        "{\"errorType\":\"No\",\"errorMessage\":\"never\"}\n\
         {\"errorType\":\"Callback.Timeout\",\"errorMessage\":\"Callback timed out: no answer came in time\"}",
    );
}

#[test]
fn a_function_invokes_another_one() {
    let script = "handler() { durable invoke call other \"{\\\"n\\\":$((20 + 1))}\"; durable invoke call other 7 || durable error; }";
    let test = durable(script)
        .file("double.sh", "handler() { [[ $1 != 7 ]] || return 4; durable wait 9; echo \"twice $1\"; }");
    let path = test.folder.path().join("double.sh").display().to_string();
    let ran = test.with(&["--function", &format!("other={path}")]).run().assert_status(0);
    let text = String::from_utf8(ran.stdout).unwrap();
    let (first, second) = text.split_once('\n').unwrap();
    assert_eq!(first, "twice {\"n\":21}");
    assert!(second.contains("double.sh:1: `return 4`"), "{second}");
}

#[test]
fn what_is_not_the_same_again_fails_the_execution_and_is_explained() {
    let script = "count=/tmp/coshell-durable-$PPID; handler() {
  echo x >>\"$1\"
  if (($(wc -l <\"$1\") == 1)); then durable step a -- true; else durable step b -- true; fi
  durable wait 1
  durable step c -- true
}";
    let file = tempfile::NamedTempFile::new().unwrap();
    let test = InvokeTest::of_script(script).with_own_runtime();
    let ran = test.with(&[file.path().to_str().unwrap(), "--durable"]).run();
    // The input must be JSON as for any function, so that a path is refused before anything runs.
    assert_eq!(ran.status, Some(2), "{ran:?}");
    let script = script.replace("\"$1\"", file.path().to_str().unwrap());
    let ran = durable(&script).run().assert_status(1);
    ran.assert_stderr_has("Function.NotDeterministic").assert_stderr_has("its name was `a` and is now `b`");
}

#[test]
fn two_operations_at_once_in_one_context_are_refused() {
    let script = "nap() { sleep 1; }; handler() { durable step a -- nap & durable step b -- nap; wait; }";
    durable(script).run().assert_status(1).assert_stderr_has("run at once in one context");
}

#[test]
fn a_time_limit_ends_an_attempt_and_not_the_execution() {
    let script = "slow() { if ((DURABLE_ATTEMPT == 1)); then sleep 60; fi; echo \"attempt $DURABLE_ATTEMPT\"; }
handler() { durable step slow --delay 1 -- slow; }";
    let ran = durable(script).with(&["--timeout", "2"]).run().assert_status(0).assert_stdout("attempt 2");
    ran.assert_stderr_has("so that the durable execution could record it");
}

#[test]
fn results_that_cannot_be_kept_are_refused_with_the_way_out() {
    let script = r#"handler() {
  durable step nul -- printf 'a\0b' || durable error
  durable step bytes -- printf '\377' || durable error
  durable step large -- head -c 1048577 /dev/zero || durable error
}"#;
    let ran = durable(script).run().assert_status(0);
    let text = String::from_utf8(ran.stdout).unwrap();
    for part in
        ["has a NUL byte at 1, which Bash cannot keep", "is not UTF-8 at byte 0", "Lambda keeps at most 1048576"]
    {
        assert!(text.contains(part), "no {part}: {text}");
    }
}

#[test]
fn a_large_result_of_a_context_is_made_again_and_its_steps_are_not() {
    let script = "large() { durable step once -- sh -c 'echo ran >&2; echo small' >/dev/null; head -c 300000 /dev/zero | tr '\\0' x; }
handler() { local text; text=$(durable child large -- large); durable wait 1; echo \"${#text}\"; }";
    let ran = durable(script).run().assert_status(0).assert_stdout("300000");
    assert_eq!(ran.stderr.lines().filter(|line| *line == "ran").count(), 1, "{}", ran.stderr);
}

#[test]
fn json_lines_say_which_operation_they_belong_to() {
    let script = "charge() { echo inside >&2; }; handler() { echo outside >&2; durable step charge -- charge; }";
    let ran = durable(script).with(&["--env", "AWS_LAMBDA_LOG_FORMAT=JSON"]).run().assert_status(0);
    let line = |text: &str| -> Value {
        let line = ran.stderr.lines().find(|line| line.contains(text)).unwrap();
        serde_json::from_str(line).unwrap()
    };
    let (outside, inside) = (line("outside"), line("inside"));
    assert_eq!(outside["executionArn"], inside["executionArn"]);
    assert!(outside["executionArn"].as_str().unwrap().contains("/durable-execution/"), "{outside}");
    assert_eq!((&outside["operationId"], &outside["attempt"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&inside["operationId"], &inside["operationName"], &inside["attempt"]),
        (&"1".into(), &"charge".into(), &1.into())
    );
}

#[test]
fn a_suspended_handler_cleans_up_and_leaves_no_process() {
    let script = "set -e
handler() {
  dir=$(mktemp -d); trap 'rm -rf \"$dir\"; echo \"removed\" >&2' EXIT
  echo \"$dir\" >&2
  x=$(printf 'a\\n' | while read -r line; do sleep 100 & durable wait 1; kill $!; echo \"$line\"; done)
  echo \"$x\"
}";
    let ran = durable(script).run().assert_status(0).assert_stdout("a");
    let folder = ran.stderr.lines().next().unwrap();
    assert!(!std::path::Path::new(folder).exists(), "{folder}");
    assert_eq!(ran.stderr.lines().filter(|line| *line == "removed").count(), 2, "{}", ran.stderr);
}

#[test]
fn durable_outside_of_an_execution_says_what_to_do() {
    let test = InvokeTest::of_script("handler() { durable step a -- true; }").with_own_runtime();
    test.run()
        .assert_status(1)
        .assert_stderr_has("does not belong to a durable execution")
        .assert_stderr_has("coshell invoke --durable");
}

#[test]
fn stdin_is_read_at_each_replay_so_that_its_writer_does_not_fail() {
    let script = "set -euo pipefail
handler() { seq 50000 | durable step sum --stdin -- awk '{ sum += $1 } END { print sum }'; durable wait 1; }";
    durable(script).run().assert_status(0).assert_stdout("1250025000");
}

#[test]
fn a_trap_of_the_handler_does_not_end_a_step_that_still_runs() {
    let script = "work() { sleep 0.6; echo \"run $DURABLE_ATTEMPT\"; }
handler() {
  trap 'echo tick >&2' USR1
  local me=$BASHPID
  { sleep 0.2; kill -USR1 \"$me\"; } >/dev/null 2>&1 &
  durable step work -- work
}";
    durable(script).run().assert_status(0).assert_stdout("run 1").assert_stderr_has("tick");
}

#[test]
fn a_step_has_its_own_status_with_the_scripts_own_err_trap_and_with_nocasematch() {
    let script = "set -eE; trap 'echo own >&2' ERR
check() { return 5; }
handler() { durable until ready x -- check || echo \"failed with $?\"; }";
    durable(script).run().assert_status(0).assert_stdout("failed with 5").assert_stderr_has("own");
    let script =
        "shopt -s nocasematch; check() { false; echo \"went on\"; }; handler() { set +e; durable step a -- check; }";
    durable(script).run().assert_status(0).assert_stdout("went on");
}

#[test]
fn a_limit_for_reads_ends_no_operation() {
    let script = "TMOUT=1
slow() { sleep 1.5; echo \"$1\"; }
handler() {
  durable map all slow -- a b | jq -r '.all[].result'
  { echo one; sleep 1.2; echo two; } | durable step in --stdin -- cat
}";
    durable(script).run().assert_status(0).assert_stdout("a\nb\none\ntwo");
}

#[test]
fn large_parallel_work_has_the_same_result_when_it_is_repeated() {
    let script = "large() { durable step large -- sh -c 'head -c 300000 /dev/zero | tr \"\\\\0\" x'; }
slow() { durable step slow -- sh -c 'echo slow >&2; sleep 1'; }
handler() {
  local result
  result=$(durable parallel --min 1 work -- slow large)
  durable wait 5
  jq -c '[.completionReason, .all[].status]' <<<\"$result\"
}";
    let ran = durable(script).run().assert_status(0);
    ran.assert_stdout("[\"MIN_SUCCESSFUL_REACHED\",\"STARTED\",\"SUCCEEDED\"]").assert_stderr_has("ExecutionSucceeded");
}

#[test]
fn a_handler_that_ends_before_its_operation_has_failed() {
    let script = "nap() { sleep 5; }; handler() { durable step nap -- nap >/dev/null 2>&1 & sleep 0.3; echo done; }";
    durable(script).run().assert_status(1).assert_stderr_has("the handler ended while the step `nap` was not done");
}

#[test]
fn the_execution_has_no_error_of_an_operation_that_was_coped_with() {
    let script = "set -e
handler() {
  durable step charge --attempts 1 -- sh -c 'exit 9' || true
  durable step ok -- true
  cat /nosuch/durable
}";
    durable(script)
        .run()
        .assert_status(1)
        .assert_stderr_has("function.sh:5: `cat /nosuch/durable` exited with status 1");
}

#[test]
fn a_callback_of_a_child_can_be_awaited_outside() {
    let script = "handler() { id=$(durable child c -- durable callback inner); durable await \"$id\"; }";
    durable(script).with(&["--callback", "inner=yes"]).run().assert_status(0).assert_stdout("yes");
}

#[test]
fn an_error_inside_of_a_child_is_not_the_last_one_outside() {
    let script = "inner() { durable step charge --attempts 1 -- false || true; }
handler() {
  durable child c -- inner
  if durable error; then durable step x -- true; else durable step y -- echo none; fi
  durable wait 1
}";
    durable(script).run().assert_status(0).assert_stdout("none");
}

#[test]
fn what_lambda_would_refuse_is_refused_before_it_is_sent() {
    let script = "handler() {
  durable parallel --branch gr\u{f6}\u{df}e p -- true || echo \"$?\"
  durable map m '' -- 'echo INJECTED' || echo \"$?\"
  durable || echo \"$?\"
}";
    let ran = durable(script).run().assert_status(0).assert_stdout("2\n2\n2");
    ran.assert_stderr_has("the COMMAND is empty").assert_stderr_has("an operation is missing");
}
