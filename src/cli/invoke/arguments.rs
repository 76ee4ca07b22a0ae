//! Defines the command line of `coshell invoke`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::de::IgnoredAny;

use super::durable::arguments::DurableOptions;
use crate::cli::events::names;
use crate::cli::variables::VariableOptions;
use crate::lambda::contract::Caller;

/// The longest time limit of any function: a function on managed instances that is invoked asynchronously or by an event source mapping.
/// Source: the service model in botocore, July 2026.
const MAX_LIMIT: Duration = Duration::from_secs(5_400);
/// The longest time limit of a function that is not on managed instances. Source: the service model in botocore, 19 November 2026.
const COMMON_LIMIT: Duration = Duration::from_secs(1_800);

const EXAMPLES: &str = "\
Examples:
  coshell invoke handlers/echo '{\"text\":\"Hello\"}'      the function `handler` of handlers/echo/function.sh
  coshell invoke src/orders.create @events/order.json  the function `create` of src/orders.sh
  date +'{\"now\":%s}' | coshell invoke clock.sh -       the function `handler` of clock.sh, event from stdin
  coshell invoke handlers/echo --env STAGE=test --timeout 10 --report
  coshell invoke handlers/echo --env-file dev.env      variables from a file with NAME=VALUE lines
  coshell invoke handlers/failing --trace              every command in the log, then the failed command and its line
  coshell invoke handlers/echo --json | jq -r .response
  coshell invoke handlers/echo --repeat 500            the durations: p50, p90, p99
  coshell invoke handlers/warm --profile warm.svg      where the time goes: open warm.svg in a browser
  coshell invoke handlers/probe --sandbox              in a sandbox like Lambda; --layer tools.zip fills /opt
  coshell invoke handlers/echo --snap-start            init, snapshot, restore and event, as with SnapStart
  coshell invoke handlers/routes --shell               a prompt with the script sourced and the event in EVENT
  coshell invoke handlers/sqs --sample sqs             a sample event; `coshell events` lists them
  coshell invoke handlers/order '{\"id\":7}' --durable --callback approval=yes
                                                       a durable function, to the end of its execution
  coshell invoke task.sh '{}' --caller step-functions  warns if a state machine cannot use the response

Exit status:
  0 response on stdout   1 the handler failed   2 wrong usage, nothing was run   3 init failed
  4 the response could not be written to stdout   124 timed out   141 the reader of stdout has closed it, as `| head` does
  An error is printed on stderr after the log. A terminal shows the message, the source and the stack (in colour unless
  NO_COLOR is set); a pipe or file gets Lambda's JSON on one line. With --json, the whole result is one object on stdout,
  whose status is `success`, `failed`, `initFailed` or `timedOut`. With --repeat, failures are counted, and the first one
  is printed; a timeout or the end of the runtime stops the repetition.

Terminal:
  The log and the response are passed on byte for byte, including bytes that control a terminal, such as colours. In its own
  lines, and in the output of `coshell test`, coshell prints a replacement character for each such byte.

Callers:
  http-api rest-api function-url alb sqs kinesis dynamodb step-functions none
  coshell warns if the caller cannot use the response. A warning changes neither the response nor the exit status.";

