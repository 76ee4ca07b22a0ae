//! Defines every failure that is reported to the Runtime API: its message and its error type.
//!
//! A failure before the first `next` goes to init/error and ends the process. A failure after it belongs to one invocation. Error
//! types have the form that Lambda accepts, `(Runtime|Function).[A-Z][a-zA-Z]+`: Runtime.* if the handler could not be run,
//! Function.* if the handler ran and failed.

mod advice;
mod custom_error;
mod display;
mod ending;
mod handler;
pub(crate) mod location;
pub(crate) mod message;
mod missing_entry;
mod reason;
mod report;
mod sentence;
mod text;
mod timeout;

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

pub use self::custom_error::CustomError;
pub use self::ending::Ending;
pub use self::handler::HandlerFailure;
pub(crate) use self::location::Evidence;
pub use self::location::Place;
pub(crate) use self::message::BashMessage;
use self::message::last_line;
pub(crate) use self::missing_entry::{advice_on_missing_entry, advice_on_undeclared_array};
pub(crate) use self::report::{
    body, log_message, reported_message, reported_type, short_body, stack_trace, xray_cause,
};
pub(crate) use self::text::shortened;
pub(crate) use self::timeout::MORE_TIME;
pub use self::timeout::{TimedOut, Timeout};

/// A failure of the runtime, the script or the handler.
#[derive(Debug)]
pub enum Failure {
    /// AWS_LAMBDA_RUNTIME_API is not set.
    NoRuntimeApi,
    /// `_HANDLER` is not set, or empty.
    HandlerNotSet,
    /// `_HANDLER` names no file or no function.
    HandlerMalformed {
        /// The value.
        handler: String,
        /// What is wrong with the value.
        reason: &'static str,
    },
    /// No file that `_HANDLER` could mean exists.
    ScriptNotFound {
        /// The value of `_HANDLER`.
        handler: String,
        /// The paths that were tried.
        looked_for: Vec<PathBuf>,
    },
    /// The script exists and cannot be read.
    ScriptUnreadable {
        /// The script.
        script: PathBuf,
        /// The error of the system.
        cause: String,
    },
    /// `_HANDLER` names a file that is neither a script to source nor executable.
    NotExecutable {
        /// The file.
        program: PathBuf,
    },
    /// COSHELL_CONVENTION names no convention.
    UnknownConvention {
        /// The name.
        name: String,
        /// The conventions that exist.
        known: Vec<&'static str>,
    },
    /// COSHELL_POSIX is neither 1 nor 0.
    UnknownPosixMode {
        /// Its value.
        value: String,
    },
    /// The folder in which Bash should start does not exist.
    TaskRootNotFound {
        /// LAMBDA_TASK_ROOT.
        task_root: PathBuf,
    },
    /// Bash could not be started.
    BashNotFound {
        /// The name or path that was tried.
        bash: String,
        /// The error of the system.
        cause: String,
    },
    /// Bash is older than 4.4.
    BashTooOld {
        /// Its version.
        version: String,
    },
    /// The program that was started as Bash ended before it ran the driver.
    BashUnusable {
        /// The name or path that was started.
        bash: String,
        /// The exit status of the program.
        status: ExitStatus,
        /// The output of the program.
        output: String,
    },
    /// The pipes and files for Bash could not be created or used.
    NoChannel {
        /// Why.
        cause: String,
    },
    /// The script or the shell ended before the script was sourced completely.
    ScriptFailed(Box<HandlerFailure>),
    /// A function of LAMBDA_BEFORE_SNAPSHOT failed.
    BeforeSnapshot(Box<HandlerFailure>),
    /// A function of LAMBDA_AFTER_RESTORE failed.
    AfterRestore(Box<HandlerFailure>),
    /// Lambda took no snapshot, or did not restore the environment.
    NoRestore {
        /// Why.
        cause: String,
    },
    /// The script was sourced and does not define the handler function.
    FunctionMissing {
        /// The function.
        function: String,
        /// The script, as the user names it.
        script: PathBuf,
        /// The functions that the script defines.
        defined: Vec<String>,
    },
    /// The handler ran and failed.
    Handler(Box<HandlerFailure>),
    /// The handler's first line is not the prelude that COSHELL_RESPONSE=http-stream needs.
    InvalidPrelude {
        /// What is wrong with the prelude.
        reason: String,
    },
    /// The event is not an HTTP request, and the handler is called by CGI.
    NotHttp {
        /// What the event is, in a clause.
        reason: String,
    },
    /// What the handler wrote is not a CGI response.
    InvalidCgiResponse {
        /// What is wrong with it, and in which line.
        reason: String,
    },
    /// A CGI response is more than Lambda or a load balancer takes.
    ResponseTooLarge {
        /// Its size and the limit.
        reason: String,
    },
    /// The event was ended shortly before its deadline.
    TimedOut(Box<TimedOut>),
    /// A checkpoint of a durable execution could not be recorded.
    Checkpoint {
        /// Why, in a clause.
        cause: String,
    },
    /// The persistent Bash ended during an event.
    ShellDied {
        /// The exit status of Bash.
        status: Option<ExitStatus>,
    },
    /// The persistent Bash was not ready for the event in time.
    ShellBusy {
        /// How long the runtime has waited.
        after: Duration,
    },
    /// The subshells of the persistent Bash end before they can take an event.
    NoSubshell {
        /// The status of the last one.
        status: i32,
    },
}

