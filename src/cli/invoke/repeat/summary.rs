//! Prints the summary as text or as one JSON object.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Summary;
use super::statistics::Statistics;
use crate::cli::invoke::json_output::{self, ms};

/// The number of events from which a histogram is useful.
const MIN_EVENTS: usize = 20;
const LONGEST_BAR: usize = 40;

impl Summary {
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("\n{}\n", self.counts());
        let rows = [("until answered", &self.answered), ("billed", &self.billed)];
        let rows = rows.map(|(name, durations)| Statistics::of(durations).map(|statistics| (name, statistics)));
        if let [Some((_, answered)), _] = &rows {
            let names = answered.values().map(|(name, _)| format!("{name:>9}")).concat();
            let _ = writeln!(text, "{:<16}{names}  ms", ""); // writing to a String cannot fail
        }
        for (name, statistics) in rows.iter().flatten() {
            let values = statistics.values().map(|(_, value)| format!("{:>9.2}", ms(value))).concat();
            let _ = writeln!(text, "{name:<16}{values}");
        }
        if let Some(init) = self.init {
            let memory = match self.max_memory_bytes.div_ceil(1024 * 1024) {
                0 => String::new(), // no process was left to measure
                mb => format!(", max memory used {mb} MB"),
            };
            let _ = writeln!(text, "init {:.2} ms{memory}", ms(init));
        }
        if let [Some((name, answered)), _] = &rows
            && self.answered.len() >= MIN_EVENTS
        {
            text.push_str(&histogram(name, answered));
        }
        if self.hidden_lines > 0 {
            let lines = if self.hidden_lines == 1 { "line" } else { "lines" };
            let _ = writeln!(text, "log: {} more {lines} not shown; --json has all of the log", self.hidden_lines);
        }
        text
    }

    /// How many events succeeded and failed, and why fewer events were sent than requested.
    fn counts(&self) -> String {
        let sent = self.sent();
        let mut counts = format!("{sent} event{}: {} succeeded", if sent == 1 { "" } else { "s" }, self.responses);
        if self.init.is_none() {
            return format!("init failed: none of {} events was sent", self.requested);
        }
        if self.failed() > 0 {
            let types = self.errors.iter().map(|(error_type, count)| format!("{error_type} {count}"));
            let types: Vec<String> = types.collect();
            let _ = write!(counts, ", {} failed ({})", self.failed(), types.join(", "));
        }
        if self.different > 0 {
            let _ = write!(
                counts,
                "; {} of {} responses differ from the first, so no response is on stdout",
                self.different, self.responses
            );
        } else if self.responses > 0 && self.common_response().is_none() {
            counts.push_str("; not every event gave a response, so no response is on stdout");
        }
        if sent < self.requested {
            let reason = if self.environment_ended { "the environment ended" } else { "interrupted" };
            let _ = write!(counts, "; {reason}, {} were not sent", self.requested - sent);
        }
        counts
    }

    pub(super) fn object(&self, log: &str) -> Value {
        let mut object = Map::new();
        object.insert("status".into(), json_output::status_name(self.status).into());
        object.insert("events".into(), self.sent().into());
        object.insert("succeeded".into(), self.responses.into());
        object.insert("failed".into(), self.failed().into());
        object.insert("differentResponses".into(), self.different.into());
        if let Some(response) = self.common_response() {
            json_output::insert_response(&mut object, &response.bytes);
        }
        if let Some(error) = &self.first_error {
            object.insert("error".into(), json_output::error_object(error));
            object.insert(
                "errors".into(),
                self.errors.iter().map(|(kind, count)| (kind.clone(), json!(count))).collect(),
            );
        }
        for (name, durations) in [("answeredMs", &self.answered), ("billedMs", &self.billed)] {
            if let Some(statistics) = Statistics::of(durations) {
                object.insert(name.into(), statistics.object());
            }
        }
        if let Some(init) = self.init {
            object.insert("initDurationMs".into(), json!(ms(init)));
            object.insert("maxMemoryBytes".into(), self.max_memory_bytes.into());
        }
        object.insert("log".into(), log.lines().collect::<Vec<&str>>().into());
        Value::Object(object)
    }
}

fn histogram(name: &str, statistics: &Statistics) -> String {
    let rows = statistics.histogram();
    let most = rows.iter().map(|row| row.count).max().unwrap_or(1);
    let mut drawn = String::new();
    let mut from = Duration::ZERO;
    for row in &rows {
        let bar = "#".repeat((row.count * LONGEST_BAR).div_ceil(most));
        let label = match row.below {
            Some(below) => format!("below {:>9.2}", ms(below)),
            None => format!("from  {:>9.2}", ms(from)),
        };
        let _ = writeln!(drawn, "{label} ms {:>7} {bar}", row.count);
        from = row.below.unwrap_or(from);
    }
    if drawn.is_empty() { drawn } else { format!("{name}:\n{drawn}") }
}
