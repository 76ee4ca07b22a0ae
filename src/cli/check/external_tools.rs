//! What other programs say of a script: Bash itself, and shellcheck.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::file::Fault;
use super::position::Position;
use crate::runtime::syntax::advice_on_syntax_error;

/// What `bash -n` says, in POSIX mode if `posix`; nothing where the Bash cannot be started.
pub(super) fn syntax(script: &Path, posix: bool, speaks_of_extglob: bool) -> Vec<Fault> {
    let bash = std::env::var_os("COSHELL_BASH").filter(|bash| !bash.is_empty()).unwrap_or_else(|| "bash".into());
    let mode: &[&str] = if posix { &["--posix"] } else { &[] };
    let mut output = match read_by(&bash, script, mode) {
        Ok(output) => output,
        Err(error) => return vec![(None, format!("`{} -n` cannot be run: {error}", bash.to_string_lossy()))],
    };
    // It executes no `shopt`, which changes what can be read.
    if !output.status.success()
        && speaks_of_extglob
        && let Ok(with_extglob) = read_by(&bash, script, &[mode, &["-O", "extglob"]].concat())
    {
        output = with_extglob;
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    // After an error in `[[ ]]`, the status of Bash 5.2 is 0 all the same.
    if output.status.success() && !told.contains(": syntax error") {
        return Vec::new();
    }
    let prefix = format!("{}: line ", script.display());
    let text = fs::read(script).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let faults: Vec<Fault> = told.lines().filter_map(|line| located(line, &prefix, &text)).collect();
    match faults.is_empty() {
        true => vec![(None, format!("Bash cannot read it: {}", told.trim_end()))],
        false => faults.into_iter().take(1).collect(), // what follows is the line itself, or comes of the first
    }
}

fn read_by(bash: &OsStr, script: &Path, options: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new(bash);
    command.args(options).arg("-n").arg("--").arg(script).env("LC_ALL", "C").env_remove("BASH_ENV");
    run(command)
}

/// `FILE: line N: MESSAGE`, with advice on what is open in the script's `text`.
fn located(line: &str, prefix: &str, text: &str) -> Option<Fault> {
    let (number, message) = line.strip_prefix(prefix)?.split_once(": ")?;
    let number = number.parse().ok()?;
    let advice = advice_on_syntax_error(text, number, message).map_or_else(String::new, |advice| format!("; {advice}"));
    Some((Some(Position::of_line(number)), format!("Bash cannot read it: {message}{advice}")))
}

/// What shellcheck warns of; nothing where it is not installed. In POSIX mode Bash can read what shellcheck cannot: `posix` leaves
/// out that it could not.
pub(super) fn shellcheck(script: &Path, posix: bool, root: &Path) -> Vec<Fault> {
    let mut command = Command::new("shellcheck");
    command
        .args(["--format=json1", "--severity=warning", "--shell=bash", "--exclude=SC1090,SC1091,SC2148", "--"])
        .arg(script);
    command.current_dir(root);
    let output = match run(command) {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(error) => return vec![(None, format!("shellcheck cannot be run: {error}"))],
    };
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let comments = told["comments"].as_array().cloned().unwrap_or_default();
    let cannot_read = |comment: &&Value| matches!(comment["code"].as_u64(), Some(1072 | 1073));
    comments
        .iter()
        .filter(|comment| !(posix && cannot_read(comment)))
        .map(|comment| {
            let number = |name: &str| comment[name].as_u64().and_then(|number| u32::try_from(number).ok());
            let position = number("line").map(|line| Position { line, column: number("column") });
            let message = comment["message"].as_str().unwrap_or_default();
            (position, format!("shellcheck SC{}: {message}", comment["code"]))
        })
        .collect()
}

fn run(mut command: Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null()).output()
}
