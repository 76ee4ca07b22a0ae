//! The page tests/faults.md: first who dies when, and what the client gets; then what the log says.

use std::fmt::Write as _;
use std::fs;

use nix::sys::signal::Signal;

use super::SIGNALS;
use super::cell::{Victim, When};
use super::told::Told;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults.md");
const HEAD: &str = include_str!("page.md");

/// What differs; with UPDATE_GOLDEN the page is written anew instead.
pub fn difference(told: &[Told]) -> Option<String> {
    let page = write(told);
    let there = fs::read_to_string(PAGE).unwrap_or_default();
    if there == page {
        return None;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(PAGE, page).unwrap();
        return None;
    }
    let differing = page.lines().filter(|line| !there.lines().any(|old| old == *line));
    Some(format!("{PAGE} does not have:\n{}", differing.collect::<Vec<&str>>().join("\n")))
}

fn write(told: &[Told]) -> String {
    let mut page = HEAD.to_owned();
    let names: Vec<&str> = SIGNALS.iter().map(|signal| signal.as_str()).collect();
    for victim in Victim::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n| when | {} |\n| --- | --- | --- | --- | --- |\n",
            name(victim),
            names.join(" | ")
        );
        for when in When::ALL {
            let cells = SIGNALS.map(|signal| find(told, victim, when, signal).map_or("—".to_owned(), summary));
            let _ = writeln!(page, "| {} | {} |", moment(when), cells.join(" | "));
        }
        let said = said(told, victim);
        if !said.is_empty() {
            page.push_str("\n| the log says | where |\n| --- | --- |\n");
        }
        for (line, places) in said {
            let _ = writeln!(page, "| {} | {} |", line.replace('|', "\\|"), places.join("; "));
        }
    }
    page
}

fn find(told: &[Told], victim: Victim, when: When, signal: Signal) -> Option<&Told> {
    told.iter().find(|told| told.cell.victim == victim && told.cell.when == when && told.cell.signal == signal)
}

/// What the client gets, and what the next ones get where that is no response.
fn summary(told: &Told) -> String {
    let mut summary = told.outcomes[0].clone();
    for (index, later) in told.outcomes.iter().enumerate().skip(1).filter(|(_, later)| *later != "response") {
        let _ = write!(summary, "; {} {later}", if index == 1 { "next:" } else { "the one after next:" });
    }
    if told.is_over() {
        summary.push_str("; a new environment");
    }
    summary
}

/// Each line that the log has, and in which cells.
fn said(told: &[Told], victim: Victim) -> Vec<(String, Vec<String>)> {
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for told in told.iter().filter(|told| told.cell.victim == victim) {
        let place = format!("{} {}", told.cell.signal.as_str(), moment(told.cell.when));
        for line in &told.log {
            match said.iter_mut().find(|(other, _)| other == line) {
                Some((_, places)) => places.push(place.clone()),
                None => said.push((line.clone(), vec![place.clone()])),
            }
        }
    }
    said
}

fn name(victim: Victim) -> &'static str {
    match victim {
        Victim::Bash => "The persistent Bash",
        Victim::Waiting => "The subshell that waits for the next event",
        Victim::Running => "The subshell that runs the handler",
        Victim::Child => "A background child that holds stdout",
        Victim::Supervisor => "The supervisor, `bootstrap`",
    }
}

fn moment(when: When) -> &'static str {
    match when {
        When::Sourcing => "while sourcing",
        When::Between => "between events",
        When::Begun => "before the first byte",
        When::Writing => "in mid-response",
        When::Returned => "after the return",
    }
}
