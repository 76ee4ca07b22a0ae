//! The Invoke API on the wire, and by curl.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::program::{curl_is_missing, runs};
use crate::support::running::until;
use crate::support::serving::{INVOCATIONS, Serve, Serving, assert_gone, curl};
use crate::support::wire::Answer;

const ECHO: &str = "handler() { echo \"got $1\" >&2; echo \"$1\"; }";

#[test]
fn curl_gets_the_response_and_the_log_has_what_the_function_wrote() {
    if curl_is_missing() {
        return;
    }
    let serving = Serve::script(ECHO).start();
    let output = curl(&["--data", r#"{"a": 1}"#, &format!("{}{INVOCATIONS}", serving.url())]);
    assert_eq!(output.stdout, br#"{"a": 1}"#);
    serving.stderr_with("got {\"a\": 1}\ninvoke 200 ");
}

#[test]
fn a_response_comes_with_lambdas_headers() {
    let answer = Serve::script(ECHO).start().invoke("1");
    assert_eq!((answer.status, answer.text()), (200, "1"));
    assert_eq!(answer.header("X-Amz-Executed-Version"), Some("$LATEST"));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("X-Amz-Function-Error"), None);
    assert_eq!(answer.header("X-Amzn-Requestid").map(str::len), Some(36));
}

#[test]
fn a_failing_handler_answers_200_with_the_function_error_header() {
    let serving = Serve::script("handler() { false; }").start();
    let answer = serving.invoke("{}");
    assert_eq!((answer.status, answer.header("X-Amz-Function-Error")), (200, Some("Unhandled")));
    assert_eq!(answer.error_type(), "Function.ExitStatus");
}

#[test]
fn a_client_context_and_a_tenant_reach_the_function() {
    let script = "handler() { echo \"$LAMBDA_RUNTIME_CLIENT_CONTEXT $LAMBDA_RUNTIME_AWS_TENANT_ID\"; }";
    let serving = Serve::script(script).start();
    let headers = [("X-Amz-Client-Context", "eyJhIjoKICJiIn0="), ("X-Amz-Tenant-Id", "blue")];
    assert_eq!(serving.invoke_with(&headers, b"").text(), "{\"a\":  \"b\"} blue");
}

#[test]
fn the_function_gets_the_arn_of_the_request() {
    let serving = Serve::script("handler() { echo \"$LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN\"; }").start();
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:other";
    let path = format!("/2015-03-31/functions/{}/invocations?Qualifier=live", arn.replace(':', "%3A"));
    let host = serving.address().to_string();
    assert_eq!(serving.wire().host(&host).post(&path, &[], b"").text(), format!("{arn}:live"));
}

#[test]
fn the_log_result_is_the_end_of_this_invocations_log() {
    let serving =
        Serve::script("handler() { echo \"log of $1\" >&2; [[ $1 != 3 ]] || seq -f 'line %g' 2000 >&2; }").start();
    serving.invoke("1");
    let log = log_result(&serving.invoke_with(&[TAIL], b"2"));
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].starts_with("START RequestId: ") && lines[0].ends_with(" Version: $LATEST"), "{log}");
    assert_eq!(lines[1], "log of 2");
    assert!(lines[2].starts_with("END RequestId: ") && lines[3].starts_with("REPORT RequestId: "), "{log}");
    for field in ["\tDuration: ", "\tBilled Duration: ", "\tMemory Size: 128 MB\t", "\tMax Memory Used: "] {
        assert!(lines[3].contains(field), "no {field:?} in {log}");
    }
    let long = log_result(&serving.invoke_with(&[TAIL], b"3"));
    assert_eq!(long.len(), 4096);
    assert!(long.contains("\nline 2000\nEND RequestId: "), "{long}");
    assert_eq!(serving.invoke("4").header("X-Amz-Log-Result"), None);
}

#[test]
fn a_time_limit_ends_the_event_and_the_next_one_has_a_new_environment() {
    let script = "handler() { [[ $1 != 1 ]] || { sleep 1000 & echo $! $BASHPID > pids; wait; }; echo \"$1\"; }";
    let serving = Serve::script(script).with(&["--timeout", "2"]).start();
    let answer = serving.invoke_with(&[TAIL], b"1");
    let id = answer.header("X-Amzn-Requestid").unwrap();
    let report = format!(
        r#"{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {id} Error: Task timed out after 2.00 seconds"}}"#
    );
    assert_eq!((answer.text(), answer.header("X-Amz-Function-Error")), (report.as_str(), Some("Unhandled")));
    assert!(log_result(&answer).ends_with("\tStatus: timeout\n"), "{}", log_result(&answer));
    assert_gone(&serving.path("pids"));
    assert_eq!(serving.invoke("2").text(), "2");
}

#[test]
fn a_runtime_that_dies_gives_its_exit_error_and_the_next_event_a_new_one() {
    let serving = Serve::script("handler() { [[ $1 != 1 ]] || kill -KILL $(ps -o ppid= $$); echo \"$1\"; }").start();
    let answer = serving.invoke("1");
    assert_eq!((answer.status, answer.error_type().as_str()), (200, "Runtime.ExitError"));
    assert!(answer.text().contains("Error: Runtime exited with error: signal SIGKILL"), "{answer:?}");
    assert_eq!(serving.invoke("2").text(), "2");
}

#[test]
fn a_runtime_that_dies_between_events_costs_no_event() {
    let serving = Serve::script("handler() { ps -o ppid= $$; }").start();
    let runtime = serving.invoke("1").text().trim().to_owned();
    kill(Pid::from_raw(runtime.parse().unwrap()), Signal::SIGKILL).unwrap();
    until("the runtime's end", || (!runs(&runtime)).then_some(()));
    let next = serving.invoke("2");
    assert_eq!((next.status, next.header("X-Amz-Function-Error")), (200, None), "{next:?}");
    assert_ne!(next.text().trim(), runtime);
}

