//! `aws s3 cp` with `-` for stdin or stdout.

use super::plan::Action;
use super::report::Report;
use super::settings::Settings;
use super::store::Store;
use super::{download, upload};
use crate::aws::failure::Failure;

/// The destination of a stream: a prefix takes the name `-`.
fn stream_destination(destination: &str) -> String {
    if destination.ends_with('/') { format!("{destination}-") } else { destination.to_owned() }
}

/// Copies stdin to an object, or an object to stdout.
pub(super) fn run(
    store: &Store<'_>,
    settings: &Settings,
    action: Action,
    source: &str,
    destination: &str,
) -> Result<(), Failure> {
    match action {
        _ if settings.is_dry_run => Ok(()),
        Action::Upload => upload::stream(store, settings, &mut std::io::stdin(), &stream_destination(destination)),
        Action::Download => download::stream(store, settings, source),
        Action::Copy | Action::Delete | Action::DeleteFile => Ok(()),
    }
}

/// Prints the failure, if there is one.
pub(super) fn finish(report: &Report, action: Action, source: &str, destination: &str, result: Result<(), Failure>) {
    if let Err(failure) = result {
        let destination = if destination == "-" { "-".to_owned() } else { stream_destination(destination) };
        report.failure(&format!("{} failed: {source} to {destination} {failure}", action.word()), 0);
    }
}
