//! Runs an event as the input of a durable execution, and returns its result and its history.

use anyhow::Result;

use crate::cli::interruption::Interruption;
use crate::cli::invoke::durable::error::error_of;
use crate::cli::invoke::durable::runner::{Audience, ExecutionResult, Plan, Runner};
use crate::cli::invoke::durable::table;
use crate::lambda::durable::DurableApi;
use crate::lambda::environment::Settings;
use crate::lambda::invocation::{FunctionError, Invoke};

/// Runs the execution to its end.
///
/// # Errors
/// When the execution cannot go on, for example because nobody answers a callback.
pub(super) fn run(
    settings: &Settings,
    invoke: &Invoke,
    input: &str,
    callbacks: Vec<(String, ExecutionResult)>,
    interruption: &Interruption,
) -> Result<(std::result::Result<String, FunctionError>, String)> {
    let api = DurableApi::start()?;
    let plan = Plan {
        real_time: false,
        callbacks,
        waits_for_callbacks: false,
        functions: Vec::new(),
        timeout: invoke.timeout,
    };
    let runner = Runner { api: &api, plan: &plan, interruption, audience: &Nobody };
    let (arn, result) = runner.execute(settings, invoke, input)?;
    let result = result.map(Option::unwrap_or_default).map_err(|error| error_of(&error));
    Ok((result, table::comparable(&api.history(&arn))))
}

/// The result of the test says everything.
struct Nobody;

impl Audience for Nobody {
    fn invocation_ended(&self) {}
    fn failed_invocation(&self, _: u32, _: u32) {}
    fn unknown_function(&self, _: &str) {}
    fn callback_awaited(&self, _: Option<&str>, _: &str, _: &str) {}
}
