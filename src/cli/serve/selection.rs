//! Reads from the command line, and from a template, which functions to serve and with which settings.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use super::arguments::Arguments;
use crate::cli::terminal;
use crate::lambda::environment::{Bootstrap, Settings};
use crate::lambda::function::Function;
use crate::lambda::template::{ApiEvent, DeclaredFunction, InvokeMode, Template};

/// Lambda's default time limit.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);
/// Lambda's default memory size.
const DEFAULT_MEMORY_MB: u32 = 128;

type Variable = (OsString, OsString);

/// A function to serve.
#[derive(Debug)]
pub(super) struct SelectedFunction {
    pub(super) name: String,
    pub(super) logical_id: Option<String>,
    pub(super) settings: Settings,
    pub(super) timeout: Duration,
    /// The function's URL, if the template declares one.
    pub(super) url: Option<InvokeMode>,
    pub(super) api_events: Vec<ApiEvent>,
}

/// Reads the functions; warns about the parts of a template that are not served.
///
/// # Errors
/// A path or a template does not lead to a function, or two functions have the same name.
pub(super) fn read(arguments: &Arguments) -> Result<Vec<SelectedFunction>> {
    let trace = arguments.trace.then(|| ("COSHELL_TRACE".into(), "1".into()));
    let given: Vec<Variable> = arguments.variables.all()?.into_iter().chain(trace).collect();
    let functions = match &arguments.template {
        Some(file) => of_template(file, arguments, &given)?,
        None => arguments.paths.iter().map(|path| of_path(path, arguments, &given)).collect::<Result<_>>()?,
    };
    let mut names = BTreeSet::new();
    for SelectedFunction { name, .. } in &functions {
        ensure!(
            names.insert(name),
            "two functions have the name `{name}`: a function has the name of its folder, so serve functions of one folder with --template"
        );
    }
    Ok(functions)
}

fn of_path(path: &Path, arguments: &Arguments, given: &[Variable]) -> Result<SelectedFunction> {
    let function = Function::locate(path)?;
    let name = function.name();
    let settings = settings(function, arguments, None, given.to_vec());
    let timeout = arguments.timeout.unwrap_or(DEFAULT_TIMEOUT);
    Ok(SelectedFunction { name, logical_id: None, settings, timeout, url: None, api_events: Vec::new() })
}

fn of_template(file: &Path, arguments: &Arguments, given: &[Variable]) -> Result<Vec<SelectedFunction>> {
    let Template { functions, skipped } = Template::read(file)?;
    for (logical_id, reason) in &skipped {
        terminal::warn(&format!("skipped the function `{logical_id}`: {reason}"));
    }
    if functions.is_empty() {
        bail!(
            "`{}` has no function that coshell can serve: an AWS::Serverless::Function or AWS::Lambda::Function with the runtime `provided.al2023` \
             and a local folder as its code",
            file.display()
        );
    }
    functions.into_iter().map(|declared| of_declaration(declared, arguments, given)).collect()
}

fn of_declaration(declared: DeclaredFunction, arguments: &Arguments, given: &[Variable]) -> Result<SelectedFunction> {
    warn_of(&declared, given);
    let DeclaredFunction { logical_id, name, function, variables, url, api_events, .. } = declared;
    let own = [
        ("AWS_LAMBDA_FUNCTION_NAME".into(), OsString::from(&name)),
        ("AWS_LAMBDA_LOG_GROUP_NAME".into(), format!("/aws/lambda/{name}").into()),
    ];
    let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
    let variables = own.into_iter().chain(variables).chain(given.iter().cloned()).collect();
    let settings = settings(function, arguments, declared.memory_mb, variables);
    let timeout = arguments.timeout.or(declared.timeout).unwrap_or(DEFAULT_TIMEOUT);
    ensure!(!name.is_empty(), "the function `{logical_id}` has an empty FunctionName");
    Ok(SelectedFunction { name, logical_id: Some(logical_id), settings, timeout, url, api_events })
}

/// Warns about variables without a value and about other parts of a function that differ from AWS.
fn warn_of(declared: &DeclaredFunction, given: &[Variable]) {
    let id = &declared.logical_id;
    let is_given = |name: &str| given.iter().any(|(given, _)| given == name);
    for (name, expression) in declared.unresolved.iter().filter(|(name, _)| !is_given(name)) {
        terminal::warn(&format!(
            "function `{id}`: the variable {name} is unset, because the template gives no value for `{expression}`: give one with --env {name}=VALUE"
        ));
    }
    declared.warnings.iter().for_each(|warning| terminal::warn(&format!("function `{id}`: {warning}")));
    let streams = declared.variables.iter().any(|(name, value)| name == "COSHELL_RESPONSE" && value.contains("stream"));
    if streams && declared.url == Some(InvokeMode::Buffered) {
        terminal::warn(&format!(
            "function `{id}`: COSHELL_RESPONSE streams the response, but its function URL buffers the response: add `InvokeMode: RESPONSE_STREAM` to FunctionUrlConfig"
        ));
    }
}

fn settings(function: Function, arguments: &Arguments, memory_mb: Option<u32>, variables: Vec<Variable>) -> Settings {
    Settings {
        function,
        bootstrap: arguments.bootstrap.clone().map_or(Bootstrap::ThisProgram, Bootstrap::Executable),
        memory_mb: arguments.memory.or(memory_mb).unwrap_or(DEFAULT_MEMORY_MB),
        variables,
        snap_start: arguments.snap_start,
        log: None,
    }
}
