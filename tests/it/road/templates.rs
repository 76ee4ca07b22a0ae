//! The templates in handlers/deploy, as far as their tools judge them without AWS.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::venv;
use crate::support::program::{Ran, coshell};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/deploy");

/// A project with one of the templates, and both zips beside it.
fn project_with(template: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(Path::new(DEPLOY).join(template), folder.path().join(template)).unwrap();
    fs::write(folder.path().join("run"), "#!/bin/sh\n").unwrap();
    let echo = Path::new(DEPLOY).with_file_name("echo");
    make(folder.path(), &["package", &echo.display().to_string(), "-o", "function.zip"]);
    make(folder.path(), &["layer", "-o", "runtime.zip", "--bootstrap", "run"]);
    folder
}

fn make(folder: &Path, arguments: &[&str]) {
    Ran::from(coshell().args(arguments).current_dir(folder).output().unwrap()).assert_status(0);
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&[ran.stdout.clone(), ran.stderr].concat()).into_owned();
    assert!(ran.status.success(), "{command:?}: {said}");
    String::from_utf8(ran.stdout).unwrap()
}

/// A file of the venv's Python's understanding, as JSON.
fn parsed(folder: &Path, program: &str, file: &Path) -> Value {
    let json = succeeds(venv::program("python", folder).args(["-c", program]).arg(file));
    serde_json::from_str(&json).unwrap()
}

/// YAML, with CloudFormation's `!Name value` as {"Name": value}.
const YAML: &str = "
import json, sys, yaml
class Loader(yaml.SafeLoader): pass
def tagged(loader, name, node):
    if isinstance(node, yaml.SequenceNode): return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_scalar(node)}
Loader.add_multi_constructor('!', tagged)
print(json.dumps(yaml.load(open(sys.argv[1]), Loader)))";

const HCL: &str = "
import hcl2, json, sys
print(json.dumps(hcl2.load(open(sys.argv[1]))))";

#[test]
fn sam_validates_and_builds_its_template_and_cfn_lint_has_nothing_to_say() {
    if venv::lacks(&["sam", "cfn-lint"]) {
        return;
    }
    let project = project_with("template.yaml");
    succeeds(venv::program("sam", project.path()).args(["validate", "--lint", "-t", "template.yaml"]));
    assert_eq!(succeeds(venv::program("cfn-lint", project.path()).arg("template.yaml")), "");
    succeeds(venv::program("sam", project.path()).args(["build", "-t", "template.yaml"]));
    let built = parsed(project.path(), YAML, &project.path().join(".aws-sam/build/template.yaml"));
    let path = |value: &Value| project.path().join(".aws-sam/build").join(value.as_str().unwrap());
    let resources = &built["Resources"];
    assert!(path(&resources["Function"]["Properties"]["CodeUri"]).is_file(), "{built}");
    assert!(path(&resources["Runtime"]["Properties"]["ContentUri"]).is_file(), "{built}");
}

#[test]
fn the_durable_sam_template_builds_and_its_function_may_record_its_work() {
    if venv::lacks(&["sam", "cfn-lint", "python"]) {
        return;
    }
    let project = project_with("durable.yaml");
    succeeds(venv::program("sam", project.path()).args(["validate", "--lint", "-t", "durable.yaml"]));
    assert_eq!(succeeds(venv::program("cfn-lint", project.path()).arg("durable.yaml")), "");
    succeeds(venv::program("sam", project.path()).args(["build", "-t", "durable.yaml"]));
    let template = parsed(project.path(), YAML, &project.path().join("durable.yaml"));
    let function = &template["Resources"]["Function"]["Properties"];
    assert_eq!(function["DurableConfig"]["ExecutionTimeout"], json!({"Ref": "ExecutionSeconds"}));
    assert_eq!(function["AutoPublishAlias"], "live");
    let translated = parsed(project.path(), TRANSLATED, &project.path().join("durable.yaml"));
    let policies = translated["Resources"]["FunctionRole"]["Properties"]["ManagedPolicyArns"].to_string();
    assert!(policies.contains("AWSLambdaBasicDurableExecutionRolePolicy"), "{policies}");
    assert!(translated["Resources"]["FunctionAliaslive"].is_object(), "{translated}");
    let durable = &translated["Resources"]["Function"]["Properties"]["DurableConfig"];
    assert!(durable["RetentionPeriodInDays"].is_object(), "{translated}");
}

/// What SAM makes of a template, without AWS.
const TRANSLATED: &str = "
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse
template = yaml_parse(open(sys.argv[1]))
for resource in template['Resources'].values():
    for member in ('CodeUri', 'ContentUri'):
        if member in resource['Properties']: resource['Properties'][member] = 's3://bucket/key'
print(json.dumps(Translator({}, Parser()).translate(template, {})))";

