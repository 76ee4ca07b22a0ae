//! What Bash alone takes for something, measured by its own clock.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

const CLOCK: &str = r#"for ((i = 0; i <= $1; i++)); do
  since=${EPOCHREALTIME/[.,]/}
  eval "$0"
  printf '%s\n' "$((${EPOCHREALTIME/[.,]/} - since))"
done"#;

/// The microseconds that `command` takes each of `count` times; `$2` in it is `file`. The first time is not counted.
pub(crate) fn time(command: &str, file: &Path, count: usize) -> Result<Vec<f64>> {
    let mut bash = Command::new("bash");
    bash.args(["-c", CLOCK, command, &count.to_string()]).arg(file).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = bash.output().context("cannot start bash")?;
    if !output.status.success() {
        bail!("`{command}` failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines().skip(1).map(|line| line.parse().with_context(|| format!("`{line}` is no number"))).collect()
}
