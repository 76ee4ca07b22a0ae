//! `--output`: writes results as JSON, text or tables.

mod json;
mod table;
mod text;

use std::io::{self, Write};

use serde_json::Value;

use crate::aws::failure::Failure;

pub use json::line as json_line;

/// Writes a result to stdout in a format.
///
/// # Errors
/// Where stdout cannot be written.
pub fn write(format: &str, operation: &str, result: &Value) -> Result<(), Failure> {
    match format {
        "text" => print(&text::render(result)),
        "table" => print(&table::render(operation, result)),
        // The AWS CLI prints nothing for an operation without a result.
        _ if result.as_object().is_some_and(serde_json::Map::is_empty) => Ok(()),
        _ => print(&json::render(result)),
    }
}

/// Writes text to stdout. A reader that has gone is no failure, as in the AWS CLI.
///
/// # Errors
/// Where stdout cannot be written for another reason.
pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Writes bytes to stdout.
///
/// # Errors
/// Where stdout cannot be written.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::General(format!(
            "[Errno {}] cannot write to stdout: {error}",
            error.raw_os_error().unwrap_or(0)
        ))),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Python's truth, which is also that of JMESPath but for the number 0.
#[must_use]
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Python's `str`.
pub(super) fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => json::number(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(python_inner).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let pairs = members.iter().map(|(name, value)| format!("'{name}': {}", python_inner(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

fn python_inner(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => python(other),
    }
}
