//! The variables that Lambda gives a runtime, and that make its processes known as ours.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::super::function::Function;
use super::super::sandbox::{TASK_ROOT, VARIABLES};
use super::{Bootstrap, Settings};

const AWS_LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const HANDLER: &str = "_HANDLER";
const LAMBDA_TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
/// Its random part marks the processes of one environment.
pub(super) const LOG_STREAM_NAME: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
const LD_LIBRARY_PATH: &str = "LD_LIBRARY_PATH";
const AWS_REGION: &str = "AWS_REGION";
const AWS_DEFAULT_REGION: &str = "AWS_DEFAULT_REGION";

/// The variables that a function cannot set, as on Lambda: the environment would not work without ours.
pub const RESERVED: [&str; 4] = [AWS_LAMBDA_RUNTIME_API, HANDLER, LAMBDA_TASK_ROOT, LOG_STREAM_NAME];

/// The region where the developer's environment names none.
const REGION: &str = "us-east-1";

/// All variables, later ones over earlier ones; what is not named here is inherited from the developer.
pub(super) fn of(settings: &Settings, api: Option<SocketAddr>, stream: &str) -> Vec<(OsString, OsString)> {
    let function = &settings.function;
    let sandboxed = matches!(settings.bootstrap, Bootstrap::Sandboxed(_));
    let name = function.name();
    let default_region = set(AWS_DEFAULT_REGION).unwrap_or_else(|| region().into());
    let of_lambda: [(&str, OsString); 12] = [
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}").into()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_mb.to_string().into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".into()),
        ("TZ", ":UTC".into()),
        (AWS_REGION, region().into()),
        (AWS_DEFAULT_REGION, default_region),
        (HANDLER, function.handler.clone().into()),
        (LAMBDA_TASK_ROOT, if sandboxed { TASK_ROOT.into() } else { function.task_root.clone().into() }),
        (LOG_STREAM_NAME, stream.into()),
    ];
    let given = settings.variables.iter().filter(|(name, _)| !RESERVED.iter().any(|reserved| name == reserved));
    let of_lambda = of_lambda.into_iter().map(|(name, value)| (name.into(), value));
    let of_the_sandbox = VARIABLES.map(|(name, value)| (name.into(), value.into()));
    let of_the_sandbox = of_the_sandbox.into_iter().filter(|_| sandboxed);
    let libraries = (!sandboxed).then(|| libraries(function)).flatten().map(|path| (LD_LIBRARY_PATH.into(), path));
    let api = api.map(|api| (AWS_LAMBDA_RUNTIME_API.into(), api.to_string().into()));
    of_lambda.chain(of_the_sandbox).chain(libraries).chain(api).chain(given.cloned()).collect()
}

/// Where the loader looks for the function's own libraries, in Lambda's order, and behind that where the developer has them. Lambda's
/// folders of the system are left out: the loader knows those of this machine. `None` where a name has a colon.
fn libraries(function: &Function) -> Option<OsString> {
    let own = [function.task_root.clone(), function.task_root.join("lib")];
    let inherited = set(LD_LIBRARY_PATH).unwrap_or_default();
    let inherited = std::env::split_paths(&inherited).filter(|folder| !folder.as_os_str().is_empty());
    std::env::join_paths(own.into_iter().chain(inherited)).ok()
}

/// The region: what the developer has set by either name, else one of ours.
#[must_use]
pub fn region() -> String {
    let either = set(AWS_REGION).or_else(|| set(AWS_DEFAULT_REGION));
    either.and_then(|region| region.into_string().ok()).unwrap_or_else(|| REGION.to_owned())
}

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A name in Lambda's own form: the day, the version, and 32 random digits.
pub(super) fn log_stream_name() -> Result<String> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(since_epoch.as_secs() / 86_400);
    Ok(format!("{year}/{month:02}/{day:02}/[$LATEST]{}", random_uuid()?.replace('-', "")))
}

/// The day in the Gregorian calendar, from days since 1970: years that begin in March have their odd day last.
fn civil(days_since_epoch: u64) -> (u64, u64, u64) {
    let days = days_since_epoch + 719_468; // since 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// A random UUID, as Lambda's request ids are.
///
/// # Errors
/// When /proc is not there.
pub fn random_uuid() -> Result<String> {
    let file = "/proc/sys/kernel/random/uuid";
    let uuid = std::fs::read_to_string(file).with_context(|| format!("cannot read a random number from `{file}`"))?;
    Ok(uuid.trim().to_owned())
}

/// A trace id as Lambda sends one with every event, not sampled. Source: AWS X-Ray Developer Guide, "Tracing header".
///
/// # Errors
/// When /proc is not there.
pub fn random_trace_id() -> Result<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (root, parent) = (random_uuid()?.replace('-', ""), random_uuid()?.replace('-', ""));
    Ok(format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &root[..24], &parent[..16]))
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_become_dates_over_leap_years_and_centuries() {
        let table = [
            (0, (1970, 1, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_453, (2025, 12, 31)),
            (20_454, (2026, 1, 1)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ];
        for (days, date) in table {
            assert_eq!(civil(days), date, "day {days}");
        }
    }
}
