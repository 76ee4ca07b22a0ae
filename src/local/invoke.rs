//! `coshell invoke`: one event through the real runtime, on the developer's machine.
//!
//! The response goes to stdout byte for byte and everything else to stderr, so that the program can stand in a pipe; with
//! `--json` everything is one object on stdout. The
//! exit status says what came of it: 0 response, 1 the handler failed, 2 wrong usage (nothing was run), 3 init failed, 4 stdout did not
//! take the response, 124 timed out, 141 the reader of stdout has gone; 128 and the signal's number after Ctrl-C and the like.

pub(crate) mod arguments;
pub(crate) mod explained;
mod live_log;
pub(crate) mod machine;
pub(crate) mod outcome;
pub(crate) mod output;
mod profile;
mod repeat;
mod shell;
mod streamed;

use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use serde_json::{Map, Value};

pub use arguments::Arguments;
use arguments::long_limit;
pub use outcome::Status;

use super::contract::{self, Caller};
use super::environment::{Bootstrap, Environment, Settings, random_trace_id, random_uuid};
use super::event;
use super::events::Sample;
use super::function::Function;
use super::interruption::Interruption;
use super::invocation::{Bytes, FunctionError, Invoke, Outcome, Response};
use super::runtime_api::Init;
use super::sandbox::Sandbox;
use super::terminal::{say, show, stderr_is_a_terminal, stdout_is_a_terminal, warn};
use super::unread_event;
use live_log::LiveLog;
use outcome::{INIT_LIMIT, billed, exit_error, init_timeout, judge};
use output::{Report, Unwritten};
use profile::Profile;
use streamed::{Writer, Written};

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
        request_id: arguments.request_id.clone().map_or_else(random_uuid, Ok)?,
        timeout: arguments.timeout,
        function_arn: Some(function.arn()),
        trace_id: Some(random_trace_id()?),
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
            Some(machine::log()?)
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
    let came_of_it = invoke_in(&environment, asked, arguments, &log);
    drop(environment); // every process of it is gone before the exit status is told
    if let Some(status) = interruption.exit_status() {
        return Ok(Status::Interrupted(status));
    }
    let came_of_it = came_of_it?;
    log.finish(came_of_it.error.as_ref());
    if arguments.json {
        return machine::print(&came_of_it, settings.log.as_deref());
    }
    if came_of_it.line_is_open && came_of_it.says_more() {
        show("\n");
    }
    came_of_it.warnings.iter().for_each(|warning| warn(warning));
    came_of_it.error.iter().for_each(|error| output::error(error, &settings.function.task_root));
    came_of_it.report.iter().filter(|_| came_of_it.report_wanted).for_each(output::report);
    Ok(came_of_it.status)
}

/// A status, the response or the error that explains it, and the figures, once the runtime was ready.
#[derive(Default)]
struct CameOfIt {
    status: Status,
    response: Option<Bytes>,
    error: Option<FunctionError>,
    request_id: String,
    /// What the caller could not use of the response.
    warnings: Vec<String>,
    report: Option<Report>,
    report_wanted: bool,
    /// Whether what is written to stderr would stand in the last line of the response.
    line_is_open: bool,
}

impl CameOfIt {
    /// Whether anything is to be written to stderr.
    fn says_more(&self) -> bool {
        !self.warnings.is_empty() || self.error.is_some() || (self.report_wanted && self.report.is_some())
    }
}

fn invoke_in(environment: &Environment, asked: &Asked, arguments: &Arguments, log: &LiveLog) -> Result<CameOfIt> {
    let invoke = asked.invoke.clone();
    let request_id = invoke.request_id.clone();
    let init_duration = match init(environment) {
        Ok(duration) => duration,
        Err(error) => {
            return Ok(CameOfIt { status: Status::InitFailed, error: Some(error), request_id, ..CameOfIt::default() });
        }
    };
    let writer = if arguments.json { None } else { Some(Writer::start()?) };
    let (listener, writer) = writer.unzip();
    let invocation = environment.api().submit(Invoke { listener, ..invoke }).context("cannot send the event")?;
    let completion = invocation.wait();
    let streamed = writer.map_or(Ok(Written::default()), Writer::finish)?;
    let (status, error) = judge(&completion, invocation.invoke());
    let response = match &completion.outcome {
        Outcome::Response(response) if response.streaming && !arguments.json => None, // it is out
        Outcome::Response(response) => Some(response.bytes.clone()),
        Outcome::Error(_) | Outcome::RuntimeExited(_) | Outcome::TimedOut => None,
    };
    if !arguments.json
        && let Some(response) = &response
    {
        log.look(); // what was written before
        output::response(response)?; // at once; an error is told when the log has ended
    }
    let last = response
        .as_ref()
        .filter(|_| !arguments.json && !stdout_is_a_terminal())
        .and_then(|bytes| bytes.last().copied());
    let line_is_open = last.or(streamed.last).is_some_and(|last| last != b'\n') && output::streams_are_one();
    let warnings = match &completion.outcome {
        Outcome::Response(response) if status == Status::Success => {
            let prelude = streamed.prelude.or_else(|| streamed::prelude_of(response));
            warnings(arguments, asked, response, prelude.as_ref())
        }
        _ => Vec::new(),
    };
    let report_wanted = arguments.report || stderr_is_a_terminal();
    let report = (report_wanted || arguments.json).then(|| Report {
        request_id: request_id.clone(),
        duration: billed(&completion, &invocation),
        init_duration,
        max_memory_bytes: environment.memory_bytes(),
    });
    Ok(CameOfIt { status, response, error, request_id, warnings, report, report_wanted, line_is_open })
}

fn warnings(
    arguments: &Arguments,
    asked: &Asked,
    response: &Response,
    prelude: Option<&Map<String, Value>>,
) -> Vec<String> {
    let event = &asked.invoke.payload;
    let named = arguments.caller.or_else(|| sample(arguments).map(Sample::caller));
    let caller = named.unwrap_or_else(|| Caller::of(event));
    let mut warnings = contract::warnings_of(caller, event, response);
    if named.is_none() && caller == Caller::None {
        warnings.extend(contract::log_line_warning(response));
    }
    warnings.extend(prelude.into_iter().flat_map(|prelude| contract::headers::warnings(caller, prelude)));
    warnings.extend(unread_event::warning(&asked.settings, response));
    warnings
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
