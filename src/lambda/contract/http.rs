//! Checks a response to API Gateway, a function URL or a load balancer: `{"statusCode": …, "headers": {…}, "body": "…"}`.
//!
//! With payload format 2.0, which function URLs use too, JSON without a `statusCode` is a body with status 200. The other callers need a
//! `statusCode`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::{Caller, headers, json, kind};

/// The largest response that a load balancer accepts from a function, in bytes: 1 MB.
const ALB_LIMIT_BYTES: usize = 1024 * 1024;
/// How many characters of a wrong value are shown.
const SHOWN: usize = 40;

pub(super) fn warnings(caller: Caller, response: &[u8]) -> Vec<String> {
    let client = client_result(caller);
    let document = match json(response) {
        Ok(document) => document,
        Err(fault) => return vec![format!("{fault}: {client}")],
    };
    let mut warnings = Vec::new();
    if caller == Caller::Alb && response.len() > ALB_LIMIT_BYTES {
        let size = response.len();
        warnings.push(format!(
            "the response has {size} bytes, but a load balancer accepts at most {ALB_LIMIT_BYTES}: {client}"
        ));
    }
    let infers_status = matches!(caller, Caller::HttpApi | Caller::FunctionUrl);
    match &document {
        Value::Object(fields) if fields.contains_key("statusCode") => {
            warnings.extend(faults(fields));
            warnings.extend(headers::warnings(caller, fields));
        }
        _ if infers_status => warnings.extend(missing_status(&document)),
        Value::Object(fields) => {
            warnings.push(format!("the response has no `statusCode`: {client}"));
            warnings.extend(faults(fields));
        }
        other => warnings.push(format!("the response is {}, not an object with `statusCode`: {client}", kind(other))),
    }
    warnings
}

/// What the client gets if the caller cannot read the response.
fn client_result(caller: Caller) -> &'static str {
    match caller {
        Caller::HttpApi => "the client of the HTTP API gets status 500",
        Caller::RestApi => "the client of the REST API gets status 502",
        Caller::Alb => "the client of the load balancer gets status 502",
        _ => "the client of the function URL gets an error",
    }
}

/// A warning if `statusCode` is missing from a response that has other fields of the format.
fn missing_status(document: &Value) -> Option<String> {
    let meant = ["headers", "body", "isBase64Encoded"].into_iter().find(|field| document.get(field).is_some())?;
    Some(format!(
        "the response has `{meant}` but no `statusCode`: the whole response becomes the body, with status 200"
    ))
}

/// Sentences about the fields with wrong values.
fn faults(fields: &Map<String, Value>) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(status) = fields.get("statusCode").filter(|status| !is_a_status(status)) {
        faults.push(match status.as_i64() {
            Some(status) => format!("`statusCode` is {status}, not a status from 100 to 599"),
            None => format!("`statusCode` is {}, not an integer", shown(status)),
        });
    }
    faults.extend(fields.get("body").and_then(|body| body_fault(body, fields.get("isBase64Encoded"))));
    if let Some(flag) = fields.get("isBase64Encoded").filter(|flag| !flag.is_boolean() && !flag.is_null()) {
        faults.push(format!("`isBase64Encoded` is {}, not true or false", shown(flag)));
    }
    faults.extend(wrong_values(fields, "headers", |value| (!value.is_string()).then_some("not a string")));
    faults.extend(wrong_values(fields, "multiValueHeaders", |value| {
        (!is_strings(value)).then_some("not a list of strings")
    }));
    if let Some(cookies) = fields.get("cookies").filter(|cookies| !cookies.is_null() && !is_strings(cookies)) {
        faults.push(format!("`cookies` is {}, not a list of strings", shown(cookies)));
    }
    faults
}

fn is_a_status(status: &Value) -> bool {
    status.as_i64().is_some_and(|status| (100..600).contains(&status))
}

fn is_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|values| values.iter().all(Value::is_string))
}

fn body_fault(body: &Value, in_base64: Option<&Value>) -> Option<String> {
    match body {
        Value::Null => None,
        Value::String(text) if in_base64 == Some(&Value::Bool(true)) => {
            let fault = BASE64_STANDARD.decode(text).err()?;
            Some(format!("`isBase64Encoded` is true, but `body` is not base64: {fault}"))
        }
        Value::String(_) => None,
        other => Some(format!("`body` is {}, not a string; `tojson` in jq turns JSON into a string", kind(other))),
    }
}

