//! Lists all files below a folder, with their paths in the folder.
//!
//! Symbolic links are followed, so that the zip contains the files themselves. A link that points outside the folder is refused: a zip contains
//! a file from elsewhere only if the user names that file on the command line.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use walkdir::{DirEntry, WalkDir};

use super::{Exclusions, FILES_LIMIT};

/// The files below `folder`: for each its path in the folder, with slashes, and its path on this machine.
pub(super) fn files(folder: &Path, exclusions: &mut Exclusions) -> Result<Vec<(String, PathBuf)>> {
    let folder = fs::canonicalize(folder).with_context(|| format!("cannot read the folder `{}`", folder.display()))?;
    let mut found = Vec::new();
    let mut walk = WalkDir::new(&folder).min_depth(1).follow_links(true).sort_by_file_name().into_iter();
    let mut seen = 0;
    while let Some(entry) = walk.next() {
        let path = match &entry {
            Ok(entry) => entry.path(),
            Err(error) => error.path().unwrap_or(&folder),
        };
        let below = path.strip_prefix(&folder).unwrap_or(path);
        if exclusions.leaves_out(&below.to_string_lossy(), path) {
            if entry.is_ok_and(|entry| entry.file_type().is_dir()) {
                walk.skip_current_dir();
            }
            continue;
        }
        // A few links to folders can stand for very many files: each link can double the number.
        seen += 1;
        if seen > FILES_LIMIT {
            bail!(
                "more than {FILES_LIMIT} files and folders below `{}`: leave some out with --exclude",
                folder.display()
            );
        }
        let name = below.to_str().with_context(|| format!("the name of `{}` is not UTF-8", path.display()))?.to_owned();
        // A file that is not a link is inside, as its folder is.
        if entry.as_ref().map_or(true, DirEntry::path_is_symlink) {
            stays_inside(&folder, path)?;
        }
        let entry = entry.map_err(|error| unreadable(&folder, error))?;
        if !entry.file_type().is_dir() {
            found.push((name, entry.into_path()));
        }
    }
    Ok(found)
}

fn unreadable(folder: &Path, error: walkdir::Error) -> anyhow::Error {
    let path = error.path().unwrap_or(folder).to_owned();
    if error.loop_ancestor().is_some() {
        return anyhow!(
            "the link `{}` points to a folder that contains the link: leave the link out with --exclude",
            path.display()
        );
    }
    let broken = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) && !path.exists();
    if broken {
        return anyhow!(
            "the link `{}` points to a file that does not exist: remove the link, or leave it out with --exclude",
            path.display()
        );
    }
    // The error's own text would name the path a second time.
    let reason = error.into_io_error().map_or_else(|| "unknown".to_owned(), |error| error.kind().to_string());
    anyhow!("cannot read `{}`: {reason}", path.display())
}

fn stays_inside(folder: &Path, path: &Path) -> Result<()> {
    // A link whose target does not exist has its own error, in `unreadable`.
    match fs::canonicalize(path) {
        Ok(target) if !target.starts_with(folder) => bail!(
            "the link `{}` points outside the folder, to `{}`: replace the link by the file, or leave the link out with --exclude",
            path.display(),
            target.display()
        ),
        Ok(_) | Err(_) => Ok(()),
    }
}
