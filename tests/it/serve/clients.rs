//! The real clients: the AWS CLI, boto3, and the commands to paste.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::program::curl_is_missing;
use crate::support::serving::{Serve, Serving};
use crate::support::skip::aws_tool;

/// As tests/it/serve/client.py expects it.
const FUNCTION: &str = r#"handler() {
  echo "logged $1" >&2
  case $1 in
    1) echo "$LAMBDA_RUNTIME_CLIENT_CONTEXT" ;;
    2) false ;;
    3) sleep 1000 ;;
    '"a"') echo '"a"' > first; cat second ;;
    '"b"') cat first > mine; echo '"b"' > second; cat mine ;;
    '"tenant"') echo "\"$LAMBDA_RUNTIME_AWS_TENANT_ID\"" ;;
    *) echo "$1" ;;
  esac
}"#;

fn serve() -> Serving {
    Serve::script(FUNCTION).fifo("first").fifo("second").with(&["--concurrency", "2"]).start()
}

/// The same function with a short time limit.
fn serve_hastily() -> Serving {
    Serve::script(FUNCTION).with(&["--timeout", "1"]).start()
}

/// A client of AWS that reaches only 127.0.0.1.
pub(super) fn client(program: &str) -> Option<Command> {
    let program = aws_tool(program)?;
    let folder = program.parent().unwrap().display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new(&program);
    command.env("PATH", path).env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    command.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ]);
    command.envs([
        ("AWS_MAX_ATTEMPTS", "1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_PAGER", ""),
        ("HOME", "/nowhere"),
    ]);
    Some(command)
}

fn run(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// What `aws lambda invoke` says of the invocation, and the response that it writes.
fn aws_invoke(serving: &Serving, arguments: &[&str]) -> Option<(Value, String)> {
    let response = serving.path("the response");
    let mut command = client("aws")?;
    command.args(["lambda", "invoke", "--endpoint-url", &serving.url(), "--function-name", "any-name"]);
    let said = run(command_with(command, arguments, response.to_str().unwrap()));
    let said = serde_json::from_slice(&said.stdout).unwrap();
    Some((said, std::fs::read_to_string(response).unwrap()))
}

fn command_with(mut command: Command, arguments: &[&str], file: &str) -> Command {
    command.args(arguments).arg(file);
    command
}

#[test]
fn the_aws_cli_invokes_and_gets_errors_logs_and_limits() {
    let serving = serve();
    let Some((said, response)) = aws_invoke(&serving, &["--payload", "{\"a\": 1}"]) else { return };
    assert_eq!((said, response.as_str()), (json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST" }), "{\"a\": 1}"));

    let (said, response) = aws_invoke(&serving, &["--payload", "2", "--log-type", "Tail"]).unwrap();
    assert_eq!((&said["StatusCode"], &said["FunctionError"]), (&json!(200), &json!("Unhandled")));
    assert!(said["LogResult"].is_string() && response.contains("Function.ExitStatus"), "{said} {response}");

    let (_, response) = aws_invoke(&serving, &["--payload", "1", "--client-context", "eyJhIjoxfQ=="]).unwrap();
    assert_eq!(response, "{\"a\":1}");

    let (said, response) = aws_invoke(&serve_hastily(), &["--payload", "3"]).unwrap();
    assert!(
        said["FunctionError"] == "Unhandled" && response.contains("Task timed out after 1.00 seconds"),
        "{response}"
    );

    let (said, _) = aws_invoke(&serving, &["--payload", "4", "--invocation-type", "Event"]).unwrap();
    assert_eq!(said["StatusCode"], 202);
    serving.stderr_with("logged 4\nevent 202 ");
}

#[test]
fn boto3_invokes_and_gets_errors_logs_and_limits() {
    let Some(mut python) = client("python") else { return };
    let (serving, hasty) = (serve(), serve_hastily());
    python.args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/serve/client.py"), &serving.url(), &hasty.url()]);
    run(python);
}

#[test]
fn the_commands_that_are_printed_can_be_pasted() {
    let serving = Serve::script(FUNCTION);
    std::fs::write(serving.folder.path().join("event.json"), "{\n \"a\": 1\n}\n").unwrap();
    let serving = serving.start();
    let said = serving.stderr_with("aws lambda invoke");
    let pasted = |name: &str| said.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
    if !curl_is_missing() {
        let output = run(shell(Command::new("sh"), &format!("{} --silent --noproxy '*'", pasted("curl"))));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "{ \"a\": 1}"); // curl leaves newlines out
    }
    if let Some(aws) = client("aws") {
        let mut sh = Command::new("sh");
        sh.envs(aws.get_envs().filter_map(|(name, value)| Some((name, value?))));
        sh.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        let output = run(shell(sh, &pasted("aws")));
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("{\n \"a\": 1\n}"), "{output:?}");
    }
}

fn shell(mut sh: Command, line: &str) -> Command {
    sh.args(["-c", line]);
    sh
}

#[test]
fn scripts_that_ask_about_the_function_before_they_invoke_it_get_answers() {
    let serving = Serve::script(FUNCTION).with(&["--memory", "256", "--timeout", "7.5", "--env", "KEY=secret"]).start();
    let url = serving.url();
    let Some(aws) = client("aws") else { return };
    let asked = |arguments: &[&str]| {
        let mut command = Command::new(aws.get_program());
        command.envs(aws.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.arg("lambda").args(arguments).args(["--endpoint-url", &url, "--output", "json"]);
        let output = run(command).stdout;
        assert!(!String::from_utf8_lossy(&output).contains("secret"), "the values of variables are not shown");
        serde_json::from_slice::<Value>(&output).unwrap_or_default()
    };
    let configuration = asked(&["get-function-configuration", "--function-name", "orders"]);
    for (name, value) in [
        ("FunctionName", json!("orders")),
        ("Runtime", json!("provided.al2023")),
        ("Handler", json!("function.handler")),
        ("State", json!("Active")),
        ("LastUpdateStatus", json!("Successful")),
        ("MemorySize", json!(256)),
        ("Timeout", json!(8)),
    ] {
        assert_eq!(configuration[name], value, "{configuration}");
    }
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
    let function = asked(&["get-function", "--function-name", arn, "--qualifier", "live"]);
    assert_eq!(function["Configuration"]["FunctionArn"], format!("{arn}:live"), "{function}");
    assert_eq!(function["Configuration"]["FunctionName"], "orders", "{function}");
    let functions = asked(&["list-functions"]);
    assert_eq!(functions["Functions"].as_array().map(Vec::len), Some(1), "{functions}");
    for waiter in
        ["function-active", "function-active-v2", "function-exists", "function-updated", "function-updated-v2"]
    {
        asked(&["wait", waiter, "--function-name", "orders"]);
    }
    serving.stderr_with("GET /2015-03-31/functions/orders/configuration 200\n");
}
