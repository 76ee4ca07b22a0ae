//! The small `aws`: beside the AWS CLI, against moto servers, and its signatures before botocore.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::signature_judge::{ACCESS_KEY, Judge, KEYS, REGION, SECRET_KEY, TOKEN};
use crate::support::skip::aws_tool;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
const AWS: &str = env!("CARGO_BIN_EXE_aws");

#[test]
fn the_command_lines_of_the_table_do_what_the_aws_cli_does() {
    let (Some(real), Some(moto), Some(python)) = (aws_tool("aws"), aws_tool("moto_server"), aws_tool("python")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let tests = Path::new(PROJECT).join("tests/it/aws");
    let output = Command::new(python)
        .arg(tests.join("compare.py"))
        .args([real, PathBuf::from(AWS), moto, tests.clone(), folder.path().join("run"), tests])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.starts_with("# The small"), "{}", String::from_utf8_lossy(&output.stderr));
    let path = Path::new(PROJECT).join("tests/aws.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(page, fs::read_to_string(&path).unwrap_or_default(), "UPDATE_GOLDEN=1 writes tests/aws.md");
    assert!(output.status.success(), "unknown differences:\n{page}");
}

/// A command line of the small `aws`, with no setting of this machine.
fn aws(arguments: &[&str]) -> Command {
    let mut command = Command::new(AWS);
    command
        .args(arguments)
        .env_clear()
        .envs([("HOME", "/nonexistent"), ("PATH", "/nonexistent"), ("AWS_REGION", REGION), ("TZ", "UTC")])
        .envs([("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("AWS_SESSION_TOKEN", TOKEN)])
        .stdin(Stdio::null());
    command
}

/// Runs the small `aws` with the judge in the place of AWS.
fn run(judge: &Judge, arguments: &[&str]) -> Output {
    aws(arguments).env("AWS_ENDPOINT_URL", &judge.address).output().unwrap()
}

#[test]
fn every_key_is_signed_rightly() {
    let Some(judge) = Judge::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "content").unwrap();
    // To a key that ends with a slash, `s3 cp` adds the name of the file.
    for (key, path) in KEYS.into_iter().filter(|(key, _)| !key.ends_with('/')) {
        let before = judge.all_requests().len();
        let output = run(&judge, &["s3", "cp", file.to_str().unwrap(), &format!("s3://bucket/{key}"), "--quiet"]);
        let requests = judge.all_requests().split_off(before);
        assert!(output.status.success(), "{key:?}: {output:?} {requests:#?}");
        let [request] = requests.as_slice() else { panic!("{requests:#?}") };
        assert_eq!((&request["fault"], &request["method"]), (&Value::Null, &Value::from("PUT")), "{key:?}");
        assert_eq!(request["target"], format!("/bucket/{path}"), "{key:?}");
        assert_eq!(request["body"], "content");
    }
}

#[test]
fn requests_outside_of_s3_are_signed_rightly_and_carry_the_trace_id() {
    let Some(judge) = Judge::start() else { return };
    let arguments =
        ["ssm", "get-parameter", "--name", "/it's a=b&c/\u{e4}", "--query", "Parameter.Value", "--output", "text"];
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    for with_trace in [false, true] {
        let mut command = aws(&arguments);
        command.env("AWS_ENDPOINT_URL", &judge.address);
        if with_trace {
            command.env("AWS_LAMBDA_FUNCTION_NAME", "f").env("_X_AMZN_TRACE_ID", trace);
        }
        let output = command.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "results\n", "{output:?} {:#?}", judge.all_requests());
        let request = judge.all_requests().pop().unwrap();
        assert_eq!(request["fault"], Value::Null);
        assert_eq!(request["trace"], if with_trace { Value::from(trace) } else { Value::Null });
    }
    // `:` in a path is encoded twice in the signature.
    run(&judge, &["lambda", "get-function", "--function-name", "arn:aws:lambda:eu-west-1:1:function:f"]);
    let request = judge.all_requests().pop().unwrap();
    assert_eq!(request["target"], "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af");
}

#[test]
fn credentials_come_from_the_container_endpoint() {
    let Some(judge) = Judge::start() else { return };
    let uri = format!("{}/2021-04-23/credentials", judge.address);
    for (token, status) in [("container-token", 0), ("another", 253)] {
        let output = aws(&["ssm", "get-parameter", "--name", "x", "--query", "Parameter.Value"])
            .env("AWS_ENDPOINT_URL", &judge.address)
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", token)
            .envs([("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""), ("AWS_SESSION_TOKEN", "")])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
    }
}

#[test]
fn a_call_that_is_not_served_goes_to_the_next_aws_on_path_and_never_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    let other = folder.path().join("other");
    [&own, &other].iter().for_each(|folder| fs::create_dir(folder).unwrap());
    symlink(AWS, own.join("aws")).unwrap();
    let run = |path: &str| aws(&["ec2", "describe-instances", "a b"]).env("PATH", path).output().unwrap();
    let alone = run(own.to_str().unwrap());
    assert_eq!(alone.status.code(), Some(252));
    let message = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(
        message.contains("the service `ec2` is not served") && message.contains("handlers/deploy/AWS.md"),
        "{message}"
    );
    let script = other.join("aws");
    fs::write(&script, "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 7\n").unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let handed = run(&format!("{}:{}", own.display(), other.display()));
    assert_eq!(String::from_utf8_lossy(&handed.stdout), "<ec2><describe-instances><a b>");
    assert_eq!(handed.status.code(), Some(7));
}
