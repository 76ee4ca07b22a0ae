//! Makes the bytes of a zip, and writes them to the disk.
//!
//! The same files give the same bytes on every machine: entries are sorted by name, all have the same time, and modes are 0755 or 0644. The
//! zip is made in memory and written to a temporary file, which then gets the zip's name. If the disk is full, the old file stays.

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::fault::Level;
use super::{Architecture, Bundle, Entry};

/// The mode of a new file, before the user's umask.
const MODE: u32 = 0o666;

impl Bundle {
    /// Makes the zip. Returns its bytes and the warnings about its files.
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
        let bytes = zip.finish().context("cannot finish the zip")?.into_inner();
        Ok((bytes, warnings))
    }
}

impl Entry {
    /// Reads the file. Fails if the size has changed: a file can grow, and files below /proc have no size before they are read.
    fn content(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.source)?.take(self.bytes + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != self.bytes {
            bail!(
                "the file had {} bytes and now has another size: it was changed, or it is not a regular file on a disk; try again, or leave the file out",
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

/// Writes `bytes` to the file `output`. If that fails, the file `output` stays as it was.
pub(super) fn write(bytes: &[u8], output: &Path) -> Result<()> {
    let target = replaceable_file(output)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let cannot = || format!("cannot write `{}`", output.display());
    let cannot_create = || match folder.is_dir() {
        true => format!(
            "cannot write `{}`: you cannot create a file in the folder `{}`, and coshell first writes the new zip to a temporary file there; \
             name a zip in another folder with -o",
            output.display(),
            folder.display()
        ),
        false => cannot(),
    };
    // Opened and written as a plain file, because tempfile's own errors end with the name of the temporary file.
    let mut file = tempfile::Builder::new()
        .prefix(".coshell-")
        .make_in(folder, |path| File::options().write(true).create_new(true).mode(MODE).open(path))
        .with_context(cannot_create)?;
    file.as_file_mut().write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(cannot)?;
    file.persist(target).map_err(|error| error.error).with_context(cannot)?;
    Ok(())
}

/// The file that is replaced. For a link that is the link's target, so that the link stays. Devices are refused: if root replaced a device
/// such as /dev/null, the whole machine would lose it.
fn replaceable_file(output: &Path) -> Result<PathBuf> {
    let advice = "name a file with -o";
    match fs::metadata(output) {
        Ok(metadata) if metadata.is_dir() => bail!("`{}` is a folder: {advice}", output.display()),
        Ok(metadata) if !metadata.is_file() => bail!("`{}` is not a regular file: {advice}", output.display()),
        Ok(_) => fs::canonicalize(output).with_context(|| format!("cannot write `{}`", output.display())),
        Err(_) => Ok(output.to_owned()),
    }
}
