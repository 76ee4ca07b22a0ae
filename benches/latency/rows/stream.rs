//! A streamed response: how long its first byte takes from the handler's write to the API, and what 200 MiB cost.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use coshell::lambda::invocation::{Bytes, Part};
use tokio::sync::mpsc::{self, Receiver};

use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::stats::{median, quantile};
use crate::subject::{Bench, Subject};

const EVENTS: usize = 400;
const LARGE_BYTES: u64 = 200 * 1024 * 1024;
const DELIVERY: (&str, &str) = ("COSHELL_RESPONSE", "stream");

/// Sends small events, and then a few large ones.
pub(crate) fn run(bench: &Bench) -> Result<Row> {
    let mut small = bench.start_with(Peer::Coshell, "stream_time", &[DELIVERY], Conditions::default())?;
    let first = (0..bench.scaled(EVENTS)).map(|_| first_byte(&mut small)).collect::<Result<Vec<f64>>>()?;
    let mut large = bench.start_with(Peer::Coshell, "stream_zeros", &[DELIVERY], Conditions::default())?;
    let whole = (0..3).map(|_| whole(&mut large)).collect::<Result<Vec<f64>>>()?;
    Ok(Row {
        name: "stream",
        title: "A streamed response".to_owned(),
        how: "From the handler's write to the first byte at the API, by the wall clock of one machine; 200 MiB from delivery to the \
              last byte, and the most memory that the runtime's process ever had (VmHWM) when that was done three times."
            .to_owned(),
        columns: vec![
            ("first byte p50".to_owned(), Unit::Time),
            ("first byte p99".to_owned(), Unit::Time),
            ("200 MiB".to_owned(), Unit::Time),
            ("peak memory".to_owned(), Unit::Memory),
        ],
        cells: vec![Cell {
            who: Peer::Coshell.name().to_owned(),
            values: vec![median(&first), quantile(&first, 0.99), median(&whole), peak_bytes(large.runtime_pid())],
        }],
    })
}

/// Microseconds from the moment that the handler wrote, which is what it wrote.
fn first_byte(subject: &mut Subject) -> Result<f64> {
    let mut moment = None;
    subject.listen(&Bytes::from_static(b"{}"), |parts| {
        while let Some(part) = parts.blocking_recv() {
            if let Part::Data(data) = part {
                moment.get_or_insert((data, now()));
            }
        }
    })?;
    let (data, came) = moment.context("an empty response")?;
    let text = std::str::from_utf8(&data).context("no number")?.trim().replace(',', ".");
    Ok(1e6 * (came.as_secs_f64() - text.parse::<f64>().context("no number")?).max(0.0))
}

/// Microseconds from delivery to the end.
fn whole(subject: &mut Subject) -> Result<f64> {
    let mut bytes = 0;
    let event = Bytes::from(LARGE_BYTES.to_string());
    let took = subject.listen(&event, |parts| {
        while let Some(part) = parts.blocking_recv() {
            if let Part::Data(data) = part {
                bytes += data.len() as u64;
            }
        }
    })?;
    if bytes != LARGE_BYTES {
        bail!("{bytes} bytes came of {LARGE_BYTES}");
    }
    Ok(1e6 * took.as_secs_f64())
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn peak_bytes(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024.0 * line.split_whitespace().next()?.parse::<f64>().ok()?)
}

/// A listener's two ends, with room for a few parts.
pub(crate) fn channel() -> (mpsc::Sender<Part>, Receiver<Part>) {
    mpsc::channel(4)
}
