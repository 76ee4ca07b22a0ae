//! Runs `coshell invoke`: sends one event to the real runtime on the developer's machine.
//!
//! The response goes to stdout byte for byte and everything else goes to stderr, so that the program works in a pipe; with `--json` the
//! whole result is one object on stdout. `result::Status` lists the exit statuses.

pub(crate) mod arguments;
mod delivery;
pub(crate) mod durable;
pub(crate) mod error_view;
pub(crate) mod json_output;
mod live_log;
pub(crate) mod output;
mod profile;
mod repeat;
mod response_stream;
pub(crate) mod result;
mod shell;

use std::ffi::OsString;

use anyhow::{Error, Result};

pub use self::arguments::Arguments;
use self::arguments::time_limit_warning;
pub use self::result::Status;

use self::live_log::LiveLog;
use self::output::WriteError;
use self::profile::Profile;
use super::event;
use super::events::Sample;
use super::interruption::Interruption;
use super::terminal::{say, show, stderr_is_a_terminal, warn};
use crate::lambda::environment::{Bootstrap, Environment, Settings};
use crate::lambda::function::Function;
use crate::lambda::identifiers::{random_trace_id, random_uuid};
use crate::lambda::invocation::Invoke;
use crate::lambda::sandbox::Sandbox;

/// Runs the command to its end. Errors have been printed on stderr when this function returns.
#[must_use]
pub fn run(arguments: &Arguments) -> Status {
    let request = match read(arguments) {
        Ok(request) => request,
        Err(error) => return print_error(&error, Status::Usage),
    };
    if arguments.shell {
        return print_error(&shell::run(&request.settings, &request.invoke), Status::InitFailed);
    }
    output::closed_stdout_warning().into_iter().for_each(warn);
    if arguments.durable.durable {
        return durable::run(&request, arguments).unwrap_or_else(|error| print_error(&error, Status::HandlerFailed));
    }
    let (interruption, environment) = match start(&request.settings) {
        Ok(started) => started,
        Err(error) => return print_error(&error, Status::InitFailed),
    };
    let status = match arguments.repeat {
        None => once(environment, &request, arguments, &interruption),
        Some(times) => repeat::run(environment, &request, times, arguments, &interruption),
    };
    let status = status.and_then(|status| request.write_profile(status, arguments));
    status.unwrap_or_else(|error| match error.downcast_ref::<WriteError>() {
        Some(unwritten) if unwritten.has_no_reader() => Status::BrokenPipe, // silent, as with any program whose output goes to `head`
        Some(_) => print_error(&error, Status::WriteFailed),
        None => print_error(&error, Status::HandlerFailed),
    })
}

fn print_error(error: &Error, status: Status) -> Status {
    say(format_args!("error: {error:#}"));
    status
}

/// The user's request, checked before anything runs.
struct Request {
    settings: Settings,
    invoke: Invoke,
    profile: Option<Profile>,
}

fn read(arguments: &Arguments) -> Result<Request> {
    let function = Function::locate(&arguments.path)?;
    let invoke = Invoke {
        payload: match sample(arguments) {
            Some(sample) => sample.text.as_bytes().into(),
            None => event::read(arguments.event.as_deref(), &function.task_root)?.into(),
        },
        request_id: arguments.request_id.clone().unwrap_or_else(random_uuid),
        timeout: arguments.timeout,
        function_arn: Some(function.arn()),
        trace_id: Some(random_trace_id()),
        client_context: arguments.client_context.clone(),
        ..Invoke::default()
    };
    let profile = arguments.profile.as_deref().map(Profile::create).transpose()?;
    let mut settings = settings_of(function, arguments)?;
    settings.variables.extend(profile.iter().map(Profile::variable));
    time_limit_warning(arguments.timeout).iter().for_each(|warning| warn(warning));
    Ok(Request { settings, invoke, profile })
}

/// The settings of `function`'s environment.
fn settings_of(function: Function, arguments: &Arguments) -> Result<Settings> {
    let bootstrap = match &arguments.bootstrap {
        Some(path) => Bootstrap::Executable(path.clone()),
        None if arguments.sandbox => Bootstrap::Sandboxed(Sandbox::new(&function.task_root, &arguments.layer)?),
        None => Bootstrap::ThisProgram,
    };
    Ok(Settings {
        function,
        bootstrap,
        memory_mb: arguments.memory,
        snap_start: arguments.snap_start,
        variables: arguments.variables.all()?.into_iter().chain(arguments.trace.then(traced)).collect(),
        log: if arguments.json || arguments.repeat.is_some() || stderr_is_a_terminal() {
            Some(json_output::log()?)
        } else {
            None
        },
    })
}

impl Request {
    /// Writes the profile, if one is requested and init succeeded.
    fn write_profile(&self, status: Status, arguments: &Arguments) -> Result<Status> {
        if let Some(profile) = &self.profile
            && !matches!(status, Status::InitFailed | Status::Interrupted(_))
        {
            let timed_out = (status == Status::TimedOut).then_some(arguments.timeout);
            let description = profile.write(&self.settings.function, timed_out)?;
            if !arguments.json {
                say(description);
            }
        }
        Ok(status)
    }
}

fn sample(arguments: &Arguments) -> Option<&'static Sample> {
    arguments.sample.as_deref().and_then(Sample::named)
}

fn traced() -> (OsString, OsString) {
    ("COSHELL_TRACE".into(), "1".into())
}

fn start(settings: &Settings) -> Result<(Interruption, Environment)> {
    let interruption = Interruption::watch()?;
    let environment = Environment::start(settings)?;
    interruption.register(&environment);
    Ok((interruption, environment))
}

/// Sends the event once and prints the result.
fn once(
    environment: Environment,
    request: &Request,
    arguments: &Arguments,
    interruption: &Interruption,
) -> Result<Status> {
    let settings = &request.settings;
    let log = LiveLog::start(settings.log.clone().filter(|_| !arguments.json), &request.invoke.request_id);
    let result = delivery::deliver(&environment, request, arguments, &log);
    drop(environment); // ends every process of the environment before this program exits
    if let Some(status) = interruption.exit_status() {
        return Ok(Status::Interrupted(status));
    }
    let result = result?;
    log.finish(result.error.as_ref());
    if arguments.json {
        return json_output::print(&result, settings.log.as_deref());
    }
    if result.lacks_final_newline && result.has_stderr_output() {
        show("\n");
    }
    result.warnings.iter().for_each(|warning| warn(warning));
    result.error.iter().for_each(|error| output::error(error, &settings.function.task_root));
    result.report.iter().filter(|_| result.report_wanted).for_each(output::report);
    Ok(result.status)
}
