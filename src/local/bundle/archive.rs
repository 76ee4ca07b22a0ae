//! The zip's bytes, and how they come to the disk.
//!
//! Nothing of this machine is in them: names in the order of their bytes, one time for all, modes 0755 and 0644. They are made in memory,
//! so that the file appears under its name whole or not at all, also where the disk is full.

use std::fs::{self, Permissions};
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::binary::Binary;
use super::{Architecture, Bundle, Entry};

/// A new file's mode before the user's umask.
const MODE: u32 = 0o666;

impl Bundle {
    /// The zip, and what its user may want to know of it.
    pub(super) fn zip(&self, architecture: Architecture) -> Result<(Vec<u8>, Vec<String>)> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut warnings = Vec::new();
        for (name, entry) in &self.entries {
            let bytes = fs::read(&entry.source).with_context(|| format!("cannot read `{}`", entry.source.display()))?;
            warnings.extend(self.check(name, &bytes, architecture)?);
            zip.start_file(name.as_str(), options(entry)).with_context(|| format!("cannot zip `{name}`"))?;
            zip.write_all(&bytes).with_context(|| format!("cannot zip `{name}`"))?;
        }
        let bytes = zip.finish().context("cannot end the zip")?.into_inner();
        Ok((bytes, warnings))
    }

    fn check(&self, name: &str, bytes: &[u8], architecture: Architecture) -> Result<Option<String>> {
        let Some(binary) = Binary::read(bytes) else { return Ok(None) };
        let here = |library: &str| self.entries.keys().any(|name| name.rsplit('/').next() == Some(library));
        binary.runs_on(architecture, name, here("libc.so.6"))?;
        let lacking: Vec<String> = binary.lacking(here).iter().map(|library| format!("`{library}`")).collect();
        Ok((!lacking.is_empty()).then(|| {
            format!(
                "`{name}` needs {}, which the zip lacks: add what provided.al2023 lacks to a layer's lib/, or bring a static program",
                lacking.join(", ")
            )
        }))
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
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if output.is_dir() {
        bail!("`{}` is a folder: name the zip that is to be written", output.display());
    }
    let cannot = || format!("cannot write `{}`", output.display());
    let mut file = tempfile::Builder::new()
        .prefix(".coshell-")
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)
        .with_context(cannot)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(cannot)?;
    file.persist(output).map_err(|error| error.error).with_context(cannot)?;
    Ok(())
}
