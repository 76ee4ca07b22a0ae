//! `coshell invoke`: what goes in, and what comes out.

use crate::support::executable::write_executable;
use crate::support::program::{InvokeTest, coshell, curl_is_missing};

const ECHO: &str = "handler() { echo \"working on it\" >&2; printf '%s' \"got $1\"; }";

#[test]
fn the_response_goes_to_stdout_unchanged_and_the_log_to_stderr() {
    if curl_is_missing() {
        return;
    }
    let ran = InvokeTest::of_script(ECHO).with(&["{\"a\": 1}"]).run();
    ran.assert_status(0).assert_stdout("got {\"a\": 1}").assert_stderr_has("working on it\n");
}

#[test]
fn every_form_of_the_event_reaches_the_handler_as_it_is() {
    if curl_is_missing() {
        return;
    }
    let test = || InvokeTest::of_script(ECHO).file("event.json", "{ \"file\": 1 }");
    test().run().assert_status(0).assert_stdout("got { \"file\": 1 }");
    let file = test();
    let at_file = format!("@{}", file.folder.path().join("event.json").display());
    file.with(&[&at_file]).run().assert_status(0).assert_stdout("got { \"file\": 1 }");
    test().with(&["-"]).stdin(b"[1,\n2]").run().assert_status(0).assert_stdout("got [1,\n2]");
    test().with(&["-12"]).run().assert_status(0).assert_stdout("got -12");
    InvokeTest::of_script(ECHO).run().assert_status(0).assert_stdout("got {}");
}

#[test]
fn an_event_of_100_kb_and_its_response_come_whole() {
    if curl_is_missing() {
        return;
    }
    let event = format!("\"{}\"", "x".repeat(100_000));
    let ran = InvokeTest::of_script("handler() { printf %s \"$1\"; }").with(&["-"]).stdin(event.as_bytes()).run();
    ran.assert_status(0).assert_stdout(&event);
}

#[test]
fn a_script_and_a_function_can_be_named() {
    if curl_is_missing() {
        return;
    }
    let test =
        || InvokeTest::of_script("").file("orders.sh", "create() { echo created; }; handler() { echo handled; }");
    test().path("orders.create").run().assert_status(0).assert_stdout("created");
    test().path("orders.sh").run().assert_status(0).assert_stdout("handled");
}

#[test]
fn an_event_that_is_no_json_is_refused_with_its_place_before_anything_runs() {
    let test = InvokeTest::of_script("").bootstrap("#!/bin/sh\ntouch ran\n").with(&["{\"a\": }"]);
    test.run().assert_status(2).assert_stdout("").assert_stderr_has("line 1 column 7");
    assert!(!test.folder.path().join("ran").exists());
}

#[test]
fn a_missing_script_lists_what_was_looked_for() {
    let ran = InvokeTest::of_script("").path("orders.create").run();
    ran.assert_status(2).assert_stderr_has("orders.sh`").assert_stderr_has("function.sh");
}

#[test]
fn lambdas_variables_are_set_and_given_ones_win() {
    if curl_is_missing() {
        return;
    }
    let script = "handler() { env -0 | tr '\\0' '\\n'; pwd; }";
    let test =
        InvokeTest::of_script(script).with(&["--env", "STAGE=a=b", "--env", "TZ=Europe/Vienna", "--memory", "512"]);
    let root = test.folder.path().canonicalize().unwrap().display().to_string();
    let ran = test.run().assert_status(0);
    let stdout = String::from_utf8_lossy(&ran.stdout);
    let lines: Vec<&str> = stdout.lines().collect();
    let task_root = format!("LAMBDA_TASK_ROOT={root}");
    let expected = [
        "_HANDLER=function.handler",
        "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
        "TZ=Europe/Vienna",
        "STAGE=a=b",
        task_root.as_str(),
        root.as_str(),
    ];
    for line in expected {
        assert!(lines.contains(&line), "no {line} in {stdout}");
    }
    for name in ["AWS_LAMBDA_RUNTIME_API=127.0.0.1:", "AWS_LAMBDA_FUNCTION_NAME=", "AWS_REGION=", "AWS_DEFAULT_REGION="]
    {
        assert!(lines.iter().any(|line| line.starts_with(name)), "no {name} in {stdout}");
    }
}

#[test]
fn request_id_and_client_context_reach_the_runtime() {
    if curl_is_missing() {
        return;
    }
    let script = "handler() { echo \"$LAMBDA_RUNTIME_AWS_REQUEST_ID $LAMBDA_RUNTIME_CLIENT_CONTEXT\"; }";
    let test = InvokeTest::of_script(script).with(&["--request-id", "my-id", "--client-context", "{\"a\":\n1}"]);
    test.run().assert_status(0).assert_stdout("my-id {\"a\": 1}");
}

#[test]
fn the_report_line_is_the_last_one() {
    if curl_is_missing() {
        return;
    }
    let ran = InvokeTest::of_script(ECHO).with(&["--report", "--request-id", "my-id"]).run().assert_status(0);
    let last = ran.stderr.lines().last().unwrap();
    let fields: Vec<&str> = last.split('\t').filter_map(|field| field.split(": ").next()).collect();
    assert_eq!(fields, ["REPORT RequestId", "Duration", "Init Duration", "Max Memory Used"], "{last}");
    assert!(last.starts_with("REPORT RequestId: my-id\t") && !last.ends_with(": 0 MB"), "{last}");
}

#[test]
fn wrong_usage_exits_2() {
    let wrong = [
        &["--timeout", "0"][..],
        &["--env", "NAME"],
        &["--env", "_HANDLER=x"],
        &["--client-context", "{"],
        &["--request-id", "a/b"],
        &["--nonsense"],
    ];
    for arguments in wrong {
        let ran = InvokeTest::of_script(ECHO).with(arguments).run();
        assert_eq!((ran.status, ran.stdout.len()), (Some(2), 0), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn help_has_examples_and_no_hidden_option() {
    let help = coshell().args(["invoke", "--help"]).output().unwrap();
    let text = String::from_utf8_lossy(&help.stdout);
    assert!(text.contains("Examples:") && text.contains("coshell invoke handlers/echo"), "{text}");
    assert!(!text.contains("--bootstrap"), "{text}");
}

#[test]
fn a_program_beside_a_script_of_its_name_is_run_when_it_is_named() {
    let test = InvokeTest::of_script("")
        .with_own_runtime()
        .file("main.sh", "main() { echo script; }\nhandler() { echo script; }");
    write_executable(&test.folder.path().join("main"), "#!/bin/sh\necho program\n");
    test.path("main").run().assert_status(0).assert_stdout("program");
}
