//! Memory of the whole tree while it waits for the next event. Each peer is alone: processes of one program share pages, which would
//! make each other's share smaller.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use coshell::lambda::invocation::Bytes;

use crate::arrival::{Arrival, Gaps};
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::subject::Bench;

const EVENTS: usize = 1_000;
/// What a peer still does after `next`.
pub(super) const SETTLE: Duration = Duration::from_millis(50);
const EVENT: &[u8] = br#"{"text":"Hello"}"#;

/// Sends each peer its events, then adds up /proc/PID/smaps_rollup.
pub(crate) fn run(bench: &Bench) -> Result<Row> {
    let cells = bench.bootstraps.peers().into_iter().map(|peer| {
        let mut subject = bench.start(peer, "echo_event", Conditions::default())?;
        let event = Bytes::from_static(EVENT);
        subject.block(Arrival::BackToBack, &event, bench.scaled(EVENTS), &mut Gaps::default())?;
        sleep(SETTLE);
        let values = ["Pss:", "Private_", "Rss:"].map(|name| total(&subject.pids(), name));
        Ok(Cell { who: peer.name().to_owned(), values: values.into() })
    });
    Ok(Row {
        name: "memory",
        title: format!("Memory after {} events", bench.scaled(EVENTS)),
        how:
            "The sum over all processes that live between events; pages that n processes share count 1/n in each (PSS)."
                .to_owned(),
        columns: ["PSS", "private", "RSS"].map(|title| (title.to_owned(), Unit::Memory)).into(),
        cells: cells.collect::<Result<_>>()?,
    })
}

/// The sum of the lines that begin with `name`, in bytes; a process that has ended counts nothing.
pub(super) fn total(pids: &[u32], name: &str) -> Option<f64> {
    let mut sum = 0.0;
    for pid in pids {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        for line in rollup.lines().filter(|line| line.starts_with(name)) {
            sum += kib(line).ok()? * 1024.0;
        }
    }
    Some(sum)
}

fn kib(line: &str) -> Result<f64> {
    let field = line.split_whitespace().nth(1).context("a line without a number")?;
    field.parse().context("not a number")
}
