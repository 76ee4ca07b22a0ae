//! Finds the `bootstrap` that goes into a zip, and describes it.
//!
//! On this machine `coshell` runs handlers with the runtime that is compiled into `coshell`. On Lambda the small static program is better. A
//! release contains this program for each architecture, beside `coshell` or in the target folder. A debug build is never used.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Architecture;
use super::binary::Binary;

/// The name by which Lambda starts a custom runtime, at the top of the function or of a layer.
pub(crate) const BOOTSTRAP: &str = "bootstrap";

/// A file that Lambda can start as a runtime.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(super) path: PathBuf,
    bytes: u64,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Static,
    /// With the newest version of glibc that the program needs.
    Dynamic(Option<(u32, u32)>),
    Script,
}

impl Runtime {
    /// The `given` file, or else the first runtime for `architecture` that exists.
    ///
    /// # Errors
    /// When there is no runtime, or the given file is neither a program nor a script.
    pub(crate) fn find(given: Option<&Path>, architecture: Architecture) -> Result<Runtime> {
        match given {
            Some(given) => {
                Runtime::read(given).with_context(|| format!("cannot use the bootstrap `{}`", given.display()))
            }
            None => {
                let path = find_for(architecture)?;
                Runtime::read(&path).with_context(|| format!("cannot use the runtime `{}`", path.display()))
            }
        }
    }

    fn read(path: &Path) -> Result<Runtime> {
        let path = fs::canonicalize(path)?;
        let bytes = fs::read(&path)?;
        let kind = match Binary::read(&bytes) {
            Some(binary) if binary.is_static() => Kind::Static,
            Some(binary) => Kind::Dynamic(binary.glibc()),
            None if bytes.starts_with(b"#!") => Kind::Script,
            None if bytes.is_empty() => bail!("the file is empty: name the program of a runtime"),
            None => bail!(
                "the file is neither a program (ELF) nor a script that begins with `#!`, so Lambda cannot start it: name the program of a runtime"
            ),
        };
        Ok(Runtime { path, bytes: bytes.len() as u64, kind })
    }

    /// The warning for a runtime that needs libraries of the system.
    pub(crate) fn warning(&self, architecture: Architecture) -> Option<String> {
        let Kind::Dynamic(_) = self.kind else { return None };
        let program = std::env::current_exe().and_then(fs::canonicalize).ok()?;
        Some(format!(
            "the runtime `{}` is linked dynamically. To get a static one, which needs no library of Lambda's, {}",
            self.path.display(),
            how_to_build(program.parent()?, architecture)
        ))
    }

    pub(super) fn json(&self) -> Value {
        let glibc = match self.kind {
            Kind::Dynamic(Some((major, minor))) => Some(format!("{major}.{minor}")),
            Kind::Dynamic(None) | Kind::Static | Kind::Script => None,
        };
        let path = self.path.to_string_lossy();
        json!({ "path": path, "bytes": self.bytes, "static": self.kind == Kind::Static, "glibc": glibc })
    }
}

/// `PATH (BYTES bytes, KIND)`
impl Display for Runtime {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes, ", self.path.display(), self.bytes)?;
        match self.kind {
            Kind::Static => write!(f, "static)"),
            Kind::Dynamic(Some((major, minor))) => write!(f, "dynamic: needs glibc {major}.{minor})"),
            Kind::Dynamic(None) => write!(f, "dynamic)"),
            Kind::Script => write!(f, "a script)"),
        }
    }
}

fn find_for(architecture: Architecture) -> Result<PathBuf> {
    let program =
        std::env::current_exe().and_then(fs::canonicalize).context("cannot find this program's own folder")?;
    let folder = program.parent().unwrap_or(Path::new("/"));
    let candidates = candidates(folder, architecture);
    if let Some(found) = candidates.iter().find(|path| is_for(path, architecture)) {
        return Ok(found.clone());
    }
    let looked_for: Vec<String> = candidates.iter().map(|path| format!("`{}`", path.display())).collect();
    bail!("no runtime for {architecture}: looked for {}; {}", looked_for.join(", "), how_to_build(folder, architecture))
}

/// How to build a static runtime for a `coshell` in `folder`, so that coshell then finds the runtime.
fn how_to_build(folder: &Path, architecture: Architecture) -> String {
    match sources_of(folder) {
        Some(sources) => {
            format!(
                "run `.ci/release --no-tools {architecture}` in `{}`, and then this command again",
                sources.display()
            )
        }
        None => format!(
            "run `.ci/release --no-tools {architecture}` in your clone of coshell, and copy `dist/{BOOTSTRAP}-{architecture}` from the clone to `{}`, \
             where coshell looks first, or name that file with --bootstrap",
            folder.display()
        ),
    }
}

/// The clone of coshell, if `folder` is one of the folders in which cargo builds it.
fn sources_of(folder: &Path) -> Option<&Path> {
    target_of(folder)?.parent().filter(|sources| sources.join(".ci/release").is_file())
}

/// Cargo's target folder, if `folder` is one of its profiles.
fn target_of(folder: &Path) -> Option<&Path> {
    let is_profile = folder.file_name().is_some_and(|name| name == "debug" || name == "release");
    folder.parent().filter(|_| is_profile)
}

/// Where a runtime can be, in the order of preference: beside `coshell` with the architecture in its name, in cargo's target folders, in dist/,
/// and beside `coshell` as `bootstrap`.
fn candidates(folder: &Path, architecture: Architecture) -> Vec<PathBuf> {
    let named = format!("{BOOTSTRAP}-{architecture}");
    let mut candidates = vec![folder.join(&named)];
    if let Some(target) = target_of(folder) {
        let triples = ["gnu", "musl"].map(|libc| format!("{}-unknown-linux-{libc}", architecture.target_name()));
        candidates.extend(triples.map(|triple| target.join(triple).join("release").join(BOOTSTRAP)));
        candidates.extend(target.parent().map(|sources| sources.join("dist").join(named)));
    }
    if !folder.ends_with("debug") {
        candidates.push(folder.join(BOOTSTRAP));
    }
    candidates
}

fn is_for(path: &Path, architecture: Architecture) -> bool {
    let binary = fs::read(path).ok().and_then(|bytes| Binary::read(&bytes));
    binary.is_some_and(|binary| binary.architecture() == Some(architecture))
}
