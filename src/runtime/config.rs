//! What the environment tells the runtime, read once.
//!
//! Sources: AWS Lambda Developer Guide, "Defined runtime environment variables" and "Building a custom runtime". The names
//! that begin with `COSHELL_` are ours; README has the table.

use std::env;
use std::ffi::OsString;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::Failure;
use super::logs::{Format, Level};
use super::response::Delivery;

const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const HANDLER: &str = "_HANDLER";
const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
const BASH: &str = "COSHELL_BASH";
pub(crate) const CONVENTION: &str = "COSHELL_CONVENTION";
const TIMEOUT_MARGIN: &str = "COSHELL_TIMEOUT_MARGIN_MS";
const RESPONSE: &str = "COSHELL_RESPONSE";
const TRACE: &str = "COSHELL_TRACE";
const TRACE_FILE: &str = "COSHELL_TRACE_FILE";
const LOG_FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";
const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
const MAX_CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";
const INITIALIZATION_TYPE: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";
const STATE: &str = "COSHELL_STATE";
const LOG_REPEATS: &str = "COSHELL_LOG_REPEATS";
const STATE_MAX_MB: &str = "COSHELL_STATE_MAX_MB";
const SLOTS: &str = "COSHELL_SLOTS";
const SHUTDOWN_HOOK: &str = "COSHELL_SHUTDOWN_HOOK";
const LOG_ENV: &str = "COSHELL_LOG_ENV";
const CHANNEL: &str = "COSHELL_CHANNEL";
pub(crate) const POSIX: &str = "COSHELL_POSIX";
const DEFAULT_TASK_ROOT: &str = "/var/task";

/// What an event leaves to the next one in the shell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing: each event begins with the state that the script left at init.
    #[default]
    Fresh,
    /// Variables, functions, options, the working directory, descriptors and traps, until an event fails.
    Keep,
}

impl State {
    fn named(name: &str) -> Option<State> {
        match name {
            "fresh" => Some(State::Fresh),
            "keep" => Some(State::Keep),
            _ => None,
        }
    }
}

/// The runtime's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Host and port of the Runtime API.
    pub api: String,
    /// `_HANDLER` as it was given.
    pub handler: String,
    /// The folder that the function was unpacked to; handlers start in it.
    pub task_root: PathBuf,
    /// The Bash to start: a path, or a name to be looked up on PATH.
    pub bash: OsString,
    /// What Bash and the handlers see as `$0`: the path that this program was started by.
    pub program: OsString,
    /// Whether the environment is printed to the log at start.
    pub log_env: bool,
    /// Whether log lines are shown that the handler of a durable execution has written before: COSHELL_LOG_REPEATS.
    pub logs_repeats: bool,
    /// The name of the convention by which the handler is called; empty for the default.
    pub convention: String,
    /// The value of COSHELL_POSIX: whether scripts run in POSIX mode; empty for the default.
    pub posix: String,
    /// How responses are delivered.
    pub delivery: Delivery,
    /// How many events Lambda sends at once.
    pub concurrency: NonZero<usize>,
    /// The value of COSHELL_SLOTS: the most events that are taken at once, each by a Bash of its own.
    pub most_slots: Option<NonZero<usize>>,
    /// How long before its deadline an event is ended; `None`: never.
    pub timeout_margin: Option<Duration>,
    /// Whether every command goes to the log.
    pub trace: bool,
    /// Whether an internal extension is registered, so that Lambda sends SIGTERM.
    pub shutdown_hook: bool,
    /// The file that every command goes to, at its end.
    pub trace_file: Option<PathBuf>,
    /// How log lines are written.
    pub log_format: Format,
    /// The least level of the runtime's own lines that is written.
    pub log_level: Level,
    /// Whether the variables of one event are there in the next.
    pub state: State,
    /// The memory in MB at which a subshell that keeps its state is replaced after its event.
    pub state_max_mb: Option<u64>,
    /// Whether Lambda takes a snapshot after init, and restores environments from it.
    pub snap_start: bool,
    /// What is wrong with optional settings, which then have their defaults; for the log.
    pub complaints: Vec<String>,
    /// Whether Bash is given FIFOs from the start, without trying /proc first.
    pub fifos: bool,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// When AWS_LAMBDA_RUNTIME_API is not set: then there is nobody to report anything to. A missing `_HANDLER` is left for
    /// [`Handler::resolve`](super::handler::Handler::resolve) to report, since that one can be reported.
    pub fn from_env() -> Result<Config, Failure> {
        let api = text(RUNTIME_API).ok_or(Failure::NoRuntimeApi)?;
        Ok(Config {
            api: api.to_string_lossy().into_owned(),
            handler: text(HANDLER).unwrap_or_default().to_string_lossy().into_owned(),
            task_root: task_root(text(TASK_ROOT)),
            bash: text(BASH).unwrap_or_else(|| "bash".into()),
            program: env::args_os().next().unwrap_or_else(|| "bootstrap".into()),
            log_env: text(LOG_ENV).is_some_and(|value| value != "0"),
            logs_repeats: text(LOG_REPEATS).is_some_and(|value| value != "0"),
            convention: text(CONVENTION).unwrap_or_default().to_string_lossy().into_owned(),
            posix: text(POSIX).unwrap_or_default().to_string_lossy().into_owned(),
            delivery: text(RESPONSE).and_then(|name| Delivery::named(name.to_str()?)).unwrap_or_default(),
            concurrency: number(MAX_CONCURRENCY).unwrap_or(NonZero::<usize>::MIN),
            most_slots: number(SLOTS),
            timeout_margin: text(TIMEOUT_MARGIN).and_then(|ms| ms.to_str()?.parse().ok()).map(Duration::from_millis),
            trace: text(TRACE).is_some_and(|value| value != "0"),
            shutdown_hook: text(SHUTDOWN_HOOK).is_some_and(|value| value != "0"),
            trace_file: text(TRACE_FILE).map(PathBuf::from),
            log_format: if text(LOG_FORMAT).is_some_and(|value| value.eq_ignore_ascii_case("json")) {
                Format::Json
            } else {
                Format::Text
            },
            log_level: text(LOG_LEVEL).and_then(|value| Level::named(&value.to_string_lossy())).unwrap_or_default(),
            state: text(STATE).and_then(|name| State::named(name.to_str()?)).unwrap_or_default(),
            state_max_mb: text(STATE_MAX_MB).and_then(|mb| mb.to_str()?.parse().ok()),
            snap_start: text(INITIALIZATION_TYPE).is_some_and(|value| value == "snap-start"),
            complaints: complaints(),
            fifos: text(CHANNEL).is_some_and(|value| value == "fifo"),
        })
    }

    /// Whether commands are traced at all.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.trace || self.trace_file.is_some()
    }
}

