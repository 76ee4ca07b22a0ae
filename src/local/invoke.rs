//! `coshell invoke`: one event through the real runtime, on the developer's machine.
//!
//! The response goes to stdout byte for byte and everything else to stderr, so that the program can stand in a pipe. The
//! exit status says what came of it: 0 response, 1 the handler failed, 2 wrong usage (nothing was run), 3 init failed, 124 timed
//! out; 128 and the signal's number after Ctrl-C and the like.

mod arguments;
mod output;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result};

pub use arguments::Arguments;

use super::environment::{Bootstrap, Environment, Settings, random_uuid, region};
use super::event;
use super::function::Function;
use super::interruption::Interruption;
use super::invocation::{Completion, FunctionError, Invocation, Invoke, Outcome};
use super::runtime_api::Init;
use output::Report;

/// How long init may take, as on Lambda.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How long the report waits for the `next` that ends what Lambda bills.
const NEXT_PATIENCE: Duration = Duration::from_millis(200);

/// What the program's exit status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The handler gave a response.
    Success,
    /// The handler failed, or the runtime died under it.
    HandlerFailed,
    /// The command line or the event is wrong; nothing was run.
    Usage,
    /// The runtime did not come to its first `next`.
    InitFailed,
    /// The time limit passed.
    TimedOut,
    /// A signal stopped the program; 128 and its number.
    Interrupted(u8),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Success => 0,
            Status::HandlerFailed => 1,
            Status::Usage => 2,
            Status::InitFailed => 3,
            Status::TimedOut => 124,
            Status::Interrupted(status) => status,
        })
    }
}

/// Runs the command to its end. What goes wrong has been said on stderr when it returns.
#[must_use]
pub fn run(arguments: &Arguments) -> Status {
    let (settings, invoke) = match read(arguments) {
        Ok(asked) => asked,
        Err(error) => return complain(&error, Status::Usage),
    };
    let (interruption, environment) = match start(&settings) {
        Ok(started) => started,
        Err(error) => return complain(&error, Status::InitFailed),
    };
    let came_of_it = invoke_in(&environment, invoke, arguments.report);
    drop(environment); // every process of it is gone before the exit status is told
    match (interruption.exit_status(), came_of_it) {
        (Some(status), _) => Status::Interrupted(status),
        (None, Ok(CameOfIt { status, error, report })) => {
            error.iter().for_each(output::error);
            report.iter().for_each(output::report);
            status
        }
        (None, Err(error)) => complain(&error, Status::HandlerFailed),
    }
}

fn complain(error: &Error, status: Status) -> Status {
    eprintln!("error: {error:#}");
    status
}

/// What was asked, checked before anything runs.
fn read(arguments: &Arguments) -> Result<(Settings, Invoke)> {
    let function = Function::locate(&arguments.path)?;
    let invoke = Invoke {
        payload: event::read(arguments.event.as_deref(), &function.task_root)?.into(),
        request_id: arguments.request_id.clone().map_or_else(random_uuid, Ok)?,
        timeout: arguments.timeout,
        function_arn: Some(format!("arn:aws:lambda:{}:123456789012:function:{}", region(), function.name())),
        client_context: arguments.client_context.clone(),
        ..Invoke::default()
    };
    let settings = Settings {
        function,
        bootstrap: arguments.bootstrap.clone().map_or(Bootstrap::ThisProgram, Bootstrap::Executable),
        memory_mb: arguments.memory,
        variables: arguments.env.clone(),
        log: None,
    };
    Ok((settings, invoke))
}

fn start(settings: &Settings) -> Result<(Interruption, Environment)> {
    let interruption = Interruption::watch()?;
    let environment = Environment::start(settings)?;
    interruption.covers(&environment);
    Ok((interruption, environment))
}

/// A status, the error that explains it, and the report where one is wanted.
struct CameOfIt {
    status: Status,
    error: Option<FunctionError>,
    report: Option<Report>,
}

fn invoke_in(environment: &Environment, invoke: Invoke, report: bool) -> Result<CameOfIt> {
    let failed = |error| Ok(CameOfIt { status: Status::InitFailed, error: Some(error), report: None });
    let ready = match environment.wait_for_init(INIT_LIMIT) {
        Init::Ready(ready) => ready,
        Init::Failed(error) => return failed(error),
        Init::RuntimeExited(how) => return failed(exit_error(&how)),
        Init::TimedOut => return failed(init_timeout()),
    };
    let invocation = environment.api().submit(invoke).context("cannot send the event")?;
    let completion = invocation.wait();
    let (status, error) = tell(&completion, invocation.invoke())?;
    let report = (report || output::stderr_is_a_terminal()).then(|| Report {
        request_id: invocation.invoke().request_id.clone(),
        duration: billed(&completion, &invocation),
        init_duration: ready.saturating_duration_since(environment.started()),
        max_memory_bytes: environment.memory_bytes(),
    });
    Ok(CameOfIt { status, error, report })
}

/// Writes a response to stdout; an error is told later, when the log has ended.
fn tell(completion: &Completion, invoke: &Invoke) -> Result<(Status, Option<FunctionError>)> {
    Ok(match &completion.outcome {
        Outcome::Response(response) => {
            output::response(&response.bytes)?;
            let broke_off = response.trailing_error.is_some();
            let status = if broke_off { Status::HandlerFailed } else { Status::Success };
            (status, response.trailing_error.clone())
        }
        Outcome::Error(error) => (Status::HandlerFailed, Some(error.clone())),
        Outcome::RuntimeExited(how) => (Status::HandlerFailed, Some(exit_error(how))),
        Outcome::TimedOut => (Status::TimedOut, Some(timeout_error(invoke))),
    })
}

/// From delivery to the runtime's following `next`, or to its answer where no `next` comes.
fn billed(completion: &Completion, invocation: &Invocation) -> Duration {
    let since = |until: Option<Instant>| {
        let until = until.unwrap_or_else(Instant::now);
        completion.delivered.map_or(Duration::ZERO, |delivered| until.saturating_duration_since(delivered))
    };
    match completion.outcome {
        Outcome::Response(_) | Outcome::Error(_) => {
            since(invocation.wait_for_next(NEXT_PATIENCE).or(completion.answered))
        }
        Outcome::RuntimeExited(_) => since(None),
        Outcome::TimedOut => invocation.invoke().timeout,
    }
}

fn exit_error(how: &str) -> FunctionError {
    FunctionError::by_lambda("Runtime.ExitError", &format!("Runtime exited with error: {how}"))
}

fn timeout_error(invoke: &Invoke) -> FunctionError {
    let message = format!("Task timed out after {:.2} seconds", invoke.timeout.as_secs_f64());
    FunctionError::by_lambda("Sandbox.Timedout", &message)
}

fn init_timeout() -> FunctionError {
    let message = format!("Init timed out after {:.2} seconds", INIT_LIMIT.as_secs_f64());
    FunctionError::by_lambda("Sandbox.Timedout", &message)
}