#[test]
fn the_terraform_module_makes_a_durable_function_only_when_it_is_asked_to() {
    if venv::lacks(&["python"]) {
        return;
    }
    let main = fs::read_to_string(Path::new(DEPLOY).join("terraform/main.tf")).unwrap();
    let durable = |resource: &str| main.split(resource).nth(1).unwrap().split("\n}\n").next().unwrap().to_owned();
    for resource in ["resource \"aws_lambda_alias\" \"live\"", "resource \"aws_iam_role_policy\" \"durable\""] {
        assert!(durable(resource).contains("count = local.is_durable ? 1 : 0"), "{resource}");
    }
    let policy = durable("resource \"aws_iam_role_policy\" \"durable\"");
    assert!(policy.contains("Resource = \"${aws_lambda_function.this.arn}:*\""), "{policy}");
    let function = durable("resource \"aws_lambda_function\" \"this\"");
    assert!(function.contains("dynamic \"durable_config\""), "{function}");
}

#[test]
fn the_sam_template_is_for_both_architectures_and_keeps_its_log_for_a_time() {
    if venv::lacks(&["python"]) {
        return;
    }
    let template = parsed(Path::new(DEPLOY), YAML, Path::new("template.yaml"));
    assert_eq!(template["Parameters"]["Architecture"]["AllowedValues"], json!(["x86_64", "arm64"]));
    let resources = &template["Resources"];
    let (function, layer) = (&resources["Function"]["Properties"], &resources["Runtime"]["Properties"]);
    assert_eq!(function["Architectures"], json!([{"Ref": "Architecture"}]));
    assert_eq!(layer["CompatibleArchitectures"], function["Architectures"]);
    assert_eq!(layer["CompatibleRuntimes"], json!([function["Runtime"]]));
    assert_eq!(resources["Log"]["Properties"]["RetentionInDays"], json!({"Ref": "LogRetentionDays"}));
}

#[test]
fn every_template_with_a_url_gives_its_callers_both_permissions() {
    if venv::lacks(&["python"]) {
        return;
    }
    let template = parsed(Path::new(DEPLOY), YAML, Path::new("template.yaml"));
    let resources = template["Resources"].as_object().unwrap();
    let permissions = resources.values().filter(|resource| resource["Type"] == "AWS::Lambda::Permission");
    let permissions: Vec<&Value> = permissions.collect();
    assert!(permissions.iter().all(|permission| permission["Condition"] == resources["Url"]["Condition"]));
    let granted: Vec<_> = permissions.iter().map(|permission| &permission["Properties"]).collect();
    assert_eq!((&granted[0]["Action"], &granted[0]["FunctionUrlAuthType"]), (&json!(URL), &json!("NONE")));
    assert_eq!((&granted[1]["Action"], &granted[1]["InvokedViaFunctionUrl"]), (&json!(INVOKE), &json!(true)));

    let module = parsed(&Path::new(DEPLOY).join("terraform"), HCL, Path::new("main.tf"));
    let resources = module["resource"].as_array().unwrap().iter();
    let of_kind = |resource: &Value| {
        Some(resource.as_object()?.get("\"aws_lambda_permission\"")?.as_object()?.values().next()?.clone())
    };
    let granted: Vec<Value> = resources.filter_map(of_kind).collect();
    assert_eq!(granted.len(), 2, "{granted:?}");
    assert_eq!((&granted[0]["action"], &granted[0]["function_url_auth_type"]), (&quoted(URL), &quoted("NONE")));
    assert_eq!((&granted[1]["action"], &granted[1]["invoked_via_function_url"]), (&quoted(INVOKE), &json!(true)));
}

const URL: &str = "lambda:InvokeFunctionUrl";
const INVOKE: &str = "lambda:InvokeFunction";

/// A string as python-hcl2 gives it.
fn quoted(text: &str) -> Value {
    json!(format!("\"{text}\""))
}

/// This fails when a tool has learned of these runtimes: the page's list of tools must then change.
#[test]
fn the_tools_do_not_know_customer_managed_runtimes_just_as_the_page_says() {
    if venv::lacks(&["aws", "cfn-lint", "sam"]) {
        return;
    }
    let page = fs::read_to_string(Path::new(DEPLOY).join("RUNTIME.md")).unwrap();
    let mut lint = venv::program("cfn-lint", Path::new(DEPLOY));
    let said = Ran::from(lint.args(["--format", "parseable", "runtime.yaml"]).output().unwrap()).stdout;
    let said = String::from_utf8(said).unwrap();
    let mut codes: Vec<&str> = said.lines().map(|line| line.split(':').nth(5).unwrap_or(line)).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["E3002", "E3006", "E3006", "E3006", "E3030"], "{said}");
    for code in codes {
        assert!(page.contains(code), "{code} is not in the page");
    }
    let mut aws = venv::program("aws", Path::new(DEPLOY));
    let ran = Ran::from(aws.args(["lambda-core", "create-runtime", "--name", "coshell"]).output().unwrap());
    ran.assert_stderr_has("argument operation: Invalid choice");
    assert!(page.contains("argument operation: Invalid choice"));
    let folder = tempfile::tempdir().unwrap();
    let function = "Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: function.handler
      Runtime: custom
      RuntimeConfig: {RuntimeArn: a, RuntimeAlias: stable}