impl Failure {
    /// The value of Lambda-Runtime-Function-Error-Type, and the report's errorType.
    pub fn error_type(&self) -> &str {
        match self {
            Failure::NoRuntimeApi => "Runtime.NoRuntimeApi",
            Failure::HandlerNotSet | Failure::HandlerMalformed { .. } => "Runtime.MalformedHandlerName",
            Failure::ScriptNotFound { .. } => "Runtime.ScriptNotFound",
            Failure::ScriptUnreadable { .. } => "Runtime.ScriptUnreadable",
            Failure::NotExecutable { .. } => "Runtime.HandlerNotExecutable",
            Failure::UnknownConvention { .. } => "Runtime.UnknownConvention",
            Failure::UnknownPosixMode { .. } => "Runtime.UnknownPosixMode",
            Failure::TaskRootNotFound { .. } => "Runtime.TaskRootNotFound",
            Failure::BashNotFound { .. } => "Runtime.BashNotFound",
            Failure::BashTooOld { .. } => "Runtime.BashTooOld",
            Failure::BashUnusable { .. } => "Runtime.BashUnusable",
            Failure::NoChannel { .. } => "Runtime.NoChannel",
            Failure::ScriptFailed(failure) => failure.script_error_type(),
            Failure::BeforeSnapshot(_) | Failure::NoRestore { .. } => "Runtime.BeforeSnapshotError",
            Failure::AfterRestore(_) => "Runtime.AfterRestoreError",
            Failure::FunctionMissing { .. } => "Runtime.HandlerNotFound",
            Failure::Handler(failure) => failure.error_type(),
            Failure::InvalidPrelude { .. } => "Function.InvalidPrelude",
            Failure::NotHttp { .. } => "Runtime.NotHttp",
            Failure::InvalidCgiResponse { .. } => "Function.InvalidCgiResponse",
            Failure::ResponseTooLarge { .. } => "Function.ResponseSizeTooLarge",
            Failure::TimedOut(_) => "Function.TimedOut",
            Failure::Checkpoint { .. } => "Runtime.CheckpointFailed",
            Failure::ShellDied { .. } => "Runtime.ShellDied",
            Failure::ShellBusy { .. } => "Runtime.ShellBusy",
            Failure::NoSubshell { .. } => "Runtime.NoSubshell",
        }
    }

    /// The failure of the script or handler, if this is one.
    pub(crate) fn of_handler(&self) -> Option<&HandlerFailure> {
        match self {
            Failure::ScriptFailed(failure)
            | Failure::BeforeSnapshot(failure)
            | Failure::AfterRestore(failure)
            | Failure::Handler(failure) => Some(failure),
            Failure::TimedOut(timed_out) => Some(&timed_out.handler),
            _ => None,
        }
    }
}
