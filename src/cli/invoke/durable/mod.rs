//! Runs a durable execution to its end and prints the result and the history: `coshell invoke --durable`.

pub(crate) mod arguments;
pub(crate) mod error;
pub(crate) mod runner;
pub(crate) mod table;

use anyhow::{Context, Result};

use self::runner::{Audience, Plan, Runner};
use super::delivery::EventResult;
use super::live_log::LiveLog;
use super::{Arguments, Request, Status, json_output, output};
use crate::cli::interruption::Interruption;
use crate::cli::terminal::{say, show, stdout_is_a_terminal, warn};
use crate::lambda::durable::DurableApi;
use crate::lambda::environment::Settings;
use crate::lambda::function::Function;

/// Runs the execution and prints its result and its history.
///
/// # Errors
/// When the environment cannot be started, or the result cannot be printed.
pub(super) fn run(request: &Request, arguments: &Arguments) -> Result<Status> {
    let api = DurableApi::start()?;
    let settings = &request.settings;
    let interruption = Interruption::watch()?;
    let log = LiveLog::start(settings.log.clone().filter(|_| !arguments.json), &request.invoke.request_id);
    let input =
        String::from_utf8(request.invoke.payload.to_vec()).context("the input of a durable execution must be UTF-8")?;
    let plan = plan(settings, arguments)?;
    let runner = Runner { api: &api, plan: &plan, interruption: &interruption, audience: &Terminal { log: &log } };
    let (arn, result) = runner.execute(settings, &request.invoke, &input)?;
    if let Some(status) = interruption.exit_status() {
        return Ok(Status::Interrupted(status));
    }
    let history = api.history(&arn);
    let error = result.as_ref().err().map(error::error_of);
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
    let last = result.as_ref().ok().and_then(|text| text.as_deref()?.bytes().last());
    if output::lacks_newline(last.filter(|_| !stdout_is_a_terminal())) {
        show("\n");
    }
    say(table::render(&history));
    error.iter().for_each(|error| output::error(error, &settings.function.task_root));
    Ok(status)
}

/// What the options of the command line say about the execution.
fn plan(settings: &Settings, arguments: &Arguments) -> Result<Plan> {
    let options = &arguments.durable;
    let functions = options.function.iter().map(|(name, path)| {
        let settings =
            Settings { log: settings.log.clone(), ..super::settings_of(Function::locate(path)?, arguments)? };
        Ok((name.clone(), settings))
    });
    let failures =
        options.callback_failure.iter().map(|(name, error)| (name.clone(), Err(error::callback_error(error))));
    let results = options.callback.iter().map(|(name, result)| (name.clone(), Ok(Some(result.clone()))));
    Ok(Plan {
        real_time: options.real_time,
        callbacks: results.chain(failures).collect(),
        waits_for_callbacks: true,
        functions: functions.collect::<Result<_>>()?,
        timeout: arguments.timeout,
    })
}

/// The person at the terminal.
struct Terminal<'a> {
    log: &'a LiveLog,
}

impl Audience for Terminal<'_> {
    fn invocation_ended(&self) {
        self.log.update();
    }

    fn failed_invocation(&self, count: u32, most: u32) {
        say(format!("the invocation has failed, and Lambda invokes again ({count} of {most} in a row)"));
    }

    fn unknown_function(&self, name: &str) {
        warn(&format!("the execution invokes the function `{name}`: give it with --function {name}=PATH"));
    }

    fn callback_awaited(&self, name: Option<&str>, id: &str, url: &str) {
        let name = name.unwrap_or("without a name");
        say(format!(
            "the execution waits for the callback `{name}`; answer it from another terminal, or next time with --callback '{name}=RESULT':\n  \
             curl -d '\"yes\"' {url}/2025-12-01/durable-execution-callbacks/{id}/succeed"
        ));
    }
}
