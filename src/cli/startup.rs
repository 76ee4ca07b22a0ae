//! Waits until an environment takes events: init, and with SnapStart also the snapshot and the restore.
//!
//! With SnapStart the steps are those of Lambda, without the snapshot itself: the runtime calls restore/next when init is done, gets the
//! answer of a restored environment at once, and calls `next`.

use std::time::{Duration, Instant};

use super::invoke::result::exit_error;
use crate::lambda::environment::Environment;
use crate::lambda::invocation::FunctionError;
use crate::lambda::runtime_api::Init;

/// How long init may take on Lambda.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How long init with the functions in LAMBDA_BEFORE_SNAPSHOT may take on Lambda, for a function with a shorter time limit.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(130);
/// How long the restore with the functions in LAMBDA_AFTER_RESTORE may take on Lambda.
const RESTORE_LIMIT: Duration = Duration::from_secs(10);

/// How long the start of an environment took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Startup {
    /// From the start of the runtime process to its first `next`, or to its call of restore/next.
    pub(crate) init: Duration,
    /// From the answer of restore/next to the first `next`; `None` without SnapStart.
    pub(crate) restore: Option<Duration>,
}

/// Why an environment takes no events.
pub(crate) struct StartupFailure {
    pub(crate) error: FunctionError,
    /// Whether Lambda reports the error, not the runtime.
    pub(crate) by_lambda: bool,
}

/// Waits until the runtime of `environment` calls `next`. `say` prints the steps of SnapStart. `timeout` is the function's time limit.
///
/// # Errors
/// The error that Lambda would give to the caller.
pub(crate) fn wait(
    environment: &Environment,
    timeout: Duration,
    say: impl Fn(&str),
) -> Result<Startup, StartupFailure> {
    let started = environment.started();
    let api = environment.api();
    if !api.has_snap_start() {
        let ready = ready(api.wait_for_init(INIT_LIMIT), || init_timeout(INIT_LIMIT))?;
        return Ok(Startup { init: ready.saturating_duration_since(started), restore: None });
    }
    let limit = timeout.max(SNAPSHOT_LIMIT);
    let init = match api.wait_for_snapshot(limit) {
        Ok(taken) => taken.saturating_duration_since(started),
        Err(Init::Ready(ready)) => {
            say(
                "no restore: the runtime called invocation/next and not restore/next, so Lambda takes the snapshot at that call",
            );
            return Ok(Startup { init: ready.saturating_duration_since(started), restore: None });
        }
        Err(failed @ (Init::Failed(_) | Init::RuntimeExited(_) | Init::TimedOut)) => {
            say("no snapshot: init failed, so Lambda does not publish the version");
            return ready(failed, || init_timeout(limit)).map(|_| Startup { init: limit, restore: None });
        }
    };
    say(&format!("snapshot: init and the functions in LAMBDA_BEFORE_SNAPSHOT took {:.2} ms", ms(init)));
    let restore = restore(environment);
    match &restore {
        Ok(restore) => say(&format!("RESTORE_REPORT Restore Duration: {:.2} ms", ms(*restore))),
        Err(_) => say("the restore failed: Lambda fails the event and ends the environment"),
    }
    restore.map(|restore| Startup { init, restore: Some(restore) })
}

/// Restores the environment and waits for the runtime's `next`.
fn restore(environment: &Environment) -> Result<Duration, StartupFailure> {
    let begun = Instant::now();
    environment.api().restore();
    let ready = ready(environment.api().wait_for_init(RESTORE_LIMIT), restore_timeout)?;
    Ok(ready.saturating_duration_since(begun))
}

/// The moment of `next`, or the reason why it did not come.
fn ready(init: Init, timed_out: impl FnOnce() -> FunctionError) -> Result<Instant, StartupFailure> {
    match init {
        Init::Ready(moment) => Ok(moment),
        Init::Failed(error) => Err(StartupFailure { error, by_lambda: false }),
        Init::RuntimeExited(how) => Err(StartupFailure { error: exit_error(&how), by_lambda: true }),
        Init::TimedOut => Err(StartupFailure { error: timed_out(), by_lambda: true }),
    }
}

fn init_timeout(limit: Duration) -> FunctionError {
    let message = format!("Init timed out after {:.2} seconds", limit.as_secs_f64());
    FunctionError::by_lambda("Sandbox.Timedout", &message)
}

/// Lambda's error type is SnapStartTimeoutException. Source: AWS Lambda Developer Guide, "Lambda SnapStart runtime hooks".
fn restore_timeout() -> FunctionError {
    let seconds = RESTORE_LIMIT.as_secs();
    let message = format!("the restore and the functions in LAMBDA_AFTER_RESTORE took longer than {seconds} seconds");
    FunctionError::by_lambda("SnapStartTimeoutException", &message)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
