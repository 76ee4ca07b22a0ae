//! The lines that a transfer prints: progress, results, warnings and errors, as the AWS CLI prints them where stdout is no terminal.

use std::io::Write;
use std::sync::Mutex;
use std::time::Instant;

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// Nothing: `--quiet`.
    Nothing,
    /// Errors and warnings: `--only-show-errors`, and where a stream is copied.
    Errors,
    /// Results as well: `--no-progress`.
    Results,
    /// Progress as well.
    Progress,
}

/// Prints and counts.
#[derive(Debug)]
pub(super) struct Report {
    verbosity: Verbosity,
    counts: Mutex<Counts>,
    start: Instant,
}

#[derive(Debug, Default)]
struct Counts {
    bytes: u64,
    failed_bytes: u64,
    expected_bytes: u64,
    files: u64,
    expected_files: u64,
    failed: u64,
    warned: u64,
    is_final: bool,
    /// How long the last progress line is.
    width: usize,
}

impl Counts {
    fn is_complete(&self) -> bool {
        self.is_final && self.files == self.expected_files
    }
}

impl Report {
    /// Nothing is counted yet.
    pub(super) fn new(verbosity: Verbosity) -> Report {
        Report { verbosity, counts: Mutex::default(), start: Instant::now() }
    }

    fn with(&self, change: impl FnOnce(&mut Counts)) {
        if let Ok(mut counts) = self.counts.lock() {
            change(&mut counts);
        }
    }

    /// A transfer of so many bytes is about to start.
    pub(super) fn expect(&self, bytes: u64) {
        self.with(|counts| {
            counts.expected_files += 1;
            counts.expected_bytes += bytes;
        });
    }

    /// All transfers are known.
    pub(super) fn all_expected(&self) {
        self.with(|counts| {
            counts.is_final = true;
            if counts.width > 0 && counts.is_complete() {
                let line = " ".repeat(counts.width);
                counts.width = 0;
                write(false, &format!("{line}\n"));
            }
        });
    }

    /// So many more bytes have been transferred.
    pub(super) fn progress(&self, bytes: u64) {
        self.with(|counts| {
            counts.bytes += bytes;
            self.show_progress(counts);
        });
    }

    fn show_progress(&self, counts: &mut Counts) {
        if self.verbosity != Verbosity::Progress {
            return;
        }
        let about = if counts.is_final { "" } else { "~" };
        let left = counts.expected_files.saturating_sub(counts.files);
        let mut line = if counts.expected_bytes > 0 {
            #[expect(clippy::cast_precision_loss, reason = "a speed that is shown with one digit")]
            let speed = counts.bytes as f64 / self.start.elapsed().as_secs_f64().max(1e-6);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a speed is positive")]
            let speed = human_size(speed as u64);
            let done = human_size(counts.bytes + counts.failed_bytes);
            let all = human_size(counts.expected_bytes);
            format!("Completed {done}/{about}{all} ({speed}/s) with {about}{left} file(s) remaining")
        } else {
            format!("Completed {} file(s) with {about}{left} file(s) remaining", counts.files)
        };
        if !counts.is_final {
            line.push_str(" (calculating...)");
        }
        let line = padded(&line, counts.width);
        counts.width = line.chars().count();
        write(false, &format!("{line}\r"));
    }

    /// A line about one transfer, before which a progress line may stand.
    fn show(&self, counts: &mut Counts, is_error: bool, line: &str) {
        let line = padded(line, counts.width);
        write(is_error, &format!("{line}\n"));
        counts.width = 0;
        if !counts.is_complete() {
            self.show_progress(counts);
        }
    }

    /// A transfer has succeeded.
    pub(super) fn success(&self, line: &str) {
        self.with(|counts| {
            counts.files += 1;
            if self.verbosity >= Verbosity::Results {
                self.show(counts, false, line);
            }
        });
    }

    /// A transfer has failed; `bytes` were not transferred.
    pub(super) fn failure(&self, line: &str, bytes: u64) {
        self.with(|counts| {
            counts.files += 1;
            counts.failed += 1;
            counts.failed_bytes += bytes;
            if self.verbosity >= Verbosity::Errors {
                self.show(counts, true, line);
            }
        });
    }

    /// A transfer that would take place without `--dryrun`.
    pub(super) fn dry_run(&self, line: &str) {
        self.with(|counts| {
            if self.verbosity != Verbosity::Nothing {
                let line = padded(&format!("(dryrun) {line}"), counts.width);
                write(false, &format!("{line}\n"));
            }
        });
    }

    /// A file or object that is left out.
    pub(super) fn warn(&self, message: &str) {
        self.with(|counts| {
            counts.warned += 1;
            if self.verbosity != Verbosity::Nothing {
                self.show(counts, true, &format!("warning: {message}"));
            }
        });
    }

    /// The command cannot go on.
    pub(super) fn fatal(&self, message: &str) {
        self.with(|counts| {
            counts.failed += 1;
            if self.verbosity != Verbosity::Nothing {
                let line = padded(&format!("fatal error: {message}"), counts.width);
                write(true, &format!("{line}\n"));
            }
        });
    }

    /// 1 after a failure, 2 after a warning, else 0.
    pub(super) fn status(&self) -> u8 {
        self.counts.lock().map_or(1, |counts| match (counts.failed, counts.warned) {
            (0, 0) => 0,
            (0, _) => 2,
            (_, _) => 1,
        })
    }
}

impl PartialOrd for Verbosity {
    fn partial_cmp(&self, other: &Verbosity) -> Option<std::cmp::Ordering> {
        (*self as u8).partial_cmp(&(*other as u8))
    }
}

fn padded(line: &str, width: usize) -> String {
    format!("{line:<width$}")
}

/// Whoever reads stdout or stderr may be gone; the transfer goes on.
fn write(is_error: bool, text: &str) {
    let _ = if is_error {
        std::io::stderr().write_all(text.as_bytes())
    } else {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    };
}

/// `1 Byte`, `10 Bytes`, `1.0 KiB`.
pub(super) fn human_size(bytes: u64) -> String {
    const SUFFIXES: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes == 1 {
        return "1 Byte".to_owned();
    }
    if bytes < 1024 {
        return format!("{bytes} Bytes");
    }
    #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
    let mut value = bytes as f64;
    for suffix in SUFFIXES {
        value /= 1024.0;
        if value.round_ties_even() < 1024.0 {
            return format!("{value:.1} {suffix}");
        }
    }
    format!("{value:.1} EiB")
}

#[cfg(test)]
mod tests {
    use super::human_size;

    #[test]
    fn sizes_are_written_as_the_aws_cli_writes_them() {
        for (bytes, text) in
            [(0, "0 Bytes"), (1, "1 Byte"), (1023, "1023 Bytes"), (1024, "1.0 KiB"), (1_048_575, "1.0 MiB")]
        {
            assert_eq!(human_size(bytes), text);
        }
    }
}
