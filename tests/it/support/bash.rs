//! The Bash that the tests run with: COSHELL_BASH, or the one on PATH.

use std::process::Command;

/// Whether Bash words its messages otherwise than 5.2, Lambda's own, of which the golden texts are; says so. It is no tool that is
/// missing, so nothing fails.
pub fn is_not_5_2() -> bool {
    let bash = std::env::var_os("COSHELL_BASH").unwrap_or_else(|| "bash".into());
    let told = Command::new(bash).args(["-c", "echo \"$BASH_VERSION\""]).output().unwrap();
    let version = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    let other = !version.starts_with("5.2.");
    if other {
        eprintln!("skip: golden texts are those of Bash 5.2, this is {version}");
    }
    other
}
