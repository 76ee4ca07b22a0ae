//! The answer to an invocation of a durable execution.

use serde_json::json;

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