/// A sentence about each wrong value in a field that is an object.
fn wrong_values(fields: &Map<String, Value>, field: &str, fault: fn(&Value) -> Option<&'static str>) -> Vec<String> {
    match fields.get(field) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(values)) => {
            let wrong = values.iter().filter_map(|(name, value)| Some((name, value, fault(value)?)));
            wrong.map(|(name, value, fault)| format!("`{field}`: `{name}` is {}, {fault}", shown(value))).collect()
        }
        Some(other) => vec![format!("`{field}` is {}, not an object", kind(other))],
    }
}

/// A wrong value and its type, or only the type of a long value.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::Null | Value::Object(_) | Value::Array(_) => kind(value).to_owned(),
        _ if text.chars().count() > SHOWN => kind(value).to_owned(),
        _ => format!("{} {text}", kind(value).replace("a ", "the ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http_warnings(caller: Caller, response: &str) -> Vec<String> {
        warnings(caller, response.as_bytes())
    }

    const ALL: [Caller; 4] = [Caller::HttpApi, Caller::RestApi, Caller::FunctionUrl, Caller::Alb];

    #[test]
    fn a_response_in_the_right_format_has_no_warning() {
        let full = r#"{"statusCode":200,"headers":{"a":"b"},"multiValueHeaders":{"c":["d"]},"body":"aGk=","isBase64Encoded":true}"#;
        for caller in ALL {
            for response in [full, r#"{"statusCode":204}"#, r#"{"statusCode":200,"body":null,"headers":null}"#] {
                assert_eq!(http_warnings(caller, response), [""; 0], "{caller:?}: {response}");
            }
        }
    }

    #[test]
    fn a_response_that_is_not_json_is_an_error_for_every_client() {
        for caller in ALL {
            for response in ["hello\n", "", "{\"statusCode\":200}}"] {
                let found = http_warnings(caller, response);
                assert!(found.len() == 1 && found[0].contains("not JSON") && found[0].contains("client"), "{found:?}");
            }
        }
    }

    #[test]
    fn only_payload_format_2_works_without_a_status() {
        for response in ["{\"message\":\"hi\"}", "\"hi\"", "[1]"] {
            assert_eq!(http_warnings(Caller::HttpApi, response), [""; 0]);
            assert_eq!(http_warnings(Caller::FunctionUrl, response), [""; 0]);
            assert!(http_warnings(Caller::RestApi, response)[0].contains("`statusCode`: the client of the REST API"));
            assert!(http_warnings(Caller::Alb, response)[0].contains("`statusCode`: the client of the load balancer"));
        }
        let meant = "the response has `body` but no `statusCode`: the whole response becomes the body, with status 200";
        assert_eq!(http_warnings(Caller::FunctionUrl, "{\"body\":\"hi\"}"), [meant]);
    }

    #[test]
    fn each_wrong_field_is_named_with_its_value() {
        let table = [
            (r#"{"statusCode":"200"}"#, "`statusCode` is the string \"200\", not an integer"),
            (r#"{"statusCode":200.5}"#, "`statusCode` is the number 200.5, not an integer"),
            (r#"{"statusCode":null}"#, "`statusCode` is null, not an integer"),
            (r#"{"statusCode":0}"#, "`statusCode` is 0, not a status from 100 to 599"),
            (
                r#"{"statusCode":200,"body":{"a":1}}"#,
                "`body` is an object, not a string; `tojson` in jq turns JSON into a string",
            ),
            (
                r#"{"statusCode":200,"body":"hi!","isBase64Encoded":true}"#,
                "`isBase64Encoded` is true, but `body` is not base64: Invalid symbol 33, offset 2.",
            ),
            (
                r#"{"statusCode":200,"isBase64Encoded":"no"}"#,
                "`isBase64Encoded` is the string \"no\", not true or false",
            ),
            (r#"{"statusCode":200,"headers":{"age":3,"b":"c"}}"#, "`headers`: `age` is the number 3, not a string"),
            (r#"{"statusCode":200,"headers":["a"]}"#, "`headers` is a list, not an object"),
            (
                r#"{"statusCode":200,"multiValueHeaders":{"a":"b"}}"#,
                "`multiValueHeaders`: `a` is the string \"b\", not a list of strings",
            ),
            (r#"{"statusCode":200,"cookies":"a=b"}"#, "`cookies` is the string \"a=b\", not a list of strings"),
        ];
        for (response, sentence) in table {
            assert_eq!(http_warnings(Caller::RestApi, response), [sentence]);
        }
    }

    #[test]
    fn a_load_balancer_accepts_1_mb() {
        let response = format!("{{\"statusCode\":200,\"body\":\"{}\"}}", "x".repeat(ALB_LIMIT_BYTES));
        assert!(http_warnings(Caller::Alb, &response)[0].contains("a load balancer accepts at most 1048576"));
        assert_eq!(http_warnings(Caller::RestApi, &response), [""; 0]);
    }
}
