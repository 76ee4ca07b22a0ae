//! Parses the trace of an event's commands, for COSHELL_TRACE and COSHELL_TRACE_FILE: each command with its time and its call
//! stack.
//!
//! Bash's xtrace goes to a pipe of its own (BASH_XTRACEFD), so it never appears on the handler's stdout or stderr. The driver
//! sets PS4 to a prefix of fields, separated by unit separators, which cannot appear in a command: turn, time, line, process,
//! last background process, depth of subshells, and the three arrays of Bash's stack. Sources: Bash Reference Manual, "Bash
//! Variables: BASH_XTRACEFD, PS4, EPOCHREALTIME, FUNCNAME, BASH_SOURCE, BASH_LINENO".

mod output;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) use self::output::TraceOutput;
use super::line_splitter::LineSplitter;
use crate::runtime::secrets::masked;
use crate::runtime::stack::Frame;

/// Separates the fields of PS4.
const SEPARATOR: u8 = 0x1f;
/// Ends the name of each file, because names may contain spaces.
const END_OF_FILE_NAME: char = '\x1e';
const FIELDS: usize = 11;
const MAX_COMMAND_BYTES: usize = 1000;
/// The length of the longest line. It is enough for the calls of a deep recursion. A command may have an event of 6 MB as its
/// argument.
const MAX_LINE_BYTES: usize = 256 * 1024;
/// How many calls are kept, the innermost first.
const MAX_FRAMES: usize = 64;

/// A command that was executed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) turn: u64,
    /// The depth in command substitutions and the like.
    pub(crate) level: usize,
    /// The time since 1970; `None` before Bash 5.
    pub(crate) time: Option<Duration>,
    /// The subshell that executes it.
    pub(crate) pid: Option<i32>,
    /// The last background process of that subshell.
    pub(crate) background: Option<i32>,
    /// The depth of that subshell.
    pub(crate) subshells: u32,
    /// The calls that led to it, innermost first; there is at least one.
    pub(crate) frames: Vec<Frame>,
    pub(crate) command: String,
}

/// Splits the trace into steps.
#[derive(Debug)]
pub(crate) struct StepReader {
    lines: LineSplitter,
    /// The steps that were read already: Bash keeps the line of a compound command in a buffer, and its forks write that line
    /// again.
    seen: HashSet<(Option<Duration>, Option<u32>, Option<i32>)>,
}

impl Default for StepReader {
    fn default() -> StepReader {
        StepReader { lines: LineSplitter::up_to(MAX_LINE_BYTES), seen: HashSet::new() }
    }
}

impl StepReader {
    /// Prepares for the next event.
    pub(crate) fn begin(&mut self) {
        self.seen.clear();
    }

    /// Returns the steps that `bytes` complete. A command may have several lines; only its first makes a step.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Step> {
        let lines = self.lines.read(bytes);
        let steps = lines.iter().filter_map(|line| parse(line));
        steps
            .filter(|step| step.time.is_none() || self.seen.insert((step.time, step.frames[0].line, step.pid)))
            .collect()
    }
}

impl Step {
    /// Whether the command belongs to the driver.
    pub(crate) fn is_of(&self, driver: &Path) -> bool {
        self.frames[0].file == driver || self.command.contains("__coshell") || self.command == "builtin set +x"
    }

    /// The text for the log: the time since `since`, the place, and the command.
    pub(crate) fn describe(&self, since: SystemTime, root: &Path) -> String {
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time =
            self.time.map(|time| format!("+{:.6} ", time.saturating_sub(since).as_secs_f64())).unwrap_or_default();
        format!("{time}{}{}: {}", "  ".repeat(self.level), place(&self.frames[0], root), self.command)
    }
}

