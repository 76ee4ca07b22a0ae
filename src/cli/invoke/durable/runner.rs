//! Runs durable executions to their ends, on this machine.
//!
//! The function is invoked as Lambda does: with the whole history each time, until it answers that the execution has succeeded or
//! failed. In between, waits and retries pass, callbacks are answered, and the functions of chained invocations run.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::error;
use crate::cli::interruption::Interruption;
use crate::cli::invoke::json_output;
use crate::cli::invoke::result::status_and_error;
use crate::cli::startup;
use crate::lambda::durable::{DurableApi, End, Wait};
use crate::lambda::environment::{Environment, Settings};
use crate::lambda::identifiers::random_uuid;
use crate::lambda::invocation::{Invoke, Outcome};

/// How often Lambda invokes again in a row if an invocation has failed, and its pause. As AWS's local runner 1.4.0 does.
const MAX_FAILURES: u32 = 5;
const FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// How long one look for news may take, so that Ctrl-C is seen.
const LOOK: Duration = Duration::from_millis(200);
/// How deep chained invocations may be.
const MAX_DEPTH: u32 = 16;

/// The result of an execution, or its error object.
pub(crate) type ExecutionResult = std::result::Result<Option<String>, Value>;

/// What happens around an execution.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Whether waits and retries take their time.
    pub(crate) real_time: bool,
    /// The answers to callbacks, by name: a result or an error object.
    pub(crate) callbacks: Vec<(String, ExecutionResult)>,
    /// Whether to wait for an answer to a callback that has none here and no time limit. Otherwise the execution cannot go on.
    pub(crate) waits_for_callbacks: bool,
    /// The functions that `durable invoke` calls, by name.
    pub(crate) functions: Vec<(String, Settings)>,
    /// The time limit of each invocation.
    pub(crate) timeout: Duration,
}

/// Hears what happens while an execution runs.
pub(crate) trait Audience {
    /// An invocation has ended, and its log lines are there.
    fn invocation_ended(&self);
    /// The last `count` invocations have failed; after `most` the execution fails.
    fn failed_invocation(&self, count: u32, most: u32);
    /// The execution invokes a function that the plan does not have.
    fn unknown_function(&self, name: &str);
    /// The execution waits for the answer to a callback, which the API at `url` takes.
    fn callback_awaited(&self, name: Option<&str>, id: &str, url: &str);
}

/// What the function needs to find the API. Credentials are only made up where there are none.
fn with_variables(settings: &Settings, api: &DurableApi) -> Settings {
    let mut settings = settings.clone();
    settings.variables.push(("AWS_ENDPOINT_URL_LAMBDA".into(), api.url().into()));
    for (name, value) in
        [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]
    {
        if settings.variable(name).is_empty() {
            settings.variables.push((name.into(), value.into()));
        }
    }
    settings
}

/// Runs executions.
pub(crate) struct Runner<'a> {
    pub(crate) api: &'a DurableApi,
    pub(crate) plan: &'a Plan,
    pub(crate) interruption: &'a Interruption,
    pub(crate) audience: &'a dyn Audience,
}

