//! Invokes a durable function until its execution has ended.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::variables;
use crate::cli::interruption::Interruption;
use crate::cli::invoke::live_log::LiveLog;
use crate::cli::invoke::result::status_and_error;
use crate::cli::invoke::{Arguments, json_output, settings_of};
use crate::cli::startup;
use crate::cli::terminal::{say, warn};
use crate::lambda::durable::{DurableApi, End, Wait};
use crate::lambda::environment::{Environment, Settings};
use crate::lambda::function::Function;
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
type ExecutionResult = std::result::Result<Option<String>, Value>;

/// Runs executions with one API.
pub(super) struct Runner<'a> {
    pub(super) api: &'a DurableApi,
    pub(super) arguments: &'a Arguments,
    pub(super) interruption: &'a Interruption,
    pub(super) log: &'a LiveLog,
}

impl Runner<'_> {
    /// Runs one execution to its end, and returns its ARN and its result.
    pub(super) fn execute(
        &self,
        settings: &Settings,
        invoke: &Invoke,
        input: &str,
        depth: u32,
    ) -> Result<(String, ExecutionResult)> {
        let function = invoke.function_arn.clone().unwrap_or_default();
        let arn = format!("{function}:$LATEST/durable-execution/{}/{}", settings.function.name(), random_uuid());
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
            self.log.update();
            let shown = error.as_ref().map(json_output::error_object);
            self.api.note_invocation(
                &arn,
                &request_id,
                begun.elapsed(),
                shown.clone().map(|error| object(&error)),
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
                    return Ok((arn, Err(object(&error))));
                }
                say(format!(
                    "the invocation has failed, and Lambda invokes again ({failures} of {MAX_FAILURES} in a row)"
                ));
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
                Some(time) if !self.arguments.durable.real_time => self.api.skip(time),
                Some(time) => self.api.sleep(time.min(LOOK)),
                None if wait.callbacks.is_empty() => {
                    bail!(
                        "the function has answered PENDING, and nothing is left to wait for: Lambda would end the execution"
                    )
                }
                None => {
                    if !std::mem::replace(&mut has_told, true) {
                        self.tell(&wait);
                    }
                    self.api.sleep(LOOK);
                }
            }
        }
        Ok(())
    }

    fn pass(&self, time: Duration) {
        if self.arguments.durable.real_time {
            let until = Instant::now() + time;
            while Instant::now() < until && self.interruption.exit_status().is_none() {
                self.api.sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
            }
        } else {
            self.api.skip(time);
        }
    }

    /// Gives the answers of the command line to the callbacks that wait. Returns whether there was one.
    fn answer(&self, wait: &Wait, answered: &mut HashSet<String>) -> bool {
        let options = &self.arguments.durable;
        let mut any = false;
        for (name, id) in &wait.callbacks {
            // The callback in `durable wait-for-callback NAME` has a longer name.
            let is_of = |given: &String| {
                name.as_deref()
                    .is_some_and(|name| name == given || name.strip_suffix(" create callback id") == Some(given))
            };
            let result =
                options.callback.iter().find(|(given, _)| is_of(given)).map(|(_, result)| Ok(Some(result.clone())));
            let failure = options.callback_failure.iter().find(|(given, _)| is_of(given)).map(|(_, error)| {
                let object = serde_json::from_str::<Value>(error).ok().filter(Value::is_object);
                object.unwrap_or_else(|| json!({"ErrorMessage": error}))
            });
            if let Some(result) = result.or_else(|| failure.map(Err))
                && answered.insert(id.clone())
            {
                any |= self.api.answer(id, result);
            }
        }
        any
    }

    /// Runs the functions of chained invocations. Returns whether there was one.
    fn invoke(&self, arn: &str, wait: &Wait, depth: u32) -> Result<bool> {
        for (operation, function, payload) in &wait.invocations {
            let path = self.arguments.durable.function.iter().find(|(name, _)| name == function).map(|(_, path)| path);
            let result = match path {
                None => {
                    warn(&format!(
                        "the execution invokes the function `{function}`: give it with --function {function}=PATH"
                    ));
                    let message = format!("Function not found: {function}");
                    Err(json!({"ErrorType": "ResourceNotFoundException", "ErrorMessage": message}))
                }
                Some(_) if depth >= MAX_DEPTH => Err(
                    json!({"ErrorType": "RecursiveInvocation", "ErrorMessage": format!("{MAX_DEPTH} functions deep")}),
                ),
                Some(path) => {
                    let function = Function::locate(path)?;
                    let invoke = Invoke {
                        timeout: self.arguments.timeout,
                        function_arn: Some(function.arn()),
                        ..Invoke::default()
                    };
                    let settings = settings_of(function, self.arguments)?;
                    let settings = Settings {
                        variables: settings.variables.iter().cloned().chain(variables(&settings, self.api)).collect(),
                        ..settings
                    };
                    self.execute(&settings, &invoke, payload, depth + 1)?.1
                }
            };
            self.api.complete(arn, operation, result);
        }
        Ok(!wait.invocations.is_empty())
    }

    fn tell(&self, wait: &Wait) {
        for (name, id) in &wait.callbacks {
            let name = name.as_deref().unwrap_or("without a name");
            say(format!(
                "the execution waits for the callback `{name}`; answer it from another terminal, or next time with --callback '{name}=RESULT':\n  \
                 curl -d '\"yes\"' {}/2025-12-01/durable-execution-callbacks/{id}/succeed",
                self.api.url()
            ));
        }
    }
}

/// Lambda's form of a runtime's error report, in the form of an execution.
fn object(error: &Value) -> Value {
    json!({"ErrorType": error["errorType"], "ErrorMessage": error["errorMessage"], "StackTrace": error["stackTrace"]})
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
