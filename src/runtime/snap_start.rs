//! SnapStart: what happens between the end of init and the first event of a function that Lambda restores from a snapshot.
//!
//! 1. Each Bash sources the script and runs the functions in the array LAMBDA_BEFORE_SNAPSHOT, the last one first.
//! 2. The call of restore/next says that the snapshot can be taken. The call returns in each restored environment, perhaps weeks later.
//! 3. The process opens a new connection. Each Bash seeds RANDOM anew and runs the functions in the array LAMBDA_AFTER_RESTORE, in order.
//!
//! Source: AWS Lambda Developer Guide, "Runtime hooks for Lambda SnapStart, custom runtimes".

use super::api::{Api, ApiFailure, Posted, Restore};
use super::config::Config;
use super::environment::Opening;
use super::failure::Failure;
use super::host::Host;
use super::logs::{Level, Owner};

const SNAP_START_OFF: &str = "AWS_LAMBDA_INITIALIZATION_TYPE is `snap-start`, and the Runtime API knows no restore/next: no snapshot is \
     taken, and the functions in LAMBDA_AFTER_RESTORE run at once";

/// The part of the start of the process in which a failure is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Until the snapshot: failures go to init/error.
    Init,
    /// After the restore: failures go to restore/error.
    Restore,
}

impl Stage {
    /// Posts `failure` to where it belongs.
    ///
    /// # Errors
    /// When the Runtime API cannot be reached.
    pub(crate) fn report(self, api: &Api, failure: &Failure) -> Result<Posted, ApiFailure> {
        match self {
            Stage::Init => api.fail_init(failure),
            Stage::Restore => api.fail_restore(failure),
        }
    }
}

/// Waits for the snapshot and the restore of `openings`, with a new `api` and the next `stage` afterwards.
///
/// # Errors
/// [`Failure::BeforeSnapshot`], [`Failure::NoRestore`], and whatever keeps the script from being sourced.
pub(crate) fn pass(
    openings: Vec<Opening>,
    api: &mut Api,
    stage: &mut Stage,
    config: &Config,
    host: &Host,
) -> Result<Vec<Opening>, Failure> {
    let openings = openings.into_iter().map(Opening::prepare).collect::<Result<Vec<Opening>, Failure>>()?;
    match api.restore_next().map_err(|failure| Failure::NoRestore { cause: failure.to_string() })? {
        Restore::Restored => {
            *api = Api::connect(&config.api);
            *stage = Stage::Restore;
        }
        Restore::Off => host.log.say(Level::Warn, &Owner::default(), SNAP_START_OFF),
    }
    Ok(openings)
}
