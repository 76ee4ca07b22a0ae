//! handlers/probe: what it reports of an environment that the test makes, and what it keeps to itself.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::emulator::Emulator;
use crate::support::program::{Ran, coshell};
use crate::support::skip::cannot;

const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/probe");

/// What the handler reports under `coshell invoke` with these variables, and its text.
fn report(command: &mut Command, variables: &[&str]) -> (Value, String) {
    command.args(["invoke", PROBE, "--timeout", "30"]).stdin(Stdio::null());
    for variable in variables {
        command.args(["--env", variable]);
    }
    let text = String::from_utf8(Ran::from(command.output().unwrap()).assert_status(0).stdout).unwrap();
    (serde_json::from_str(&text).unwrap(), text)
}

#[test]
fn what_lambda_told_the_runtime_is_reported_without_a_secret_value() {
    let variables = [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://secret-address/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN=secret-token",
        "AWS_SESSION_TOKEN=secret-session",
        "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET=/secret-socket",
        "AWS_LAMBDA_LOG_LEVEL=DEBUG",
    ];
    let (report, text) = report(&mut coshell(), &variables);
    let lambda = &report["lambda"];
    let credentials =
        json!(["AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"]);
    assert_eq!(lambda["credentials"], credentials, "{lambda}");
    assert_eq!(lambda["metadata"], json!(["AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN"]), "{lambda}");
    assert_eq!(lambda["telemetry"], json!(["_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"]), "{lambda}");
    assert_eq!((&lambda["logLevel"], &lambda["maxConcurrency"]), (&"DEBUG".into(), &Value::Null), "{lambda}");
    assert_eq!(lambda["initializationType"], "on-demand", "{lambda}");
    let left = lambda["millisecondsLeft"].as_u64().unwrap();
    assert!((1..=30_000).contains(&left), "{left}");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn the_limits_of_open_files_are_the_soft_and_the_hard_one() {
    if cannot("prlimit", &["--version"]) {
        return;
    }
    let mut limited = Command::new("prlimit");
    limited.args(["--nofile=512:1024", coshell().get_program().to_str().unwrap()]);
    let (report, text) = report(&mut limited, &[]);
    // The runtime may raise the soft limit, and never the hard one.
    for limits in [
        &report["runtime"]["openFiles"],
        &json!({"soft": report["limits"]["openFiles"], "hard": report["limits"]["openFilesHard"]}),
    ] {
        assert_eq!(limits["hard"], 1024, "{text}");
        assert!(limits["soft"] == 512 || limits["soft"] == 1024, "{text}");
    }
}

#[test]
fn the_bootstrap_that_runs_is_told_from_one_that_is_only_there() {
    let script = std::fs::read_to_string(Path::new(PROBE).join("function.sh")).unwrap();
    if crate::support::skip::no_namespaces() {
        return;
    }
    let Some(mut emulator) = Emulator::serve_with_bootstrap_in("/opt", &script) else { return };
    let answer = emulator.invoke(b"{}");
    let report: Value = serde_json::from_str(answer.text()).unwrap();
    let expected =
        json!({"/var/runtime/bootstrap": "absent", "/var/task/bootstrap": "absent", "/opt/bootstrap": "runs"});
    assert_eq!(report["runtime"]["bootstraps"], expected, "{report}");
    assert_eq!(report["runtime"]["process"]["program"], "/opt/bootstrap", "{report}");
    assert_eq!(
        report["lambda"]["metadata"],
        json!(["AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN"]),
        "{report}"
    );
}
