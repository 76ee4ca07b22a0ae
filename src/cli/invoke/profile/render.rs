//! Renders a profile as a flame graph, as folded stacks and as a table.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use inferno::flamegraph::{self, Options};

use super::source_lines::{Sources, function};
use super::timeline::Slice;
use crate::cli::invoke::json_output::ms;

const ROWS: usize = 40;

/// The time of one line.
#[derive(Debug, Default)]
struct Row {
    own: Duration,
    /// Including the functions that the line called.
    all: Duration,
    times: usize,
}

/// An SVG with a frame for each function and, above it, a frame for each of its lines. The width of a frame is its time.
pub(super) fn flame_graph(
    slices: &[Slice<'_>],
    events: usize,
    handler: &str,
    sources: &mut Sources,
) -> Result<Vec<u8>> {
    let mut options = Options::default();
    options.title = handler.to_owned();
    options.subtitle = Some(heading(slices, events));
    options.count_name = "us".to_owned();
    options.name_type = "Line:".to_owned();
    options.deterministic = true;
    let folded = folded(slices, sources);
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, folded.iter().map(String::as_str), &mut svg)
        .context("cannot draw the flame graph")?;
    Ok(svg)
}

/// A line for each stack, outermost first: `handler;function.sh:12 sleep 1 MICROSECONDS`.
pub(super) fn folded(slices: &[Slice<'_>], sources: &mut Sources) -> Vec<String> {
    let mut stacks: BTreeMap<String, u128> = BTreeMap::new();
    for slice in slices {
        let frame = |frame: &String| {
            let line = sources.line(frame, slice.record);
            // Frames are separated by semicolons.
            format!("{};{}", function(frame), line.replace(';', ","))
        };
        let frames: Vec<String> = slice.record.stack.iter().rev().map(frame).collect();
        *stacks.entry(frames.join(";")).or_default() += slice.time.as_micros();
    }
    stacks.into_iter().map(|(stack, microseconds)| format!("{stack} {microseconds}")).collect()
}

/// The lines with the most time of their own.
pub(super) fn table(slices: &[Slice<'_>], events: usize, sources: &mut Sources) -> String {
    let total = total(slices);
    let mut table = format!("{}\n\n", heading(slices, events));
    let _ = writeln!(table, "{:>11} {:>6} {:>11} {:>6} {:>8}  line", "own ms", "%", "with calls", "%", "commands");
    for (line, row) in rows(slices, sources).into_iter().take(ROWS) {
        let (own, all) = (percent(row.own, total), percent(row.all, total));
        let _ = writeln!(
            table,
            "{:>11.2} {own:>6.1} {:>11.2} {all:>6.1} {:>8}  {line}",
            ms(row.own),
            ms(row.all),
            row.times
        );
    }
    table
}

/// A description of the line with the most time of its own.
pub(super) fn hottest(slices: &[Slice<'_>], sources: &mut Sources) -> String {
    let total = total(slices);
    let line = |(line, row): &(String, Row)| format!(", {:.0} % of it in {line}", percent(row.own, total));
    let line = rows(slices, sources).first().map(line).unwrap_or_default();
    format!("{:.2} ms in all{line}", ms(total))
}

/// The lines, sorted by their own time, the longest first.
fn rows(slices: &[Slice<'_>], sources: &mut Sources) -> Vec<(String, Row)> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for slice in slices {
        let mut lines = slice.record.stack.iter().map(|frame| sources.line(frame, slice.record));
        let Some(innermost) = lines.next() else { continue };
        let callers: HashSet<String> = lines.filter(|line| *line != innermost).collect(); // each line once, also in a recursion
        for line in callers {
            rows.entry(line).or_default().all += slice.time;
        }
        let row = rows.entry(innermost).or_default();
        row.own += slice.time;
        row.all += slice.time;
        row.times += 1;
    }
    let mut rows: Vec<(String, Row)> = rows.into_iter().collect();
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.own));
    rows
}

fn heading(slices: &[Slice<'_>], events: usize) -> String {
    let plural = if events == 1 { "" } else { "s" };
    format!("{events} event{plural}, {} commands, {:.2} ms", slices.len(), ms(total(slices)))
}

fn total(slices: &[Slice<'_>]) -> Duration {
    slices.iter().map(|slice| slice.time).sum()
}

fn percent(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { 100.0 * part.as_secs_f64() / whole.as_secs_f64() }
}
