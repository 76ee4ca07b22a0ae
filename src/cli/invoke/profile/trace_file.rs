//! Reads the lines that the runtime writes to COSHELL_TRACE_FILE.

use std::time::Duration;

use serde::Deserialize;

/// The records of one event, in the order in which Bash wrote them.
#[derive(Debug, Default)]
pub(super) struct Event {
    request_id: Option<String>,
    pub(super) records: Vec<Record>,
    /// When the event ended, if the end is known.
    pub(super) end: Option<Duration>,
    /// Whether the end is a record of the runtime.
    ended: bool,
}

/// A command of the handler, or a command of the runtime's driver, which has no frames.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    request_id: Option<String>,
    #[serde(deserialize_with = "since_1970")]
    pub(super) time: Option<Duration>,
    #[serde(default)]
    pub(super) pid: i32,
    /// The last process that its subshell started in the background.
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

/// Splits the trace into events. An event that timed out has no end record of its own.
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
        events.iter_mut().for_each(|event| event.ended = false); // the end record comes from the end of the runtime
    }
    if let Some(event) = events.last_mut().filter(|event| event.end.is_none()) {
        let began = event.records.first().and_then(|record| record.time);
        event.end = began.zip(timed_out).map(|(began, limit)| began + limit);
    }
    events
}

/// A sentence about the first gap in the trace; empty if there is no gap.
pub(super) fn gaps(events: &[Event]) -> String {
    let sentence = |record: &Record, reason: &str| {
        let location = record.stack.first().map_or("the handler", String::as_str);
        format!(
            "\nprofile: {reason} `{}` in {location}: its time includes the commands after it until a command is traced again",
            record.command
        )
    };
    let mut records = events.iter().flat_map(|event| &event.records);
    if let Some(record) = records.find(|record| ends_trace(&record.command)) {
        return sentence(record, "the trace was switched off or redirected by");
    }
    events
        .iter()
        .find_map(Event::last_before_break)
        .map(|record| sentence(record, "the trace ends at"))
        .unwrap_or_default()
}

impl Event {
    /// The last command, if no command of the driver follows: the handler became another program, was killed, or redirected the trace.
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
    fn commands_that_end_the_trace_are_recognised() {
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
