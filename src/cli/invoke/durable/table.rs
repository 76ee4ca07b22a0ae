//! Shows the history of an execution as a table.

use serde_json::Value;

use crate::cli::terminal::printable;

/// The most characters of a detail.
const MAX_DETAIL: usize = 60;

/// A line for each event: its number, the seconds since the first one, the event, the operation, and a detail.
pub(super) fn render(history: &[Value]) -> String {
    let first = history.first().and_then(|event| event["EventTimestamp"].as_f64()).unwrap_or_default();
    let rows: Vec<[String; 5]> = history.iter().map(|event| row(event, first)).collect();
    let widths: Vec<usize> =
        (0..4).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()).collect();
    let line = |row: &[String; 5]| {
        let [number, time, event, operation, detail] = row;
        let text = format!(
            "{number:>0$} {time:>1$} s  {event:<2$}  {operation:<3$}  {detail}",
            widths[0], widths[1], widths[2], widths[3]
        );
        printable(text.trim_end())
    };
    rows.iter().map(line).collect::<Vec<String>>().join("\n")
}

/// The events as lines that are the same in each run: `StepSucceeded 1 reserve`. They are in the order of the operations, because parallel
/// branches take turns by chance, and without what differs between runs: times, results and the number of invocations.
pub(crate) fn comparable(history: &[Value]) -> String {
    let mut events: Vec<&Value> =
        history.iter().filter(|event| event["EventType"].as_str() != Some("InvocationCompleted")).collect();
    events.sort_by_key(|event| place(event));
    let line = |event: &&Value| {
        let [_, _, kind, operation, _] = row(event, 0.0);
        printable([kind, operation].join(" ").trim_end()) + "\n"
    };
    events.iter().map(line).collect()
}

/// Where an event belongs: the start of the execution, then its operations by their numbers, and then its end. A long id is a hash, which
/// has no number.
fn place(event: &Value) -> (u8, Vec<u64>, String) {
    let id = event["Id"].as_str().unwrap_or_default();
    let numbers: Option<Vec<u64>> = id.split('-').map(|number| number.parse().ok()).collect();
    match (event["EventType"].as_str(), numbers) {
        (Some("ExecutionStarted"), _) => (0, Vec::new(), String::new()),
        (Some(kind), _) if kind.starts_with("Execution") => (3, Vec::new(), String::new()),
        (_, Some(numbers)) => (1, numbers, String::new()),
        (_, None) => (2, Vec::new(), id.to_owned()),
    }
}

fn row(event: &Value, first: f64) -> [String; 5] {
    let kind = event["EventType"].as_str().unwrap_or_default();
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let is_execution = kind.starts_with("Execution") || kind == "InvocationCompleted";
    let operation =
        if is_execution { String::new() } else { [text("Id"), text("Name")].join(" ").trim_end().to_owned() };
    let kind_shown = match event["SubType"].as_str() {
        Some(sub_type) if !kind.starts_with(sub_type) => format!("{kind} ({sub_type})"),
        _ => kind.to_owned(),
    };
    let time = format!("{:.1}", event["EventTimestamp"].as_f64().unwrap_or_default() - first);
    let details = &event[format!("{kind}Details").as_str()];
    [event["EventId"].to_string(), time, kind_shown, operation, cut(&detail(details))]
}

fn detail(details: &Value) -> String {
    let error = &details["Error"]["Payload"];
    let retry =
        details["RetryDetails"]["NextAttemptDelaySeconds"].as_u64().map(|delay| format!(", again in {delay} s"));
    let text = match (error["ErrorMessage"].as_str(), details["Result"]["Payload"].as_str()) {
        (Some(message), _) => format!("{}: {message}", error["ErrorType"].as_str().unwrap_or_default()),
        (None, Some(result)) => result.to_owned(),
        (None, None) => {
            let input = details["Input"]["Payload"].as_str().map(str::to_owned);
            let wait = details["Duration"].as_u64().map(|seconds| format!("{seconds} s"));
            let callback = details["CallbackId"].as_str().map(str::to_owned);
            input.or(wait).or(callback).unwrap_or_default()
        }
    };
    text + &retry.unwrap_or_default()
}

fn cut(text: &str) -> String {
    let line = text.replace('\n', " ");
    if line.chars().count() <= MAX_DETAIL { line } else { line.chars().take(MAX_DETAIL - 1).chain(['…']).collect() }
}
