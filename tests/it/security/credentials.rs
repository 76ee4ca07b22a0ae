//! Values of secrets of the environment stand in no line and no report of the runtime's own.

use std::time::Duration;

use crate::sandbox::Sandbox;
use crate::support::answer::text;
use crate::support::function::Function;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const DATABASE: &str = "pg://me:bPxRfiCYEXAMPLE@db/x";

fn function(script: &str) -> Function {
    Function::script(script).env("AWS_SECRET_ACCESS_KEY", SECRET).env("DATABASE_URL", DATABASE)
}

#[test]
fn a_traced_command_shows_none_in_the_log_and_none_in_a_file() {
    let script = "handler() { : \"$AWS_SECRET_ACCESS_KEY\" \"$DATABASE_URL\"; \
                  : \"$(printf '%0970d' 0)$AWS_SECRET_ACCESS_KEY\"; }";
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("trace");
    let running = function(script).env("COSHELL_TRACE", "1").env("COSHELL_TRACE_FILE", &file).start();
    running.send("").answer_and_next().responds("");
    for text in [running.log(), std::fs::read_to_string(&file).unwrap()] {
        assert!(text.contains(": *** pg://me:***@db/x") && text.contains("0000***"), "{text}");
        assert!(!text.contains(&SECRET[..20]) && !text.contains("bPxRfi"), "{text}");
    }
}

#[test]
fn a_report_that_repeats_the_handlers_stderr_shows_none_and_the_handlers_own_lines_are_left_alone() {
    for format in ["Text", "JSON"] {
        let script = "handler() { echo \"refused: $AWS_SECRET_ACCESS_KEY\" >&2; return 3; }";
        let answer = function(script).env("AWS_LAMBDA_LOG_FORMAT", format).answer("");
        answer.fails_with("refused: ***");
        assert!(!text(answer.error_body()).contains(SECRET));
        assert_eq!(answer.log.matches(SECRET).count(), 1, "{}", answer.log);
    }
}

#[test]
fn a_process_that_is_named_shows_none_of_its_arguments_that_is_one() {
    let script = "handler() { bash -c 'sleep 1000; :' x \"$AWS_SECRET_ACCESS_KEY\"; }";
    let running = Sandbox::of_script(script).env("AWS_SECRET_ACCESS_KEY", SECRET);
    let running = running.env("COSHELL_TIMEOUT_MARGIN_MS", "1500").ready();
    let error = running.send("id-1", "{}", Duration::from_secs(3)).wait();
    let (error, log) = (format!("{error:?}"), running.log());
    assert!(log.contains("sleep 1000; : x ***"), "{log}");
    assert!(!error.contains(SECRET) && !log.contains(SECRET), "{error} {log}");
}

#[test]
fn the_output_of_a_failed_handler_that_is_not_sent_shows_none() {
    let answer = function("handler() { echo \"key $AWS_SECRET_ACCESS_KEY\"; return 3; }").answer("");
    assert!(answer.log.contains("ends with: key ***") && !answer.log.contains(SECRET), "{}", answer.log);
}
