//! A zip that was written, and what is told of it.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Architecture, Bundle, archive};
use crate::cli::terminal;

/// The largest zip that Lambda takes in a request.
const UPLOAD_LIMIT_BYTES: usize = 52_428_800;

/// The output that stands for stdout.
pub(super) const STDOUT: &str = "-";

/// What Lambda will call it by.
#[derive(Debug)]
pub(crate) struct Written<'a> {
    output: &'a Path,
    /// The runtime that was put in, for people and for machines.
    runtime: Option<(String, serde_json::Value)>,
    architecture: Architecture,
    handler: Option<&'a str>,
    files: usize,
    bytes: usize,
    unzipped_bytes: u64,
    sha256: [u8; 32],
}

impl<'a> Written<'a> {
    /// Checks `bundle`, and writes it to `output`. Warnings go to stderr.
    pub(crate) fn new(
        bundle: &Bundle,
        architecture: Architecture,
        output: &'a Path,
        handler: Option<&'a str>,
    ) -> Result<Written<'a>> {
        bundle.fits()?;
        let (bytes, mut warnings) = bundle.zip(architecture)?;
        match output.as_os_str() == STDOUT {
            true => to_stdout(&bytes)?,
            false => archive::write(&bytes, output)?,
        }
        warnings.extend(bundle.runtime.as_ref().and_then(|runtime| runtime.warning(architecture)));
        warnings.iter().for_each(|warning| terminal::warn(warning));
        if bytes.len() >= UPLOAD_LIMIT_BYTES {
            terminal::warn(&format!(
                "{} bytes: Lambda takes 50 MB ({UPLOAD_LIMIT_BYTES} bytes) in a request; upload it to S3, and give its bucket \
                 and key instead of --zip-file",
                bytes.len()
            ));
        }
        Ok(Written {
            output,
            runtime: bundle.runtime.as_ref().map(|runtime| (runtime.to_string(), runtime.object())),
            architecture,
            handler,
            files: bundle.entries.len(),
            bytes: bytes.len(),
            unzipped_bytes: bundle.unzipped_bytes(),
            sha256: Sha256::digest(&bytes).into(),
        })
    }

    /// Prints it to stdout, as lines for people or as one JSON object; to stderr where the zip itself went to stdout.
    pub(crate) fn tell(&self, as_json: bool) -> Result<()> {
        let text = if as_json { format!("{}\n", self.object()) } else { self.lines() };
        if self.output.as_os_str() == STDOUT {
            terminal::show(text);
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot print what was written")
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

    fn object(&self) -> serde_json::Value {
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
        bail!("cannot write a zip to a terminal: name a file with -o, or send stdout to one");
    }
    terminal::print(bytes)
}
