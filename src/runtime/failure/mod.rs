//! Every failure that is reported to the Runtime API: its sentence and its error type, side by side so that they cannot drift.
//!
//! Before the first `next` a failure goes to init/error and ends the process; after it, a failure belongs to one invocation.
//! Error types follow the pattern that Lambda accepts, `(Runtime|Function).[A-Z][a-zA-Z]+`: Runtime.* where the handler could not
//! be run, Function.* where it ran and failed.

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

pub use self::custom_error::OwnError;
pub use self::ending::Ending;
pub use self::handler::HandlerFailure;
pub(crate) use self::location::Evidence;
pub use self::location::Place;
pub(crate) use self::message::BashMessage;
use self::message::last_line;
pub(crate) use self::missing_entry::advice_on_missing_entry;
pub(crate) use self::report::{body, log_message, reported_type, short_body, stack_trace, xray_cause};
pub(crate) use self::timeout::MORE_TIME;
pub use self::timeout::{Overdue, TimedOut};

/// What went wrong.
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
        /// What is wrong with it.
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
        /// Why, as the system says.
        cause: String,
    },
    /// `_HANDLER` names a file that is no script to be sourced, and cannot be run.
    NotExecutable {
        /// The file.
        program: PathBuf,
    },
    /// COSHELL_CONVENTION names no convention.
    UnknownConvention {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// COSHELL_POSIX is neither 1 nor 0.
    UnknownPosixMode {
        /// Its value.
        value: String,
    },
    /// The folder that Bash is to be started in is not there.
    TaskRootNotFound {
        /// LAMBDA_TASK_ROOT.
        task_root: PathBuf,
    },
    /// Bash could not be started.
    BashNotFound {
        /// The name or path that was tried.
        bash: String,
        /// Why, as the system says.
        cause: String,
    },
    /// Bash is older than 4.4.
    BashTooOld {
        /// Its version.
        version: String,
    },
    /// What was started as Bash ended before it ran the driver.
    BashUnusable {
        /// The name or path that was started.
        bash: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote.
        output: String,
    },
    /// The pipes and files for Bash could not be made, or not be used.
    NoChannel {
        /// Why.
        cause: String,
    },
    /// The script ended, or ended the shell, before it was sourced to its end.
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
        /// The functions that it does define.
        defined: Vec<String>,
    },
    /// The handler ran and failed.
    Handler(Box<HandlerFailure>),
    /// The handler's first line is not the prelude that COSHELL_RESPONSE=http-stream needs.
    InvalidPrelude {
        /// What is wrong with it.
        reason: String,
    },
    /// The event was ended shortly before its deadline.
    TimedOut(Box<TimedOut>),
    /// The persistent Bash ended while it was needed.
    ShellDied {
        /// How.
        status: Option<ExitStatus>,
    },
    /// The persistent Bash was not ready for the event in time.
    ShellBusy {
        /// How long it was waited for.
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
            Failure::TimedOut(_) => "Function.TimedOut",
            Failure::ShellDied { .. } => "Runtime.ShellDied",
            Failure::ShellBusy { .. } => "Runtime.ShellBusy",
            Failure::NoSubshell { .. } => "Runtime.NoSubshell",
        }
    }

    /// The failure of the script or handler itself, where it is one.
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
