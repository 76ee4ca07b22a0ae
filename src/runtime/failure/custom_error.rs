//! Parses a handler's custom error: if the whole stdout of a failed handler is one JSON object with the strings errorType and
//! errorMessage, they are reported. The Catch and Retry of Step Functions match the type.

use serde_json::Value;

/// An error that a failed handler printed to stdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomError {
    /// The errorType.
    pub error_type: String,
    /// The errorMessage.
    pub message: String,
}

impl CustomError {
    /// Parses a failed handler's stdout.
    pub(crate) fn parse(stdout: &[u8]) -> Option<CustomError> {
        let Ok(Value::Object(members)) = serde_json::from_slice(stdout) else { return None };
        let text = |key| members.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(CustomError { error_type: text("errorType")?, message: text("errorMessage")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_object_with_both_strings_is_an_error_of_its_own() {
        let own = CustomError { error_type: "NotYet".into(), message: "later".into() };
        let text = br#" {"errorType":"NotYet","errorMessage":"later","more":1}
"#;
        assert_eq!(CustomError::parse(text), Some(own));
        for other in
            [&b""[..], b"{}", br#"{"errorType":"x"}"#, br#"{"errorType":1,"errorMessage":"x"}"#, b"[]", b"x {}"]
        {
            assert_eq!(CustomError::parse(other), None);
        }
    }
}
