//! The small `aws`: beside the AWS CLI, against moto servers, and its signatures before botocore.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::running::until;
use crate::support::skip::aws_tool;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
const AWS: &str = env!("CARGO_BIN_EXE_aws");
const ACCESS_KEY: &str = "ASIAEXAMPLE";
const SECRET_KEY: &str = "example/secret+key==";
const TOKEN: &str = "example/session+token==";
const REGION: &str = "eu-west-1";

#[test]
fn the_command_lines_of_the_table_do_what_the_aws_cli_does() {
    let (Some(real), Some(moto), Some(python)) = (aws_tool("aws"), aws_tool("moto_server"), aws_tool("python")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let tests = Path::new(PROJECT).join("tests/it/aws");
    let output = Command::new(python)
        .arg(tests.join("compare.py"))
        .args([real, PathBuf::from(AWS), moto, tests.join("commands.txt"), folder.path().join("run")])
        .arg(tests.join("recorded.json"))
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

/// The server that judges signatures; it ends when it is dropped.
struct Judge {
    child: Child,
    address: String,
    log: PathBuf,
    _folder: TempDir,
}

impl Judge {
    fn start() -> Option<Judge> {
        let python = aws_tool("python")?;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let child = Command::new(python)
            .arg(Path::new(PROJECT).join("tests/it/runtime/signature_judge.py"))
            .args([ACCESS_KEY, SECRET_KEY, TOKEN, REGION])
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut judge = Judge { child, address: String::new(), log, _folder: folder };
        let port = until("the judge's port", || {
            let line = BufReader::new(File::open(&judge.log).unwrap()).lines().next()?.unwrap();
            line.parse::<u16>().ok()
        });
        judge.address = format!("http://127.0.0.1:{port}");
        Some(judge)
    }

    fn requests(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.log).unwrap();
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        aws(arguments).env("AWS_ENDPOINT_URL", &self.address).output().unwrap()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keys, and how SigV4 writes them in a path.
const KEYS: [(&str, &str); 19] = [
    ("plain.txt", "plain.txt"),
    ("-._~", "-._~"),
    ("a b+c.txt", "a%20b%2Bc.txt"),
    ("!'()*", "%21%27%28%29%2A"),
    ("=&:@,;$", "%3D%26%3A%40%2C%3B%24"),
    ("?x=1#[]{}|\\^`\"<>", "%3Fx%3D1%23%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E"),
    ("100%, %41%2F%zz", "100%25%2C%20%2541%252F%25zz"),
    ("data/asset_id=x/dt=2024-05-22/part.parquet", "data/asset_id%3Dx/dt%3D2024-05-22/part.parquet"),
    ("../other-bucket/secret.txt", "../other-bucket/secret.txt"),
    ("%2e%2e/other-bucket/secret.txt", "%252e%252e/other-bucket/secret.txt"),
    ("a/./b/../c", "a/./b/../c"),
    ("..", ".."),
    ("a/..", "a/.."),
    ("//a///b", "//a///b"),
    ("M\u{e4}rz/\u{65e5}\u{672c}/\u{1f389}", "M%C3%A4rz/%E6%97%A5%E6%9C%AC/%F0%9F%8E%89"),
    ("e\u{301} \u{a0}\u{feff}", "e%CC%81%20%C2%A0%EF%BB%BF"),
    ("a\nb\tc\rd", "a%0Ab%09c%0Dd"),
    ("\u{1}\u{7f}", "%01%7F"),
    ("-o/tmp/x", "-o/tmp/x"),
];

#[test]
fn every_key_is_signed_rightly() {
    let Some(judge) = Judge::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "content").unwrap();
    for (key, path) in KEYS {
        let before = judge.requests().len();
        let output = judge.run(&["s3", "cp", file.to_str().unwrap(), &format!("s3://bucket/{key}"), "--quiet"]);
        let requests = judge.requests().split_off(before);
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
        assert_eq!(String::from_utf8_lossy(&output.stdout), "results\n", "{output:?} {:#?}", judge.requests());
        let request = judge.requests().pop().unwrap();
        assert_eq!(request["fault"], Value::Null);
        assert_eq!(request["trace"], if with_trace { Value::from(trace) } else { Value::Null });
    }
    // `:` in a path is encoded twice in the signature.
    judge.run(&["lambda", "get-function", "--function-name", "arn:aws:lambda:eu-west-1:1:function:f"]);
    let request = judge.requests().pop().unwrap();
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