/// The arguments. Each value is checked by itself.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The function: a folder with function.sh (its function `handler`), a script, or `dir/file.function`
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// The event: JSON text, `@file`, or `-` for stdin [default: event.json beside the script, else the first of
    /// events/*.json there, else `{}`]
    #[arg(value_name = "EVENT", allow_negative_numbers = true)]
    pub event: Option<String>,

    /// Sends the sample event with this name; `coshell events` lists the names
    #[arg(long, value_name = "NAME", value_parser = names(), hide_possible_values = true, conflicts_with = "event")]
    pub sample: Option<String>,

    /// The function's time limit, at most 5400; 3 is Lambda's own default
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub timeout: Duration,

    /// The options that set variables.
    #[command(flatten)]
    pub variables: VariableOptions,

    /// The service that reads the response: coshell warns if the service cannot use it [default: the service that the event shows;
    /// Step Functions must be named]
    #[arg(long, value_name = "NAME", value_enum, hide_possible_values = true)]
    pub caller: Option<Caller>,

    /// The request id [default: a random one]
    #[arg(long, value_name = "ID", value_parser = request_id)]
    pub request_id: Option<String>,

    /// The client context, as a caller of Lambda can send it
    #[arg(long, value_name = "JSON", value_parser = client_context)]
    pub client_context: Option<String>,

    /// The memory size in MB that the function sees in its environment; it is not enforced
    #[arg(long, value_name = "MB", default_value = "128", value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: u32,

    /// Prints Lambda's REPORT line on stderr at the end, also if stderr is not a terminal
    #[arg(long)]
    pub report: bool,

    /// Writes every command of the handler to the log: sets COSHELL_TRACE=1
    #[arg(long)]
    pub trace: bool,

    /// Prints one JSON object for machines: requestId, status, response (or responseBase64), error, durationMs,
    /// initDurationMs, maxMemoryBytes, warnings and log; with --snap-start also restoreDurationMs
    #[arg(long, conflicts_with = "report")]
    pub json: bool,

    /// Sends the event N times to one environment and prints a summary of the durations on stderr. The response is printed once, if all
    /// responses are the same. The log is printed for the first event and for the first event that fails
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["report", "request_id"])]
    pub repeat: Option<u32>,

    /// Writes a profile of the handler's time to FILE. The extension of FILE chooses the format: a flame graph (.svg), its folded stacks
    /// (.folded), or a table of lines (.txt). With --repeat, the profile is the sum over all events
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,

    /// Opens a Bash prompt with the script sourced as on Lambda and the event in EVENT, to call the handler by hand. Without a
    /// terminal, Bash reads commands from stdin. Exits with Bash's status
    #[arg(long, conflicts_with_all = ["report", "trace", "json", "repeat", "profile"])]
    pub shell: bool,

    /// Runs in a sandbox like Lambda: the function in /var/task, a read-only root except /tmp, no /dev/fd, no home, Lambda's PATH,
    /// a user of its own, and only those of your variables that begin with AWS_ or COSHELL_
    #[arg(long, conflicts_with = "bootstrap")]
    pub sandbox: bool,

    /// A layer for the sandbox, a folder or a zip, which is unpacked into /opt; can be repeated
    #[arg(long, value_name = "PATH", requires = "sandbox")]
    pub layer: Vec<PathBuf>,

    /// Starts the function as with SnapStart: init, the functions in LAMBDA_BEFORE_SNAPSHOT, the restore, the functions in
    /// LAMBDA_AFTER_RESTORE, the event. Prints each step on stderr. If AWS_ACCESS_KEY_ID is set, the handler gets the credentials from
    /// AWS_CONTAINER_CREDENTIALS_FULL_URI instead
    #[arg(long, conflicts_with = "shell")]
    pub snap_start: bool,

    /// The options for durable executions.
    #[command(flatten)]
    pub durable: DurableOptions,

    /// A runtime to use instead of coshell's own
    #[arg(long, value_name = "FILE", hide = true)]
    pub bootstrap: Option<PathBuf>,
}

/// Parses seconds as a time limit of Lambda.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let limit = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    limit
        .filter(|limit| !limit.is_zero() && *limit <= MAX_LIMIT)
        .ok_or_else(|| format!("give a number of seconds over 0 and at most {}", MAX_LIMIT.as_secs()))
}

/// A warning about a time limit that not every function can have.
pub(crate) fn time_limit_warning(limit: Duration) -> Option<String> {
    (limit > COMMON_LIMIT).then(|| {
        format!(
            "a time limit of {} s is over {} s, the most for an ordinary function: Lambda accepts up to {} s only on managed instances, for \
             asynchronous events and most event source mappings",
            limit.as_secs_f64(),
            COMMON_LIMIT.as_secs(),
            MAX_LIMIT.as_secs()
        )
    })
}

fn request_id(text: &str) -> Result<String, String> {
    let allowed = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    if text.is_empty() || !text.bytes().all(allowed) {
        return Err("use letters, digits, `-` and `_`".to_owned());
    }
    Ok(text.to_owned())
}

/// JSON on one line, as a header requires. In valid JSON, a raw newline or tab can only be between tokens, and a raw DEL only in a string.
pub(crate) fn client_context(text: &str) -> Result<String, String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| format!("not valid JSON: {error}"))?;
    Ok(text.replace(['\n', '\r', '\t'], " ").replace('\x7f', "\\u007f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_over_0_and_at_most_lambdas_longest() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("5400"), Ok(MAX_LIMIT));
        for wrong in ["0", "-1", "5401", "NaN", "inf", "three", ""] {
            assert!(seconds(wrong).is_err(), "`{wrong}` was taken");
        }
    }

    #[test]
    fn a_time_limit_that_not_every_function_can_have_gets_a_warning() {
        assert_eq!(time_limit_warning(COMMON_LIMIT), None);
        let warning = time_limit_warning(Duration::from_secs(2_400)).unwrap();
        assert!(
            warning.starts_with("a time limit of 2400 s is over 1800 s") && warning.contains("5400 s"),
            "{warning}"
        );
    }

    #[test]
    fn a_client_context_is_json_on_one_line() {
        assert_eq!(client_context("{\n\t\"a\": 1}"), Ok("{  \"a\": 1}".to_owned()));
        assert!(client_context("{a}").is_err());
    }
}
