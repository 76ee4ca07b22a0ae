//! What is to be reached (issue C), as ratios within one run.

use super::Row;
use super::number::{Unit, ratio};
use crate::rows::http::JQ_TWICE;
use crate::rows::keep::KEEP;
use crate::rows::tools::{CLI_CP, CLI_DOWN, CLI_SSM, CLI_UP, HANDLER, SMALL_CP, SMALL_DOWN, SMALL_SSM, SMALL_UP};
use crate::rows::traces::UNTRACED;

/// A value that is compared or compared with: row, line, column.
#[derive(Clone, Copy, Debug)]
struct Place(&'static str, &'static str, &'static str);

#[derive(Clone, Copy, Debug)]
enum Limit {
    /// So many times another value.
    Times(f64, Place),
    /// So many bytes.
    Bytes(f64),
}

struct Goal {
    what: &'static str,
    value: Place,
    limit: Limit,
}

/// A goal beside what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) what: &'static str,
    pub(crate) goal: String,
    pub(crate) measured: String,
    pub(crate) reached: bool,
}

const OURS: &str = "coshell";
const RUST: &str = "Rust without Bash";
const SHELL: &str = "shell bootstrap";
/// The line of what a large response is compared with.
pub(crate) const SUBSTITUTION: &str = "`$(cat FILE)` in Bash alone";
/// The line of what a large log is compared with.
pub(crate) const PLAIN_CAT: &str = "`cat FILE | cat >/dev/null`";

const fn times(what: &'static str, row: &'static str, column: &'static str, factor: f64, who: &'static str) -> Goal {
    Goal { what, value: Place(row, OURS, column), limit: Limit::Times(factor, Place(row, who, column)) }
}

const fn kept(what: &'static str, row: &'static str, column: &'static str, factor: f64, who: &'static str) -> Goal {
    Goal { what, value: Place(row, KEEP, column), limit: Limit::Times(factor, Place(row, who, column)) }
}

