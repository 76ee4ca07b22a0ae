//! Sets the variables that Lambda gives to a runtime. One of them marks the processes of an environment.

use std::ffi::OsString;
use std::net::SocketAddr;

use super::{Bootstrap, Settings};
use crate::lambda::function::Function;
use crate::lambda::identifiers::{AWS_DEFAULT_REGION, AWS_REGION, region, variable};
use crate::lambda::sandbox::{TASK_ROOT, VARIABLES};

const AWS_LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const HANDLER: &str = "_HANDLER";
const LAMBDA_TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
/// The random part of its value marks the processes of one environment.
pub(super) const LOG_STREAM_NAME: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
const LD_LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// The variables that a function cannot set, as on Lambda: the environment needs its own values.
pub const RESERVED: [&str; 4] = [AWS_LAMBDA_RUNTIME_API, HANDLER, LAMBDA_TASK_ROOT, LOG_STREAM_NAME];

/// All variables; a later one replaces an earlier one. Other variables are inherited from the developer.
pub(super) fn variables(settings: &Settings, api: Option<SocketAddr>, stream: &str) -> Vec<(OsString, OsString)> {
    let function = &settings.function;
    let sandboxed = matches!(settings.bootstrap, Bootstrap::Sandboxed(_));
    let name = function.name();
    let default_region = variable(AWS_DEFAULT_REGION).unwrap_or_else(|| region().into());
    let lambda_variables: [(&str, OsString); 12] = [
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}").into()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_mb.to_string().into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".into()),
        ("TZ", ":UTC".into()),
        (AWS_REGION, region().into()),
        (AWS_DEFAULT_REGION, default_region),
        (HANDLER, function.handler.clone().into()),
        (LAMBDA_TASK_ROOT, if sandboxed { TASK_ROOT.into() } else { function.task_root.clone().into() }),
        (LOG_STREAM_NAME, stream.into()),
    ];
    let given = settings.variables.iter().filter(|(name, _)| !RESERVED.iter().any(|reserved| name == reserved));
    let lambda_variables = lambda_variables.into_iter().map(|(name, value)| (name.into(), value));
    let sandbox_variables = VARIABLES.map(|(name, value)| (name.into(), value.into()));
    let sandbox_variables = sandbox_variables.into_iter().filter(|_| sandboxed);
    let libraries = (!sandboxed).then(|| libraries(function)).flatten().map(|path| (LD_LIBRARY_PATH.into(), path));
    let api = api.map(|api| (AWS_LAMBDA_RUNTIME_API.into(), api.to_string().into()));
    lambda_variables.chain(sandbox_variables).chain(libraries).chain(api).chain(given.cloned()).collect()
}

/// The folders where the loader looks for libraries: the function's own in Lambda's order, then the developer's. Lambda's system folders
/// are left out, because the loader knows those of this machine. `None` if a name has a colon.
fn libraries(function: &Function) -> Option<OsString> {
    let own = [function.task_root.clone(), function.task_root.join("lib")];
    let inherited = variable(LD_LIBRARY_PATH).unwrap_or_default();
    let inherited = std::env::split_paths(&inherited).filter(|folder| !folder.as_os_str().is_empty());
    std::env::join_paths(own.into_iter().chain(inherited)).ok()
}
