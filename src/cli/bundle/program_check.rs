//! Judges the programs of a zip: whether each can be started on Lambda.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};

use super::binary::Binary;
use super::fault::{Fault, Level};
use super::interpreter::Interpreter;
use super::{Architecture, Bundle, Entry};

const ELF: &[u8] = b"\x7fELF";
/// The first line of a script.
const HEAD_BYTES: u64 = 512;

impl Bundle {
    /// The faults of all files.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(crate) fn faults(&self, architecture: Architecture) -> Result<Vec<Fault>> {
        let mut faults = Vec::new();
        for (name, entry) in &self.entries {
            let bytes = entry.start().with_context(|| format!("cannot read `{}`", entry.source.display()))?;
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
        let brought = |command: &str| self.brought.iter().any(|brought| brought == command);
        let found = interpreter.and_then(|interpreter| interpreter.fault(name, |path| self.has(path), brought));
        found.into_iter().map(|found| fault(Some(1), found)).collect()
    }

    fn faults_of_binary(&self, name: &str, binary: &Binary, architecture: Architecture) -> Vec<(Level, String)> {
        let here = |library: &str| self.entries.keys().any(|name| name.rsplit('/').next() == Some(library));
        if let Err(error) = binary.runs_on(architecture, name, here("libc.so.6")) {
            return vec![(Level::Refused, error.to_string())];
        }
        let lacking: Vec<String> = binary.lacking(here).iter().map(|library| format!("`{library}`")).collect();
        if lacking.is_empty() {
            return Vec::new();
        }
        let message = format!(
            "`{name}` needs {}, which the zip lacks: add what provided.al2023 lacks to a layer's lib/, or bring a static program",
            lacking.join(", ")
        );
        vec![(Level::MayFail, message)]
    }
}

impl Entry {
    /// What is needed to judge it: all of a program, the start of any other file.
    fn start(&self) -> std::io::Result<Vec<u8>> {
        let mut file = File::open(&self.source)?;
        let mut bytes = Vec::new();
        file.by_ref().take(HEAD_BYTES).read_to_end(&mut bytes)?;
        if bytes.starts_with(ELF) {
            file.take(self.bytes).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}
