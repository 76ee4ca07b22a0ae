//! `coshell invoke --snap-start` and `coshell serve --snap-start`: the order of SnapStart, on this machine.

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::program::InvokeTest;
use crate::support::serving::Serve;
use crate::support::skip::cannot;

const SCRIPT: &str = "echo sourced >&2
before() { echo before >&2; state=before; }
after() { echo after >&2; state+=,after; }
LAMBDA_BEFORE_SNAPSHOT=(before)
LAMBDA_AFTER_RESTORE=(after)
handler() { echo event >&2; echo \"${state-none} $AWS_LAMBDA_INITIALIZATION_TYPE\"; }";

fn snap_start(script: &str) -> InvokeTest {
    InvokeTest::of_script(script).with_own_runtime().with(&["--snap-start"])
}

/// The lines of stderr, each duration as `N`.
fn steps(stderr: &str) -> Vec<String> {
    let is_duration = |word: &str| word.contains('.') && word.parse::<f64>().is_ok();
    let line = |line: &str| {
        line.split(' ').map(|word| if is_duration(word) { "N" } else { word }).collect::<Vec<_>>().join(" ")
    };
    stderr.lines().map(line).collect()
}

#[test]
fn the_steps_come_in_lambdas_order() {
    let ran = snap_start(SCRIPT).run().assert_status(0).assert_stdout("before,after snap-start");
    let expected = [
        "sourced",
        "before",
        "snapshot: init and the functions in LAMBDA_BEFORE_SNAPSHOT took N ms",
        "after",
        "RESTORE_REPORT Restore Duration: N ms",
        "event",
    ];
    assert_eq!(steps(&ran.stderr), expected);
}

#[test]
fn without_the_option_no_function_of_snap_start_runs() {
    let ran = InvokeTest::of_script(SCRIPT).with_own_runtime().run();
    assert_eq!(steps(&ran.assert_status(0).assert_stdout("none on-demand").stderr), ["sourced", "event"]);
}

#[test]
fn the_log_names_are_absent_and_no_process_outlives_the_command() {
    let script =
        "handler() { echo \"names: ${!AWS_LAMBDA_LOG_*}\"; setsid sleep 1000 >/dev/null 2>&1 & echo $! >pid; }";
    let test = snap_start(script);
    let mut command = test.command();
    command.env("AWS_LAMBDA_LOG_GROUP_NAME", "inherited").env("AWS_LAMBDA_LOG_STREAM_NAME", "inherited");
    let ran = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "names: ", "{ran:?}");
    let pid = fs::read_to_string(test.folder.path().join("pid")).unwrap();
    assert!(!crate::support::program::runs(pid.trim()), "process {pid} still runs");
}

#[test]
fn a_failure_before_the_snapshot_and_one_after_the_restore_are_told_apart() {
    let script = |array: &str| format!("broken() {{ false; }}; {array}=(broken); handler() {{ echo never; }}");
    let before = snap_start(&script("LAMBDA_BEFORE_SNAPSHOT")).run().assert_status(3).assert_stdout("");
    assert!(
        before.stderr.contains("\nno snapshot: init failed, so Lambda does not publish the version\n"),
        "{before:?}"
    );
    assert!(before.stderr.contains("\"errorType\":\"Runtime.BeforeSnapshotError\""), "{before:?}");
    assert!(!before.stderr.contains("RESTORE_REPORT"), "{before:?}");
    let after = snap_start(&script("LAMBDA_AFTER_RESTORE")).run().assert_status(3).assert_stdout("");
    assert!(
        after.stderr.contains("the restore failed: Lambda fails the event and ends the environment\n"),
        "{after:?}"
    );
    assert!(after.stderr.contains("\"errorType\":\"Runtime.AfterRestoreError\""), "{after:?}");
    assert!(after.stderr.starts_with("snapshot: "), "{after:?}");
}

#[test]
fn a_runtime_without_hooks_is_started_as_well() {
    let bootstrap = "#!/bin/sh\nexec curl -s \"http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next\"\n";
    if cannot("curl", &["--version"]) {
        return;
    }
    let ran = InvokeTest::of_script("").bootstrap(bootstrap).with(&["--snap-start"]).run().assert_status(1);
    assert!(ran.stderr.starts_with("no restore: the runtime called invocation/next"), "{ran:?}");
}

