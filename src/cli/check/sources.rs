//! Finds the files that a script sources.

use std::fs;
use std::path::{Path, PathBuf};

use super::external_tools;
use super::script::Script;

/// The file of the bundle in `root` that the script `by` means by `name`.
pub(super) fn sourced(root: &Path, by: &Path, name: &str) -> Option<PathBuf> {
    let below = below_root(name)?;
    let folders = [Some(root), by.parent()];
    folders.into_iter().flatten().map(|folder| folder.join(below)).find(|path| path.is_file())
}

/// `name` in the function's folder; `None` where it is elsewhere, or is known only when the script runs.
pub(super) fn below_root(name: &str) -> Option<&str> {
    let roots = ["$LAMBDA_TASK_ROOT/", "${LAMBDA_TASK_ROOT}/", "/var/task/", "./"];
    let below = roots.iter().find_map(|root| name.strip_prefix(root)).unwrap_or(name);
    (!below.is_empty() && !below.contains(['$', '*']) && !below.starts_with(['/', '~', '-'])).then_some(below)
}

/// The files that a script sources by names that stand in its text; none where it cannot be read or parsed.
pub(crate) fn sources_of(script: &Path, root: &Path) -> Vec<PathBuf> {
    let text = String::from_utf8_lossy(&fs::read(script).unwrap_or_default()).into_owned();
    let is_parsed = |posix| external_tools::syntax(script, posix, text.contains("extglob")).is_empty();
    let parsed = if is_parsed(false) || is_parsed(true) { Script::parse(&text) } else { None };
    let sources = parsed.map(|parsed| parsed.used_files().sources).unwrap_or_default();
    sources.iter().filter_map(|source| sourced(root, script, &source.text)).collect()
}
