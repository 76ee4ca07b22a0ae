//! Runs a durable execution to its end: `coshell invoke --durable`.
//!
//! The function is invoked as Lambda does: with the whole history each time, until it answers that the execution has succeeded or
//! failed. In between, waits and retries pass, callbacks are answered, and the functions of chained invocations run.

pub(crate) mod arguments;
mod runner;
mod table;

use std::ffi::OsString;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::runner::Runner;
use super::delivery::EventResult;
use super::live_log::LiveLog;
use super::{Arguments, Request, Status, json_output, output};
use crate::cli::interruption::Interruption;
use crate::cli::terminal::{say, show};
use crate::lambda::durable::DurableApi;
use crate::lambda::environment::Settings;
use crate::lambda::invocation::FunctionError;

/// Runs the execution and prints its result and its history.
///
/// # Errors
/// When the environment cannot be started, or the result cannot be printed.
pub(super) fn run(request: &Request, arguments: &Arguments) -> Result<Status> {
    let api = DurableApi::start()?;
    let mut settings = request.settings.clone();
    settings.variables.extend(variables(&settings, &api));
    let interruption = Interruption::watch()?;
    let log = LiveLog::start(settings.log.clone().filter(|_| !arguments.json), &request.invoke.request_id);
    let input =
        String::from_utf8(request.invoke.payload.to_vec()).context("the input of a durable execution must be UTF-8")?;
    let runner = Runner { api: &api, arguments, interruption: &interruption, log: &log };
    let (arn, result) = runner.execute(&settings, &request.invoke, &input, 0)?;
    if let Some(status) = interruption.exit_status() {
        return Ok(Status::Interrupted(status));
    }
    let history = api.history(&arn);
    let error = result.as_ref().err().map(error_of);
    log.finish(error.as_ref());
    let status = if error.is_some() { Status::HandlerFailed } else { Status::Success };
    if arguments.json {
        let response = result.as_ref().ok().map(|result| result.clone().unwrap_or_default().into());
        let result = EventResult {
            status,
            response,
            error,
            request_id: request.invoke.request_id.clone(),
            ..EventResult::default()
        };
        let mut object = json_output::object(&result, &json_output::lines(settings.log.as_deref())?);
        object["executionArn"] = arn.into();
        object["history"] = history.into();
        json_output::write(&object)?;
        return Ok(status);
    }
    if let Ok(Some(text)) = &result {
        output::response(text.as_bytes())?;
    }
    if output::lacks_newline(result.as_ref().ok().and_then(Option::as_deref)) {
        show("\n");
    }
    say(table::render(&history));
    error.iter().for_each(|error| output::error(error, &settings.function.task_root));
    Ok(status)
}

/// What the function needs to find the API. Credentials are only made up where there are none.
fn variables(settings: &Settings, api: &DurableApi) -> Vec<(OsString, OsString)> {
    let mut variables = vec![("AWS_ENDPOINT_URL_LAMBDA".into(), api.url().into())];
    for (name, value) in
        [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]
    {
        if settings.variable(name).is_empty() {
            variables.push((name.into(), value.into()));
        }
    }
    variables
}

/// The error of a failed execution, in Lambda's form.
fn error_of(error: &Value) -> FunctionError {
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let body = json!({"errorType": text("ErrorType"), "errorMessage": text("ErrorMessage"), "stackTrace": error["StackTrace"]});
    FunctionError { error_type: text("ErrorType"), body: body.to_string().into(), ..FunctionError::default() }
}
