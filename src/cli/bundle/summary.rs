//! Writes a zip, and prints its summary: size, files, runtime and checksums.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Architecture, Bundle, archive};
use crate::cli::terminal;

/// The largest zip that Lambda accepts in a request.
const UPLOAD_LIMIT_BYTES: usize = 52_428_800;

/// The value of `--output` that means stdout.
pub(super) const STDOUT: &str = "-";

/// The zip that was written.
#[derive(Debug)]
pub(crate) struct Summary<'a> {
    output: &'a Path,
    /// The runtime that was added, as text and as JSON.
    runtime: Option<(String, serde_json::Value)>,
    architecture: Architecture,
    handler: Option<&'a str>,
    files: usize,
    bytes: usize,
    unzipped_bytes: u64,
    sha256: [u8; 32],
}

impl<'a> Summary<'a> {
    /// Checks `bundle`, writes it to `output`, and prints warnings to stderr.
    pub(crate) fn write_zip(
        bundle: &Bundle,
        architecture: Architecture,
        output: &'a Path,
        handler: Option<&'a str>,
    ) -> Result<Summary<'a>> {
        bundle.check_size()?;
        let (bytes, mut warnings) = bundle.zip(architecture)?;
        match output.as_os_str() == STDOUT {
            true => to_stdout(&bytes)?,
            false => archive::write(&bytes, output)?,
        }
        warnings.extend(bundle.runtime.as_ref().and_then(|runtime| runtime.warning(architecture)));
        warnings.iter().for_each(|warning| terminal::warn(warning));
        if bytes.len() >= UPLOAD_LIMIT_BYTES {
            terminal::warn(&format!(
                "the zip has {} bytes, and Lambda accepts at most {UPLOAD_LIMIT_BYTES} bytes (50 MB) in a request: upload the zip to S3, and \
                 name its bucket and key instead of --zip-file",
                bytes.len()
            ));
        }
        Ok(Summary {
            output,
            runtime: bundle.runtime.as_ref().map(|runtime| (runtime.to_string(), runtime.json())),
            architecture,
            handler,
            files: bundle.entries.len(),
            bytes: bytes.len(),
            unzipped_bytes: bundle.unzipped_bytes(),
            sha256: Sha256::digest(&bytes).into(),
        })
    }

    /// Prints the summary as lines of text or as one JSON object: to stdout, or to stderr if the zip itself went to stdout.
    pub(crate) fn print(&self, as_json: bool) -> Result<()> {
        let text = if as_json { format!("{}\n", self.json()) } else { self.lines() };
        if self.output.as_os_str() == STDOUT {
            terminal::show(text);
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot print the summary of the zip")
    }

    fn lines(&self) -> String {
        let handler = self.handler.map(|handler| format!("handler     {handler}\n")).unwrap_or_default();
        let runtime = self.runtime.as_ref().map(|(runtime, _)| format!("runtime     {runtime}\n")).unwrap_or_default();
        format!(
            "wrote       {} ({})\n{handler}{runtime}size        {} bytes; {} unzipped\nfiles       {}\nCodeSha256  {}\nsha256      {}\n",
            self.output.display(),
            self.architecture,
            self.bytes,
            self.unzipped_bytes,
            self.files,
            BASE64_STANDARD.encode(self.sha256),
            self.hex()
        )
    }

    fn json(&self) -> serde_json::Value {
        let mut object = json!({
            "path": self.output.to_string_lossy(),
            "architecture": self.architecture.to_string(),
            "codeSize": self.bytes,
            "unzippedBytes": self.unzipped_bytes,
            "files": self.files,
            "codeSha256": BASE64_STANDARD.encode(self.sha256),
            "sha256": self.hex(),
        });
        if let Some(handler) = self.handler {
            object["handler"] = handler.into();
        }
        if let Some((_, runtime)) = &self.runtime {
            object["runtime"] = runtime.clone();
        }
        object
    }

    fn hex(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn to_stdout(bytes: &[u8]) -> Result<()> {
    if terminal::stdout_is_a_terminal() {
        bail!("cannot write a zip to a terminal: name a file with -o, or redirect stdout to a file");
    }
    terminal::print(bytes)
}
