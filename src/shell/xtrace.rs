//! COSHELL_TRACE: every command of an event, with its time and place, in the log.
//!
//! Bash's xtrace goes to a pipe of its own (BASH_XTRACEFD), so neither the handler's stdout nor its stderr ever has it. PS4, which
//! the driver sets, makes a prefix of fields that cannot stand in a command: turn, time, file, line and function, each between unit
//! separators. Sources: Bash Reference Manual, "Bash Variables: BASH_XTRACEFD, PS4, EPOCHREALTIME".

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Begins each field of PS4.
const SEPARATOR: u8 = 0x1f;
const MOST_COMMAND_BYTES: usize = 1000;

/// A command that was executed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) turn: u64,
    /// How deep in subshells.
    pub(crate) level: usize,
    /// Since 1970; `None` before Bash 5.
    pub(crate) time: Option<Duration>,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) function: String,
    pub(crate) command: String,
}

/// Cuts what was read into steps; keeps an incomplete last line for the next read.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    partial: Vec<u8>,
    /// Bash keeps the line of a compound command in a buffer that its forks write out once more.
    seen: HashSet<(Option<Duration>, u32)>,
}

impl Steps {
    /// Makes ready for another event.
    pub(crate) fn begin(&mut self) {
        self.seen.clear();
    }

    /// The lines that `bytes` complete. A command may have several lines; only its first makes a step.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Step> {
        self.partial.extend_from_slice(bytes);
        let end = self.partial.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let lines: Vec<u8> = self.partial.drain(..end).collect();
        let steps = lines.split(|byte| *byte == b'\n').filter_map(parse);
        let ours = |step: &Step| step.command.starts_with("__coshell_");
        steps.filter(|step| !ours(step) && (step.time.is_none() || self.seen.insert((step.time, step.line)))).collect()
    }
}

fn parse(line: &[u8]) -> Option<Step> {
    let mut fields = line.splitn(7, |byte| *byte == SEPARATOR).map(|field| String::from_utf8_lossy(field).into_owned());
    let depth = fields.next()?;
    let (turn, time, file) = (fields.next()?.parse().ok()?, fields.next()?, fields.next()?);
    let (line, function, mut command) = (fields.next()?.parse().ok()?, fields.next()?, fields.next()?);
    if command.len() > MOST_COMMAND_BYTES {
        let end = (0..=MOST_COMMAND_BYTES).rev().find(|end| command.is_char_boundary(*end)).unwrap_or(0);
        command.truncate(end);
        command.push('…');
    }
    Some(Step { turn, level: depth.len().saturating_sub(1), time: epoch(&time), file, line, function, command })
}

/// EPOCHREALTIME: seconds and microseconds, with the locale's decimal point.
fn epoch(text: &str) -> Option<Duration> {
    let seconds: f64 = text.replace(',', ".").parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

impl Step {
    /// `+0.012345 fetch (function.sh:12): curl -s …`, the time counted from `since`, the file relative to `root`.
    pub(crate) fn describe(&self, since: SystemTime, root: &Path) -> String {
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time =
            self.time.map(|time| format!("+{:.6} ", time.saturating_sub(since).as_secs_f64())).unwrap_or_default();
        let file = Path::new(&self.file).strip_prefix(root).unwrap_or(Path::new(&self.file)).display();
        let function = if self.function.is_empty() { "top level" } else { &self.function };
        format!("{time}{}{function} ({file}:{}): {}", "  ".repeat(self.level), self.line, self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_steps_and_what_is_no_line_of_ours_is_left_out() {
        let mut steps = Steps::default();
        assert_eq!(steps.read(b"++\x1f3\x1f100.5\x1f/t/f.sh\x1f12\x1ffetch\x1fec"), []);
        let read =
            steps.read(b"ho 'a\x1fb\nsecond line'\n+ own PS4\n+\x1f3\x1f100.5\x1f/t/f.sh\x1f12\x1ffetch\x1fagain\n");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].command, "echo 'a\x1fb");
        let described = read[0].describe(UNIX_EPOCH + Duration::from_secs(100), Path::new("/t"));
        assert_eq!(described, "+0.500000   fetch (f.sh:12): echo 'a\x1fb");
    }
}
