//! The answer to an invocation of a durable execution.

use serde_json::json;

use super::bodies::UNFIT;
use super::operation::ErrorObject;

/// The largest answer that Lambda takes, with a margin as AWS's Python SDK has it.
const MAX_BYTES: usize = 6 * 1024 * 1024 - 50;

/// How the invocation ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The execution has succeeded, with this result.
    Succeeded(String),
    /// The execution has failed for good.
    Failed(ErrorObject),
    /// Lambda invokes the function again.
    Pending,
}

impl Outcome {
    /// What a handler that has succeeded printed: text, since the answer is JSON.
    pub(crate) fn of_result(printed: &[u8]) -> Outcome {
        match std::str::from_utf8(printed) {
            Ok(text) => Outcome::Succeeded(text.to_owned()),
            Err(error) => {
                let place = error.valid_up_to();
                let message = format!(
                    "the result of the handler is not UTF-8 at byte {place}: encode it, with base64 for example"
                );
                Outcome::Failed(ErrorObject::new(UNFIT, message))
            }
        }
    }

    /// The body of the response.
    pub(crate) fn body(&self) -> Vec<u8> {
        let body = match self {
            Outcome::Succeeded(result) => json!({"Status": "SUCCEEDED", "Result": result}),
            Outcome::Failed(error) => json!({"Status": "FAILED", "Error": error.json()}),
            Outcome::Pending => json!({"Status": "PENDING"}),
        };
        body.to_string().into_bytes()
    }

    /// Whether the result has to be recorded by a checkpoint, since the response has no room for it.
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Outcome::Succeeded(_)) && self.body().len() > MAX_BYTES
    }
}
