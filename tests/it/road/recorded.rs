//! Commands that no emulator of AWS knows yet: each is taken from its page and run with the real AWS CLI, and the request that the CLI
//! sends is compared with AWS's own model of the API.

use super::guide::{CALLBACKS, DEPLOY_DURABLE, FUNCTION_URL, Page, RUNTIME, SNAP_START, commands};
use super::model::{FOLDER, Models};
use super::recorder::{Recorder, Request};
use super::terminal::Terminal;

/// What a publisher does, and a consumer, in this order.
const ROAD: [&str; 17] = [
    "iam create-role",
    "ecr create-repository",
    "lambda-core create-runtime",
    "lambda-core create-runtime-version",
    "lambda-core wait runtime-version-active",
    "lambda-core create-runtime-alias",
    "lambda create-function",
    "lambda update-function-configuration",
    "lambda-core update-runtime-alias",
    "lambda put-runtime-management-config",
    "lambda put-resource-policy",
    "lambda-core delete-runtime-alias",
    "lambda-core delete-runtime-version",
    "lambda-core restore-runtime",
    "lambda delete-function",
    "lambda-core delete-runtime",
    "lambda-core restore-runtime",
];

/// A command of a page, and the request that it sent.
struct Sent {
    command: String,
    request: Request,
}

impl Sent {
    fn body(&self) -> serde_json::Value {
        serde_json::from_slice(&self.request.body).unwrap()
    }
}

/// Runs all commands of the page. Each request is the one that its command names. `None` where a tool is missing.
fn sent_by(page: &Page) -> Option<Vec<Sent>> {
    let models = Models::load()?;
    let recorder = Recorder::start();
    let terminal = Terminal::at(recorder.address)?.with("AWS_DATA_PATH", FOLDER);
    let mut sent = Vec::new();
    for command in commands(page) {
        terminal.run(&command);
        let requests = recorder.take();
        if !command.starts_with("aws ") {
            assert!(requests.is_empty(), "{command}: {requests:?}");
            continue;
        }
        let [request] = &requests[..] else { panic!("{command}: {requests:?}") };
        is_as_aws_expects(&models, &command, request);
        sent.push(Sent { command, request: request.clone() });
    }
    Some(sent)
}

#[track_caller]
fn is_as_aws_expects(models: &Models, command: &str, request: &Request) {
    let (service, called) = called(command);
    let signed = if service == "lambda-core" { "lambda" } else { service };
    let signature = request.header("Authorization").unwrap_or_default();
    assert!(signature.contains(&format!("/us-west-2/{signed}/aws4_request")), "{command}: {request:?}");
    if service == "ecr" || service == "iam" {
        // The CLI knows these, and checked the members by its own models.
        return;
    }
    let operation = models.operation(service, &called);
    if let Err(error) = models.check(service, &operation, request) {
        panic!("{command}: {error}: {} {} {}", request.method, request.target, String::from_utf8_lossy(&request.body));
    }
}

/// The service and the operation that a command names: `lambda-core`, and `create-runtime` or `wait runtime-version-active`.
fn called(command: &str) -> (&str, String) {
    let mut words = command.split_whitespace().skip(1);
    let (service, operation) = (words.next().unwrap(), words.next().unwrap());
    match operation {
        "wait" => (service, format!("wait {}", words.next().unwrap())),
        _ => (service, operation.to_owned()),
    }
}

#[test]
fn the_page_on_runtimes_sends_what_aws_expects_from_the_first_image_to_the_last_deletion() {
    let Some(sent) = sent_by(&RUNTIME) else { return };
    let mut commands = sent.iter().map(|sent| &sent.command);
    for step in ROAD {
        assert!(commands.any(|command| command.starts_with(&format!("aws {step} "))), "no `{step}` in its place");
    }
    let of = |step: &str| sent.iter().find(|sent| sent.command.starts_with(&format!("aws {step} "))).unwrap();
    let created = of("lambda create-function").body();
    assert_eq!(created["Runtime"], "custom", "{created}");
    assert_eq!(created["RuntimeConfig"]["RuntimeAlias"], "stable", "{created}");
    assert!(created.get("Layers").is_none(), "{created}");
    let changed = of("lambda update-function-configuration").body();
    assert_eq!((&changed["Runtime"], &changed["Layers"]), (&"custom".into(), &serde_json::json!([])), "{changed}");
    let deleted = &of("lambda-core delete-runtime-version").request;
    assert_eq!(deleted.header("x-amzn-runtime-recovery-window-in-days"), Some("7"), "{deleted:?}");
    let restored: Vec<&str> =
        sent.iter().filter_map(|sent| sent.request.target.split_once("/restore")).map(|at| at.1).collect();
    assert_eq!(restored, ["?RuntimeVersion=1.0.1", "?RuntimeAlias=next", ""]);
    let policy = of("lambda put-resource-policy").body();
    let policy: serde_json::Value = serde_json::from_str(policy["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Effect"], "Allow", "{policy}");
}

