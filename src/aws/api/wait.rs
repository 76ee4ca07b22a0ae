//! `aws SERVICE wait STATE`: asks again and again until a resource is in a state, as botocore's waiters do.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::call::Caller;
use super::parameters::Reader;
use super::table::Table;
use super::{reads_raw_blobs, validation};
use crate::aws::failure::{Failure, ServiceError};
use crate::aws::globals::Globals;
use crate::aws::query::Query;
use crate::aws::session::Session;

/// A state that a caller can wait for.
#[derive(Debug)]
pub(super) struct Waiter {
    /// Such as `TableExists`.
    pub(super) name: &'static str,
    /// The operation that asks for the state, by its name on the command line.
    pub(super) operation: &'static str,
    /// The time between two requests.
    pub(super) delay_seconds: u64,
    /// The most requests.
    pub(super) max_attempts: u64,
    /// How to judge an answer: a list of botocore's acceptors.
    pub(super) acceptors: Value,
}

/// One answer of the service: its result, or its error.
struct Answer {
    status: u16,
    result: Result<Value, ServiceError>,
}

/// Waits for the state that the first argument names.
pub(super) fn run(globals: Globals, table: &Table, arguments: &[String]) -> Result<u8, Failure> {
    let Some((state, arguments)) = arguments.split_first() else {
        return Err(Failure::Unserved(format!("`aws {} wait` without a state is not served", table.name)));
    };
    let unserved = || Failure::Unserved(format!("`aws {} wait {state}` is not served", table.name));
    let waiter = Waiter::find(table, state).ok_or_else(unserved)?;
    let operation = table.operation(waiter.operation).ok_or_else(unserved)?;
    let raw_blobs = reads_raw_blobs(&globals)?;
    let call = Reader { table, operation: &operation, raw_blobs }.read(arguments)?;
    validation::check(table, operation.input, &Value::Object(call.parameters.clone()))?;
    let session = Session::start(globals)?;
    let caller = Caller::new(&session, table, &operation)?;
    waiter.wait(|| match caller.call_with_status(&call.parameters, None) {
        Ok((status, result)) => Ok(Answer { status, result: Ok(result) }),
        Err(Failure::Service(error)) => Ok(Answer { status: error.status, result: Err(error) }),
        Err(failure) => Err(failure),
    })?;
    Ok(0)
}

impl Waiter {
    /// The waiter for a state, by its name on the command line.
    pub(super) fn find(table: &Table, state: &str) -> Option<Waiter> {
        let mut fields = table.line("waiter", state)?.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        Some(Waiter {
            name: next(),
            operation: next(),
            delay_seconds: next().parse().ok()?,
            max_attempts: next().parse().ok()?,
            acceptors: serde_json::from_str(next()).ok()?,
        })
    }

    fn wait(&self, mut ask: impl FnMut() -> Result<Answer, Failure>) -> Result<(), Failure> {
        let failed = |reason: String| Failure::General(format!("Waiter {} failed: {reason}", self.name));
        let mut last_state = None;
        for attempt in 1.. {
            let answer = ask()?;
            let mut matching = None;
            for acceptor in self.acceptors.as_array().into_iter().flatten() {
                if matching.is_none() && matches(acceptor, &answer)? {
                    matching = Some(acceptor);
                }
            }
            match (matching, &answer.result) {
                (Some(acceptor), _) if acceptor["state"] == "success" => return Ok(()),
                (Some(acceptor), _) if acceptor["state"] == "failure" => {
                    let reason = format!("Waiter encountered a terminal failure state: {}", explanation(acceptor));
                    return Err(failed(reason));
                }
                (Some(acceptor), _) => last_state = Some(acceptor),
                (None, Err(error)) => {
                    return Err(failed(format!("An error occurred ({}): {}", error.code, error.message)));
                }
                (None, Ok(_)) => {}
            }
            if attempt >= self.max_attempts {
                let before =
                    last_state.map(|acceptor| format!(". Previously accepted state: {}", explanation(acceptor)));
                return Err(failed(format!("Max attempts exceeded{}", before.unwrap_or_default())));
            }
            thread::sleep(Duration::from_secs(self.delay_seconds));
        }
        Ok(())
    }
}

/// Whether an answer is what an acceptor of the model describes.
fn matches(acceptor: &Value, answer: &Answer) -> Result<bool, Failure> {
    let expected = &acceptor["expected"];
    let found = || -> Result<Value, Failure> {
        match (&answer.result, acceptor["argument"].as_str()) {
            (Ok(result), Some(argument)) => Query::parse(argument)?.search(result),
            _ => Ok(Value::Null),
        }
    };
    Ok(match acceptor["matcher"].as_str() {
        Some("status") => expected.as_u64() == Some(answer.status.into()),
        Some("error") => match (expected, &answer.result) {
            (Value::Bool(expected), result) => result.is_err() == *expected,
            (expected, Err(error)) => expected.as_str() == Some(error.code.as_str()),
            (_, Ok(_)) => false,
        },
        Some("path") => answer.result.is_ok() && found()? == *expected,
        Some("pathAll") => {
            found()?.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(|item| item == expected))
        }
        Some("pathAny") => found()?.as_array().is_some_and(|items| items.contains(expected)),
        _ => false,
    })
}

/// What an acceptor has found, in botocore's words.
fn explanation(acceptor: &Value) -> String {
    let expected = match &acceptor["expected"] {
        Value::String(text) => text.clone(),
        other => crate::aws::output::python(other),
    };
    let argument = acceptor["argument"].as_str().unwrap_or_default();
    match acceptor["matcher"].as_str() {
        Some("path") => format!("For expression \"{argument}\" we matched expected path: \"{expected}\""),
        Some("pathAll") => format!("For expression \"{argument}\" all members matched expected path: \"{expected}\""),
        Some("pathAny") => {
            format!("For expression \"{argument}\" we matched expected path: \"{expected}\" at least once")
        }
        Some("status") => format!("Matched expected HTTP status code: {expected}"),
        _ => format!("Matched expected service error code: {expected}"),
    }
}
