//! Prints the results on stdout for a person: a line for each event, and under it the reason for a failure.

use anyhow::Result;

use super::{TestResult, Verdict};
use crate::cli::terminal::{DIM, GREEN, RED, YELLOW, in_colour, paint, print, printable, stdout_is_a_terminal};

/// How many of the last lines of a failed event's log are shown.
const LOG_LINES: usize = 20;

/// Prints the result of one event.
pub(super) fn print_result(result: &TestResult) -> Result<()> {
    print(lines(result, stdout_is_a_terminal() && in_colour()).as_bytes())
}

/// Prints how many events passed and failed.
pub(super) fn print_summary(result: &[TestResult]) -> Result<()> {
    let count = |is: fn(&Verdict) -> bool| result.iter().filter(|result| is(&result.verdict)).count();
    let counts = [
        (count(|verdict| matches!(verdict, Verdict::Passed)), "passed"),
        (count(|verdict| matches!(verdict, Verdict::Written { failure: None, .. })), "written"),
        (count(|verdict| matches!(verdict, Verdict::Written { failure: Some(_), .. })), "written as a failure"),
        (count(|verdict| matches!(verdict, Verdict::Failed(_))), "failed"),
        (count(|verdict| matches!(verdict, Verdict::NotRun)), "not run"),
    ];
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    print(format!("{}\n", parts.join(", ")).as_bytes())
}

fn lines(result: &TestResult, coloured: bool) -> String {
    let ms = result.duration.as_secs_f64() * 1000.0;
    let name = printable(&result.name);
    let head =
        |colour, word: &str, rest: &str| format!("{} {name}{rest}\n", paint(coloured, colour, &format!("{word:7}")));
    let mut text = match &result.verdict {
        Verdict::Passed => head(GREEN, "ok", &format!(" ({ms:.0} ms)")),
        Verdict::Written { file, failure } => {
            let extension = file.extension().unwrap_or_default().display();
            match failure {
                None => head(YELLOW, "wrote", &format!(".{extension}")),
                Some(details) => {
                    let rest = format!(".{extension}: the event failed, and this failure is now the expected answer");
                    head(YELLOW, "wrote", &rest) + &evidence(details, result, coloured)
                }
            }
        }
        Verdict::Failed(fault) => {
            head(RED, "failed", &format!(": {}", printable(&fault.reason)))
                + &evidence(&fault.details, result, coloured)
        }
        Verdict::NotRun => head(DIM, "not run", ""),
    };
    for warning in &result.warnings {
        text.push_str(&format!("        {}: {}\n", paint(coloured, YELLOW, "warning"), printable(warning)));
    }
    text
}

fn evidence(details: &str, result: &TestResult, coloured: bool) -> String {
    let mut text = String::new();
    for line in details.lines() {
        let line = printable(line);
        let line = match line.as_bytes().first() {
            Some(b'-') => paint(coloured, RED, &line),
            Some(b'+') => paint(coloured, GREEN, &line),
            Some(_) | None => line,
        };
        text.push_str(&format!("        {line}\n"));
    }
    let log: Vec<&str> = result.log.lines().collect();
    if !log.is_empty() {
        text.push_str(&format!("        {}\n", paint(coloured, DIM, "last lines of the log:")));
    }
    for line in log.iter().skip(log.len().saturating_sub(LOG_LINES)) {
        text.push_str(&format!("        {}\n", paint(coloured, DIM, &printable(line))));
    }
    text
}
