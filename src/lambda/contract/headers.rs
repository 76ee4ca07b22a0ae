//! Finds the response headers that a caller renames or drops before the client gets them.
//!
//! Sources: Amazon API Gateway Developer Guide, "Amazon API Gateway important notes" (REST APIs). AWS has published no list for function
//! URLs; users have seen that function URLs rename the headers of the connection. There are no warnings for HTTP APIs and load balancers.

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

/// Warnings about the headers of a response, or of a stream's prelude, that do not reach the client unchanged.
pub(crate) fn warnings(caller: Caller, fields: &Map<String, Value>) -> Vec<String> {
    let of_field = |field: &str| fields.get(field).and_then(Value::as_object).into_iter().flatten();
    let mut names: Vec<&String> =
        of_field("headers").chain(of_field("multiValueHeaders")).map(|(name, _)| name).collect();
    names.dedup();
    let sender = match caller {
        Caller::RestApi => "the REST API",
        Caller::FunctionUrl => "the function URL",
        _ => return Vec::new(), // AWS documents nothing for the other callers
    };
    names.into_iter().filter_map(|name| warning(sender, name, treatment(caller, name))).collect()
}

fn warning(sender: &str, name: &str, treatment: Treatment) -> Option<String> {
    let name = name.escape_debug();
    match treatment {
        Treatment::Kept => None,
        Treatment::Renamed(renamed) => {
            Some(format!("{sender} renames the header `{name}`: the client gets it as `{renamed}`"))
        }
        // The client gets the right length anyway.
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
}
