//! Status records, a line each, from the driver to the supervisor.
//!
//! Each carries the number of the turn it speaks of, so that a record of a subshell that outlived its event is never taken for
//! another's. Records are shorter than PIPE_BUF, so the kernel keeps each whole.

/// What the driver says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// `V version`: this Bash is too old.
    TooOld(String),
    /// `B`: Bash could open the driver, and runs it.
    Begun,
    /// `M`: the script does not define the handler function.
    NoFunction,
    /// `R turn pid`: the subshell of `turn` waits for its event.
    Waiting { turn: u64, pid: i32 },
    /// `S turn`: the handler returned 0, stdout is closed, and no EXIT trap of its own is pending.
    Succeeded { turn: u64 },
    /// `D turn status`: the subshell of `turn` ended with `status`, as Bash's `$?`.
    Done { turn: u64, status: i32 },
}

/// Cuts what was read into records; keeps an incomplete last line for the next read. Malformed lines are ignored: only a
/// handler that writes to the pipe by itself can send one.
#[derive(Debug, Default)]
pub(crate) struct Records {
    partial: Vec<u8>,
}

impl Records {
    /// The records that `bytes` complete.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Status> {
        self.partial.extend_from_slice(bytes);
        let end = self.partial.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let lines: Vec<u8> = self.partial.drain(..end).collect();
        String::from_utf8_lossy(&lines).lines().filter_map(parse).collect()
    }
}

fn parse(line: &str) -> Option<Status> {
    let mut words = line.split(' ');
    let status = match words.next()? {
        "V" => Status::TooOld(words.next()?.to_owned()),
        "B" => Status::Begun,
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
        let mut records = Records::default();
        assert_eq!(records.read(b"R 1 4"), []);
        assert_eq!(
            records.read(b"2\nS 1\nD 1 0\nR 2"),
            [Status::Waiting { turn: 1, pid: 42 }, Status::Succeeded { turn: 1 }, Status::Done { turn: 1, status: 0 }]
        );
        assert_eq!(records.read(b" 43\n"), [Status::Waiting { turn: 2, pid: 43 }]);
    }

    #[test]
    fn malformed_lines_are_ignored() {
        let mut records = Records::default();
        assert_eq!(records.read(b"\n\xff\nS\nS x\nD 1\nS 1 2\nQ 1\nM\n"), [Status::NoFunction]);
    }
}