";
    fs::write(folder.path().join("template.yaml"), function).unwrap();
    let mut sam = venv::program("sam", folder.path());
    let ran = Ran::from(sam.args(["validate", "-t", "template.yaml"]).output().unwrap()).assert_status(1);
    let refusal = "property RuntimeConfig not defined for resource of type AWS::Serverless::Function";
    ran.assert_stderr_has(refusal);
    assert!(page.contains(refusal));
}

#[test]
fn serverless_yml_has_the_fields_of_a_function_with_a_layer() {
    if venv::lacks(&["python"]) {
        return;
    }
    let service = parsed(Path::new(DEPLOY), YAML, Path::new("serverless.yml"));
    let (provider, function, layer) =
        (&service["provider"], &service["functions"]["echo"], &service["layers"]["runtime"]);
    assert_eq!((&provider["name"], &provider["runtime"]), (&json!("aws"), &json!("provided.al2023")));
    assert_eq!(layer["compatibleArchitectures"], json!([provider["architecture"]]));
    assert_eq!(layer["compatibleRuntimes"], json!([provider["runtime"]]));
    assert_eq!(function["layers"], json!([{"Ref": "RuntimeLambdaLayer"}]));
    let zips = (&function["package"]["artifact"], &layer["package"]["artifact"]);
    assert_eq!(zips, (&json!("function.zip"), &json!("runtime.zip")));
}

#[test]
fn the_terraform_module_is_formatted_and_uses_each_of_its_variables() {
    if venv::lacks(&["python"]) {
        return;
    }
    let module = Path::new(DEPLOY).join("terraform");
    is_formatted(&module);
    let main = fs::read_to_string(module.join("main.tf")).unwrap();
    for file in ["main.tf", "outputs.tf", "versions.tf"] {
        parsed(&module, HCL, Path::new(file));
    }
    for (name, _) in variables(&module) {
        assert!(main.contains(&format!("var.{name}")), "{name} is not used");
    }
}

#[test]
fn the_guides_call_of_the_terraform_module_sets_what_it_asks_for() {
    if venv::lacks(&["python"]) {
        return;
    }
    let guide = fs::read_to_string(Path::new(DEPLOY).join("README.md")).unwrap();
    let call = guide.split("```hcl\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("call.tf"), call).unwrap();
    is_formatted(folder.path());
    let call = parsed(folder.path(), HCL, Path::new("call.tf"));
    let call = call["module"][0].as_object().unwrap().values().next().unwrap().as_object().unwrap();
    let variables = variables(&Path::new(DEPLOY).join("terraform"));
    for (name, has_default) in &variables {
        assert!(*has_default || call.contains_key(name), "{name} is not set in {call:?}");
    }
    let known =
        |name: &str| name == "source" || name.starts_with("__") || variables.iter().any(|(known, _)| known == name);
    assert!(call.keys().all(|name| known(name)), "{call:?}");
}

/// The module's variables, and whether each has a default.
fn variables(module: &Path) -> Vec<(String, bool)> {
    let parsed = parsed(module, HCL, Path::new("variables.tf"));
    let variables = parsed["variable"].as_array().unwrap().iter().flat_map(|variable| variable.as_object().unwrap());
    variables.map(|(name, of)| (name.trim_matches('"').to_owned(), of.get("default").is_some())).collect()
}

/// `terraform fmt -check`; the one that tests/run brings is for x86_64.
#[track_caller]
fn is_formatted(folder: &Path) {
    if cfg!(not(target_arch = "x86_64")) {
        return eprintln!("skip: terraform fmt -check: no package registry has it for this machine");
    }
    if !venv::lacks(&["terraform"]) {
        let mut terraform = venv::program("terraform", folder);
        succeeds(terraform.env("CHECKPOINT_DISABLE", "1").args(["fmt", "-check", "-diff", "-recursive"]));
    }
}

#[test]
fn hadolint_has_nothing_to_say_about_the_dockerfiles() {
    if !venv::lacks(&["hadolint"]) {
        let mut hadolint = venv::program("hadolint", Path::new(DEPLOY));
        assert_eq!(succeeds(hadolint.args(["Dockerfile", "Dockerfile.runtime"])), "");
    }
}
