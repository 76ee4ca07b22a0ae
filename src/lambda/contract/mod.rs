//! Checks whether the service that sent an event (the caller) can use the response.
//!
//! A handler can succeed and still return a response that its caller cannot use: API Gateway answers its client with an error if
//! `statusCode` is missing, and SQS deletes every message if the response does not list the messages that failed. The function's log does
//! not show these problems, so `invoke`, `serve` and `test` warn of them. A warning changes neither the response nor the exit status,
//! because an event does not contain the configuration of its caller (payload format, ReportBatchItemFailures). Most events show who sent
//! them. A task of Step Functions passes on its own input, so this caller has to be named.
//!
//! Sources: the chapters on responses in the guides of Lambda, API Gateway, Elastic Load Balancing and Step Functions.

mod batch;
pub(crate) mod headers;
mod http;
mod log_line;
mod recognition;

use clap::ValueEnum;
use serde_json::Value;

use super::event::is_json;
use super::invocation::Response;

/// The largest output of a task in a state machine, in bytes: 256 KiB.
const STATE_LIMIT_BYTES: usize = 256 * 1024;

/// Who invokes a function and reads its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Caller {
    /// An HTTP API of API Gateway, with payload format 2.0
    HttpApi,
    /// A REST API of API Gateway, or an HTTP API with payload format 1.0
    RestApi,
    /// A function URL
    FunctionUrl,
    /// An Application Load Balancer
    Alb,
    /// An SQS queue
    Sqs,
    /// A Kinesis stream
    Kinesis,
    /// A DynamoDB stream
    #[value(name = "dynamodb")]
    DynamoDb,
    /// A task of a Step Functions state machine
    StepFunctions,
    /// Nobody reads the response
    None,
}

impl Caller {
    /// The sender of this event, or `None` if the event does not show its sender.
    #[must_use]
    pub fn of(event: &[u8]) -> Caller {
        serde_json::from_slice(event).map_or(Caller::None, |event| recognition::caller_of(&event))
    }
}

/// Warnings about the parts of `response` that the sender of `event` cannot use.
#[must_use]
pub fn warnings(event: &[u8], response: &Response) -> Vec<String> {
    warnings_of(Caller::of(event), event, response)
}

/// Warnings for a known caller. There are none about a streamed response: its callers accept any bytes.
#[must_use]
pub fn warnings_of(caller: Caller, event: &[u8], response: &Response) -> Vec<String> {
    if response.streaming { Vec::new() } else { of_bytes(caller, event, &response.bytes) }
}

fn of_bytes(caller: Caller, event: &[u8], response: &[u8]) -> Vec<String> {
    // The JSON is valid, but nested more deeply than serde_json parses: it cannot be checked.
    if serde_json::from_slice::<Value>(response).is_err() && is_json(response).is_ok() {
        return Vec::new();
    }
    match caller {
        Caller::HttpApi | Caller::RestApi | Caller::FunctionUrl | Caller::Alb => http::warnings(caller, response),
        Caller::Sqs | Caller::Kinesis | Caller::DynamoDb => {
            let event = serde_json::from_slice(event).unwrap_or(Value::Null);
            batch::warnings(caller, &event, response)
        }
        Caller::StepFunctions => step_functions(response),
        Caller::None => Vec::new(),
    }
}

/// A warning about a log line before the JSON of a response, if the caller is not known.
pub(crate) fn log_line_warning(response: &Response) -> Option<String> {
    let line = log_line::before_document(&response.bytes).filter(|_| !response.streaming)?;
    Some(format!("the response has the line `{line}` before its JSON: write log lines to stderr with `>&2`"))
}

fn step_functions(response: &[u8]) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Err(fault) = json(response) {
        warnings.push(format!("{fault}: the task of a state machine fails with States.Runtime"));
    }
    if response.len() > STATE_LIMIT_BYTES {
        let size = response.len();
        warnings.push(format!(
            "the response has {size} bytes, but the output of a state has at most {STATE_LIMIT_BYTES}: the task fails with States.DataLimitExceeded"
        ));
    }
    warnings
}

/// The response as JSON, or the beginning of a warning that says why the response is not JSON.
fn json(response: &[u8]) -> Result<Value, String> {
    if response.trim_ascii().is_empty() {
        return Err("the response is empty, which is not JSON".to_owned());
    }
    serde_json::from_slice(response).map_err(|error| match log_line::beside_json(response) {
        Some(line) => format!(
            "the response is not JSON, because it also has the line `{line}` (write log lines to stderr with `>&2`)"
        ),
        None => format!("the response is not JSON ({error})"),
    })
}

/// The type of a value, with its article.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_machine_accepts_only_json_up_to_its_limit() {
        let warnings = |response: &[u8]| of_bytes(Caller::StepFunctions, b"{}", response);
        assert_eq!(warnings(b"[1]"), [""; 0]);
        assert_eq!(
            warnings(b"done\n"),
            [
                "the response is not JSON (expected value at line 1 column 1): the task of a state machine fails with States.Runtime"
            ]
        );
        assert!(warnings(b"")[0].starts_with("the response is empty"));
        assert!(warnings(format!("\"{}\"", "x".repeat(STATE_LIMIT_BYTES)).as_bytes())[0].contains("262146 bytes"));
    }

    #[test]
    fn there_is_no_warning_about_a_streamed_response() {
        let response = Response { bytes: "data: 1\n\n".into(), streaming: true, ..Response::default() };
        assert_eq!(warnings_of(Caller::FunctionUrl, b"{}", &response), [""; 0]);
    }

    #[test]
    fn there_is_no_warning_if_the_caller_is_not_recognised() {
        for event in ["{}", "[]", "7", "no JSON", "{\"Records\":[]}", "{\"Records\":[{\"eventSource\":\"aws:s3\"}]}"] {
            assert_eq!(warnings(event.as_bytes(), &Response::default()), [""; 0], "{event}");
        }
    }
}
