//! Formats the lines that Lambda writes before and after the log of an event: START, END and REPORT.

use std::fmt;
use std::time::Duration;

use crate::cli::startup::Startup;
use crate::lambda::invocation::FunctionError;

/// How an event ended, for its REPORT line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The runtime posted a response or an error.
    Answered,
    /// The time limit passed.
    TimedOut,
    /// The runtime ended.
    RuntimeExited,
    /// No runtime was ready to take the event.
    InitFailed,
}

/// The values of the lines that follow the log of an event.
pub(super) struct Report<'a> {
    pub(super) request_id: &'a str,
    pub(super) duration: Duration,
    /// The duration of the start, for the first event of an environment.
    pub(super) startup: Option<Startup>,
    pub(super) memory_mb: u32,
    pub(super) memory_bytes: u64,
    pub(super) ending: Ending,
    /// An error that Lambda itself reports, not the runtime.
    pub(super) error: Option<&'a FunctionError>,
}

/// The line before the log of an event.
pub(super) fn start_line(request_id: &str) -> String {
    format!("START RequestId: {request_id} Version: $LATEST\n")
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, lines: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.request_id;
        if let Some(error) = self.error {
            writeln!(lines, "{}", message(error))?;
        }
        writeln!(lines, "END RequestId: {id}")?;
        let ms = self.duration.as_secs_f64() * 1000.0;
        write!(lines, "REPORT RequestId: {id}\tDuration: {ms:.2} ms\tBilled Duration: {:.0} ms\t", ms.ceil())?;
        let used_mb = self.memory_bytes.div_ceil(1024 * 1024);
        write!(lines, "Memory Size: {} MB\tMax Memory Used: {used_mb} MB\t", self.memory_mb)?;
        if let Some(Startup { init, restore }) = self.startup {
            // With SnapStart, init is long over. Source: AWS Lambda Developer Guide, "Monitoring for Lambda SnapStart".
            let (name, duration) = restore.map_or(("Init", init), |restore| ("Restore", restore));
            write!(lines, "{name} Duration: {:.2} ms\t", duration.as_secs_f64() * 1000.0)?;
        }
        match self.ending {
            Ending::Answered => writeln!(lines),
            Ending::TimedOut => writeln!(lines, "Status: timeout"),
            Ending::RuntimeExited | Ending::InitFailed => {
                let error_type = self.error.map_or("", |error| error.error_type.as_str());
                writeln!(lines, "Status: error\tError Type: {error_type}")
            }
        }
    }
}

/// The `errorMessage` of an error.
pub(super) fn message(error: &FunctionError) -> String {
    let report: serde_json::Value = serde_json::from_slice(&error.body).unwrap_or_default();
    report["errorMessage"].as_str().unwrap_or(&error.error_type).to_owned()
}
