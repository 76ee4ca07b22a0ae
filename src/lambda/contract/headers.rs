//! Finds the response headers that a caller renames or drops before the client gets them.
//!
//! Sources: Amazon API Gateway Developer Guide, "Amazon API Gateway important notes" (REST APIs). AWS has published no list for function
//! URLs; users have seen that function URLs rename the headers of the connection, and that a function URL answers 500 if the function
//! itself returns a header with the prefix of renamed headers. There are no warnings for HTTP APIs and load balancers.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::Caller;

const REMAPPED: &str = "x-amzn-remapped-";
const RENAMED_BY_REST_API: [&str; 8] =
    ["authorization", "connection", "content-md5", "date", "max-forwards", "server", "user-agent", "www-authenticate"];
const DROPPED_BY_REST_API: [&str; 8] =
    ["expect", "host", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "via"];
/// The headers that describe the connection, not the function's response.
const CONNECTION_HEADERS: [&str; 5] = ["connection", "content-length", "trailer", "transfer-encoding", "upgrade"];

/// What a caller does with a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    Kept,
    /// The client gets the header with this name.
    Renamed(String),
    Dropped,
}

/// What `caller` does with the header `name`, which may be in any case.
pub(crate) fn treatment(caller: Caller, name: &str) -> Treatment {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    match caller {
        Caller::RestApi if RENAMED_BY_REST_API.contains(&name) => Treatment::Renamed(format!("{REMAPPED}{name}")),
        Caller::RestApi if DROPPED_BY_REST_API.contains(&name) => Treatment::Dropped,
        Caller::FunctionUrl if CONNECTION_HEADERS.contains(&name) => Treatment::Renamed(format!("{REMAPPED}{name}")),
        // The server sets these headers itself.
        Caller::RestApi | Caller::HttpApi | Caller::Alb if CONNECTION_HEADERS.contains(&name) => Treatment::Dropped,
        _ => Treatment::Kept,
    }
}

/// Warnings about the headers of a response that do not reach the client unchanged.
pub(super) fn warnings(caller: Caller, fields: &Map<String, Value>) -> Vec<String> {
    let length = wrong_length(fields).filter(|_| caller == Caller::RestApi);
    warnings_about_names(caller, fields).into_iter().chain(length).collect()
}

/// The same for the headers in the prelude of a streamed response.
pub(crate) fn stream_warnings(caller: Caller, prelude: &Map<String, Value>) -> Vec<String> {
    let length =
        "the REST API streams the response without a length: the client does not get the header `content-length`";
    let has_length = caller == Caller::RestApi && header(prelude, "content-length").is_some();
    warnings_about_names(caller, prelude).into_iter().chain(has_length.then(|| length.to_owned())).collect()
}

/// The value of a header, whose name is in lower case here.
fn header<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let headers = fields.get("headers")?.as_object()?;
    headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A warning if the header `content-length` is not the length of the body. An answer to HEAD has the length of a body that it leaves out.
fn wrong_length(fields: &Map<String, Value>) -> Option<String> {
    let given: usize = header(fields, "content-length")?.as_str()?.parse().ok()?;
    let body = fields.get("body").and_then(Value::as_str).unwrap_or_default();
    let bytes = match fields.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => BASE64_STANDARD.decode(body).ok()?.len(),
        Some(false) | None => body.len(),
    };
    (bytes > 0 && given != bytes).then(|| {
        format!("the header `content-length` is {given}, but the body has {bytes} bytes: the REST API sends its own length, {bytes}")
    })
}

fn warnings_about_names(caller: Caller, fields: &Map<String, Value>) -> Vec<String> {
    let of_field = |field: &str| fields.get(field).and_then(Value::as_object).into_iter().flatten();
    let mut names: Vec<&String> =
        of_field("headers").chain(of_field("multiValueHeaders")).map(|(name, _)| name).collect();
    names.dedup();
    let sender = match caller {
        Caller::RestApi => "the REST API",
        Caller::FunctionUrl => "the function URL",
        _ => return Vec::new(), // AWS documents nothing for the other callers
    };
    let reserved = |name: &str| caller == Caller::FunctionUrl && name.to_ascii_lowercase().starts_with(REMAPPED);
    let warning = |name: &String| match reserved(name) {
        true => Some(format!(
            "the header `{}` has a prefix that only the function URL may use: on AWS the client gets status 500",
            name.escape_debug()
        )),
        false => warning(sender, name, treatment(caller, name)),
    };
    names.into_iter().filter_map(warning).collect()
}