/// A variable that is set to something.
fn text(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn number(name: &str) -> Option<NonZero<usize>> {
    text(name)?.to_str()?.parse().ok()
}

/// A sentence for each optional setting that is not what it can be.
fn complaints() -> Vec<String> {
    type Check = fn(&str) -> bool;
    let known: [(&str, Check, &str); 9] = [
        (RESPONSE, |value| Delivery::named(value).is_some(), "`buffered`, `stream` or `http-stream`"),
        (MAX_CONCURRENCY, |value| value.parse::<NonZero<usize>>().is_ok(), "a number over 0"),
        (SLOTS, |value| value.parse::<NonZero<usize>>().is_ok(), "a number over 0"),
        (STATE, |value| State::named(value).is_some(), "`fresh` or `keep`"),
        (STATE_MAX_MB, |value| value.parse::<u64>().is_ok(), "a number of MB"),
        (TIMEOUT_MARGIN, |value| value.parse::<u64>().is_ok(), "a number of milliseconds"),
        (CHANNEL, |value| value == "fifo" || value == "proc", "`fifo` or `proc`"),
        (
            LOG_FORMAT,
            |value| value.eq_ignore_ascii_case("json") || value.eq_ignore_ascii_case("text"),
            "`JSON` or `Text`",
        ),
        (LOG_LEVEL, |value| Level::named(value).is_some(), "`TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`"),
    ];
    let wrong = |(name, is_right, wanted): (&str, Check, &str)| {
        let value = text(name)?.to_string_lossy().into_owned();
        (!is_right(&value)).then(|| format!("{name} is `{}` and ignored: it must be {wanted}", value.escape_debug()))
    };
    known.into_iter().filter_map(wrong).collect()
}

/// LAMBDA_TASK_ROOT, else /var/task where it exists, else the current folder; always absolute.
fn task_root(given: Option<OsString>) -> PathBuf {
    let root = match given {
        Some(root) => PathBuf::from(root),
        None if Path::new(DEFAULT_TASK_ROOT).is_dir() => PathBuf::from(DEFAULT_TASK_ROOT),
        None => PathBuf::from("."),
    };
    std::path::absolute(&root).unwrap_or(root)
}