impl Runner<'_> {
    /// Runs one execution to its end, and returns its ARN and its result. The ARN ends with the request id of `invoke`.
    ///
    /// # Errors
    /// When an environment cannot be started, or the execution cannot go on.
    pub(crate) fn execute(
        &self,
        settings: &Settings,
        invoke: &Invoke,
        input: &str,
    ) -> Result<(String, ExecutionResult)> {
        self.execute_at(settings, invoke, input, 0)
    }

    fn execute_at(
        &self,
        settings: &Settings,
        invoke: &Invoke,
        input: &str,
        depth: u32,
    ) -> Result<(String, ExecutionResult)> {
        let settings = &with_variables(settings, self.api);
        let function = invoke.function_arn.clone().unwrap_or_default();
        let arn = format!("{function}:$LATEST/durable-execution/{}/{}", settings.function.name(), invoke.request_id);
        self.api.begin(&arn, input);
        let mut environment: Option<Environment> = None;
        let (mut failures, mut answered) = (0, HashSet::new());
        loop {
            let running = match environment.take() {
                Some(environment) => environment,
                None => self.start(settings, invoke)?,
            };
            let begun = Instant::now();
            let request_id = random_uuid();
            let event =
                Invoke { payload: self.api.event(&arn).into(), request_id: request_id.clone(), ..invoke.clone() };
            let invocation = running.api().submit(event).context("cannot send the event")?;
            let completion = invocation.wait();
            let (end, error) = match &completion.outcome {
                Outcome::Response(response) => match end(&response.bytes) {
                    Ok(end) => (end, None),
                    Err(problem) => {
                        (Some(End::Failed(json!({"ErrorType": "InvalidOutput", "ErrorMessage": problem}))), None)
                    }
                },
                _ => (None, status_and_error(&completion, invocation.invoke()).1),
            };
            let is_usable = matches!(completion.outcome, Outcome::Response(_) | Outcome::Error(_));
            environment = Some(running).filter(|_| is_usable);
            self.audience.invocation_ended();
            let shown = error.as_ref().map(json_output::error_object);
            self.api.note_invocation(
                &arn,
                &request_id,
                begun.elapsed(),
                shown.clone().map(|error| error::object(&error)),
                end,
            );
            if self.interruption.exit_status().is_some() {
                return Ok((arn, Ok(None)));
            }
            if let Some(end) = self.api.end(&arn) {
                return Ok((arn, end.into_result()));
            }
            if let Some(error) = shown {
                failures += 1;
                if failures >= MAX_FAILURES {
                    return Ok((arn, Err(error::object(&error))));
                }
                self.audience.failed_invocation(failures, MAX_FAILURES);
                self.pass(FAILURE_PAUSE);
                continue;
            }
            failures = 0;
            self.wait(&arn, &mut answered, depth)?;
            if self.interruption.exit_status().is_some() {
                return Ok((arn, Ok(None)));
            }
        }
    }

    fn start(&self, settings: &Settings, invoke: &Invoke) -> Result<Environment> {
        let environment = Environment::start(settings)?;
        self.interruption.register(&environment);
        match startup::wait(&environment, invoke.timeout, |_| ()) {
            Ok(_) => Ok(environment),
            Err(failure) => bail!(
                "init failed: {}",
                json_output::error_object(&failure.error)["errorMessage"].as_str().unwrap_or_default()
            ),
        }
    }

    /// Waits until the execution can go on.
    fn wait(&self, arn: &str, answered: &mut HashSet<String>, depth: u32) -> Result<()> {
        let mut has_told = false;
        while let Some(wait) = self.api.wait(arn) {
            if self.interruption.exit_status().is_some() {
                return Ok(());
            }
            if self.answer(&wait, answered) || self.invoke(arn, &wait, depth)? {
                continue;
            }
            match wait.next_change {
                Some(time) if !self.plan.real_time => self.api.skip(time),
                Some(time) => self.api.sleep(time.min(LOOK)),
                None if wait.callbacks.is_empty() => {
                    bail!(
                        "the function has answered PENDING, and nothing is left to wait for: Lambda would end the execution"
                    )
                }
                None if !self.plan.waits_for_callbacks => {
                    let name = |(name, id): &(Option<String>, String)| format!("`{}`", given_name(name).unwrap_or(id));
                    let names = wait.callbacks.iter().map(name);
                    bail!("nobody answers the callback {}", names.collect::<Vec<_>>().join(", "))
                }
                None => {
                    for (name, id) in wait.callbacks.iter().filter(|_| !has_told) {
                        self.audience.callback_awaited(given_name(name), id, &self.api.url());
                    }
                    has_told = true;
                    self.api.sleep(LOOK);
                }
            }
        }
        Ok(())
    }

    fn pass(&self, time: Duration) {
        if self.plan.real_time {
            let until = Instant::now() + time;
            while Instant::now() < until && self.interruption.exit_status().is_none() {
                self.api.sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
            }
        } else {
            self.api.skip(time);
        }
    }

    /// Gives the answers of the plan to the callbacks that wait. Returns whether there was one.
    fn answer(&self, wait: &Wait, answered: &mut HashSet<String>) -> bool {
        let mut any = false;
        for (name, id) in &wait.callbacks {
            if let Some((_, result)) = self.plan.callbacks.iter().find(|(given, _)| given_name(name) == Some(given))
                && answered.insert(id.clone())
            {
                any |= self.api.answer(id, result.clone());
            }
        }
        any
    }

    /// Runs the functions of chained invocations. Returns whether there was one.
    fn invoke(&self, arn: &str, wait: &Wait, depth: u32) -> Result<bool> {
        for (operation, function, payload) in &wait.invocations {
            let result = match self.plan.functions.iter().find(|(name, _)| name == function) {
                None => {
                    self.audience.unknown_function(function);
                    let message = format!("Function not found: {function}");
                    Err(json!({"ErrorType": "ResourceNotFoundException", "ErrorMessage": message}))
                }
                Some(_) if depth >= MAX_DEPTH => Err(
                    json!({"ErrorType": "RecursiveInvocation", "ErrorMessage": format!("{MAX_DEPTH} functions deep")}),
                ),
                Some((_, settings)) => {
                    let invoke = Invoke {
                        request_id: random_uuid(),
                        timeout: self.plan.timeout,
                        function_arn: Some(settings.function.arn()),
                        ..Invoke::default()
                    };
                    self.execute_at(settings, &invoke, payload, depth + 1)?.1
                }
            };
            self.api.complete(arn, operation, result);
        }
        Ok(!wait.invocations.is_empty())
    }
}

/// The name that the script gave a callback: the one in `durable wait-for-callback NAME` has a longer name.
fn given_name(name: &Option<String>) -> Option<&str> {
    name.as_deref().map(|name| name.strip_suffix(" create callback id").unwrap_or(name))
}

/// Reads the answer of an invocation: how the execution has ended, or `None` if it goes on.
fn end(answer: &[u8]) -> std::result::Result<Option<End>, String> {
    let problem = || {
        format!(
            "the answer is not one of a durable function: {}",
            String::from_utf8_lossy(&answer[..answer.len().min(200)])
        )
    };
    let answer: Value = serde_json::from_slice(answer).map_err(|_| problem())?;
    match answer["Status"].as_str() {
        Some("PENDING") => Ok(None),
        Some("SUCCEEDED") => Ok(Some(End::Succeeded(answer["Result"].as_str().map(str::to_owned)))),
        Some("FAILED") => Ok(Some(End::Failed(answer["Error"].clone()))),
        _ => Err(problem()),
    }
}
