//! Parses Bash's call stack at a failure from the records that the driver's ERR, EXIT and time-limit traps write.
//!
//! A record is the number of its fields, then the fields, each ended by a NUL: kind, turn, status, BASH_SUBSHELL, the status that
//! the handler has returned, BASH_COMMAND, PIPESTATUS, and three fields for each frame (FUNCNAME, BASH_SOURCE, BASH_LINENO),
//! innermost first. Sources: Bash Reference Manual, "Bash Variables" and "Bourne Shell Builtins: trap". The records of each class
//! of failure were measured on Bash 5.1 to 5.3. `failure::location` uses the records to find the command that failed.
//!
//! A handler can write into the file of the records. So every field is treated as data, and a malformed record ends the reading.

use std::path::{Path, PathBuf};

/// Which trap wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrapKind {
    /// The ERR trap: a command failed and nothing handled the failure.
    Failed,
    /// The EXIT trap: the subshell exits (or the shell, while the script is sourced).
    Exited,
    /// The time-limit trap: the command is the one that hangs.
    Timeout,
    /// The DEBUG trap after the time-limit trap: the next command, whose line is known.
    Stopped,
}

/// One function call on Bash's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function, or `source` for a file's own top level.
    pub function: String,
    /// The file, by the name that Bash uses.
    pub file: PathBuf,
    /// The line that was being executed, if Bash knows the line.
    pub line: Option<u32>,
}

impl Frame {
    /// Whether this is the top level of a file, not a function.
    pub(crate) fn is_top_level(&self) -> bool {
        self.function == TOP_LEVEL
    }
}

/// The name that Bash uses for the top level of a sourced file.
pub(crate) const TOP_LEVEL: &str = "source";

/// The state of Bash when one trap ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: TrapKind,
    /// `$?`.
    pub(crate) status: i32,
    /// BASH_SUBSHELL: 1 in the subshell of an event, more in `( )`, `$( )` and pipelines of the handler.
    pub(crate) level: u32,
    /// The status that the handler has returned, if it has: then only its EXIT trap runs.
    pub(crate) returned: Option<i32>,
    /// BASH_COMMAND: the last simple command that this process began. Another command may have failed.
    pub(crate) command: String,
    /// PIPESTATUS of the last pipeline that this process waited for. Another pipeline may have failed.
    pub(crate) pipeline: Vec<i32>,
    /// The calls, innermost first, without the calls of the driver.
    pub(crate) frames: Vec<Frame>,
    /// Whether there were more calls than the driver records.
    pub(crate) cut: bool,
}

/// Parses the records of turn `turn` from `bytes`, in the order in which they were written. Turn 0 is the sourcing of the script.
/// Frames in the file `driver` are left out.
pub(crate) fn records(bytes: &[u8], turn: u64, driver: &Path) -> Vec<Record> {
    let mut fields = bytes.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned());
    let mut records = Vec::new();
    while let Some(count) = fields.next().and_then(|count| count.parse::<usize>().ok()) {
        let record: Vec<String> = fields.by_ref().take(count).collect();
        if record.len() < count {
            break;
        }
        records.extend(Record::parse(&record, turn, driver));
    }
    records
}

impl Record {
    /// Parses one record; `None` for a record of another turn and for a malformed record.
    fn parse(fields: &[String], of_turn: u64, driver: &Path) -> Option<Record> {
        let [kind, turn, status, level, returned, command, pipeline, frames @ ..] = fields else { return None };
        let kind = match kind.as_str() {
            "failed" => TrapKind::Failed,
            "exited" => TrapKind::Exited,
            "timeout" => TrapKind::Timeout,
            "stopped" => TrapKind::Stopped,
            _ => return None,
        };
        let frame = |frame: &[String]| Frame {
            function: frame[0].clone(),
            file: PathBuf::from(&frame[1]),
            line: frame[2].parse().ok().filter(|line| *line > 0),
        };
        let frames: Vec<Frame> = frames.chunks_exact(3).map(frame).collect();
        let cut = frames.last().is_some_and(|outermost| outermost.file != driver);
        let mut frames: Vec<Frame> = frames.into_iter().filter(|frame| frame.file != driver).collect();
        // In an EXIT trap, and in a trap for a signal, the line of the innermost call is always 1.
        if matches!(kind, TrapKind::Exited | TrapKind::Timeout)
            && let Some(innermost) = frames.first_mut()
        {
            innermost.line = None;
        }
        Some(Record {
            kind,
            status: status.parse().ok()?,
            level: level.parse().ok()?,
            returned: returned.parse().ok(),
            command: command.clone(),
            pipeline: pipeline.split(' ').filter_map(|status| status.parse().ok()).collect(),
            frames,
            cut,
        })
        .filter(|_| turn.parse() == Ok(of_turn))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A record of turn 7, with a frame for each of `calls`, a function and a line, innermost first.
    pub(crate) fn written(kind: &str, status: &str, level: &str, command: &str, calls: &[(&str, &str)]) -> Vec<u8> {
        let mut fields = vec![kind, "7", status, level, "", command, status];
        calls.iter().for_each(|(function, line)| fields.extend([*function, "/f.sh", *line]));
        fields.extend(["main", "/driver", "9"]);
        let mut bytes = format!("{}\0", fields.len()).into_bytes();
        bytes.extend(fields.iter().flat_map(|field| format!("{field}\0").into_bytes()));
        bytes
    }

    #[test]
    fn a_record_has_its_fields_and_the_calls_outside_of_the_driver() {
        let bytes = written("failed", "3", "2", "cat x", &[("inner", "14"), ("handler", "20")]);
        let [record] = &records(&bytes, 7, Path::new("/driver"))[..] else { panic!() };
        assert_eq!((record.status, record.level, record.pipeline.as_slice()), (3, 2, &[3][..]));
        let frame = |function: &str, line| Frame { function: function.into(), file: "/f.sh".into(), line: Some(line) };
        assert_eq!(record.frames, [frame("inner", 14), frame("handler", 20)]);
        assert!(!record.cut);
    }

    #[test]
    fn the_innermost_line_of_an_exit_trap_is_not_trusted() {
        let bytes = written("exited", "3", "1", "exit 3", &[("deep", "1")]);
        assert_eq!(records(&bytes, 7, Path::new("/driver"))[0].frames[0].line, None);
    }

    #[test]
    fn records_of_another_event_and_garbage_are_none() {
        assert_eq!(records(&written("failed", "1", "1", "x", &[("h", "2")]), 8, Path::new("/driver")), []);
        for bytes in [&b""[..], b"x", b"5\0failed\0", b"6\0failed\x007\0x\0x\0x\0x\0", b"99999999999999999999\0"] {
            assert_eq!(records(bytes, 7, Path::new("/driver")), []);
        }
    }
}
