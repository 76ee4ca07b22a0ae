//! Reads the errors that services send, in XML and in JSON.

use serde_json::Value;

use crate::aws::failure::ServiceError;
use crate::aws::xml;
use crate::client::response::Response;

/// The code of the error in an answer with a status of 300 or more.
#[must_use]
pub fn code(response: &Response) -> String {
    read(response, "").code
}

/// The error in an answer with a status of 300 or more.
#[must_use]
pub fn read(response: &Response, operation: &str) -> ServiceError {
    let body = response.error_body();
    let (code, message) = xml_error(body).or_else(|| json_error(response, body)).unwrap_or_else(|| {
        let reason = response.reason().to_owned();
        (response.status.to_string(), reason)
    });
    let query_code = response.header("x-amzn-query-error").and_then(|text| text.split(';').next().map(str::to_owned));
    let code = query_code.filter(|code| !code.is_empty()).unwrap_or(code);
    ServiceError { code, message, operation: operation.to_owned(), status: response.status }
}

fn xml_error(body: &[u8]) -> Option<(String, String)> {
    let root = xml::parse(body)?;
    let error = if root.name == "Error" {
        &root
    } else {
        root.child("Error").or_else(|| root.child("Errors")?.child("Error"))?
    };
    let text = |name: &str| error.text_of(name).unwrap_or_default().to_owned();
    Some((text("Code"), text("Message")))
}

fn json_error(response: &Response, body: &[u8]) -> Option<(String, String)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = response.header("x-amzn-errortype").or_else(|| text("__type")).or_else(|| text("code"))?;
    let code = code.split(':').next().unwrap_or(&code);
    let code = code.rsplit('#').next().unwrap_or(code);
    let message = text("message").or_else(|| text("Message")).or_else(|| text("errorMessage")).unwrap_or_default();
    Some((code.to_owned(), message))
}
