//! Finds the layer with jq and the small `aws` that a release contains for each architecture, and unpacks its files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use zip::ZipArchive;

use super::{Architecture, Bundle, Exclusions};

/// The folders of the tools' layer.
const FOLDERS: [&str; 2] = ["bin", "share"];

/// The unpacked files of the layer. The folder is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Tools {
    folder: TempDir,
}

impl Tools {
    /// The tools for `architecture`: `coshell-tools-ARCHITECTURE.zip`, beside `coshell` or in the `dist/` of its sources.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be unpacked.
    pub(crate) fn find(architecture: Architecture) -> Result<Tools> {
        let program =
            std::env::current_exe().and_then(fs::canonicalize).context("cannot find this program's own folder")?;
        let name = format!("coshell-tools-{architecture}.zip");
        let candidates = candidates(program.parent().unwrap_or(Path::new("/")), &name);
        let Some(found) = candidates.iter().find(|path| path.is_file()) else {
            let looked_for: Vec<String> = candidates.iter().map(|path| format!("`{}`", path.display())).collect();
            bail!(
                "no tools for {architecture}: looked for {}; copy `{name}` of a coshell release to one of these places, or run `.ci/release \
                 {architecture}` in the folder of coshell's sources",
                looked_for.join(", ")
            )
        };
        unpack(found).with_context(|| format!("cannot unpack the tools in `{}`", found.display()))
    }

    /// Adds all files to a zip.
    pub(crate) fn add_to(&self, bundle: &mut Bundle, exclusions: &Exclusions) -> Result<()> {
        FOLDERS.iter().try_for_each(|name| bundle.add(name, &self.folder.path().join(name), exclusions))
    }
}

fn candidates(folder: &Path, name: &str) -> Vec<PathBuf> {
    let in_target = folder.file_name().is_some_and(|name| name == "debug" || name == "release");
    let sources = folder.ancestors().nth(2).filter(|_| in_target);
    std::iter::once(folder.join(name)).chain(sources.map(|sources| sources.join("dist").join(name))).collect()
}

fn unpack(path: &Path) -> Result<Tools> {
    let folder = tempfile::tempdir()?;
    ZipArchive::new(File::open(path)?)?.extract(folder.path())?;
    Ok(Tools { folder })
}
