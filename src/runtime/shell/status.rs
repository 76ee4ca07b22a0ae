//! Parses the status records that the driver writes, one on each line.
//!
//! A record carries the number of its turn, so that a record of a subshell that outlived its event is never taken for a record of
//! another event. Records are shorter than PIPE_BUF, so the kernel never splits or mixes them.

use super::line_splitter::LineSplitter;

/// A status record of the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// `V version`: this Bash is too old.
    TooOld(String),
    /// `B`: Bash has opened the driver, and runs it.
    DriverStarted,
    /// `H`: the script is sourced; the functions that it registered run before the snapshot.
    Sourced,
    /// `P`: these functions have run; the snapshot can be taken.
    Prepared,
    /// `A`: the script declares the array LAMBDA_EVENT.
    EventArray,
    /// `M`: the script does not define the handler function.
    NoFunction,
    /// `R turn pid`: the subshell of `turn` waits for its event.
    Waiting { turn: u64, pid: i32 },
    /// `S turn`: the handler returned 0, stdout is closed, and no EXIT trap of its own is pending.
    Succeeded { turn: u64 },
    /// `D turn status`: the subshell of `turn` ended with `status`, as Bash's `$?`.
    Done { turn: u64, status: i32 },
}

/// The length of the longest line that can be a record: PIPE_BUF. A longer line is not from the driver.
const MAX_BYTES: usize = 4096;

/// Splits the bytes that were read into records. Malformed lines are ignored: only a handler that writes to the pipe can cause
/// one.
#[derive(Debug)]
pub(crate) struct StatusReader {
    lines: LineSplitter,
}

impl StatusReader {
    /// The records that `bytes` complete.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Status> {
        let lines = self.lines.read(bytes);
        let whole = lines.iter().filter(|line| line.len() < MAX_BYTES);
        whole.filter_map(|line| parse(&String::from_utf8_lossy(line))).collect()
    }
}

impl Default for StatusReader {
    fn default() -> StatusReader {
        StatusReader { lines: LineSplitter::up_to(MAX_BYTES) }
    }
}

fn parse(line: &str) -> Option<Status> {
    let mut words = line.split(' ');
    let status = match words.next()? {
        "V" => Status::TooOld(words.next()?.to_owned()),
        "B" => Status::DriverStarted,
        "H" => Status::Sourced,
        "P" => Status::Prepared,
        "A" => Status::EventArray,
        "M" => Status::NoFunction,
        "R" => Status::Waiting { turn: number(words.next())?, pid: number(words.next())? },
        "S" => Status::Succeeded { turn: number(words.next())? },
        "D" => Status::Done { turn: number(words.next())?, status: number(words.next())? },
        _ => return None,
    };
    words.next().is_none().then_some(status)
}

fn number<N: std::str::FromStr>(word: Option<&str>) -> Option<N> {
    word?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_may_come_in_pieces_and_several_at_once() {
        let mut records = StatusReader::default();
        assert_eq!(records.read(b"R 1 4"), []);
        assert_eq!(
            records.read(b"2\nS 1\nD 1 0\nR 2"),
            [Status::Waiting { turn: 1, pid: 42 }, Status::Succeeded { turn: 1 }, Status::Done { turn: 1, status: 0 }]
        );
        assert_eq!(records.read(b" 43\n"), [Status::Waiting { turn: 2, pid: 43 }]);
    }

    #[test]
    fn malformed_lines_are_ignored() {
        let mut records = StatusReader::default();
        assert_eq!(records.read(b"\n\xff\nS\nS x\nD 1\nS 1 2\nQ 1\nM\n"), [Status::NoFunction]);
        assert_eq!(records.read(&[b"V ", &[b'x'; MAX_BYTES][..], b"\nM\n"].concat()), [Status::NoFunction]);
    }
}
