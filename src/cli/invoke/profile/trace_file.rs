//! The lines that the runtime writes to COSHELL_TRACE_FILE.

use std::time::Duration;

use serde::Deserialize;

/// One event, in the order in which Bash wrote it.
#[derive(Debug, Default)]
pub(super) struct Event {
    request_id: Option<String>,
    pub(super) records: Vec<Record>,
    /// When it ended, where that is known.
    pub(super) end: Option<Duration>,
    /// Whether the runtime said so.
    ended: bool,
}

/// A command of the handler; without frames, one of the runtime's own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    request_id: Option<String>,
    #[serde(deserialize_with = "since_1970")]
    pub(super) time: Option<Duration>,
    #[serde(default)]
    pub(super) pid: i32,
    /// What its subshell started in the background last.
    #[serde(default)]
    pub(super) background: Option<i32>,
    #[serde(default)]
    pub(super) subshells: u32,
    /// Innermost first: `fetch (function.sh:12)`.
    #[serde(default)]
    pub(super) stack: Vec<String>,
    #[serde(default)]
    pub(super) command: String,
    #[serde(default)]
    end: bool,
}

/// Cuts the trace into its events. One that timed out has no end of its own.
pub(super) fn events(text: &str, timed_out: Option<Duration>) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for record in text.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok()) {
        if events.last().is_none_or(|event| event.request_id != record.request_id) {
            events.push(Event { request_id: record.request_id.clone(), ..Event::default() });
        }
        let Some(event) = events.last_mut() else { continue };
        if record.end {
            (event.end, event.ended) = (record.time, true);
        } else {
            event.records.push(record);
        }
    }
    if timed_out.is_some() {
        events.iter_mut().for_each(|event| event.ended = false); // the end that the runtime told was its own
    }
    if let Some(event) = events.last_mut().filter(|event| event.end.is_none()) {
        let began = event.records.first().and_then(|record| record.time);
        event.end = began.zip(timed_out).map(|(began, limit)| began + limit);
    }
    events
}

/// Where a trace has a gap, as a sentence; empty where none has.
pub(super) fn gaps(events: &[Event]) -> String {
    let told = |record: &Record, why: &str| {
        let place = record.stack.first().map_or("the handler", String::as_str);
        format!(
            "\nprofile: {why} `{}` in {place}: what follows counts to it until a command is traced again",
            record.command
        )
    };
    let mut records = events.iter().flat_map(|event| &event.records);
    if let Some(record) = records.find(|record| ends_trace(&record.command)) {
        return told(record, "the trace was switched off or elsewhere by");
    }
    events
        .iter()
        .find_map(Event::last_before_break)
        .map(|record| told(record, "the trace broke off after"))
        .unwrap_or_default()
}

impl Event {
    /// The last command, where the runtime's own did not follow: the handler became a program, was killed, or traces elsewhere.
    fn last_before_break(&self) -> Option<&Record> {
        let handler = self.records.first().filter(|_| self.ended)?.pid;
        let mut own = self.records.iter().rev().filter(|record| record.pid == handler);
        own.next().filter(|record| !record.stack.is_empty())
    }
}

fn ends_trace(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| *word == "builtin").collect();
    let sets = |word: &&str| word.starts_with("PS4=") || word.starts_with("BASH_XTRACEFD=");
    let off = |word: &&str| word.starts_with('+') && word.contains('x');
    match words.first() {
        Some(&"set") => words.iter().any(off) || words.windows(2).any(|pair| pair == ["+o", "xtrace"]),
        Some(&"unset") => words.contains(&"BASH_XTRACEFD") || words.contains(&"PS4"),
        Some(&("export" | "declare" | "local" | "typeset" | "readonly")) => words.iter().any(sets),
        Some(first) => sets(first),
        None => false,
    }
}

fn since_1970<'de, D: serde::Deserializer<'de>>(field: D) -> Result<Option<Duration>, D::Error> {
    let seconds = Option::<f64>::deserialize(field)?;
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_the_trace_is_known_by_its_command() {
        for command in
            ["set +x", "set +eux", "set +o xtrace", "PS4='mine '", "export BASH_XTRACEFD=2", "builtin set +x"]
        {
            assert!(ends_trace(command), "{command}");
        }
        for command in ["set -x", "echo set +x", "set +e", "x='PS4=1'", "set -- +1", ""] {
            assert!(!ends_trace(command), "{command}");
        }
    }
}
