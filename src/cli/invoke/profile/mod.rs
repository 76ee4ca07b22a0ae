//! `coshell invoke --profile FILE`: where the handler's time went, from the trace of its commands.
//!
//! The runtime writes the trace to a file in memory (COSHELL_TRACE_FILE), so the log stays as it is. A command's time goes on until
//! the next one begins, so tracing costs a little at each; commands of a subshell or `$( )` stand above the line that started them.
//! The ending of the file's name says what is made of it: a flame graph (`.svg`), its folded stacks for other tools (`.folded`), or a
//! table of lines (`.txt`).

mod render;
mod source_lines;
mod timeline;
mod trace_file;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::memfd::{MFdFlags, memfd_create};

use self::source_lines::Sources;
use self::timeline::{Slice, slices};
use self::trace_file::Event;
use crate::lambda::function::Function;
use crate::runtime::handler::Handler;

const VARIABLE: &str = "COSHELL_TRACE_FILE";

/// What is made of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    FlameGraph,
    Folded,
    Table,
}

/// A profile that is to be written.
#[derive(Debug)]
pub(super) struct Profile {
    path: PathBuf,
    format: Format,
    trace: File,
}

impl Profile {
    /// Checks the file's name and its folder.
    ///
    /// # Errors
    /// When the name has another ending, or there is no such folder.
    pub(super) fn create(path: &Path) -> Result<Profile> {
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => Format::FlameGraph,
            Some("folded") => Format::Folded,
            Some("txt") => Format::Table,
            Some(_) | None => bail!(
                "`{}` says not which profile is wanted: end its name in `.svg` (flame graph), `.folded` or `.txt` (table)",
                path.display()
            ),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            bail!("the profile's folder `{}` is not there", folder.display());
        }
        let trace = memfd_create("trace", MFdFlags::MFD_CLOEXEC).context("cannot make a file for the trace")?;
        Ok(Profile { path: path.to_owned(), format, trace: trace.into() })
    }

    /// What makes the runtime write the trace.
    pub(super) fn variable(&self) -> (OsString, OsString) {
        (VARIABLE.into(), format!("/proc/{}/fd/{}", std::process::id(), self.trace.as_raw_fd()).into())
    }

    /// Writes the profile of all events, of which the last may have run into this time limit. Gives back what a person should be
    /// told: where most of the time went, and what the profile cannot show.
    ///
    /// # Errors
    /// When the file cannot be written, or nothing was traced.
    pub(super) fn write(&self, function: &Function, timed_out: Option<Duration>) -> Result<String> {
        let mut text = String::new();
        let mut trace = &self.trace;
        trace
            .seek(SeekFrom::Start(0))
            .and_then(|_| trace.read_to_string(&mut text))
            .context("cannot read the trace")?;
        let events = trace_file::events(&text, timed_out);
        let slices: Vec<Slice> = events.iter().flat_map(slices).collect();
        if slices.is_empty() {
            bail!("no profile was written: {}", missing_commands_reason(&events, function));
        }
        let mut sources = Sources::in_folder(&function.task_root);
        let rendered = match self.format {
            Format::FlameGraph => render::flame_graph(&slices, events.len(), &function.handler, &mut sources)?,
            Format::Folded => render::folded(&slices, &mut sources).join("\n").into_bytes(),
            Format::Table => render::table(&slices, events.len(), &mut sources).into_bytes(),
        };
        let name = self.path.display();
        fs::write(&self.path, rendered).with_context(|| format!("cannot write the profile `{name}`"))?;
        Ok(format!("profile: `{name}`, {}{}", render::hottest(&slices, &mut sources), trace_file::gaps(&events)))
    }
}

/// Why there is nothing to be drawn.
fn missing_commands_reason(events: &[Event], function: &Function) -> &'static str {
    let records = || events.iter().flat_map(|event| &event.records);
    if records().any(|record| record.time.is_none()) {
        return "this Bash does not tell the time of a command; Bash 5 or newer does";
    }
    match Handler::resolve(&function.handler, &function.task_root) {
        Ok(Handler::Executable(_)) => "the handler is a program, and only the commands of Bash functions are traced",
        Ok(Handler::Function { .. }) | Err(_) => {
            "the handler ended before its first command ran, as where an expansion in its first line fails, or it switched the trace off"
        }
    }
}
