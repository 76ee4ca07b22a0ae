//! Formats the message of every failure.

use std::fmt::{self, Display, Formatter};

use super::{Failure, last_line};

/// The exit status of a Bash that could not fork.
const CANNOT_FORK: i32 = 254;

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Failure::Checkpoint { cause } => write!(
                f,
                "the durable execution cannot go on in this invocation: {cause}; Lambda invokes the function again, and what is recorded \
                 is not done twice"
            ),
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
                "handler `{}` cannot be used, because {reason}: it must be FILE.FUNCTION, such as `function.handler` for the \
                 function `handler` of function.sh",
                handler.escape_debug()
            ),
            Failure::ScriptNotFound { handler, looked_for } => write!(
                f,
                "handler `{handler}` names a script that does not exist: looked for {}; is the file in the zip, at its top level?",
                list(looked_for.iter().map(|path| path.display().to_string()))
            ),
            Failure::ScriptUnreadable { script, cause } => write!(
                f,
                "script `{}` cannot be read: {cause}; in the zip it must be a file that everybody may read (chmod 755)",
                script.display()
            ),
            Failure::NotExecutable { program } => write!(
                f,
                "handler `{0}` is a file that cannot be executed: run `chmod +x {0}` (in the zip its mode must be 0755), or name a function of \
                 a script, such as `function.handler`",
                program.display()
            ),
            Failure::UnknownConvention { name, known } => {
                write!(f, "COSHELL_CONVENTION is `{}`: set it to one of {}", name.escape_debug(), list(known.iter()))
            }
            Failure::UnknownPosixMode { value } => write!(
                f,
                "COSHELL_POSIX is `{}`: set it to `1` for POSIX mode or to `0` for ordinary Bash, or remove it",
                value.escape_debug()
            ),
            Failure::TaskRootNotFound { task_root } => write!(
                f,
                "the function's folder `{}` does not exist or cannot be entered: LAMBDA_TASK_ROOT names the folder, /var/task on Lambda",
                task_root.display()
            ),
            Failure::BashNotFound { bash, cause } => write!(
                f,
                "cannot start `{bash}`: {cause}; Amazon Linux 2023 has Bash as /usr/bin/bash; elsewhere, set COSHELL_BASH to the path of Bash"
            ),
            Failure::BashTooOld { version } => write!(
                f,
                "Bash {version} is too old, 4.4 or newer is needed: Amazon Linux 2 has 4.2, so create the function with \
                 `--runtime provided.al2023`"
            ),
            Failure::BashUnusable { bash, status, output } => {
                write!(f, "`{bash}` ended before it could read the script ({status}): {}", why_unusable(output))
            }
            Failure::NoChannel { cause } => {
                write!(f, "cannot connect to Bash through pipes, neither below /proc nor below /tmp: {cause}")
            }
            Failure::ScriptFailed(failure) => failure.describe_script(f),
            Failure::BeforeSnapshot(failure) => failure.describe_hook(f, "LAMBDA_BEFORE_SNAPSHOT"),
            Failure::AfterRestore(failure) => failure.describe_hook(f, "LAMBDA_AFTER_RESTORE"),
            Failure::NoRestore { cause } => write!(f, "the environment was not restored from a snapshot: {cause}"),
            Failure::FunctionMissing { function, script, defined } => {
                let defines = list(defined.iter());
                write!(f, "script `{}` defines no function `{function}`: it defines {defines}", script.display())?;
                let stem = script.file_stem().unwrap_or_default().to_string_lossy();
                match defined.first() {
                    Some(first) => {
                        write!(f, "; rename it, or set the handler to FILE.FUNCTION, such as `{stem}.{first}`")
                    }
                    None => Ok(()),
                }
            }
            Failure::Handler(failure) => failure.describe(f),
            Failure::InvalidPrelude { reason } => write!(
                f,
                "the response cannot be streamed to HTTP: {reason}; with COSHELL_RESPONSE=http-stream the first line must be JSON \
                 such as {{\"statusCode\":200,\"headers\":{{\"content-type\":\"text/html\"}}}}, and the body follows it"
            ),
            Failure::NotHttp { reason } => write!(
                f,
                "the event is not an HTTP request: {reason}; with COSHELL_CONVENTION=cgi the function takes requests of function URLs, API \
                 Gateway and load balancers alone (`coshell events function-url` prints such an event), so invoke it over HTTP, or \
                 remove COSHELL_CONVENTION"
            ),
            Failure::InvalidCgiResponse { reason } => write!(f, "the handler's output is not a CGI response: {reason}"),
            Failure::ResponseTooLarge { reason } => write!(f, "{reason}"),
            Failure::TimedOut(timed_out) => timed_out.describe(f),
            Failure::ShellDied { status: Some(status) } => {
                let why = if status.code() == Some(CANNOT_FORK) {
                    "it could not fork, because the limit of processes or memory is reached; "
                } else {
                    ""
                };
                write!(
                    f,
                    "the Bash that runs the handlers ended during the event ({status}); {why}a new Bash takes the next event"
                )
            }
            Failure::ShellDied { status: None } => {
                write!(f, "the Bash that runs the handlers was lost during the event; a new Bash takes the next event")
            }
            Failure::ShellBusy { after } => write!(
                f,
                "the Bash that runs the handlers was not ready for the event within {:.1} s: something that the script started, or \
                 one of its traps, keeps Bash busy; a new Bash takes the next event",
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

/// Why a Bash does not run, according to the last line that Bash or its loader wrote.
fn why_unusable(output: &str) -> String {
    match last_line(output).filter(|line| line.contains(".so")) {
        Some(line) => format!(
            "a library prevents Bash from starting: {line}; Bash looks for libraries in LD_LIBRARY_PATH first, such as in `lib/` of the zip and of layers, \
             so remove libraries that Bash itself uses from these folders"
        ),
        None => format!("is it a Bash?{}", after_colon(output)),
    }
}

/// The last line of `output` after a colon, or an empty text.
fn after_colon(output: &str) -> String {
    last_line(output).map(|line| format!(": {line}")).unwrap_or_default()
}
