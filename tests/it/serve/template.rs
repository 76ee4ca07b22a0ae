//! `coshell serve --template`: the functions of a template, invoked by their names.

use std::fs;

use serde_json::{Value, json};

use super::clients::client;
use crate::support::running::until;
use crate::support::serving::{Serve, Serving};

/// Answers with its name and its variables.
const TELLS: &str = r#"handler() {
  echo "logged by $AWS_LAMBDA_FUNCTION_NAME" >&2
  echo "[\"$AWS_LAMBDA_FUNCTION_NAME\",\"${STAGE-}\",\"${TABLE-unset}\",\"$AWS_LAMBDA_FUNCTION_MEMORY_SIZE\"]"
}"#;

const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function:
    Runtime: provided.al2023
    Handler: function.handler
    Timeout: 60
    Environment: {Variables: {STAGE: !Ref Stage}}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub orders-${Stage}
      CodeUri: orders/
      MemorySize: 256
      Environment: {Variables: {TABLE: !Ref Table}}
  Users:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: users/, Environment: {Variables: {STAGE: live}}}
  Web:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs22.x, CodeUri: web/, Handler: index.handler}
"#;

fn serve() -> Serve {
    Serve::template(TEMPLATE, &[("orders", TELLS), ("users", TELLS)])
}

fn response(serving: &Serving, name: &str) -> Value {
    serde_json::from_slice(&serving.invoke_named(name, "{}").body).unwrap()
}

#[test]
fn each_function_has_its_own_settings_and_is_invoked_by_name_logical_id_and_arn() {
    let serving = serve().start();
    let orders = json!(["orders-dev", "dev", "unset", "256"]);
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders-dev";
    for name in ["orders-dev", "Orders", "123456789012:function:orders-dev", arn, &format!("{arn}:live")] {
        assert_eq!(response(&serving, name), orders, "{name}");
    }
    assert_eq!(response(&serving, "Users"), json!(["Users", "live", "unset", "128"]));
    let unknown = serving.invoke_named("any-name", "{}");
    assert_eq!((unknown.status, unknown.header("X-Amzn-Errortype")), (404, Some("ResourceNotFoundException")));
    assert!(unknown.text().contains("function:any-name; this server has `orders-dev`, `Users`"), "{unknown:?}");
    let said = serving.stderr_with("invoke 404 refused: Function not found: ");
    for part in [
        "warning: skipped the function `Web`: its runtime is `nodejs22.x`, and coshell serves `provided.al2023`\n",
        "warning: function `Orders`: the variable TABLE is unset, because the template gives no value for `!Ref Table`: give one with --env TABLE=VALUE\n",
        "\norders-dev | logged by orders-dev\n",
        "\norders-dev | invoke 200 ",
        "\nUsers      | logged by Users\n",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
}

#[test]
fn options_of_the_command_line_win_over_the_template() {
    let serving = serve().with(&["--env", "TABLE=mine", "--env", "STAGE=test", "--memory", "512"]).start();
    assert_eq!(response(&serving, "Orders"), json!(["orders-dev", "test", "mine", "512"]));
    assert!(!serving.stderr_with("invoke 200").contains("TABLE is unset"));
}

#[test]
fn the_aws_cli_lists_the_functions_and_learns_which_one_is_missing() {
    let serving = serve().start();
    let url = serving.url();
    let aws = |arguments: &[&str]| {
        let mut aws = client("aws")?;
        Some(aws.arg("lambda").args(arguments).args(["--endpoint-url", &url, "--output", "json"]).output().unwrap())
    };
    let Some(listed) = aws(&["list-functions", "--query", "Functions[].[FunctionName, Timeout, MemorySize]"]) else {
        return;
    };
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed, json!([["orders-dev", 60, 256], ["Users", 60, 128]]));
    let missing = aws(&["get-function", "--function-name", "Missing"]).unwrap();
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(said.contains("ResourceNotFoundException") && !missing.status.success(), "{said}");
    let file = serving.path("response");
    let invoked = aws(&["invoke", "--function-name", "Users", file.to_str().unwrap()]).unwrap();
    assert!(invoked.status.success(), "{invoked:?}");
    assert!(fs::read_to_string(file).unwrap().starts_with("[\"Users\",\"live\""));
}

#[test]
fn the_server_is_ready_when_every_function_is_ready() {
    let serving = Serve::template(TEMPLATE, &[("orders", TELLS), ("users", "exit 3")]).start();
    let ready = || {
        let mut wire = serving.wire().host(&serving.address().to_string());
        wire.send_request("GET", "/_coshell/ready");
        let answer = wire.answer();
        (answer.status == 503 && answer.text().contains("initFailed")).then_some(())
    };
    until("the failed init of one function", ready);
    assert_eq!(response(&serving, "Orders")[0], "orders-dev");
}

#[test]
fn with_watch_only_the_edited_function_is_sourced_again() {
    let script = "echo sourced >&2\nhandler() { echo '\"old\"'; }";
    let serving = Serve::template(TEMPLATE, &[("orders", script), ("users", script)]).with(&["--watch"]).start();
    assert_eq!((response(&serving, "Orders"), response(&serving, "Users")), (json!("old"), json!("old")));
    fs::write(serving.path("users/function.sh"), "handler() { echo '\"new\"'; }").unwrap();
    assert_eq!((response(&serving, "Orders"), response(&serving, "Users")), (json!("old"), json!("new")));
    let said = serving.stderr_with("Users      | changed: function.sh; sourcing again\n");
    assert_eq!(said.matches("orders-dev | sourced\n").count(), 1, "{said}");
}

#[test]
fn several_paths_are_served_by_the_names_of_their_folders() {
    let serving = Serve::scripts(&[("orders", TELLS), ("users", TELLS)]).start();
    assert_eq!(response(&serving, "orders")[0], "orders");
    assert_eq!(response(&serving, "users")[0], "users");
    assert_eq!(serving.invoke_named("other", "{}").status, 404);
    let output = Serve::scripts(&[("orders", TELLS), ("users", TELLS)]).with(&["--url-port", "0"]).command().output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--url-port needs one function, or a --template"));
}

#[test]
fn a_template_that_cannot_be_served_is_refused_with_its_reason() {
    let missing_script = TEMPLATE.replace("CodeUri: users/", "CodeUri: users/, Handler: other.handler");
    for (template, reason) in [
        ("Resources: {\n  A: [1\n", "the template is not valid YAML: line 3, column 1"),
        ("{\n\"Resources\": {},\n}", "the template is not valid JSON: trailing comma at line 3 column 1"),
        ("Resources: {Table: {Type: AWS::DynamoDB::Table}}", "has no function that coshell can serve"),
        ("Outputs: {}", "the template has no `Resources`"),
        (&TEMPLATE.replace("users/", "nowhere/"), "function `Users`: cannot find the folder `"),
        (&missing_script, "function `Users`: the script of its Handler `other.handler` is not there: looked for `"),
        (
            &TEMPLATE.replace("CodeUri: users/", "FunctionName: orders-dev, CodeUri: users/"),
            "two functions have the name",
        ),
    ] {
        let output = Serve::template(template, &[("orders", TELLS), ("users", TELLS)]).command().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(reason), "no {reason:?} in {said}");
    }
}
