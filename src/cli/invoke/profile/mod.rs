//! Writes the profile of `coshell invoke --profile FILE`, which shows the handler's time by lines. The source is a trace of its commands.
//!
//! The runtime writes the trace to a file in memory (COSHELL_TRACE_FILE), so the log does not change. A command's time lasts until the next
//! command begins, so it includes a little time for tracing. Commands of a subshell or `$( )` are shown above the line that started them.
//! The extension of the file chooses the format: a flame graph (`.svg`), its folded stacks for other tools (`.folded`), or a table of lines
//! (`.txt`).

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

/// The format of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    FlameGraph,
    Folded,
    Table,
}

/// A profile that is written after the events.
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
    /// When the name has another extension, or the folder does not exist.
    pub(super) fn create(path: &Path) -> Result<Profile> {
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => Format::FlameGraph,
            Some("folded") => Format::Folded,
            Some("txt") => Format::Table,
            Some(_) | None => bail!(
                "the name `{}` does not choose a profile format: use the extension `.svg` (flame graph), `.folded` or `.txt` (table)",
                path.display()
            ),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            bail!("the profile's folder `{}` does not exist", folder.display());
        }
        let trace = memfd_create("trace", MFdFlags::MFD_CLOEXEC).context("cannot create a file for the trace")?;
        Ok(Profile { path: path.to_owned(), format, trace: trace.into() })
    }

    /// The variable that makes the runtime write the trace.
    pub(super) fn variable(&self) -> (OsString, OsString) {
        (VARIABLE.into(), format!("/proc/{}/fd/{}", std::process::id(), self.trace.as_raw_fd()).into())
    }

    /// Writes the profile of all events. `timed_out` is the time limit if the last event timed out. Returns a description for the user: the
    /// slowest line, and gaps in the profile.
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

/// Why the trace has no commands.
fn missing_commands_reason(events: &[Event], function: &Function) -> &'static str {
    let records = || events.iter().flat_map(|event| &event.records);
    if records().any(|record| record.time.is_none()) {
        return "this Bash does not give the time of a command; use Bash 5 or newer";
    }
    match Handler::resolve(&function.handler, &function.task_root) {
        Ok(Handler::Executable(_)) => "the handler is a program, and only the commands of Bash functions are traced",
        Ok(Handler::Function { .. }) | Err(_) => {
            "the handler ended before its first command ran (for example, an expansion in its first line failed), or it switched the trace off"
        }
    }
}
