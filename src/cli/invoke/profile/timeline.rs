//! Assigns each moment of an event to the command that began last. Commands in the background do not count, because the handler does not
//! wait for them (a handler that waits spends its time in `wait`).
//!
//! The trace does not mark the subshells that run in the background. Bash's `$!` shows most of them. A subshell also runs in the background
//! if its parent continues at the same time. The trace does not name the parent either: the parent is the subshell whose function calls the
//! new subshell began with.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::trace_file::{Event, Record};

/// A command and the time that it took.
#[derive(Debug)]
pub(super) struct Slice<'a> {
    pub(super) record: &'a Record,
    pub(super) time: Duration,
}

/// One subshell as the trace shows it.
#[derive(Debug)]
struct Subshell<'a> {
    pid: i32,
    parent: Option<i32>,
    first: Duration,
    last: &'a Record,
    until: Duration,
}

/// The slices of the handler's own commands, in order.
pub(super) fn slices(event: &Event) -> Vec<Slice<'_>> {
    let mut records: Vec<(Duration, &Record)> =
        event.records.iter().filter_map(|record| record.time.map(|time| (time, record))).collect();
    records.sort_by_key(|(time, _)| *time);
    let background = in_background(&records);
    records.retain(|(_, record)| !background.contains(&record.pid));
    let ends = records.iter().skip(1).map(|(time, _)| Some(*time)).chain([event.end]);
    let slices = records.iter().zip(ends).map(|(&(begin, record), end)| {
        let time = end.map_or(Duration::ZERO, |end| end.saturating_sub(begin));
        Slice { record, time }
    });
    slices.filter(|slice| !slice.record.stack.is_empty()).collect()
}

/// The pids of the subshells that run in the background, and of their own subshells.
fn in_background(records: &[(Duration, &Record)]) -> HashSet<i32> {
    let mut background: HashSet<i32> = records.iter().filter_map(|(_, record)| record.background).collect();
    let subshells = subshells(records);
    let parents: HashMap<i32, i32> =
        subshells.iter().filter_map(|subshell| Some((subshell.pid, subshell.parent?))).collect();
    for subshell in &subshells {
        let continues = |(time, record): &(Duration, &Record)| {
            Some(record.pid) == subshell.parent && *time > subshell.first && *time < subshell.until
        };
        if records.iter().any(continues) {
            background.insert(subshell.pid);
        }
    }
    // A parent comes before its subshells in the list.
    for subshell in &subshells {
        if parents.get(&subshell.pid).is_some_and(|parent| background.contains(parent)) {
            background.insert(subshell.pid);
        }
    }
    background
}

fn subshells<'a>(records: &[(Duration, &'a Record)]) -> Vec<Subshell<'a>> {
    let mut subshells: Vec<Subshell<'a>> = Vec::new();
    for (time, record) in records {
        if let Some(known) = subshells.iter_mut().find(|known| known.pid == record.pid) {
            known.last = record;
            known.until = *time;
        } else {
            let parent = parent(&subshells, record);
            subshells.push(Subshell { pid: record.pid, parent, first: *time, last: record, until: *time });
        }
    }
    subshells
}

/// The subshell that shares the most function calls with the new one; of several, the subshell one level above.
fn parent(subshells: &[Subshell<'_>], new: &Record) -> Option<i32> {
    let fits = |known: &&Subshell<'_>| {
        let level = match new.subshells.checked_sub(known.last.subshells) {
            Some(1) => 2,
            Some(0) => 1, // a member of a pipeline
            Some(_) | None => 0,
        };
        (common_calls(&known.last.stack, &new.stack), level)
    };
    // In reverse, because max_by_key takes the last of equal items, and a member of a pipeline is not the parent of the next member.
    subshells.iter().rev().max_by_key(fits).map(|known| known.pid)
}

/// How many calls both stacks share, starting from the outermost; 0 if `known` has a call that `new` does not have.
fn common_calls(known: &[String], new: &[String]) -> usize {
    let name = |frame: &String| frame.split(' ').next().map(str::to_owned);
    let same = known.iter().rev().zip(new.iter().rev()).take_while(|(known, new)| name(known) == name(new)).count();
    if same < known.len() { 0 } else { same }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::invoke::profile::trace_file::events;

    fn line(ms: u32, pid: i32, subshells: u32, background: &str, stack: &str, command: &str) -> String {
        let stack: Vec<&str> = stack.split(';').collect();
        format!(
            "{{\"time\":{},\"requestId\":\"r\",\"pid\":{pid},\"background\":{background},\"subshells\":{subshells},\
             \"stack\":{},\"command\":\"{command}\"}}",
            100.0 + f64::from(ms) / 1000.0,
            serde_json::to_string(&stack).unwrap()
        )
    }

    fn sliced(lines: &[String]) -> Vec<(String, u128)> {
        let text = format!("{}\n{{\"time\":100.1,\"requestId\":\"r\",\"end\":true}}\n", lines.join("\n"));
        let events = events(&text, None);
        let summary =
            |slice: Slice<'_>| (slice.record.command.clone(), (slice.time.as_secs_f64() * 1e3).round() as u128);
        slices(&events[0]).into_iter().map(summary).collect()
    }

    #[test]
    fn a_command_substitution_takes_its_time_from_its_own_commands_on() {
        let slices = sliced(&[
            line(0, 1, 1, "null", "h (f:1)", "first"),
            line(1, 2, 2, "null", "h (f:2)", "inner"),
            line(51, 1, 1, "null", "h (f:2)", "x=inner"),
            line(52, 1, 1, "null", "h (f:3)", "last"),
        ]);
        assert_eq!(slices, [("first", 1), ("inner", 50), ("x=inner", 1), ("last", 48)].map(|(c, t)| (c.to_owned(), t)));
    }

    #[test]
    fn background_commands_and_their_subshells_take_no_time() {
        let slices = sliced(&[
            line(0, 1, 1, "null", "h (f:1)", "first"),
            line(1, 2, 2, "null", "bg (f:9);h (f:1)", "background"),
            line(2, 1, 1, "2", "h (f:2)", "sleep"),
            line(3, 3, 3, "null", "bg (f:9);h (f:1)", "its substitution"),
            line(50, 2, 2, "null", "bg (f:9);h (f:1)", "background"),
        ]);
        assert_eq!(slices, [("first", 2), ("sleep", 98)].map(|(c, t)| (c.to_owned(), t)));
    }

    #[test]
    fn members_of_a_pipeline_share_its_time() {
        let slices = sliced(&[
            line(0, 1, 1, "null", "h (f:1)", "first"),
            line(10, 2, 1, "null", "h (f:2)", "produce"),
            line(11, 3, 1, "null", "h (f:2)", "consume"),
            line(20, 2, 1, "null", "h (f:2)", "produce more"),
            line(30, 3, 1, "null", "h (f:2)", "consume more"),
            line(60, 1, 1, "null", "h (f:3)", "last"),
        ]);
        assert_eq!(slices.iter().map(|(_, time)| time).sum::<u128>(), 100);
        assert_eq!(slices[4], ("consume more".to_owned(), 30));
    }
}
