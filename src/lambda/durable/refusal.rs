//! Says why a request is refused, as the service does.

use serde_json::{Value, json};

/// A request that is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    /// A parameter is wrong.
    pub(super) fn parameter(message: &str) -> Refusal {
        Refusal { status: 400, code: "InvalidParameterValueException", message: message.to_owned() }
    }

    /// Something does not exist.
    pub(super) fn not_found(message: &str) -> Refusal {
        Refusal { status: 404, code: "ResourceNotFoundException", message: message.to_owned() }
    }

    pub(super) fn body(&self) -> Value {
        json!({"Type": self.code, "message": self.message})
    }
}
