//! Reading the stack records that the driver's ERR and EXIT traps write, and finding in them what ended the handler.
//!
//! A record is its number of fields, then the fields, each ended by a NUL: kind, turn, status, BASH_SUBSHELL, BASH_COMMAND, LINENO,
//! PIPESTATUS, and three fields a frame (FUNCNAME, BASH_SOURCE, BASH_LINENO), innermost first. Sources: Bash Reference Manual, "Bash
//! Variables" and "Bourne Shell Builtins: trap"; what each class of failure leaves behind was measured on 5.1 to 5.3.
//!
//! A handler could write into that file by itself: every field is data, and a malformed record ends the reading.

use std::path::{Path, PathBuf};

/// Which trap wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A command failed that nothing handles.
    Failed,
    /// The subshell (or, while sourcing, the shell) exits.
    Exited,
    /// The event's time is up; the command is the one that hangs.
    Overdue,
    /// The command after that, where its line is known.
    Stopped,
}

/// One function call on Bash's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function, or `source` for a file's own top level.
    pub function: String,
    /// The file; as Bash knows it.
    pub file: PathBuf,
    /// The line in it that was being executed, where Bash knows it.
    pub line: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    kind: Kind,
    turn: u64,
    status: i32,
    level: u32,
    command: String,
    pipeline: Vec<i32>,
    frames: Vec<Frame>,
}

/// What a handler or script was doing when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The command, as Bash prints it.
    pub command: String,
    /// The command's own exit status.
    pub status: i32,
    /// Whether the command ended the shell by itself (`exit`, an unbound variable, ...) rather than by failing.
    pub at_exit: bool,
    /// The statuses of a pipeline's members, first to last, where the command is the last one of a pipeline.
    pub pipeline: Vec<i32>,
    /// The calls that led there, innermost first, the driver's left out.
    pub frames: Vec<Frame>,
    /// Whether there were more calls than the driver records.
    pub cut: bool,
}

/// Finds what ended turn `turn` (0: the sourcing of the script) in `bytes`. Frames in `driver` are left out.
pub(crate) fn place(bytes: &[u8], turn: u64, driver: &Path) -> Option<Place> {
    let mut records = parse(bytes);
    records.retain(|record| record.turn == turn);
    let own_level = u32::from(turn > 0);
    let last = |kind| records.iter().rposition(|record| record.kind == kind && record.level == own_level);
    let exit = last(Kind::Exited);
    // Under `set +e` the last failure may be older than the exit: it counts if its status became the handler's.
    let became = |exit: &Record, status| exit.status == status && !exits_with_a_number(&exit.command);
    let ended = |index: &usize| exit.is_none_or(|exit| became(&records[exit], records[*index].status));
    let index = match last(Kind::Failed).filter(ended) {
        Some(last) => deepest(&records, last),
        None => exit?,
    };
    let record = records.swap_remove(index);
    let at_exit = record.kind == Kind::Exited;
    let (mut frames, cut) = calls(record.frames, driver);
    if at_exit && let Some(innermost) = frames.first_mut() {
        innermost.line = None; // in an EXIT trap it is always 1
    }
    let pipeline = members(record.pipeline, &record.command);
    Some(Place { command: record.command, status: record.status, at_exit, pipeline, frames, cut })
}

/// Finds where turn `turn` was when its time was up. If it was `computing`, waiting for nothing, the command after the one that
/// was interrupted tells it as well, and its line is known.
pub(crate) fn overdue_place(bytes: &[u8], turn: u64, computing: bool, driver: &Path) -> Option<Place> {
    let mut records = parse(bytes);
    records.retain(|record| record.turn == turn);
    let overdue = records.iter().rposition(|record| record.kind == Kind::Overdue)?;
    // What was killed inside `$( )` failed there, where its line is known; the outer command is the substitution.
    let killed = 128 + nix::sys::signal::Signal::SIGKILL as i32;
    let inner = records[..overdue]
        .iter()
        .rposition(|record| record.kind != Kind::Failed || record.level == 1 || record.status != killed);
    let first_inner = inner.map_or(0, |outer| outer + 1);
    let same =
        |record: &Record| record.kind == Kind::Stopped && (computing || record.command == records[overdue].command);
    let stopped = records.iter().rposition(same);
    let index = if first_inner < overdue { first_inner } else { stopped.unwrap_or(overdue) };
    let record = records.swap_remove(index);
    let (mut frames, cut) = calls(record.frames, driver);
    if record.kind == Kind::Overdue
        && let Some(innermost) = frames.first_mut()
    {
        innermost.line = None; // in a trap for a signal it is always 1
    }
    let pipeline = members(record.pipeline, &record.command);
    Some(Place { command: record.command, status: record.status, at_exit: false, pipeline, frames, cut })
}

/// The calls outside of `driver`, and whether the outermost ones are missing: a whole stack ends in the driver.
fn calls(frames: Vec<Frame>, driver: &Path) -> (Vec<Frame>, bool) {
    let cut = frames.last().is_some_and(|outermost| outermost.file != driver);
    (frames.into_iter().filter(|frame| frame.file != driver).collect(), cut)
}

/// Whether it is an `exit` whose status stands there; `exit` and `exit $?` pass another's on.
pub(crate) fn exits_with_a_number(command: &str) -> bool {
    command.strip_prefix("exit ").is_some_and(|status| status.trim().parse::<u32>().is_ok())
}

