//! The zip's bytes, and how they come to the disk.
//!
//! Nothing of this machine is in them: names in the order of their bytes, one time for all, modes 0755 and 0644. They are made in memory,
//! so that the file appears under its name whole or not at all, also where the disk is full.

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::fault::Level;
use super::{Architecture, Bundle, Entry};

/// A new file's mode before the user's umask.
const MODE: u32 = 0o666;

impl Bundle {
    /// The zip, and what its user may want to know of it.
    pub(super) fn zip(&self, architecture: Architecture) -> Result<(Vec<u8>, Vec<String>)> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut warnings = Vec::new();
        for (name, entry) in &self.entries {
            let bytes = entry.content().with_context(|| format!("cannot read `{}`", entry.source.display()))?;
            for fault in self.faults_of(name, entry, &bytes, architecture) {
                match fault.level {
                    Level::Refused => bail!("{}", fault.message),
                    Level::Fails | Level::MayFail => warnings.push(fault.message),
                }
            }
            zip.start_file(name.as_str(), options(entry)).with_context(|| format!("cannot zip `{name}`"))?;
            zip.write_all(&bytes).with_context(|| format!("cannot zip `{name}`"))?;
        }
        let bytes = zip.finish().context("cannot end the zip")?.into_inner();
        Ok((bytes, warnings))
    }
}

impl Entry {
    /// No more than what was counted, also of a file that grows, or that the kernel makes up while it is read.
    fn content(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.source)?.take(self.bytes + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != self.bytes {
            bail!(
                "it has not the {} bytes that it should have: it changed meanwhile, or is no file of a disk",
                self.bytes
            );
        }
        Ok(bytes)
    }
}

fn options(entry: &Entry) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(if entry.executable { 0o755 } else { 0o644 })
}

/// Writes `bytes` to the file `output`, which then has all of them or is as it was.
pub(super) fn write(bytes: &[u8], output: &Path) -> Result<()> {
    let target = replaceable(output)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let cannot = || format!("cannot write `{}`", output.display());
    let cannot_begin = || match folder.is_dir() {
        true => format!(
            "cannot write `{}`: this user cannot make a file in the folder `{}`, where the new zip is made before it gets its name; name a zip in \
             another folder with -o",
            output.display(),
            folder.display()
        ),
        false => cannot(),
    };
    // Opened and written as a plain file: tempfile's own errors end in the name that it has until it is whole.
    let mut file = tempfile::Builder::new()
        .prefix(".coshell-")
        .make_in(folder, |path| File::options().write(true).create_new(true).mode(MODE).open(path))
        .with_context(cannot_begin)?;
    file.as_file_mut().write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(cannot)?;
    file.persist(target).map_err(|error| error.error).with_context(cannot)?;
    Ok(())
}

/// The file that is replaced: where a link leads to, so that the link stays. A device would be replaced for the whole machine by root.
fn replaceable(output: &Path) -> Result<PathBuf> {
    let instead = "name the zip that is to be written";
    match fs::metadata(output) {
        Ok(metadata) if metadata.is_dir() => bail!("`{}` is a folder: {instead}", output.display()),
        Ok(metadata) if !metadata.is_file() => bail!("`{}` is no file: {instead}", output.display()),
        Ok(_) => fs::canonicalize(output).with_context(|| format!("cannot write `{}`", output.display())),
        Err(_) => Ok(output.to_owned()),
    }
}