#[test]
fn a_function_url_gets_both_permissions() {
    let Some(sent) = sent_by(&FUNCTION_URL) else { return };
    let permissions: Vec<serde_json::Value> =
        sent.iter().filter(|sent| sent.command.starts_with("aws lambda add-permission ")).map(Sent::body).collect();
    let [url, function] = &permissions[..] else { panic!("{permissions:?}") };
    assert_eq!((&url["Action"], &url["FunctionUrlAuthType"]), (&"lambda:InvokeFunctionUrl".into(), &"NONE".into()));
    assert_eq!(
        (&function["Action"], &function["InvokedViaFunctionUrl"]),
        (&"lambda:InvokeFunction".into(), &true.into())
    );
    assert!(sent[0].command.starts_with("aws lambda create-function-url-config "), "{}", sent[0].command);
}

#[test]
fn snap_start_is_switched_on_before_a_version_is_published() {
    let Some(sent) = sent_by(&SNAP_START) else { return };
    let steps: Vec<String> = sent.iter().map(|sent| called(&sent.command).1).collect();
    let order =
        ["create-function", "update-function-configuration", "publish-version", "wait published-version-active"];
    let mut left = steps.iter();
    for step in order {
        assert!(left.any(|taken| taken == step), "no `{step}` in its place: {steps:?}");
    }
    let on = sent.iter().find(|sent| sent.command.contains("update-function-configuration")).unwrap().body();
    assert_eq!(on["SnapStart"]["ApplyOn"], "PublishedVersions", "{on}");
    assert_eq!(sent[0].body()["PackageType"], "Image", "{}", sent[0].command);
}

#[test]
fn a_durable_function_is_created_as_one_and_its_callbacks_are_answered() {
    let Some(sent) = sent_by(&DEPLOY_DURABLE) else { return };
    let of = |step: &str| sent.iter().find(|sent| sent.command.starts_with(&format!("aws {step} "))).unwrap();
    let created = of("lambda create-function").body();
    assert_eq!(created["DurableConfig"]["ExecutionTimeout"], 604_800, "{created}");
    assert_eq!((&created["Runtime"], &created["Publish"]), (&"provided.al2023".into(), &true.into()), "{created}");
    let invoked = &of("lambda invoke").request;
    assert_eq!(invoked.header("X-Amz-Durable-Execution-Name"), Some("A-17"), "{invoked:?}");
    assert_eq!(invoked.header("X-Amz-Invocation-Type"), Some("Event"), "{invoked:?}");
    assert!(invoked.target.ends_with("?Qualifier=live"), "{invoked:?}");
    let policy = of("iam put-role-policy");
    let policy = String::from_utf8_lossy(&policy.request.body).into_owned();
    let policy: Vec<_> =
        form_urlencoded::parse(policy.as_bytes()).filter(|(name, _)| name == "PolicyDocument").collect();
    let policy: serde_json::Value = serde_json::from_str(&policy[0].1).unwrap();
    let (statement, function) = (&policy["Statement"][0], "arn:aws:lambda:us-west-2:123456789012:function:order:*");
    assert_eq!(statement["Resource"], function, "an unqualified ARN never matches");
    let actions = ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"];
    assert_eq!(statement["Action"], serde_json::json!(actions));
    let Some(answers) = sent_by(&CALLBACKS) else { return };
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[1].request.body, b"Grace");
    assert_eq!(answers[2].body()["ErrorType"], "Rejected");
}
