//! Unpacks layers as Lambda does: all into one folder; the files of a later layer replace those of an earlier one.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

/// Rejects a layer that cannot be unpacked, if this can be seen before it is unpacked.
pub(super) fn check(layer: &Path) -> Result<()> {
    if layer.is_dir() {
        return Ok(());
    }
    let mut zip = zip(layer)?;
    for index in 0..zip.len() {
        let file = zip.by_index_raw(index).context("the zip is damaged")?;
        if file.enclosed_name().is_none() {
            bail!("the path of its file `{}` leads out of the layer", file.name().escape_default());
        }
    }
    Ok(())
}

fn zip(layer: &Path) -> Result<ZipArchive<File>> {
    ZipArchive::new(File::open(layer)?).context("it is neither a folder nor a zip")
}

/// Unpacks the folder or zip `layer` into `folder`.
pub(super) fn unpack(layer: &str, folder: &Path) -> Result<()> {
    if Path::new(layer).is_dir() {
        return copy(Path::new(layer), folder);
    }
    zip(Path::new(layer))?.extract(folder).context("the zip is damaged")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
            continue;
        }
        if target.symlink_metadata().is_ok_and(|old| !old.is_dir()) {
            fs::remove_file(&target)?; // of an earlier layer
        }
        if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target).with_context(|| format!("cannot copy `{}`", entry.path().display()))?;
        }
    }
    Ok(())
}
