//! The variables that Lambda gives a runtime, and that make its processes known as ours.

use std::ffi::OsString;
use std::net::SocketAddr;

use super::{Bootstrap, Settings};
use crate::lambda::function::Function;
use crate::lambda::identifiers::{AWS_DEFAULT_REGION, AWS_REGION, region, variable};
use crate::lambda::sandbox::{TASK_ROOT, VARIABLES};

const AWS_LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const HANDLER: &str = "_HANDLER";
const LAMBDA_TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
/// Its random part marks the processes of one environment.
pub(super) const LOG_STREAM_NAME: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
const LD_LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// The variables that a function cannot set, as on Lambda: the environment would not work without ours.
pub const RESERVED: [&str; 4] = [AWS_LAMBDA_RUNTIME_API, HANDLER, LAMBDA_TASK_ROOT, LOG_STREAM_NAME];

/// All variables, later ones over earlier ones; what is not named here is inherited from the developer.
pub(super) fn of(settings: &Settings, api: Option<SocketAddr>, stream: &str) -> Vec<(OsString, OsString)> {
    let function = &settings.function;
    let sandboxed = matches!(settings.bootstrap, Bootstrap::Sandboxed(_));
    let name = function.name();
    let default_region = variable(AWS_DEFAULT_REGION).unwrap_or_else(|| region().into());
    let of_lambda: [(&str, OsString); 12] = [
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
    let of_lambda = of_lambda.into_iter().map(|(name, value)| (name.into(), value));
    let of_the_sandbox = VARIABLES.map(|(name, value)| (name.into(), value.into()));
    let of_the_sandbox = of_the_sandbox.into_iter().filter(|_| sandboxed);
    let libraries = (!sandboxed).then(|| libraries(function)).flatten().map(|path| (LD_LIBRARY_PATH.into(), path));
    let api = api.map(|api| (AWS_LAMBDA_RUNTIME_API.into(), api.to_string().into()));
    of_lambda.chain(of_the_sandbox).chain(libraries).chain(api).chain(given.cloned()).collect()
}

/// Where the loader looks for the function's own libraries, in Lambda's order, and behind that where the developer has them. Lambda's
/// folders of the system are left out: the loader knows those of this machine. `None` where a name has a colon.
fn libraries(function: &Function) -> Option<OsString> {
    let own = [function.task_root.clone(), function.task_root.join("lib")];
    let inherited = variable(LD_LIBRARY_PATH).unwrap_or_default();
    let inherited = std::env::split_paths(&inherited).filter(|folder| !folder.as_os_str().is_empty());
    std::env::join_paths(own.into_iter().chain(inherited)).ok()
}
