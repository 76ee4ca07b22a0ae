//! Makes the identifiers that Lambda assigns (request ids, trace ids, log stream names) and finds the region.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// The variable with the region that the SDKs read first.
pub(crate) const AWS_REGION: &str = "AWS_REGION";
/// The older variable with the region.
pub(crate) const AWS_DEFAULT_REGION: &str = "AWS_DEFAULT_REGION";
/// The region if the developer's environment does not set one.
const REGION: &str = "us-east-1";

/// The region: AWS_REGION, else AWS_DEFAULT_REGION, else `us-east-1`.
#[must_use]
pub fn region() -> String {
    let either = variable(AWS_REGION).or_else(|| variable(AWS_DEFAULT_REGION));
    either.and_then(|region| region.into_string().ok()).unwrap_or_else(|| REGION.to_owned())
}

/// A variable of the developer's environment, unless it is empty.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A random UUID, the form of Lambda's request ids.
#[must_use]
pub fn random_uuid() -> String {
    Uuid::new_v4().to_string()
}

/// A trace id in the form that Lambda sends with every event; the trace is not sampled. Source: AWS X-Ray Developer Guide, "Tracing header".
#[must_use]
pub fn random_trace_id() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (root, parent) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &root[..24], &parent[..16])
}

/// The name of a log stream in Lambda's form: the day, the version, and 32 random digits.
pub(crate) fn log_stream_name() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    format!("{}/[$LATEST]{}", now[..10].replace('-', "/"), Uuid::new_v4().simple())
}
