//! Writes the output of `coshell invoke`: the response to stdout, errors and the report to stderr.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use anyhow::{Error, Result};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat, makedev};

use super::error_view::ErrorView;
use crate::cli::startup::Startup;
use crate::cli::terminal::{in_colour, show, stderr_is_a_terminal};
use crate::lambda::invocation::FunctionError;

/// The response could not be written to stdout completely.
#[derive(Debug)]
pub(super) struct WriteError(io::Error);

impl WriteError {
    pub(super) fn error(error: io::Error) -> Error {
        Error::new(WriteError(error))
    }

    /// Whether the reader of stdout has gone.
    pub(super) fn has_no_reader(&self) -> bool {
        self.0.kind() == ErrorKind::BrokenPipe
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "cannot write the response to stdout: {}", self.0)
    }
}

impl std::error::Error for WriteError {}

/// Writes the response unchanged; on a terminal a newline is added if the response does not end with one.
pub(super) fn response(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let newline: &[u8] = if stdout.is_terminal() && !bytes.ends_with(b"\n") { b"\n" } else { b"" };
    let written = stdout.write_all(bytes).and_then(|()| stdout.write_all(newline)).and_then(|()| stdout.flush());
    written.map_err(WriteError::error)
}

/// Whether what follows on stderr would continue the last line of a response on stdout.
/// `last` is the last byte of the response.
pub(super) fn lacks_newline(last: Option<u8>) -> bool {
    last.is_some_and(|last| last != b'\n') && is_same_stream()
}

/// Whether stdout and stderr are the same file or pipe, as with `2>&1`, or the same terminal.
fn is_same_stream() -> bool {
    let file = |stream: BorrowedFd| fstat(stream).ok().map(|file| (file.st_dev, file.st_ino));
    let stdout = file(std::io::stdout().as_fd());
    stdout.is_some() && stdout == file(std::io::stderr().as_fd())
}

/// The warning that stdout takes the response and drops it, where stdout is closed.
///
/// Before `main`, Rust's standard library opens /dev/null for reading and writing in place of a closed stdout, so that no write fails. A shell's
/// `>/dev/null` opens the device for writing only. Python's `subprocess.DEVNULL` and Node's `ignore` open the device as Rust does, and their
/// users do want to drop the response: so this is a warning, and not an error.
pub(super) fn closed_stdout_warning() -> Option<&'static str> {
    let stdout = std::io::stdout();
    let is_null = fstat(stdout.as_fd()).is_ok_and(|file| {
        file.st_rdev == makedev(1, 3) && SFlag::from_bits_truncate(file.st_mode) & SFlag::S_IFMT == SFlag::S_IFCHR
    });
    let flags = fcntl(stdout.as_fd(), FcntlArg::F_GETFL).map(OFlag::from_bits_truncate);
    let is_for_both = flags.is_ok_and(|flags| flags & OFlag::O_ACCMODE == OFlag::O_RDWR);
    (is_null && is_for_both).then_some(
        "stdout is closed, or is /dev/null, so nobody can read the response: leave out `>&-`; to drop the response, write `>/dev/null`",
    )
}

/// Writes an error: for a person on a terminal, else as the JSON that the runtime reported, on its own line.
pub(super) fn error(error: &FunctionError, task_root: &Path) {
    if explained(error, task_root) {
        return;
    }
    let mut line = if error.body.is_empty() {
        FunctionError::by_lambda(&error.error_type, "the runtime reported no message").body.to_vec()
    } else {
        error.body.to_vec()
    };
    if !line.ends_with(b"\n") {
        line.push(b'\n');
    }
    let _ = std::io::stderr().write_all(&line); // there is no place left to report the error
}

/// Shows an error on a terminal; false if stderr is not a terminal, or the report is not in Lambda's format.
pub(crate) fn explained(error: &FunctionError, task_root: &Path) -> bool {
    let explained = ErrorView::of(error).filter(|_| stderr_is_a_terminal());
    explained.is_some_and(|explained| {
        show(explained.render(task_root, in_colour()));
        true
    })
}

/// The line that Lambda logs after each invocation.
pub(super) struct Report {
    pub(super) request_id: String,
    /// The billed duration: from delivery to the following `next`.
    pub(super) duration: Duration,
    pub(super) startup: Startup,
    pub(super) max_memory_bytes: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, line: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let mb = self.max_memory_bytes.div_ceil(1024 * 1024);
        write!(line, "REPORT RequestId: {}\tDuration: {:.2} ms\t", self.request_id, ms(self.duration))?;
        // With SnapStart, init is long over. Source: AWS Lambda Developer Guide, "Monitoring for Lambda SnapStart".
        let (name, duration) = match self.startup.restore {
            Some(restore) => ("Restore Duration", restore),
            None => ("Init Duration", self.startup.init),
        };
        write!(line, "{name}: {:.2} ms\tMax Memory Used: {mb} MB", ms(duration))
    }
}

pub(super) fn report(report: &Report) {
    let _ = writeln!(std::io::stderr(), "{report}"); // there is no place left to report the error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_lambdas_own_format() {
        let startup = Startup { init: Duration::from_micros(5_600), restore: None };
        let mut report = Report {
            request_id: "8f5c0b1e".to_owned(),
            duration: Duration::from_micros(1_234),
            startup,
            max_memory_bytes: 3 * 1024 * 1024 - 1,
        };
        assert_eq!(
            report.to_string(),
            "REPORT RequestId: 8f5c0b1e\tDuration: 1.23 ms\tInit Duration: 5.60 ms\tMax Memory Used: 3 MB"
        );
        report.startup.restore = Some(Duration::from_micros(780));
        assert!(report.to_string().contains("\tRestore Duration: 0.78 ms\tMax"), "{report}");
    }
}
