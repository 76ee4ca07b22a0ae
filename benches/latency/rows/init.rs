//! Cold init: from the start of the process to its first `next`, with the files in the page cache.

use anyhow::Result;

use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::stats::{median, quantile, us};
use crate::subject::Bench;

const STARTS: usize = 60;

/// Starts each peer in turn, many times.
pub(crate) fn run(bench: &Bench) -> Result<Row> {
    let mut times: Vec<(Peer, Vec<f64>)> =
        bench.bootstraps.peers().into_iter().map(|peer| (peer, Vec::new())).collect();
    let count = times.len();
    for round in 0..bench.scaled(STARTS) {
        for turn in 0..times.len() {
            let (peer, times) = &mut times[(round + turn) % count];
            let environment = bench.spawn(*peer, "echo_event", &[])?;
            times.push(us(bench.init(*peer, &environment)?));
        }
    }
    let cells = times.into_iter().map(|(peer, times)| Cell {
        who: peer.name().to_owned(),
        values: vec![median(&times), quantile(&times, 0.99)],
    });
    Ok(Row {
        name: "init",
        title: "Cold init".to_owned(),
        how: "From the start of the process to its first `next`; files in the page cache, no quota.".to_owned(),
        columns: ["p50", "p99"].map(|title| (title.to_owned(), Unit::Time)).into(),
        cells: cells.collect(),
    })
}