#[test]
fn json_and_the_report_have_the_duration_of_the_restore() {
    let ran = snap_start(SCRIPT).with(&["--json"]).run().assert_status(0);
    let object: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(object["restoreDurationMs"].as_f64().is_some() && object["initDurationMs"].as_f64().is_some(), "{object}");
    assert_eq!(ran.stderr, "");
    let ran = snap_start(SCRIPT).with(&["--report"]).run().assert_status(0);
    let report = ran.stderr.lines().last().unwrap();
    assert!(report.starts_with("REPORT ") && report.contains("\tRestore Duration: "), "{report}");
    assert!(!report.contains("Init Duration"), "{report}");
}

#[test]
fn the_developers_credentials_come_from_the_endpoint() {
    if cannot("curl", &["--version"]) {
        return;
    }
    let script = "handler() {
        env | grep -E '^AWS_(ACCESS|SECRET|SESSION)' || echo none
        curl -sSf -H \"Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN\" \"$AWS_CONTAINER_CREDENTIALS_FULL_URI\"
    }";
    let keys =
        [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_SESSION_TOKEN", "session")];
    let given =
        snap_start(script).with(&["--env", "AWS_ACCESS_KEY_ID=AKIDGIVEN"]).command().envs(keys).output().unwrap();
    let stdout = String::from_utf8_lossy(&given.stdout);
    let (variables, document) = stdout.split_once('\n').unwrap();
    assert_eq!(variables, "none", "{given:?}");
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!((&document["AccessKeyId"], &document["Token"]), (&"AKIDGIVEN".into(), &"session".into()), "{document}");
    let on_demand = InvokeTest::of_script("handler() { echo \"$AWS_ACCESS_KEY_ID\"; }").with_own_runtime();
    let ran = on_demand.command().envs(keys).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "AKIDEXAMPLE", "{ran:?}");
}

#[test]
fn the_lines_of_the_guide_find_the_metadata_api() {
    if cannot("curl", &["--version"]) {
        return;
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/README.md")).unwrap();
    let (_, section) = page.split_once("## Availability zone and tenant\n").unwrap();
    let lines = section.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let ran = InvokeTest::of_script(&format!("handler() {{\n{lines}}}\n")).with_own_runtime().run().assert_status(0);
    ran.assert_stdout("{\"AvailabilityZoneID\":\"use1-az1\"}tenant: none");
}

#[test]
fn serve_starts_its_environments_in_the_same_order() {
    let serving = Serve::script(SCRIPT).with(&["--snap-start"]).start();
    let said = serving.stderr_with("RESTORE_REPORT Restore Duration: ");
    let order = ["sourced", "before", "snapshot: init and the functions", "after", "RESTORE_REPORT"];
    let places: Vec<Option<usize>> = order.iter().map(|step| said.find(step)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{said}");
    let tail = serving.invoke_with(&[("X-Amz-Log-Type", "Tail")], b"{}");
    assert_eq!(tail.text(), "before,after snap-start");
    let log = String::from_utf8(BASE64_STANDARD.decode(tail.header("X-Amz-Log-Result").unwrap()).unwrap()).unwrap();
    assert!(log.contains("\tRestore Duration: ") && !log.contains("Init Duration"), "{log}");
}

#[test]
fn the_guides_script_gives_what_the_guide_shows() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/SNAPSTART.md")).unwrap();
    let (_, section) = page.split_once("## Try it on your machine\n").unwrap();
    let block = |kind: &str, at: usize| section.split(kind).nth(at).unwrap().split("```").next().unwrap();
    let script = block("```bash\n", 1);
    let broken = script.replace("token=new", "grep token /dev/null");
    for (at, script, status) in [(1, script, 0), (2, broken.as_str(), 3)] {
        let ran = snap_start(script).run().assert_status(status);
        let shown = block("```console\n$ coshell invoke warm --snap-start\n", at);
        let told = ran.stderr + &String::from_utf8_lossy(&ran.stdout);
        assert_eq!(steps(&told), steps(shown.trim_end()));
    }
}
