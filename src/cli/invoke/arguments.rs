//! The command line of `coshell invoke`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::de::IgnoredAny;

use crate::cli::events::names;
use crate::cli::variables::VariableOptions;
use crate::lambda::contract::Caller;

/// The longest time limit of any function: one on managed instances that is invoked asynchronously or by an event source mapping.
/// Source: the service model in botocore, July 2026.
const MAX_LIMIT: Duration = Duration::from_secs(5_400);
/// The longest time limit that every function can have.
const COMMON_LIMIT: Duration = Duration::from_secs(900);

const EXAMPLES: &str = "\
Examples:
  coshell invoke handlers/echo '{\"text\":\"Hello\"}'      the function `handler` of handlers/echo/function.sh
  coshell invoke src/orders.create @events/order.json  the function `create` of src/orders.sh
  date +'{\"now\":%s}' | coshell invoke clock.sh -       the function `handler` of clock.sh, event from stdin
  coshell invoke handlers/echo --env STAGE=test --timeout 10 --report
  coshell invoke handlers/echo --env-file dev.env      variables of a file, NAME=VALUE lines
  coshell invoke handlers/failing --trace              every command in the log, then what failed and where
  coshell invoke handlers/echo --json | jq -r .response
  coshell invoke handlers/echo --repeat 500            how long it takes: p50, p90, p99
  coshell invoke handlers/warm --profile warm.svg      where the time goes: open warm.svg in a browser
  coshell invoke handlers/probe --sandbox              in a place like Lambda's; --layer tools.zip for what is in /opt
  coshell invoke handlers/routes --shell               a prompt with the script sourced and the event in EVENT
  coshell invoke handlers/sqs --sample sqs             a sample event; `coshell events` lists them
  coshell invoke task.sh '{}' --caller step-functions  warns if a state machine could not use the response

ExitStatus status:
  0 response on stdout   1 the handler failed   2 wrong usage, nothing was run   3 init failed
  4 stdout did not take the response   124 timed out   141 the reader of stdout went away, as `| head` does
  An error stands on stderr after the log: as a sentence, the source and the stack on a terminal (in colour unless
  NO_COLOR is set), else as Lambda's JSON on one line. With --json all of it is one object on stdout, whose status is
  `success`, `failed`, `initFailed` or `timedOut`. With --repeat, failures are counted and the first one decides what
  is told; the time limit and the runtime's own end stop the repetition.

Terminal:
  The log and the response are passed on byte for byte, also bytes that steer a terminal, such as colours. The lines of
  coshell itself, and all that `coshell test` shows, have a replacement character for each such byte.

Callers:
  http-api rest-api function-url alb sqs kinesis dynamodb step-functions none
  Warnings of what a caller could not use change neither the response nor the exit status.";

/// The arguments, checked as far as each can be by itself.
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

    /// Sends the sample event of this name, which `coshell events` lists
    #[arg(long, value_name = "NAME", value_parser = names(), hide_possible_values = true, conflicts_with = "event")]
    pub sample: Option<String>,

    /// The function's time limit, at most 5400; 3 is Lambda's own default
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub timeout: Duration,

    /// What sets variables.
    #[command(flatten)]
    pub variables: VariableOptions,

    /// Who reads the response: warns where it could not use it [default: what the event says; Step Functions has to be named]
    #[arg(long, value_name = "NAME", value_enum, hide_possible_values = true)]
    pub caller: Option<Caller>,

    /// The request id [default: a random one]
    #[arg(long, value_name = "ID", value_parser = request_id)]
    pub request_id: Option<String>,

    /// The client context that a caller of Lambda can send along
    #[arg(long, value_name = "JSON", value_parser = client_context)]
    pub client_context: Option<String>,

    /// The memory size that the function is told, in MB; it is not enforced
    #[arg(long, value_name = "MB", default_value = "128", value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: u32,

    /// Ends with Lambda's REPORT line on stderr, also where stderr is no terminal
    #[arg(long)]
    pub report: bool,

    /// Writes every command of the handler to the log: sets COSHELL_TRACE=1
    #[arg(long)]
    pub trace: bool,

    /// Prints one JSON object for machines: requestId, status, response (or responseBase64), error, durationMs,
    /// initDurationMs, maxMemoryBytes, warnings and log
    #[arg(long, conflicts_with = "report")]
    pub json: bool,

    /// Sends the event N times to one environment, and sums up on stderr how long that took; the response is written once,
    /// if all are the same, and so is the log: that of the first event, and of the first one that fails
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["report", "request_id"])]
    pub repeat: Option<u32>,

    /// Writes where the handler's time went, as the ending of FILE says: a flame graph (.svg), its folded stacks (.folded), or a
    /// table of lines (.txt); with --repeat, the sum over all events
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,

    /// Opens a Bash with the script sourced as on Lambda and the event in EVENT, to call the handler by hand; without a terminal
    /// it reads commands from stdin. Exits with Bash's status
    #[arg(long, conflicts_with_all = ["report", "trace", "json", "repeat", "profile"])]
    pub shell: bool,

    /// Runs in a place like Lambda's: the function in /var/task, a root that can only be read but for /tmp, no /dev/fd, no home,
    /// Lambda's PATH, a user of its own, and no variables of yours but AWS_ and COSHELL_ ones
    #[arg(long, conflicts_with = "bootstrap")]
    pub sandbox: bool,

    /// A layer for the sandbox, a folder or a zip: its content is in /opt; can be given again
    #[arg(long, value_name = "PATH", requires = "sandbox")]
    pub layer: Vec<PathBuf>,

    /// Another runtime than coshell's own
    #[arg(long, value_name = "FILE", hide = true)]
    pub bootstrap: Option<PathBuf>,
}

/// Seconds as a time limit of Lambda.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let limit = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    limit
        .filter(|limit| !limit.is_zero() && *limit <= MAX_LIMIT)
        .ok_or_else(|| format!("give seconds over 0 and at most {}", MAX_LIMIT.as_secs()))
}

/// A sentence about a time limit that not every function can have.
pub(crate) fn time_limit_warning(limit: Duration) -> Option<String> {
    (limit > COMMON_LIMIT).then(|| {
        format!(
            "a time limit of {} s is over {} s, where Lambda's guide and many tools stop: the service takes 1800 s since November 2026, and up \
             to {} s only on managed instances, for asynchronous events",
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

/// JSON on one line, as a header must be: a raw newline or tab in JSON can only stand between its tokens, a raw DEL only in
/// a string.
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
    fn a_time_limit_that_not_every_function_can_have_is_warned_of() {
        assert_eq!(time_limit_warning(COMMON_LIMIT), None);
        let told = time_limit_warning(Duration::from_secs(1_200)).unwrap();
        assert!(told.starts_with("a time limit of 1200 s is over 900 s") && told.contains("5400 s"), "{told}");
    }

    #[test]
    fn a_client_context_is_json_on_one_line() {
        assert_eq!(client_context("{\n\t\"a\": 1}"), Ok("{  \"a\": 1}".to_owned()));
        assert!(client_context("{a}").is_err());
    }
}
