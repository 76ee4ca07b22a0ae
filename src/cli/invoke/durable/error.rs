//! Converts errors between Lambda's form, `errorType`, and the form of durable executions, `ErrorType`.

use serde_json::{Value, json};

use crate::lambda::invocation::FunctionError;

/// The error of a failed execution, in Lambda's form.
pub(crate) fn error_of(error: &Value) -> FunctionError {
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let mut body = json!({"errorType": text("ErrorType"), "errorMessage": text("ErrorMessage")});
    if error["StackTrace"].is_array() {
        body["stackTrace"] = error["StackTrace"].clone();
    }
    FunctionError { error_type: text("ErrorType"), body: body.to_string().into(), ..FunctionError::default() }
}

/// The error object of a callback that fails: `text` itself if it is a JSON object, else an error with this message.
pub(crate) fn callback_error(text: &str) -> Value {
    let object = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    object.unwrap_or_else(|| json!({"ErrorMessage": text}))
}

/// Lambda's form of a runtime's error report, in the form of an execution.
pub(super) fn object(error: &Value) -> Value {
    json!({"ErrorType": error["errorType"], "ErrorMessage": error["errorMessage"], "StackTrace": error["stackTrace"]})
}
