//! `coshell events`, and `coshell invoke --sample`.

use std::fs::OpenOptions;
use std::process::Stdio;

use serde_json::Value;

use crate::support::program::{InvokeTest, Ran, coshell};

fn events(arguments: &[&str]) -> Ran {
    Ran::from(coshell().arg("events").args(arguments).stdin(Stdio::null()).output().unwrap())
}

fn names() -> Vec<String> {
    let listed = String::from_utf8(events(&[]).assert_status(0).stdout).unwrap();
    listed.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn each_listed_event_is_printed_as_a_handler_gets_it() {
    assert!(names().len() >= 12, "{:?}", names());
    for name in names() {
        let printed = events(&[&name]).assert_status(0);
        serde_json::from_slice::<Value>(&printed.stdout).unwrap();
        let text = String::from_utf8(printed.stdout).unwrap();
        let test = InvokeTest::of_script("handler() { printf '%s' \"$1\"; }").with_own_runtime();
        test.with(&["--sample", &name]).run().assert_status(0).assert_stdout(text.trim_end());
    }
}

#[test]
fn a_wrong_name_is_an_error_that_names_the_nearest() {
    for command in [&["events", "sqss"][..], &["invoke", ".", "--sample", "sqss"]] {
        let ran = Ran::from(coshell().args(command).stdin(Stdio::null()).output().unwrap()).assert_status(2);
        ran.assert_stdout("").assert_stderr_has("a similar value exists: 'sqs'");
    }
}

#[test]
fn a_sample_and_an_event_cannot_both_be_sent() {
    let ran = InvokeTest::of_script("").with(&["{}", "--sample", "sqs"]).run().assert_status(2);
    ran.assert_stderr_has("cannot be used with");
}

#[test]
fn the_sample_of_a_state_machine_sets_the_caller() {
    let test =
        InvokeTest::of_script("handler() { echo done; }").with_own_runtime().with(&["--sample", "step-functions"]);
    test.run().assert_status(0).assert_stderr_has("fails with States.Runtime");
}

#[test]
fn a_full_stdout_is_an_error() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = coshell().args(["events", "sqs"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let ran = Ran::from(output.wait_with_output().unwrap()).assert_status(1);
    ran.assert_stderr_has("error: cannot write to stdout: No space left on device");
}
