//! All files below a folder, by their paths in it.
//!
//! Symbolic links are followed, so that what is unpacked does not hang on what is beside it; one that leads out of the folder is refused: a
//! package takes nothing from elsewhere unless it is named on the command line.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use walkdir::{DirEntry, WalkDir};

use super::{FILES_LIMIT, LeftOut};

/// Each file's path below `folder`, with slashes, and the file.
pub(super) fn files(folder: &Path, left_out: &mut LeftOut) -> Result<Vec<(String, PathBuf)>> {
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
        if left_out.has(&below.to_string_lossy(), path) {
            if entry.is_ok_and(|entry| entry.file_type().is_dir()) {
                walk.skip_current_dir();
            }
            continue;
        }
        // Links to folders can make few files many: each may double what the one before has.
        seen += 1;
        if seen > FILES_LIMIT {
            bail!(
                "more than {FILES_LIMIT} files and folders below `{}`: leave some out by --exclude",
                folder.display()
            );
        }
        let name = below.to_str().with_context(|| format!("the name of `{}` is not UTF-8", path.display()))?.to_owned();
        // What is no link is where its folder is.
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
            "the link `{}` leads back to a folder that it is in: leave it out by --exclude",
            path.display()
        );
    }
    let broken = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) && !path.exists();
    if broken {
        return anyhow!("the link `{}` leads to nothing: remove it, or leave it out by --exclude", path.display());
    }
    // Its own sentence names the path once more.
    let reason = error.into_io_error().map_or_else(|| "unknown".to_owned(), |error| error.kind().to_string());
    anyhow!("cannot read `{}`: {reason}", path.display())
}

fn stays_inside(folder: &Path, path: &Path) -> Result<()> {
    // A link to nothing is told as such.
    match fs::canonicalize(path) {
        Ok(target) if !target.starts_with(folder) => bail!(
            "the link `{}` leads out of the folder, to `{}`: put the file itself there, or leave the link out by --exclude",
            path.display(),
            target.display()
        ),
        Ok(_) | Err(_) => Ok(()),
    }
}
