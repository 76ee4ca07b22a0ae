//! Answers GetFunction, GetFunctionConfiguration and ListFunctions, which scripts and the AWS CLI's waiters call before they invoke.
//!
//! Source: AWS Lambda API reference. The answers leave out values that coshell does not know (the code's checksum) or must
//! not show (the values of variables). A function that is served can be invoked, so its state is always `Active`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::access_log::{log_query, refuse};
use super::api_request::{NameInPath, name_of, unknown_operation};
use super::environment::Readiness;
use super::exception::Exception;
use super::function_name::{invoked_arn, plain_name, qualifier_of};
use super::registry::Registry;
use super::served_function::{Description, ServedFunction};

const FUNCTIONS: &str = "/2015-03-31/functions";
const FUNCTION: &str = "/2015-03-31/functions/{name}";
const CONFIGURATION: &str = "/2015-03-31/functions/{name}/configuration";
/// Answers 200 while the server runs.
const HEALTH: &str = "/_coshell/health";
/// Answers 200 once the init has succeeded, and 503 before.
const READY: &str = "/_coshell/ready";

/// The routes of these questions.
pub(super) fn router() -> Router<Arc<Registry>> {
    Router::new()
        .route(FUNCTIONS, get(list).fallback(unknown_operation))
        .route(&format!("{FUNCTIONS}/"), get(list).fallback(unknown_operation)) // older clients send a slash at the end
        .route(FUNCTION, get(function).fallback(unknown_operation))
        .route(CONFIGURATION, get(configuration).fallback(unknown_operation))
        .route(HEALTH, get(health).fallback(unknown_operation))
        .route(READY, get(ready).fallback(unknown_operation))
}

// GET /2015-03-31/functions
async fn list(State(registry): State<Arc<Registry>>, method: Method, uri: Uri) -> Response {
    let functions = registry.functions.iter().map(|function| described(function, &function.name, function.arn()));
    answered(&method, &uri, Ok(json!({ "Functions": functions.collect::<Vec<_>>() })))
}

// GET /2015-03-31/functions/{name}
async fn function(
    State(registry): State<Arc<Registry>>,
    name: NameInPath,
    RawQuery(query): RawQuery,
    method: Method,
    uri: Uri,
) -> Response {
    let configuration = named(&registry, name, query.as_deref());
    answered(&method, &uri, configuration.map(|known| json!({ "Configuration": known, "Code": {}, "Tags": {} })))
}

// GET /2015-03-31/functions/{name}/configuration
async fn configuration(
    State(registry): State<Arc<Registry>>,
    name: NameInPath,
    RawQuery(query): RawQuery,
    method: Method,
    uri: Uri,
) -> Response {
    answered(&method, &uri, named(&registry, name, query.as_deref()))
}

// GET /_coshell/health
async fn health() -> Response {
    document(StatusCode::OK, &json!({ "status": "ok" }))
}

// GET /_coshell/ready
async fn ready(State(registry): State<Arc<Registry>>) -> Response {
    let (status, word) = match registry.readiness() {
        Readiness::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Readiness::Failed => (StatusCode::SERVICE_UNAVAILABLE, "initFailed"),
        Readiness::Ready => (StatusCode::OK, "ready"),
    };
    document(status, &json!({ "status": word }))
}

fn answered(method: &Method, uri: &Uri, answer: Result<Value, Exception>) -> Response {
    let request_line = format!("{method} {}", uri.path());
    match answer {
        Ok(answer) => {
            log_query(&request_line, StatusCode::OK.as_u16());
            document(StatusCode::OK, &answer)
        }
        Err(exception) => refuse(request_line, exception),
    }
}

fn document(status: StatusCode, document: &Value) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], document.to_string()).into_response()
}

/// The configuration of the function that the request names. If every name is accepted, the answer has the name from the request.
fn named(registry: &Registry, name: NameInPath, query: Option<&str>) -> Result<Value, Exception> {
    let name = name_of(name)?;
    let function = registry.find(&name)?;
    let arn = invoked_arn(&function.arn(), &name, qualifier_of(query)?.as_deref())?;
    let shown = if registry.accepts_every_name { plain_name(&name) } else { &function.name };
    Ok(described(function, shown, arn))
}

/// The shape `FunctionConfiguration` of the service's model.
fn described(function: &ServedFunction, name: &str, arn: String) -> Value {
    let Description { handler, memory_mb, since, revision_id } = &function.description;
    let since = humantime::format_rfc3339_millis(*since).to_string().replace('Z', "+0000");
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    json!({
        "FunctionName": name,
        "FunctionArn": arn,
        "Runtime": "provided.al2023",
        "Role": "arn:aws:iam::123456789012:role/local",
        "Handler": handler,
        "Description": "served by coshell",
        "Timeout": function.timeout.as_secs_f64().ceil() as u64,
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
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", function.name) },
    })
}