fn warning(sender: &str, name: &str, treatment: Treatment) -> Option<String> {
    let name = name.escape_debug();
    match treatment {
        Treatment::Kept => None,
        Treatment::Renamed(renamed) => {
            Some(format!("{sender} renames the header `{name}`: the client gets it as `{renamed}`"))
        }
        // `wrong_length` and `stream_warnings` speak of the length.
        Treatment::Dropped if name.to_string().eq_ignore_ascii_case("content-length") => None,
        Treatment::Dropped => Some(format!("{sender} drops the header `{name}`: the client does not get it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn warnings_for(caller: Caller, headers: Value) -> Vec<String> {
        warnings(caller, json!({ "statusCode": 401, "headers": headers }).as_object().unwrap())
    }

    #[test]
    fn a_rest_api_renames_some_headers_and_drops_others() {
        assert_eq!(
            warnings_for(
                Caller::RestApi,
                json!({ "WWW-Authenticate": "Basic", "Via": "a", "X-A": "b", "Content-Length": "1" })
            ),
            [
                "the REST API renames the header `WWW-Authenticate`: the client gets it as `x-amzn-remapped-www-authenticate`",
                "the REST API drops the header `Via`: the client does not get it",
            ]
        );
        let fields = json!({ "multiValueHeaders": { "Server": ["mine"] } });
        assert_eq!(warnings(Caller::RestApi, fields.as_object().unwrap()).len(), 1);
    }

    #[test]
    fn a_function_url_renames_the_headers_of_the_connection() {
        let found = warnings_for(Caller::FunctionUrl, json!({ "content-length": "7", "www-authenticate": "Basic" }));
        let expected = "the function URL renames the header `content-length`: the client gets it as `x-amzn-remapped-content-length`";
        assert_eq!(found, [expected]);
        assert_eq!(warnings_for(Caller::HttpApi, json!({ "content-length": "7", "via": "a" })), [""; 0]);
    }

    #[test]
    fn a_length_that_the_client_does_not_get_has_a_warning() {
        let response = |length: &str, body: &str, encoded: bool| json!({ "statusCode": 200, "headers": { "Content-Length": length }, "body": body, "isBase64Encoded": encoded });
        let warnings_about = |response: Value| warnings(Caller::RestApi, response.as_object().unwrap());
        assert_eq!(
            warnings_about(response("9", "abc", false)),
            ["the header `content-length` is 9, but the body has 3 bytes: the REST API sends its own length, 3"]
        );
        assert_eq!(warnings_about(response("3", "abc", false)), [""; 0]);
        assert_eq!(warnings_about(response("3", "YWJj", true)), [""; 0]);
        let prelude = response("3", "", false);
        assert_eq!(
            stream_warnings(Caller::RestApi, prelude.as_object().unwrap()),
            ["the REST API streams the response without a length: the client does not get the header `content-length`"]
        );
        assert_eq!(
            stream_warnings(Caller::FunctionUrl, prelude.as_object().unwrap()),
            [
                "the function URL renames the header `Content-Length`: the client gets it as `x-amzn-remapped-content-length`"
            ]
        );
    }

    #[test]
    fn a_function_url_keeps_the_prefix_of_renamed_headers_to_itself() {
        let found = warnings_for(Caller::FunctionUrl, json!({ "X-Amzn-Remapped-Date": "today" }));
        let expected = "the header `X-Amzn-Remapped-Date` has a prefix that only the function URL may use: on AWS the client gets status 500";
        assert_eq!(found, [expected]);
        assert_eq!(warnings_for(Caller::RestApi, json!({ "x-amzn-remapped-date": "today" })), [""; 0]);
    }
}
