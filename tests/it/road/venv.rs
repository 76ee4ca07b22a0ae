//! The programs from PyPI that tests/run installs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::skip::skip;

pub const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/venv/bin");

/// Whether one of these programs is missing; says so.
pub fn lacks(names: &[&str]) -> bool {
    // The Python that they were installed with may be one that this user cannot reach.
    let missing = names.iter().chain(&["python"]).find(|name| !path(name).is_file());
    if let Some(name) = missing {
        skip(&format!("`{PROGRAMS}` has no {name}: tests/run --with-aws brings it"));
    }
    missing.is_some()
}

/// The program, which reaches no AWS and asks nothing.
pub fn program(name: &str, folder: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "120"]).arg(path(name)).current_dir(folder).stdin(Stdio::null());
    command.env("HOME", folder).env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", "us-west-2");
    command
}

fn path(name: &str) -> PathBuf {
    Path::new(PROGRAMS).join(name)
}