/// The statuses of a pipeline's members. `[[` and `((` are none, and leave PIPESTATUS as it was.
fn members(statuses: Vec<i32>, command: &str) -> Vec<i32> {
    let is_none = statuses.len() < 2 || command.starts_with("[[ ") || command.starts_with("((");
    if is_none { Vec::new() } else { statuses }
}

/// A failure inside `$( )` or a pipeline is recorded once a level, innermost first: the first of the run is where it began.
fn deepest(records: &[Record], last: usize) -> usize {
    let top = &records[last];
    let run = records[..last].iter().rev().take_while(|record| record.is_within(top)).count();
    last - run
}

fn parse(bytes: &[u8]) -> Vec<Record> {
    let mut fields = bytes.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned());
    let mut records = Vec::new();
    while let Some(count) = fields.next().and_then(|count| count.parse::<usize>().ok()) {
        let record: Vec<String> = fields.by_ref().take(count).collect();
        if record.len() < count {
            break;
        }
        records.extend(Record::new(&record));
    }
    records
}

impl Record {
    /// Whether it failed inside of the command of `top`: deeper, with the same status, and called from where that stands. (What the
    /// handler coped with before has another line.)
    fn is_within(&self, top: &Record) -> bool {
        let deeper = self.kind == Kind::Failed && self.level > top.level && self.status == top.status;
        let Some(caller) = self.frames.len().checked_sub(top.frames.len()).and_then(|at| self.frames.get(at)) else {
            return deeper && top.frames.is_empty();
        };
        let line = |frame: &Frame| frame.line.unwrap_or_default();
        let lines = u32::try_from(top.command.matches('\n').count()).unwrap_or(u32::MAX);
        let near = |one: &Frame, other: &Frame| line(one).abs_diff(line(other)) <= lines;
        // `wait` has the status of what was begun before it.
        let waits = top.command.starts_with("wait");
        deeper && top.frames.first().is_none_or(|own| own.function == caller.function && (waits || near(own, caller)))
    }

    fn new(fields: &[String]) -> Option<Record> {
        let [kind, turn, status, level, command, _line, pipeline, frames @ ..] = fields else { return None };
        let kind = match kind.as_str() {
            "failed" => Kind::Failed,
            "exited" => Kind::Exited,
            "overdue" => Kind::Overdue,
            "stopped" => Kind::Stopped,
            _ => return None,
        };
        let frame = |frame: &[String]| Frame {
            function: frame[0].clone(),
            file: PathBuf::from(&frame[1]),
            line: frame[2].parse().ok().filter(|line| *line > 0),
        };
        Some(Record {
            kind,
            turn: turn.parse().ok()?,
            status: status.parse().ok()?,
            level: level.parse().ok()?,
            command: command.clone(),
            pipeline: pipeline.split(' ').filter_map(|status| status.parse().ok()).collect(),
            frames: frames.chunks_exact(3).map(frame).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a frame for each `calls`, a function and a line, innermost first.
    fn record(kind: &str, status: &str, level: &str, command: &str, calls: &[(&str, &str)]) -> Vec<u8> {
        let mut fields = vec![kind, "7", status, level, command, calls[0].1, status];
        calls.iter().for_each(|(function, line)| fields.extend([*function, "/f.sh", *line]));
        fields.extend(["main", "/driver", "9"]);
        let mut bytes = format!("{}\0", fields.len()).into_bytes();
        bytes.extend(fields.iter().flat_map(|field| format!("{field}\0").into_bytes()));
        bytes
    }

    fn placed(records: &[Vec<u8>]) -> Option<Place> {
        place(&records.concat(), 7, Path::new("/driver"))
    }

    #[test]
    fn the_deepest_record_of_a_command_substitution_is_the_place() {
        let place = placed(&[
            record("failed", "3", "2", "coped with", &[("handler", "2")]),
            record("failed", "3", "2", "inner failed", &[("inner", "14"), ("handler", "20")]),
            record("failed", "3", "1", "x=$(inner)", &[("handler", "20")]),
            record("exited", "3", "1", "x=$(inner)", &[("handler", "1")]),
        ])
        .unwrap();
        assert_eq!(place.command, "inner failed");
        let frame = |function: &str, line| Frame { function: function.into(), file: "/f.sh".into(), line: Some(line) };
        assert_eq!(place.frames, [frame("inner", 14), frame("handler", 20)]);
    }

    #[test]
    fn without_a_failed_command_the_exit_is_the_place_and_its_line_is_not_trusted() {
        let place = placed(&[record("exited", "3", "1", "exit 3", &[("deep", "1")])]).unwrap();
        assert!(place.at_exit);
        assert_eq!(place.frames[0].line, None);
    }

    #[test]
    fn records_of_another_event_and_garbage_are_no_place() {
        assert_eq!(place(&record("failed", "1", "1", "x", &[("h", "2")]), 8, Path::new("/driver")), None);
        for bytes in [&b""[..], b"x", b"5\0failed\0", b"6\0failed\x007\0x\0x\0x\0x\0", b"99999999999999999999\0"] {
            assert_eq!(place(bytes, 7, Path::new("/driver")), None);
        }
    }
}
