//! Every failure that is reported to the Runtime API: its sentence and its error type, side by side so that they cannot drift.
//!
//! Before the first `next` a failure goes to init/error and ends the process; after it, a failure belongs to one invocation.
//! Error types follow the pattern that Lambda accepts, `(Runtime|Function).[A-Z][a-zA-Z]+`: Runtime.* where the handler could not
//! be run, Function.* where it ran and failed.

mod explain;
mod handler;
mod locate;
mod own;
mod report;
mod sentence;
mod timed_out;

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

pub use handler::{Ending, HandlerFailure};
pub(crate) use locate::BashMessage;
pub use own::OwnError;
pub(crate) use report::{body, log_message, reported_type, stack_trace, xray_cause};
pub use timed_out::{Overdue, TimedOut};

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
            Failure::BashNotFound { .. } => "Runtime.BashNotFound",
            Failure::BashTooOld { .. } => "Runtime.BashTooOld",
            Failure::BashUnusable { .. } => "Runtime.BashUnusable",
            Failure::NoChannel { .. } => "Runtime.NoChannel",
            Failure::ScriptFailed(failure) => failure.script_error_type(),
            Failure::FunctionMissing { .. } => "Runtime.HandlerNotFound",
            Failure::Handler(failure) => failure.error_type(),
            Failure::TimedOut(_) => "Function.TimedOut",
            Failure::ShellDied { .. } => "Runtime.ShellDied",
            Failure::ShellBusy { .. } => "Runtime.ShellBusy",
            Failure::NoSubshell { .. } => "Runtime.NoSubshell",
        }
    }

    /// The failure of the script or handler itself, where it is one.
    pub(crate) fn of_handler(&self) -> Option<&HandlerFailure> {
        match self {
            Failure::ScriptFailed(failure) | Failure::Handler(failure) => Some(failure),
            Failure::TimedOut(timed_out) => Some(&timed_out.handler),
            _ => None,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Failure::NoRuntimeApi => write!(
                f,
                "AWS_LAMBDA_RUNTIME_API is not set: this program is started by AWS Lambda; on your own machine use `coshell invoke`"
            ),
            Failure::HandlerNotSet => write!(
                f,
                "_HANDLER is not set: set the function's handler to FILE.FUNCTION, such as `function.handler` for the function \
                 `handler` of function.sh"
            ),
            Failure::HandlerMalformed { handler, reason } => write!(
                f,
                "handler `{}` cannot be used, since {reason}: it must be FILE.FUNCTION, such as `function.handler` for the \
                 function `handler` of function.sh",
                handler.escape_debug()
            ),
            Failure::ScriptNotFound { handler, looked_for } => write!(
                f,
                "handler `{handler}` names a script that is not there: looked for {}; is the file in the zip, at its top level?",
                list(looked_for.iter().map(|path| path.display().to_string()))
            ),
            Failure::ScriptUnreadable { script, cause } => write!(
                f,
                "script `{}` cannot be read: {cause}; in the zip it must be a file that everybody may read (chmod 755)",
                script.display()
            ),
            Failure::NotExecutable { program } => write!(
                f,
                "handler `{}` is a file that cannot be executed: give it mode 0755 in the zip, or name a function of a script, \
                 such as `function.handler`",
                program.display()
            ),
            Failure::UnknownConvention { name, known } => {
                write!(f, "COSHELL_CONVENTION is `{}`, which is none of {}", name.escape_debug(), list(known.iter()))
            }
            Failure::BashNotFound { bash, cause } => write!(
                f,
                "cannot start `{bash}`: {cause}; Amazon Linux 2023 has it as /usr/bin/bash, elsewhere set COSHELL_BASH to its path"
            ),
            Failure::BashTooOld { version } => write!(
                f,
                "Bash {version} is too old, 4.4 or newer is needed: Amazon Linux 2 has 4.2, so create the function with \
                 `--runtime provided.al2023`"
            ),
            Failure::BashUnusable { bash, status, output } => {
                write!(
                    f,
                    "`{bash}` ended before it could read the script ({status}): is it a Bash?{}",
                    after_colon(output)
                )
            }
            Failure::NoChannel { cause } => {
                write!(f, "cannot reach Bash by pipes, neither below /proc nor below /tmp: {cause}")
            }
            Failure::ScriptFailed(failure) => failure.describe_script(f),
            Failure::FunctionMissing { function, script, defined } => {
                write!(
                    f,
                    "script `{}` defines no function `{function}`: it defines {}",
                    script.display(),
                    list(defined.iter())
                )
            }
            Failure::Handler(failure) => failure.describe(f),
            Failure::TimedOut(timed_out) => timed_out.describe(f),
            Failure::ShellDied { status: Some(status) } => {
                write!(
                    f,
                    "the Bash that runs the handlers ended during the event ({status}); a new one takes the next event"
                )
            }
            Failure::ShellDied { status: None } => {
                write!(f, "the Bash that runs the handlers was lost during the event; a new one takes the next event")
            }
            Failure::ShellBusy { after } => write!(
                f,
                "the Bash that runs the handlers was not ready for the event within {:.1} s: something that the script started, or a \
                 trap of its own, keeps it; a new one takes the next event",
                after.as_secs_f64()
            ),
            Failure::NoSubshell { status } => write!(
                f,
                "Bash cannot start a subshell for the event (status {status}): are the processes, descriptors or the memory used up?"
            ),
        }
    }
}

fn list<T: AsRef<str>>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| format!("`{}`", item.as_ref())).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// The last line of `output` behind a colon, or nothing.
fn after_colon(output: &str) -> String {
    last_line(output).map(|line| format!(": {line}")).unwrap_or_default()
}

/// The last line that is not blank.
fn last_line(output: &str) -> Option<&str> {
    output.lines().map(str::trim_end).rfind(|line| !line.trim().is_empty())
}
