//! Whether a report is right: its command, line, function and status are those of the case's truth.

use super::case::timeless;
use super::observation::{Observation, Report, plain_path};
use super::truth::{Answer, Truth};

/// Words by which a report says plainly that it does not know.
const CANNOT_TELL: [&str; 2] = ["Bash cannot tell", "Bash could not tell"];
/// Text of the runtime's own, which belongs in no report, log or response.
const OF_THE_DRIVER: [&str; 3] = ["__coshell", "wait_for:", "environment:"];

/// How good what the runtime says about a case is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Command, line, function and status are right.
    Right,
    /// The report says that it cannot know, or gives no line.
    CannotTell(String),
    /// Anything else; what.
    Wrong(String),
}

impl Verdict {
    /// Of the events of one case and the log of them all.
    pub fn new(truth: &Truth, events: &[Observation], log: &str) -> Verdict {
        let worst = events.iter().map(|event| of_event(truth, event)).max();
        let of_all = [foreign_text(truth, events, log), difference(events)].into_iter().flatten().next();
        match (worst, of_all) {
            (Some(wrong @ Verdict::Wrong(_)), _) => wrong,
            (_, Some(wrong)) => Verdict::Wrong(wrong),
            (worst, None) => worst.unwrap_or_else(|| Verdict::Wrong("no event".into())),
        }
    }
}

fn of_event(truth: &Truth, event: &Observation) -> Verdict {
    match (event, &truth.response) {
        (Observation::Response(got), Some(response)) if got == response => Verdict::Right,
        (Observation::Response(got), Some(response)) => {
            Verdict::Wrong(format!("the response is {got:?}, right is {response:?}"))
        }
        (Observation::Response(got), None) => {
            Verdict::Wrong(format!("no failure is reported; the response is {got:?}"))
        }
        (Observation::Report(report), Some(_)) => Verdict::Wrong(format!("it did not fail: {}", report.sentence)),
        (Observation::Report(report), None) => of_report(truth, report),
        (Observation::Other(other), _) => Verdict::Wrong(other.clone()),
    }
}

fn of_report(truth: &Truth, report: &Report) -> Verdict {
    let missing = truth.messages.iter().find(|message| !report.sentence.contains(*message));
    let best = truth.answers.iter().map(|answer| of_answer(answer, report)).min();
    let ending = truth.ending.as_ref().filter(|ending| report.ending.as_ref() != Some(*ending));
    match (best, &report.contradiction) {
        (None, _) => Verdict::Wrong("the case has no truth".into()),
        (Some(wrong @ Verdict::Wrong(_)), _) => wrong,
        (_, Some(contradiction)) => Verdict::Wrong(contradiction.clone()),
        _ if ending.is_some() => {
            Verdict::Wrong(format!("the ending is {}, right is {}", told(&report.ending), told(&truth.ending)))
        }
        (Some(cannot_tell @ Verdict::CannotTell(_)), _) => cannot_tell,
        _ if missing.is_some() => Verdict::Wrong(format!("the sentence does not say {missing:?}")),
        (Some(Verdict::Right), _) => Verdict::Right,
    }
}

fn of_answer(answer: &Answer, report: &Report) -> Verdict {
    if answer.command.is_some() && CANNOT_TELL.iter().any(|words| report.sentence.contains(words)) {
        return Verdict::CannotTell("it says that Bash cannot tell".into());
    }
    if let Some(command) = &answer.command
        && !report.command.as_ref().is_some_and(|told| is_command(told, command, &report.ending))
    {
        return Verdict::Wrong(format!("the command is {}, right is `{command}`", told(&report.command)));
    }
    if !is_function(answer, report) {
        return Verdict::Wrong(format!(
            "the function is {}, right is {}",
            told(&report.function),
            told(&answer.function)
        ));
    }
    match (&answer.at, &report.at) {
        (Some((file, line)), Some((told, Some(told_line)))) if plain_path(file) == *told && line == told_line => {
            Verdict::Right
        }
        (Some((file, _)), Some((told, None))) if plain_path(file) == *told => Verdict::CannotTell("no line".into()),
        (Some(_), None) | (None, Some((_, None)) | None) if answer.at.is_none() => Verdict::Right,
        (right, told) => Verdict::Wrong(format!("the line is {told:?}, right is {right:?}")),
    }
}

fn is_function(answer: &Answer, report: &Report) -> bool {
    match answer.function.as_deref() {
        None => true,
        Some("EXIT trap") => report.sentence.contains("EXIT trap"),
        Some(function) => report.function.as_deref() == Some(function),
    }
}

/// Whether `told` is the command `right`. A long one may be cut, and of one that is not there the name is enough.
fn is_command(told: &str, right: &str, ending: &Option<String>) -> bool {
    let (short, whole) = (squeezed(told.trim_end_matches('…')), squeezed(right));
    let is_cut = told.ends_with('…') && !short.is_empty() && whole.starts_with(&short);
    let is_missing = ending.as_deref() == Some("status 127") && right.split_whitespace().any(|word| word == told);
    short == whole || is_cut || is_missing || told.ends_with('…') && short.starts_with(&whole)
}

/// Without white space, semicolons, quotes and the descriptors that are understood, in which Bash's print of a command may differ
/// from the script.
fn squeezed(text: &str) -> String {
    let is_layout = |c: char| c.is_whitespace() || "; \"'\\".contains(c);
    let text: String = text.chars().filter(|c| !is_layout(*c)).collect();
    text.replace("0<&", "<&").replace("1>&", ">&")
}

fn told(text: &Option<String>) -> String {
    text.as_ref().map_or_else(|| "not given".to_owned(), |text| format!("`{text}`"))
}

/// A text that must stand nowhere.
fn foreign_text(truth: &Truth, events: &[Observation], log: &str) -> Option<String> {
    let texts = events.iter().map(|event| match event {
        Observation::Report(report) => report.body.as_str(),
        Observation::Response(text) | Observation::Other(text) => text,
    });
    let mut lines = texts.chain([log]).flat_map(str::lines);
    let never: Vec<&str> = truth.never.iter().map(String::as_str).chain(OF_THE_DRIVER).collect();
    let is_foreign =
        |line: &&str| names_a_descriptor_of_a_process(line) || never.iter().any(|text| line.contains(text));
    lines.find(is_foreign).map(|line| format!("a text that must not be there: {line}"))
}

/// Whether a path such as `/proc/4711/fd/5` stands in it: the driver's file.
fn names_a_descriptor_of_a_process(line: &str) -> bool {
    line.split("/proc/").skip(1).any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with("/fd/"))
}

/// The first event that differs from the first of all.
fn difference(events: &[Observation]) -> Option<String> {
    let described: Vec<String> = events.iter().map(description).collect();
    let (index, other) = described.iter().enumerate().find(|(_, text)| **text != described[0])?;
    Some(format!("event 1: {}; event {}: {other}", described[0], index + 1))
}

/// What the events of a case have in common. What ran when the time was up is chance.
fn description(event: &Observation) -> String {
    match event {
        Observation::Report(report) => {
            let sentence = report.sentence.split("; running: ").next().unwrap_or_default();
            timeless(&format!("{:?} {sentence} {:?}", report.error_types, report.stack))
        }
        Observation::Response(text) | Observation::Other(text) => text.clone(),
    }
}