#[test]
fn an_init_error_is_reported_and_the_next_event_starts_a_new_init() {
    let serving = Serve::script("echo sourcing >&2; [[ -e good ]]\nhandler() { echo well; }").start();
    serving.stderr_with("sourcing\n"); // before there is an event
    let answer = serving.invoke_with(&[TAIL], b"1");
    assert_eq!((answer.status, answer.header("X-Amz-Function-Error")), (200, Some("Unhandled")), "{answer:?}");
    assert_eq!(answer.error_type(), "Runtime.ScriptFailed");
    assert!(log_result(&answer).contains("sourcing\n"), "{}", log_result(&answer));
    std::fs::write(serving.path("good"), "").unwrap();
    assert_eq!(serving.invoke("2").text(), "well");
}

#[test]
fn an_event_is_accepted_at_once_and_run_later() {
    let serving = Serve::script("handler() { read -r line < gate; echo \"ran $1 $line\" >&2; }").fifo("gate").start();
    let answer = serving.invoke_with(&[("X-Amz-Invocation-Type", "Event")], b"7");
    assert_eq!((answer.status, answer.text()), (202, ""));
    std::fs::write(serving.path("gate"), "opened\n").unwrap();
    serving.stderr_with("ran 7 opened\nevent 202 ");
}

#[test]
fn a_dry_run_checks_and_runs_nothing() {
    let serving = Serve::script("handler() { echo ran >&2; }").start();
    let answer = serving.invoke_with(&[("X-Amz-Invocation-Type", "DryRun")], b"{}");
    assert_eq!(answer.status, 204);
    assert_eq!(serving.invoke_with(&[("X-Amz-Invocation-Type", "DryRun")], b"{").status, 400);
    serving.invoke("{}");
    assert_eq!(serving.stderr_with("invoke 200").matches("ran\n").count(), 1);
}

#[test]
fn requests_that_lambda_refuses_get_its_exception() {
    let serving = Serve::script(ECHO).start();
    let event = ("X-Amz-Invocation-Type", "Event");
    let (six, one) = (6 * 1024 * 1024, 1024 * 1024);
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let table: [(Headers, Vec<u8>, u16, &str); 8] = [
        (&[], b"{\"a\"".to_vec(), 400, "InvalidRequestContentException"),
        (&[], b"\"\xff\"".to_vec(), 400, "InvalidRequestContentException"),
        (&[("X-Amz-Client-Context", "{}")], b"{}".to_vec(), 400, "InvalidRequestContentException"),
        (&[("X-Amz-Client-Context", "e30h")], b"{}".to_vec(), 400, "InvalidRequestContentException"),
        (&[("X-Amz-Invocation-Type", "Later")], b"{}".to_vec(), 400, "ValidationException"),
        (&[], json_of(six + 1), 413, "RequestTooLargeException"),
        (&[event], json_of(one + 1), 413, "RequestTooLargeException"),
        (&[], json_of(one + 1), 200, ""),
    ];
    for (headers, body, status, exception) in table {
        let answer = serving.invoke_with(headers, &body);
        let came = (answer.status, answer.header("X-Amzn-Errortype").unwrap_or_default());
        assert_eq!(came, (status, exception), "{headers:?}, {} bytes", body.len());
    }
    assert_eq!(serving.invoke_with(&[event], &json_of(one)).status, 202);
    assert_eq!(serving.invoke_with(&[], &json_of(six)).body.len(), six);
}

#[test]
fn an_unknown_path_is_refused_in_lambdas_form() {
    let serving = Serve::script(ECHO).start();
    let host = serving.address().to_string();
    let answer = serving.wire().host(&host).post("/2015-03-31/functions", &[], b"{}");
    assert_eq!((answer.status, answer.header("X-Amzn-Errortype")), (404, Some("UnknownOperationException")));
    assert!(answer.text().contains("/2015-03-31/functions/{name}/invocations"), "{answer:?}");
}

#[test]
fn two_events_run_at_once_where_the_concurrency_is_2() {
    let script =
        "handler() { case $1 in 1) echo one > meeting; cat other ;; 2) cat meeting; echo two > other ;; esac; }";
    let serving = Serve::script(script).fifo("meeting").fifo("other");
    let serving = serving.with(&["--concurrency", "2"]).start();
    let answers = both(&serving, "1", "2");
    assert_eq!(answers, ["two", "one"]);
}

#[test]
fn events_wait_for_their_turn_where_the_concurrency_is_1() {
    let serving = Serve::script("handler() { mkdir busy; sleep 0.05; rmdir busy; echo \"$1\"; }").start();
    assert_eq!(both(&serving, "1", "2"), ["1", "2"]);
}

const TAIL: (&str, &str) = ("X-Amz-Log-Type", "Tail");

fn both(serving: &Serving, one: &str, other: &str) -> [String; 2] {
    std::thread::scope(|scope| {
        let asked = [one, other].map(|event| scope.spawn(move || serving.invoke(event).text().to_owned()));
        asked.map(|answer| answer.join().unwrap())
    })
}

/// A JSON text of this length.
fn json_of(bytes: usize) -> Vec<u8> {
    format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes()
}

fn log_result(answer: &Answer) -> String {
    let encoded = answer.header("X-Amz-Log-Result").unwrap_or_else(|| panic!("no log: {answer:?}"));
    String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
}