/// `fetch (function.sh:12)`.
fn place(frame: &Frame, root: &Path) -> String {
    let file = frame.file.strip_prefix(root).unwrap_or(&frame.file).display();
    let function = if frame.function.is_empty() { "top level" } else { &frame.function };
    match frame.line {
        Some(line) => format!("{function} ({file}:{line})"),
        None => format!("{function} ({file})"),
    }
}

fn parse(line: &[u8]) -> Option<Step> {
    let fields =
        line.splitn(FIELDS, |byte| *byte == SEPARATOR).map(|field| String::from_utf8_lossy(field).into_owned());
    let fields: [String; FIELDS] = fields.collect::<Vec<String>>().try_into().ok()?;
    let [depth, turn, time, line, pid, background, subshells, functions, files, lines, mut command] = fields;
    if let Cow::Owned(without_secrets) = masked(&command) {
        command = without_secrets;
    }
    if command.len() > MAX_COMMAND_BYTES {
        let end = (0..=MAX_COMMAND_BYTES).rev().find(|end| command.is_char_boundary(*end)).unwrap_or(0);
        command.truncate(end);
        command.push('…');
    }
    Some(Step {
        turn: turn.parse().ok()?,
        level: depth.len().saturating_sub(1),
        time: epoch(&time),
        pid: pid.parse().ok(),
        background: background.trim().parse().ok(),
        subshells: subshells.parse().unwrap_or_default(),
        frames: frames(line.parse().ok()?, &functions, &files, &lines),
        command,
    })
}

/// Converts the three arrays of Bash's stack into frames. At the top level of a file there is no function.
fn frames(line: u32, functions: &str, files: &str, lines: &str) -> Vec<Frame> {
    let mut functions = functions.split(' ');
    let mut called_at = lines.split(' ').map(|line| line.parse().ok());
    let mut line = Some(line);
    let files = files.strip_suffix(END_OF_FILE_NAME).unwrap_or(files).split(END_OF_FILE_NAME).enumerate();
    let frame = |(index, file): (usize, &str)| Frame {
        function: functions.next().unwrap_or_default().to_owned(),
        file: file.strip_prefix(if index == 0 { "" } else { " " }).unwrap_or(file).into(),
        line: std::mem::replace(&mut line, called_at.next().flatten()).filter(|line| *line > 0),
    };
    files.take(MAX_FRAMES).map(frame).collect()
}

/// EPOCHREALTIME: seconds and microseconds, with the locale's decimal point.
fn epoch(text: &str) -> Option<Duration> {
    let seconds: f64 = text.replace(',', ".").parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &[u8] =
        b"++\x1f3\x1f100.5\x1f12\x1f77\x1f\x1f1\x1ffetch handler main\x1f/t/a b.sh\x1e /t/f.sh\x1e /driver\x1e\x1f30 200 0\x1f";

    #[test]
    fn lines_become_steps_and_what_is_no_line_of_ours_is_left_out() {
        let mut steps = StepReader::default();
        assert_eq!(steps.read(&[PREFIX, b"ec"].concat()), []);
        let rest = [b"ho 'a\x1fb\nsecond line'\n+ own PS4\n", PREFIX, b"again\n"].concat();
        let read = steps.read(&rest);
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].command.as_str(), read[0].pid, read[0].background), ("echo 'a\x1fb", Some(77), None));
        let described = read[0].describe(UNIX_EPOCH + Duration::from_secs(100), Path::new("/t"));
        assert_eq!(described, "+0.500000   fetch (a b.sh:12): echo 'a\x1fb");
    }

    #[test]
    fn bashs_three_arrays_become_calls() {
        let step = &StepReader::default().read(&[PREFIX, b"x\n"].concat())[0];
        let places: Vec<String> = step.frames.iter().map(|frame| place(frame, Path::new("/t"))).collect();
        assert_eq!(places, ["fetch (a b.sh:12)", "handler (f.sh:30)", "main (/driver:200)"]);
        assert!(!step.is_of(Path::new("/driver")) && step.is_of(Path::new("/t/a b.sh")));
    }
}
