//! The `bootstrap` that goes into a zip.
//!
//! `coshell` runs handlers with the runtime that is compiled into itself, but on Lambda the small static program is wanted, for either
//! architecture. A release has it beside `coshell` or in the target folder; a debug build of it is never taken.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Architecture;
use super::binary::Binary;

/// The name by which Lambda starts a custom runtime, at the top of the function or of a layer.
pub(in crate::local) const BOOTSTRAP: &str = "bootstrap";

/// The file that is `given`, else the first that is there for `architecture`.
pub(in crate::local) fn bootstrap(given: Option<&Path>, architecture: Architecture) -> Result<PathBuf> {
    if let Some(given) = given {
        return fs::canonicalize(given).with_context(|| format!("cannot read the bootstrap `{}`", given.display()));
    }
    let program =
        std::env::current_exe().and_then(fs::canonicalize).context("cannot find this program's own folder")?;
    let candidates = candidates(program.parent().unwrap_or(Path::new("/")), architecture);
    if let Some(found) = candidates.iter().find(|path| is_for(path, architecture)) {
        return fs::canonicalize(found).with_context(|| format!("cannot read `{}`", found.display()));
    }
    let looked_for: Vec<String> = candidates.iter().map(|path| format!("`{}`", path.display())).collect();
    bail!(
        "no runtime for {architecture}: looked for {}; build it with `.ci/release {architecture}` in the folder of coshell's sources, or \
         name it with --bootstrap FILE",
        looked_for.join(", ")
    )
}

/// Beside the program under the architecture's name, in cargo's folders, in the release's, and beside the program, as `cargo install` does.
fn candidates(folder: &Path, architecture: Architecture) -> Vec<PathBuf> {
    let named = format!("{BOOTSTRAP}-{architecture}");
    let mut candidates = vec![folder.join(&named)];
    let in_target = folder.file_name().is_some_and(|name| name == "debug" || name == "release");
    if let Some(target) = folder.parent().filter(|_| in_target) {
        let triples = ["gnu", "musl"].map(|libc| format!("{}-unknown-linux-{libc}", architecture.of_target()));
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
