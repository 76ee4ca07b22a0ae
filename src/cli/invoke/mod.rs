//! `coshell invoke`: one event through the real runtime, on the developer's machine.
//!
//! The response goes to stdout byte for byte and everything else to stderr, so that the program can stand in a pipe; with
//! `--json` everything is one object on stdout. The
//! exit status says what came of it: 0 response, 1 the handler failed, 2 wrong usage (nothing was run), 3 init failed, 4 stdout did not
//! take the response, 124 timed out, 141 the reader of stdout has gone; 128 and the signal's number after Ctrl-C and the like.

pub(crate) mod arguments;
mod delivery;
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
use std::time::Duration;

use anyhow::{Error, Result};

pub use self::arguments::Arguments;
use self::arguments::long_limit;
pub use self::result::Status;

use self::live_log::LiveLog;
use self::output::Unwritten;
use self::profile::Profile;
use self::result::{INIT_LIMIT, exit_error, init_timeout};
use super::event;
use super::events::Sample;
use super::interruption::Interruption;
use super::terminal::{say, show, stderr_is_a_terminal, warn};
use crate::lambda::environment::{Bootstrap, Environment, Settings};
use crate::lambda::function::Function;
use crate::lambda::identifiers::{random_trace_id, random_uuid};
use crate::lambda::invocation::{FunctionError, Invoke};
use crate::lambda::runtime_api::Init;
use crate::lambda::sandbox::Sandbox;

/// Runs the command to its end. What goes wrong has been said on stderr when it returns.
#[must_use]
pub fn run(arguments: &Arguments) -> Status {
    let asked = match read(arguments) {
        Ok(asked) => asked,
        Err(error) => return complain(&error, Status::Usage),
    };
    if arguments.shell {
        return complain(&shell::run(&asked.settings, &asked.invoke), Status::InitFailed);
    }
    output::closed_stdout_warning().into_iter().for_each(warn);
    let (interruption, environment) = match start(&asked.settings) {
        Ok(started) => started,
        Err(error) => return complain(&error, Status::InitFailed),
    };
    let told = match arguments.repeat {
        None => once(environment, &asked, arguments, &interruption),
        Some(times) => repeat::run(environment, &asked, times, arguments, &interruption),
    };
    let told = told.and_then(|status| asked.write_profile(status, arguments));
    told.unwrap_or_else(|error| match error.downcast_ref::<Unwritten>() {
        Some(unwritten) if unwritten.has_no_reader() => Status::ReaderGone, // as with any program: `head` has what it wants
        Some(_) => complain(&error, Status::Unwritten),
        None => complain(&error, Status::HandlerFailed),
    })
}

fn complain(error: &Error, status: Status) -> Status {
    say(format_args!("error: {error:#}"));
    status
}

/// What was asked, checked before anything runs.
struct Asked {
    settings: Settings,
    invoke: Invoke,
    profile: Option<Profile>,
}

fn read(arguments: &Arguments) -> Result<Asked> {
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
    let profile = arguments.profile.as_deref().map(Profile::to).transpose()?;
    let traces = arguments.trace.then(traced).into_iter().chain(profile.iter().map(Profile::variable));
    let bootstrap = match &arguments.bootstrap {
        Some(path) => Bootstrap::Executable(path.clone()),
        None if arguments.sandbox => Bootstrap::Sandboxed(Sandbox::new(&function.task_root, &arguments.layer)?),
        None => Bootstrap::ThisProgram,
    };
    let settings = Settings {
        function,
        bootstrap,
        memory_mb: arguments.memory,
        variables: arguments.variables.all()?.into_iter().chain(traces).collect(),
        log: if arguments.json || arguments.repeat.is_some() || stderr_is_a_terminal() {
            Some(json_output::log()?)
        } else {
            None
        },
    };
    long_limit(arguments.timeout).iter().for_each(|warning| warn(warning));
    Ok(Asked { settings, invoke, profile })
}

impl Asked {
    /// Writes the profile, if one is wanted and something ran to its end.
    fn write_profile(&self, status: Status, arguments: &Arguments) -> Result<Status> {
        if let Some(profile) = &self.profile
            && !matches!(status, Status::InitFailed | Status::Interrupted(_))
        {
            let timed_out = (status == Status::TimedOut).then_some(arguments.timeout);
            let told = profile.write(&self.settings.function, timed_out)?;
            if !arguments.json {
                say(told);
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
    interruption.covers(&environment);
    Ok((interruption, environment))
}

/// One event from its delivery to what is told of it.
fn once(environment: Environment, asked: &Asked, arguments: &Arguments, interruption: &Interruption) -> Result<Status> {
    let settings = &asked.settings;
    let log = LiveLog::start(settings.log.clone().filter(|_| !arguments.json), &asked.invoke.request_id);
    let came_of_it = delivery::of_event(&environment, asked, arguments, &log);
    drop(environment); // every process of it is gone before the exit status is told
    if let Some(status) = interruption.exit_status() {
        return Ok(Status::Interrupted(status));
    }
    let came_of_it = came_of_it?;
    log.finish(came_of_it.error.as_ref());
    if arguments.json {
        return json_output::print(&came_of_it, settings.log.as_deref());
    }
    if came_of_it.line_is_open && came_of_it.says_more() {
        show("\n");
    }
    came_of_it.warnings.iter().for_each(|warning| warn(warning));
    came_of_it.error.iter().for_each(|error| output::error(error, &settings.function.task_root));
    came_of_it.report.iter().filter(|_| came_of_it.report_wanted).for_each(output::report);
    Ok(came_of_it.status)
}

/// Waits for the first `next`: how long init took, or what kept it from getting there.
pub(crate) fn init(environment: &Environment) -> Result<Duration, FunctionError> {
    match environment.wait_for_init(INIT_LIMIT) {
        Init::Ready(ready) => Ok(ready.saturating_duration_since(environment.started())),
        Init::Failed(error) => Err(error),
        Init::RuntimeExited(how) => Err(exit_error(&how)),
        Init::TimedOut => Err(init_timeout()),
    }
}
