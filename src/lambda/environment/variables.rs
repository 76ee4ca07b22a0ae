//! Sets the variables that Lambda gives to a runtime. One of them marks the processes of an environment.

use std::ffi::OsString;

use super::{Bootstrap, Settings};
use crate::lambda::function::Function;
use crate::lambda::identifiers::{AWS_DEFAULT_REGION, AWS_REGION, log_stream_name, region, variable};
use crate::lambda::runtime_api::RuntimeApi;
use crate::lambda::sandbox::{TASK_ROOT, VARIABLES};

const AWS_LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const HANDLER: &str = "_HANDLER";
const LAMBDA_TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
const LOG_GROUP_NAME: &str = "AWS_LAMBDA_LOG_GROUP_NAME";
const LOG_STREAM_NAME: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
const INITIALIZATION_TYPE: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";
const METADATA_API: &str = "AWS_LAMBDA_METADATA_API";
/// Its random value marks the processes of one environment.
pub(super) const METADATA_TOKEN: &str = "AWS_LAMBDA_METADATA_TOKEN";
const CREDENTIALS_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const CREDENTIALS_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
/// The variables with credentials, which Lambda does not set with SnapStart.
pub(super) const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
const LD_LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// The variables that a function cannot set, as on Lambda: the environment needs its own values.
pub const RESERVED: [&str; 6] =
    [AWS_LAMBDA_RUNTIME_API, HANDLER, LAMBDA_TASK_ROOT, LOG_STREAM_NAME, METADATA_API, METADATA_TOKEN];

/// All variables; a later one replaces an earlier one. Other variables are inherited from the developer, except those that are
/// [`absent`]. Without `api` the function runs without a runtime.
pub(super) fn variables(settings: &Settings, api: Option<&RuntimeApi>) -> Vec<(OsString, OsString)> {
    let function = &settings.function;
    let sandboxed = matches!(settings.bootstrap, Bootstrap::Sandboxed(_));
    let default_region = variable(AWS_DEFAULT_REGION).unwrap_or_else(|| region().into());
    let lambda_variables: [(&str, OsString); 10] = [
        ("AWS_LAMBDA_FUNCTION_NAME", function.name().into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_mb.to_string().into()),
        (INITIALIZATION_TYPE, if settings.snap_start { "snap-start" } else { "on-demand" }.into()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".into()),
        ("TZ", ":UTC".into()),
        (AWS_REGION, region().into()),
        (AWS_DEFAULT_REGION, default_region),
        (HANDLER, function.handler.clone().into()),
        (LAMBDA_TASK_ROOT, if sandboxed { TASK_ROOT.into() } else { function.task_root.clone().into() }),
    ];
    let sandbox_variables = VARIABLES.map(|(name, value)| (name.into(), value.into()));
    let sandbox_variables = sandbox_variables.into_iter().filter(|_| sandboxed);
    let libraries = (!sandboxed).then(|| libraries(function)).flatten().map(|path| (LD_LIBRARY_PATH.into(), path));
    lambda_variables
        .into_iter()
        .chain(log_names(settings))
        .map(|(name, value)| (name.into(), value))
        .chain(sandbox_variables)
        .chain(libraries)
        .chain(api.into_iter().flat_map(addresses))
        .chain(given(settings, api))
        .collect()
}

/// The variables that Lambda does not set and that the runtime must not inherit: the log names with SnapStart, and the credentials where
/// the API serves them.
pub(super) fn absent(settings: &Settings, api: &RuntimeApi) -> impl Iterator<Item = &'static str> {
    let log_names = [LOG_GROUP_NAME, LOG_STREAM_NAME].into_iter().filter(|_| settings.snap_start);
    log_names.chain(KEYS.into_iter().filter(|_| api.credentials_endpoint().is_some()))
}

/// The names of the log, which Lambda does not set with SnapStart.
fn log_names(settings: &Settings) -> impl Iterator<Item = (&'static str, OsString)> {
    let group = format!("/aws/lambda/{}", settings.function.name());
    let names = [(LOG_GROUP_NAME, group.into()), (LOG_STREAM_NAME, log_stream_name().into())];
    names.into_iter().filter(|_| !settings.snap_start)
}

/// The addresses of the servers, with their tokens.
fn addresses(api: &RuntimeApi) -> impl Iterator<Item = (OsString, OsString)> {
    let address = api.address().to_string();
    let always = [
        (AWS_LAMBDA_RUNTIME_API, address.clone()),
        (METADATA_API, address),
        (METADATA_TOKEN, api.metadata_token().to_owned()),
    ];
    let credentials = api.credentials_endpoint();
    let credentials = credentials
        .into_iter()
        .flat_map(|(uri, token)| [(CREDENTIALS_URI, uri), (CREDENTIALS_TOKEN, token.to_owned())]);
    always.into_iter().chain(credentials).map(|(name, value)| (name.into(), value.into()))
}

/// The variables that the developer gives to the function, without those that Lambda sets itself or leaves out.
fn given(settings: &Settings, api: Option<&RuntimeApi>) -> Vec<(OsString, OsString)> {
    let absent: Vec<&str> = api.into_iter().flat_map(|api| absent(settings, api)).collect();
    let is_given = |name: &OsString| !RESERVED.iter().chain(&absent).any(|other| name == other);
    settings.variables.iter().filter(|(name, _)| is_given(name)).cloned().collect()
}

/// The folders where the loader looks for libraries: the function's own in Lambda's order, then the developer's. Lambda's system folders
/// are left out, because the loader knows those of this machine. `None` if a name has a colon.
fn libraries(function: &Function) -> Option<OsString> {
    let own = [function.task_root.clone(), function.task_root.join("lib")];
    let inherited = variable(LD_LIBRARY_PATH).unwrap_or_default();
    let inherited = std::env::split_paths(&inherited).filter(|folder| !folder.as_os_str().is_empty());
    std::env::join_paths(own.into_iter().chain(inherited)).ok()
}
