//! The run in words and tables.

use std::fmt::Write;

use crate::sample::Sample;
use crate::traffic::Traffic;
use crate::verdict::Verdict;

pub(crate) fn write(samples: &[Sample], traffic: &Traffic, verdicts: &[Verdict]) -> String {
    let seconds = samples.last().map_or(0.0, |last| last.elapsed.as_secs_f64());
    let (event_bytes, response_bytes) = traffic.bytes;
    let failed: u64 = traffic.kinds.iter().filter(|((_, error_type), _)| !error_type.is_empty()).map(|(_, n)| n).sum();
    let mut text = format!(
        "# Soak\n\n`cargo bench --bench soak` made this page. {} events to one environment in {:.1} minutes, {failed} of them failures, \
         with {} of events and {} of responses. Every answer was the right one.\n\n![the run as a graph](soak.svg)\n\n\
         Medians of the four quarters of the run; flat means that the last is about the second.\n\n\
         | what | 1st quarter | 2nd | 3rd | 4th | most | flat |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
        traffic.sent(),
        seconds / 60.0,
        gigabytes(event_bytes),
        gigabytes(response_bytes),
    );
    for Verdict { name, unit, quarters, most, .. } in verdicts {
        let flat =
            if verdicts.iter().any(|verdict| verdict.name == *name && verdict.holds()) { "yes" } else { "**no**" };
        let name = if unit.is_empty() { (*name).to_owned() } else { format!("{name}, {unit}") };
        let values: Vec<String> = quarters.iter().chain([most]).map(|value| number(*value)).collect();
        let _ = writeln!(text, "| {name} | {} | {flat} |", values.join(" | ")); // a String takes all
    }
    text += "\n| events that | came to | how many |\n| --- | --- | ---: |\n";
    for ((kind, error_type), count) in &traffic.kinds {
        let outcome = if error_type.is_empty() { "a response".to_owned() } else { format!("`{error_type}`") };
        let _ = writeln!(text, "| {} | {outcome} | {count} |", meaning(kind));
    }
    text
}

fn meaning(kind: &str) -> &str {
    match kind {
        "plain" => "answer",
        "log" => "write 200 lines to the log as well",
        "holder" => "leave a child that holds stdout for a while",
        "daemon" => "leave a child that writes to the log 50 ms later",
        "fail" => "return 3",
        "missing" => "call a command that there is not",
        "exit" => "exit 4",
        "unbound" => "use a variable that is not set",
        "kill" => "kill their subshell",
        "bash" => "kill the persistent Bash (in the first half of the run)",
        other => other,
    }
}

/// Three digits are as many as mean anything.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn gigabytes(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let bytes = bytes as f64;
    format!("{:.2} GB", bytes / 1e9)
}