const GOALS: [Goal; 38] = [
    times("p50 back to back, to Rust's", "back-to-back", "p50", 3.0, RUST),
    times("p50 back to back, to the shell bootstrap's", "back-to-back", "p50", 1.0 / 50.0, SHELL),
    times("p50 with 20 ms between, to Rust's", "gap", "p50", 2.0, RUST),
    times("p50 at 128 MB, to Rust's", "128mb", "p50", 2.5, RUST),
    times("p50 at 128 MB, to the shell bootstrap's", "128mb", "p50", 1.0 / 500.0, SHELL),
    times("processor time per event, to the shell bootstrap's", "gap", "processor", 1.0 / 50.0, SHELL),
    times("p50 frozen between events, to Rust's", "frozen", "p50", 3.0, RUST),
    times("cold init, to the shell bootstrap's", "init", "p50", 1.0 / 5.0, SHELL),
    Goal {
        what: "p99 with random gaps, to its own p50",
        value: Place("random", OURS, "p99"),
        limit: Limit::Times(4.0, Place("random", OURS, "p50")),
    },
    Goal {
        what: "memory after 1,000 events",
        value: Place("memory", OURS, "PSS"),
        limit: Limit::Bytes(2.5 * 1_048_576.0),
    },
    in_line("6 MB in, to 1 MB in", "in", "6 MB", "1 MB"),
    in_line("1 MB in, to 100 kB in", "in", "1 MB", "100 kB"),
    in_line("6 MB out, to 1 MB out", "out", "6 MB", "1 MB"),
    in_line("1 MB out, to 100 kB out", "out", "1 MB", "100 kB"),
    times("6 MB out, to `$(cat FILE)` in Bash", "out", "6 MB", 3.0, SUBSTITUTION),
    times("processor time with stack traces, to without", "traces", "processor", 1.1, UNTRACED),
    times("an HTTP handler without jq, to the same with jq", "http", "p50", 1.0 / 4.0, JQ_TWICE),
    times("the same at 128 MB", "http-128mb", "p50", 1.0 / 4.0, JQ_TWICE),
    times("10 MB of log, to `cat` of it", "log", "p50", 3.0, PLAIN_CAT),
    kept("processor time per event with keep, to the default's", "keep", "its processor ", 0.42, OURS),
    kept("back to back with keep, to the default's", "keep", "back to back p50", 0.40, OURS),
    kept("back to back with keep, to Rust's", "keep", "back to back p50", 3.0, RUST),
    kept("from delivery to `next` with keep, to the default's", "keep", "its billed p50", 0.5, OURS),
    kept("the same at 128 MB", "keep-128mb", "billed p50", 0.1, OURS),
    tool("processor time of ssm get-parameter, to the AWS CLI's", "tools", "processor", SMALL_SSM, 1.0 / 50.0, CLI_SSM),
    tool("memory of ssm get-parameter, to the AWS CLI's", "tools", "peak memory", SMALL_SSM, 1.0 / 5.0, CLI_SSM),
    tool("processor time of s3 cp of 1 kB, to the AWS CLI's", "tools", "processor", SMALL_CP, 1.0 / 50.0, CLI_CP),
    tool("memory of s3 cp of 1 kB, to the AWS CLI's", "tools", "peak memory", SMALL_CP, 1.0 / 5.0, CLI_CP),
    most("the small aws as a file", "tools", "file", SMALL_SSM, 6e6),
    tool("ssm get-parameter at 128 MB, to the AWS CLI", "tools-128mb", "time", SMALL_SSM, 1.0 / 50.0, CLI_SSM),
    tool("s3 cp of 1 kB at 128 MB, to the AWS CLI", "tools-128mb", "time", SMALL_CP, 1.0 / 50.0, CLI_CP),
    tool("100 MB to S3, to the AWS CLI", "tools-100mb", "time", SMALL_UP, 1.0, CLI_UP),
    most("memory of 100 MB to S3", "tools-100mb", "peak memory", SMALL_UP, 32.0 * 1_048_576.0),
    tool("100 MB from S3, to the AWS CLI", "tools-100mb", "time", SMALL_DOWN, 1.0, CLI_DOWN),
    most("memory of 100 MB from S3", "tools-100mb", "peak memory", SMALL_DOWN, 32.0 * 1_048_576.0),
    tool("processor time of 100 MB to S3, to the AWS CLI's", "tools-100mb", "processor", SMALL_UP, 1.0, CLI_UP),
    tool("processor time of 100 MB from S3, to the AWS CLI's", "tools-100mb", "processor", SMALL_DOWN, 1.0, CLI_DOWN),
    tool("jq and s3 cp in a handler at 128 MB", "tools-handler-128mb", "p50", HANDLER[0], 1.0 / 20.0, HANDLER[1]),
];

const fn tool(
    what: &'static str,
    row: &'static str,
    column: &'static str,
    ours: &'static str,
    factor: f64,
    theirs: &'static str,
) -> Goal {
    Goal { what, value: Place(row, ours, column), limit: Limit::Times(factor, Place(row, theirs, column)) }
}

const fn most(what: &'static str, row: &'static str, column: &'static str, who: &'static str, bytes: f64) -> Goal {
    Goal { what, value: Place(row, who, column), limit: Limit::Bytes(bytes) }
}

/// Time that grows in line with size, with a quarter more for noise: sizes that differ by 10 or by 6.
const fn in_line(what: &'static str, row: &'static str, large: &'static str, small: &'static str) -> Goal {
    let factor = if large.len() == small.len() { 6.0 * 1.25 } else { 10.0 * 1.25 };
    Goal { what, value: Place(row, OURS, large), limit: Limit::Times(factor, Place(row, OURS, small)) }
}

/// All goals whose rows were measured.
pub(crate) fn judge(rows: &[Row]) -> Vec<Judged> {
    GOALS.iter().filter_map(|goal| goal.judge(rows)).collect()
}

impl Goal {
    fn judge(&self, rows: &[Row]) -> Option<Judged> {
        let value = self.value.find(rows)?;
        let (goal, measured, reached) = match self.limit {
            Limit::Times(factor, place) => {
                let measured = value / place.find(rows)?;
                (ratio(factor), ratio(measured), measured <= factor)
            }
            Limit::Bytes(most) => (Unit::Memory.write(most), Unit::Memory.write(value), value <= most),
        };
        Some(Judged { what: self.what, goal, measured, reached })
    }
}

impl Place {
    fn find(self, rows: &[Row]) -> Option<f64> {
        rows.iter().find(|row| row.name == self.0)?.value(self.1, self.2)
    }
}
