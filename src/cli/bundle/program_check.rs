//! Checks whether each program of a zip can be started on Lambda.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};

use super::binary::Binary;
use super::fault::{Fault, Level};
use super::interpreter::Interpreter;
use super::{Architecture, Bundle, Entry};

const ELF: &[u8] = b"\x7fELF";
/// Enough bytes for the first line of a script.
const HEAD_BYTES: u64 = 512;

impl Bundle {
    /// The faults of all files.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn faults(&self, architecture: Architecture) -> Result<Vec<Fault>> {
        let mut faults = Vec::new();
        for (name, entry) in &self.entries {
            let bytes = entry.bytes_to_check().with_context(|| format!("cannot read `{}`", entry.source.display()))?;
            faults.extend(self.faults_of(name, entry, &bytes, architecture));
        }
        Ok(faults)
    }

    /// The faults of the file `name` with this content.
    pub(super) fn faults_of(&self, name: &str, entry: &Entry, bytes: &[u8], architecture: Architecture) -> Vec<Fault> {
        let fault = |line, (level, message)| Fault { name: name.to_owned(), line, level, message };
        if let Some(binary) = Binary::read(bytes) {
            return self
                .faults_of_binary(name, &binary, architecture)
                .into_iter()
                .map(|found| fault(None, found))
                .collect();
        }
        let interpreter = entry.executable.then(|| Interpreter::read(bytes)).flatten();
        let is_external = |command: &str| self.external_commands.iter().any(|external| external == command);
        let found = interpreter.and_then(|interpreter| interpreter.fault(name, |path| self.has(path), is_external));
        found.into_iter().map(|found| fault(Some(1), found)).collect()
    }

    fn faults_of_binary(&self, name: &str, binary: &Binary, architecture: Architecture) -> Vec<(Level, String)> {
        let is_in_zip = |library: &str| self.entries.keys().any(|name| name.rsplit('/').next() == Some(library));
        if let Err(error) = binary.check_runs_on(architecture, name, is_in_zip("libc.so.6")) {
            return vec![(Level::Refused, error.to_string())];
        }
        let missing: Vec<String> =
            binary.missing_libraries(is_in_zip).iter().map(|library| format!("`{library}`")).collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let message = format!(
            "`{name}` needs {}, which the zip lacks: if provided.al2023 lacks it too, add it to lib/ of a layer, or use a static program",
            missing.join(", ")
        );
        vec![(Level::MayFail, message)]
    }
}

impl Entry {
    /// The bytes that the check needs: all of a program, the start of any other file.
    fn bytes_to_check(&self) -> std::io::Result<Vec<u8>> {
        let mut file = File::open(&self.source)?;
        let mut bytes = Vec::new();
        file.by_ref().take(HEAD_BYTES).read_to_end(&mut bytes)?;
        if bytes.starts_with(ELF) {
            file.take(self.bytes).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}
