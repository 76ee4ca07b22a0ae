//! Answers GetFunction, GetFunctionConfiguration and ListFunctions, which scripts and the AWS CLI's waiters call before they invoke.
//!
//! Source: AWS Lambda API reference. The answers leave out values that coshell does not know (the code's checksum) or must
//! not show (the values of variables). A function that is served can be invoked, so its state is always `Active`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::access_log::{log_query, refuse};
use super::endpoint::{Description, Endpoint, NameInPath, unknown_operation};
use super::environment::Readiness;
use super::exception::Exception;
use super::function_name::{invoked_arn, qualifier_of};

const FUNCTIONS: &str = "/2015-03-31/functions";
const FUNCTION: &str = "/2015-03-31/functions/{name}";
const CONFIGURATION: &str = "/2015-03-31/functions/{name}/configuration";
/// Answers 200 while the server runs.
const HEALTH: &str = "/_coshell/health";
/// Answers 200 once the init has succeeded, and 503 before.
const READY: &str = "/_coshell/ready";

/// The routes for `endpoint`.
pub(super) fn router() -> Router<Arc<Endpoint>> {
    Router::new()
        .route(FUNCTIONS, get(list).fallback(unknown_operation))
        .route(&format!("{FUNCTIONS}/"), get(list).fallback(unknown_operation)) // older clients send a slash at the end
        .route(FUNCTION, get(function).fallback(unknown_operation))
        .route(CONFIGURATION, get(configuration).fallback(unknown_operation))
        .route(HEALTH, get(health).fallback(unknown_operation))
        .route(READY, get(ready).fallback(unknown_operation))
}

// GET /2015-03-31/functions
async fn list(State(endpoint): State<Arc<Endpoint>>, method: Method, uri: Uri) -> Response {
    let configuration = described(&endpoint, &endpoint.function_name, endpoint.arn());
    answered(&method, &uri, Ok(json!({ "Functions": [configuration] })))
}

// GET /2015-03-31/functions/{name}
async fn function(
    State(endpoint): State<Arc<Endpoint>>,
    name: NameInPath,
    RawQuery(query): RawQuery,
    method: Method,
    uri: Uri,
) -> Response {
    let configuration = named(&endpoint, name, query.as_deref());
    answered(&method, &uri, configuration.map(|known| json!({ "Configuration": known, "Code": {}, "Tags": {} })))
}

// GET /2015-03-31/functions/{name}/configuration
async fn configuration(
    State(endpoint): State<Arc<Endpoint>>,
    name: NameInPath,
    RawQuery(query): RawQuery,
    method: Method,
    uri: Uri,
) -> Response {
    answered(&method, &uri, named(&endpoint, name, query.as_deref()))
}

// GET /_coshell/health
async fn health() -> Response {
    document(StatusCode::OK, &json!({ "status": "ok" }))
}

// GET /_coshell/ready
async fn ready(State(endpoint): State<Arc<Endpoint>>) -> Response {
    let (status, word) = match endpoint.queue.readiness() {
        Readiness::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Readiness::Failed => (StatusCode::SERVICE_UNAVAILABLE, "initFailed"),
        Readiness::Ready => (StatusCode::OK, "ready"),
    };
    document(status, &json!({ "status": word }))
}

fn answered(method: &Method, uri: &Uri, answer: Result<Value, Exception>) -> Response {
    let asked = format!("{method} {}", uri.path());
    match answer {
        Ok(answer) => {
            log_query(&asked, StatusCode::OK.as_u16());
            document(StatusCode::OK, &answer)
        }
        Err(exception) => refuse(asked, exception),
    }
}

fn document(status: StatusCode, document: &Value) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], document.to_string()).into_response()
}

/// Every name is taken, as for an invocation, and is the function's name in the answer.
fn named(endpoint: &Endpoint, name: NameInPath, query: Option<&str>) -> Result<Value, Exception> {
    let Path(name) = name.map_err(|_| Exception::Validation("the function's name is not UTF-8".to_owned()))?;
    let arn = invoked_arn(&endpoint.arn(), &name, qualifier_of(query)?.as_deref())?;
    let plain = name.rsplit_once("function:").map_or(name.as_str(), |(_, rest)| rest);
    Ok(described(endpoint, plain.split(':').next().unwrap_or(plain), arn))
}

/// The shape `FunctionConfiguration` of the service's model.
fn described(endpoint: &Endpoint, name: &str, arn: String) -> Value {
    let Description { handler, memory_mb, since, revision_id } = &endpoint.description;
    let since = humantime::format_rfc3339_millis(*since).to_string().replace('Z', "+0000");
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    json!({
        "FunctionName": name,
        "FunctionArn": arn,
        "Runtime": "provided.al2023",
        "Role": "arn:aws:iam::123456789012:role/local",
        "Handler": handler,
        "Description": "served by coshell",
        "Timeout": endpoint.timeout.as_secs_f64().ceil() as u64,
        "MemorySize": memory_mb,
        "LastModified": since,
        "Version": "$LATEST",
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [architecture],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", endpoint.function_name) },
    })
}
