//! Makes the zip of a function or of a layer, and reports before the upload what Lambda would refuse or what would fail there.
//!
//! The command `zip` leaves some mistakes to its user, which then fail only on AWS. This module prevents them: names in the zip have no leading
//! folder (Lambda would report "Couldn't find valid bootstrap(s)"), and every user can read the files. The zip contains no owner, no time and
//! no order of this machine. The same files therefore give the same bytes, and CodeSha256 says whether a function has changed.

mod architecture;
mod archive;
pub(crate) mod binary;
pub(crate) mod entry_name;
mod exclusions;
mod extra_file;
pub(crate) mod fault;
mod file_tree;
mod interpreter;
pub(super) mod program_check;
mod runtime;
mod summary;
mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use self::architecture::Architecture;
pub use self::exclusions::Exclusion;
pub(super) use self::exclusions::Exclusions;
pub use self::extra_file::ExtraFile;
pub(super) use self::runtime::{BOOTSTRAP, Runtime};
pub(super) use self::summary::Summary;
pub(super) use self::tools::Tools;

/// Lambda accepts a function with its layers only if all together are smaller than this.
const UNZIPPED_LIMIT_BYTES: u64 = 262_144_000;

/// The most files that a zip without extensions can contain.
const FILES_LIMIT: usize = 65_535;

/// The folders at the top whose files are programs.
pub(super) const PROGRAMS: [&str; 2] = ["bin/", "extensions/"];

/// The files of a zip, sorted by their names in the zip.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    entries: BTreeMap<String, Entry>,
    /// Commands that a layer or the function's own folder contains.
    external_commands: Vec<String>,
    /// The runtime that was added; `None` for a `bootstrap` of the folder's own.
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Entry {
    source: PathBuf,
    executable: bool,
    bytes: u64,
}

impl Bundle {
    /// Adds the file `source` as `name`. The file is executable if it is so on this machine, or if it is in a folder for programs.
    pub(super) fn add_file(&mut self, name: &str, source: &Path) -> Result<()> {
        entry_name::check(name)?;
        let metadata = fs::metadata(source).with_context(|| format!("cannot read `{}`", source.display()))?;
        if !metadata.is_file() {
            bail!("`{}` is neither a file nor a folder: a zip cannot contain it", source.display());
        }
        let program = name == BOOTSTRAP || PROGRAMS.iter().any(|folder| name.starts_with(folder));
        let executable = program || metadata.permissions().mode() & 0o111 != 0;
        let entry = Entry { source: source.to_owned(), executable, bytes: metadata.len() };
        if let Some(file) = self.file_and_folder(name) {
            bail!("`{file}` would be both a file and a folder in the zip: leave one of them out");
        }
        match self.entries.get(name) {
            Some(other) if other.source != source => bail!(
                "two files have the name `{name}` in the zip: `{}` and `{}`; leave one of them out",
                other.source.display(),
                source.display()
            ),
            Some(_) | None => self.entries.insert(name.to_owned(), entry),
        };
        Ok(())
    }

    /// A name that would be both a file and a folder after `name` is added: no program can unpack both.
    fn file_and_folder<'a>(&self, name: &'a str) -> Option<&'a str> {
        let mut folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        let below = format!("{name}/");
        let is_folder = || self.entries.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below));
        folders.find(|folder| self.has(folder)).or_else(|| is_folder().then_some(name))
    }

    /// Adds all files below `folder` that `exclusions` does not leave out. `prefix` is empty or ends with a slash.
    pub(super) fn add_folder(&mut self, prefix: &str, folder: &Path, exclusions: &mut Exclusions) -> Result<()> {
        for (name, source) in file_tree::files(folder, exclusions)? {
            self.add_file(&format!("{prefix}{name}"), &source)?;
        }
        Ok(())
    }

    /// Adds a file or a folder as `name`.
    pub(super) fn add(&mut self, name: &str, source: &Path, exclusions: &Exclusions) -> Result<()> {
        entry_name::check(name)?;
        let found = fs::canonicalize(source).with_context(|| format!("cannot read `{}`", source.display()))?;
        if found.is_dir() {
            return self.add_folder(&format!("{name}/"), &found, &mut exclusions.for_added_folder(name));
        }
        self.add_file(name, &found)
    }

    /// Names the commands that layers contain.
    pub(super) fn set_external_commands(&mut self, commands: &[String]) {
        self.external_commands = commands.to_vec();
    }

    /// Adds the runtime as `bootstrap`.
    pub(super) fn add_runtime(&mut self, runtime: Runtime) -> Result<()> {
        self.add_file(BOOTSTRAP, &runtime.path)?;
        self.runtime = Some(runtime);
        Ok(())
    }

    /// Makes the file `name` executable in the zip, whatever its mode is on this machine.
    pub(super) fn make_executable(&mut self, name: &str) {
        self.entries.entry(name.to_owned()).and_modify(|entry| entry.executable = true);
    }

    /// Whether the zip contains a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether the zip contains a file or folder of this name.
    pub(super) fn has_file_or_folder(&self, name: &str) -> bool {
        let below = format!("{name}/");
        self.has(name) || self.entries.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below))
    }

    fn unzipped_bytes(&self) -> u64 {
        self.entries.values().fold(0, |sum, entry| entry.bytes.saturating_add(sum))
    }

    /// Refuses a zip with too many files, or with more bytes than Lambda accepts.
    fn check_size(&self) -> Result<()> {
        if self.entries.len() > FILES_LIMIT {
            bail!(
                "too many files: {}, and a zip can contain {FILES_LIMIT}; leave some out with --exclude",
                self.entries.len()
            );
        }
        let bytes = self.unzipped_bytes();
        if bytes < UNZIPPED_LIMIT_BYTES {
            return Ok(());
        }
        let mut largest: Vec<(&String, u64)> = self.entries.iter().map(|(name, entry)| (name, entry.bytes)).collect();
        largest.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let largest: Vec<String> =
            largest.iter().take(3).map(|(name, bytes)| format!("`{name}` ({bytes} bytes)")).collect();
        bail!(
            "the files have {bytes} bytes unzipped, and Lambda accepts a function with its layers only below {UNZIPPED_LIMIT_BYTES} bytes (250 MB) \
             in all; the largest files: {}; leave some out, or use a container image",
            largest.join(", ")
        )
    }
}
