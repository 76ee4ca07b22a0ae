//! The zip of a function or of a layer: what is in it, and what Lambda would refuse or fail at, told before it is uploaded.
//!
//! What `zip` leaves to its user and what then fails only on AWS is settled here: no folder stands before the names ("Couldn't find valid
//! bootstrap(s)" is what that gives), modes are what another user needs, and nothing of the machine is kept: no owner, no time, no order
//! of a folder. So the same files give the same bytes, and CodeSha256 tells whether a function has changed.

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

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use self::architecture::Architecture;
pub use self::exclusions::Exclusion;
pub(super) use self::exclusions::LeftOut;
pub use self::extra_file::Addition;
pub(super) use self::runtime::{BOOTSTRAP, Runtime};
pub(super) use self::summary::Written;

/// Lambda takes a function and its layers only if they are smaller than this together.
const UNZIPPED_LIMIT_BYTES: u64 = 262_144_000;

/// More than a plain zip can count.
const FILES_LIMIT: usize = 65_535;

/// The folders at the top whose files are there to be executed.
pub(super) const PROGRAMS: [&str; 2] = ["bin/", "extensions/"];

/// The files of a zip by their names in it, in the order of these.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    entries: BTreeMap<String, Entry>,
    /// Commands that come from elsewhere: a layer, or the function's own folder.
    brought: Vec<String>,
    /// The one that was put in, not one of the folder's own.
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Entry {
    source: PathBuf,
    executable: bool,
    bytes: u64,
}

impl Bundle {
    /// Takes the file `source` as `name`; it is executable if it is here, or if it is a program by its place.
    pub(super) fn file(&mut self, name: &str, source: &Path) -> Result<()> {
        entry_name::checked(name)?;
        let metadata = fs::metadata(source).with_context(|| format!("cannot read `{}`", source.display()))?;
        if !metadata.is_file() {
            bail!("`{}` is neither a file nor a folder: a zip cannot hold it", source.display());
        }
        let program = name == BOOTSTRAP || PROGRAMS.iter().any(|folder| name.starts_with(folder));
        let executable = program || metadata.permissions().mode() & 0o111 != 0;
        let entry = Entry { source: source.to_owned(), executable, bytes: metadata.len() };
        if let Some(file) = self.file_that_is_a_folder(name) {
            bail!("`{file}` would be a file and a folder: leave one out");
        }
        match self.entries.get(name) {
            Some(other) if other.source != source => bail!(
                "two files would be `{name}`: `{}` and `{}`; leave one out",
                other.source.display(),
                source.display()
            ),
            Some(_) | None => self.entries.insert(name.to_owned(), entry),
        };
        Ok(())
    }

    /// What is a file here and a folder for `name`, or the other way round: no unpacker can make both.
    fn file_that_is_a_folder<'a>(&self, name: &'a str) -> Option<&'a str> {
        let mut folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        let below = format!("{name}/");
        let is_folder = || self.entries.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below));
        folders.find(|folder| self.has(folder)).or_else(|| is_folder().then_some(name))
    }

    /// Takes all below `folder` under `prefix`, which is empty or ends in a slash, but for what is `left_out`.
    pub(super) fn folder(&mut self, prefix: &str, folder: &Path, left_out: &mut LeftOut) -> Result<()> {
        for (name, source) in file_tree::files(folder, left_out)? {
            self.file(&format!("{prefix}{name}"), &source)?;
        }
        Ok(())
    }

    /// Takes a file or a folder as `name`, a folder without what is `left_out`.
    pub(super) fn add(&mut self, name: &str, source: &Path, left_out: &LeftOut) -> Result<()> {
        entry_name::checked(name)?;
        let found = fs::canonicalize(source).with_context(|| format!("cannot read `{}`", source.display()))?;
        if found.is_dir() {
            return self.folder(&format!("{name}/"), &found, &mut left_out.within(name));
        }
        self.file(name, &found)
    }

    /// Says which commands come from elsewhere.
    pub(super) fn relies_on(&mut self, commands: &[String]) {
        self.brought = commands.to_vec();
    }

    /// Takes the runtime as `bootstrap`.
    pub(super) fn put_runtime(&mut self, runtime: Runtime) -> Result<()> {
        self.file(BOOTSTRAP, &runtime.path)?;
        self.runtime = Some(runtime);
        Ok(())
    }

    /// Says that `name` is executed whatever its mode is here.
    pub(super) fn program(&mut self, name: &str) {
        self.entries.entry(name.to_owned()).and_modify(|entry| entry.executable = true);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether it has a file or folder of this name.
    pub(super) fn has_any_of(&self, name: &str) -> bool {
        let below = format!("{name}/");
        self.has(name) || self.entries.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below))
    }

    fn unzipped_bytes(&self) -> u64 {
        self.entries.values().fold(0, |sum, entry| entry.bytes.saturating_add(sum))
    }

    /// Refuses what Lambda would refuse for its size.
    fn fits(&self) -> Result<()> {
        if self.entries.len() > FILES_LIMIT {
            bail!("{} files: a zip can have {FILES_LIMIT}; leave some out", self.entries.len());
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
            "{bytes} bytes unzipped: Lambda takes a function and its layers only below {UNZIPPED_LIMIT_BYTES} bytes (250 MB) together; the \
             largest: {}; leave some out, or use a container image",
            largest.join(", ")
        )
    }
}
