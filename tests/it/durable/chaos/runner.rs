//! AWS's local runner, with time that is skipped.

use std::collections::HashSet;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::plan::Plan;
use crate::support::running::until;

const API: &str = "/2025-12-01/durable-executions/";

/// It serves until it is dropped.
pub(super) struct Runner {
    child: Child,
    address: SocketAddr,
}

/// An address with a port that is free now.
pub(super) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Runner {
    /// Starts it on `address`; it invokes the function at `function_url`, and its log goes to `folder`.
    pub(super) fn start(program: &Path, address: SocketAddr, function_url: &str, folder: &Path) -> Runner {
        let log = File::create(folder.join("runner.log")).unwrap();
        let child = Command::new(program)
            .args(["start-server", "--host", "127.0.0.1", "--port", &address.port().to_string(), "--skip-time"])
            .args(["--lambda-endpoint", function_url])
            .args(["--local-runner-endpoint", &format!("http://{address}")])
            .envs([("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y")])
            .envs([("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-west-2")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let runner = Runner { child, address };
        until("the local runner's port", || TcpStream::connect(address).ok());
        runner
    }

    /// Starts an execution of a plan, and returns its ARN.
    pub(super) fn execute(&self, plan: &Plan) -> String {
        let start = json!({
            "AccountId": "123456789012",
            "FunctionName": "chaos",
            "FunctionQualifier": "$LATEST",
            "ExecutionName": plan.name,
            "ExecutionTimeoutSeconds": 31_000_000,
            "ExecutionRetentionPeriodDays": 1,
            "Input": Value::from(plan.script.as_str()).to_string(),
        });
        let url = format!("http://{}/start-durable-execution", self.address);
        let answer = read(ureq::post(&url).send(start.to_string()));
        answer["ExecutionArn"].as_str().unwrap().to_owned()
    }

    /// How the execution has ended, if it has.
    pub(super) fn end_of(&self, arn: &str) -> Option<Value> {
        let execution = self.get(arn, "?IncludeExecutionData=true");
        (execution["Status"] != "RUNNING").then_some(execution)
    }

    pub(super) fn history(&self, arn: &str) -> Vec<Value> {
        let page = self.get(arn, "/history?IncludeExecutionData=true&MaxItems=1000");
        page["Events"].as_array().unwrap().clone()
    }

    fn get(&self, arn: &str, more: &str) -> Value {
        read(ureq::get(format!("http://{}{API}{}{more}", self.address, arn.replace('/', "%2F"))).call())
    }
}

/// Whether a retry or a wait was due and the runner does not invoke the function for it. The runner 1.4.0 cancels its own timer if that
/// fires at the moment when an invocation ends: then nothing happens any more.
pub(super) fn is_forgotten(history: &[Value]) -> bool {
    let is_of = |event: &Value, kind: &str| event["EventType"] == kind;
    let mut latest = history.iter().rev().skip_while(|event| is_of(event, "InvocationCompleted"));
    let is_after_wait = latest.clone().next().is_some_and(|event| is_of(event, "WaitSucceeded"));
    let is_idle = is_after_wait || history.last().is_some_and(|event| is_of(event, "InvocationCompleted"));
    let mut seen = HashSet::new();
    let has_open_retry = latest.any(|event| {
        let details = ["StepFailedDetails", "StepSucceededDetails"].map(|name| &event[name]["RetryDetails"]);
        let has_delay = details.iter().any(|details| details["NextAttemptDelaySeconds"].is_number());
        seen.insert(event["Id"].as_str()) && has_delay
    });
    is_idle && (is_after_wait || has_open_retry)
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    let text = answer.unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
