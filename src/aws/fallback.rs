//! Hands a call to the whole AWS CLI: the next `aws` on PATH.

use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set for the program that is started, so that two small CLIs never start each other.
const MARK: &str = "COSHELL_AWS_HANDED_OVER";

/// Becomes the next `aws` on PATH. Returns only where there is none, or where it cannot be started.
pub fn hand_over(arguments: &[OsString]) {
    if std::env::var_os(MARK).is_some() {
        return;
    }
    if let Some(path) = next() {
        // `exec` returns only with an error.
        let _ = Command::new(path).args(arguments).env(MARK, "1").exec();
    }
}

/// How to bring the whole AWS CLI, for the sentence of a refusal.
#[must_use]
pub fn advice() -> String {
    "this is coshell's small `aws`, and no other `aws` is on PATH: to serve the call, put the whole AWS CLI into a layer or an image \
     (handlers/deploy/AWS.md says how)"
        .to_owned()
}

/// The first `aws` on PATH that is another file than this program.
fn next() -> Option<PathBuf> {
    let own = std::env::current_exe().ok().and_then(|path| identity(&path));
    let path = std::env::var_os("PATH")?;
    let candidates = std::env::split_paths(&path).map(|folder| folder.join("aws"));
    candidates.into_iter().find(|candidate| is_program(candidate) && identity(candidate) != own)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
