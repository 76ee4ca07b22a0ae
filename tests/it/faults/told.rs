//! What came of a cell, in the page's words.

use coshell::lambda::invocation::{FunctionError, Outcome};
use coshell::lambda::runtime_api::Init;

use super::cell::{Cell, Victim, When};
use crate::failures::case::timeless;
use crate::support::answer::text;

/// What the handler was to write for an event.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// Beginning and end.
    Plain,
    /// The end alone.
    End,
    /// And a child's text after it.
    WithChild,
    EndWithChild,
}

/// A cell, and what came of it.
#[derive(Debug)]
pub struct Told {
    pub cell: Cell,
    /// Of the event that it happened to, and of those after it.
    pub outcomes: Vec<String>,
    /// What the runtime itself said.
    pub log: Vec<String>,
    over: bool,
}

impl What {
    pub fn of(cell: &Cell, child: &str) -> What {
        match (cell.when, child) {
            (When::Begun, "") => What::End,
            (When::Begun, _) => What::EndWithChild,
            (When::Returned, _) => What::WithChild,
            (_, "") => What::Plain,
            _ => What::WithChild,
        }
    }

    fn lines(self, mark: &str) -> (String, bool) {
        let (begin, end) = (format!("begin of {mark}\nend of {mark}"), format!("end of {mark}"));
        match self {
            What::Plain => (begin, false),
            What::End => (end, false),
            What::WithChild => (begin, true),
            What::EndWithChild => (end, true),
        }
    }
}

impl Told {
    pub fn of(cell: Cell) -> Told {
        Told { cell, outcomes: Vec::new(), log: Vec::new(), over: false }
    }

    /// Whether the environment has ended.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the last event's time limit passed.
    pub fn is_too_late(&self) -> bool {
        self.outcomes.last().is_some_and(|word| word == "time limit")
    }

    /// The start went so.
    pub fn init(&mut self, init: &Init) {
        self.over = true;
        self.outcomes.push(match init {
            Init::Ready(_) => panic!("{:?}: ready", self.cell),
            Init::Failed(error) => code(&error.error_type),
            Init::RuntimeExited(_) => code("Runtime.ExitError"),
            Init::TimedOut => "init time limit".to_owned(),
        });
    }

    /// An event with this mark went so. No other event's mark may stand in its answer.
    pub fn event(&mut self, what: What, mark: &str, outcome: Outcome) {
        let word = match outcome {
            Outcome::Response(response) => self.response(what, mark, &text(&response.bytes)),
            Outcome::Error(error) => self.error(mark, &error),
            Outcome::TimedOut => "time limit".to_owned(),
            Outcome::RuntimeExited(_) => code("Runtime.ExitError"),
        };
        self.over = matches!(word.as_str(), "time limit" | "`Runtime.ExitError`");
        self.outcomes.push(word);
    }

    fn response(&self, what: What, mark: &str, response: &str) -> String {
        let (lines, has_child) = what.lines(mark);
        let whole = if has_child { format!("{lines}\nlate of {mark}") } else { lines.clone() };
        if response == whole {
            return "response".to_owned();
        }
        assert!(self.cell.victim == Victim::Child && response == lines, "{:?}: {response:?}", self.cell);
        "response without the child's text".to_owned()
    }

    fn error(&self, mark: &str, error: &FunctionError) -> String {
        let body = text(&error.body);
        assert!(only_of(mark, &body), "{:?}: {body}", self.cell);
        code(&error.error_type)
    }

    /// Takes the runtime's own lines out of the log.
    pub fn log(&mut self, log: &str) {
        let own = log.lines().filter(|line| line.starts_with('['));
        // A busy machine may take over a second from the handler's return to the child's end.
        let own = own.filter(|line| !line.contains("a background process still holds its stdout"));
        for line in own {
            let number = line.split("event-").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let shift = u32::from(self.cell.when != When::Between);
            let mark = number.parse::<u32>().map(|number| format!("m{}", number - 1 + shift)).unwrap_or_default();
            assert!(only_of(&mark, line), "{:?}: {line}", self.cell);
            let line = line.replace(&format!("event-{number} "), "").replace(" (core dumped)", "");
            self.log.push(without_margin(&timeless(&line)));
        }
    }
}

/// Whether no event stands in `text` but the one with this mark.
fn only_of(mark: &str, text: &str) -> bool {
    (0..10).map(|number| format!(" of m{number}")).all(|of| of.ends_with(mark) || !text.contains(&of))
}

/// With N for the milliseconds that an event was ended before its deadline.
fn without_margin(line: &str) -> String {
    match line
        .split_once("; ended ")
        .and_then(|(head, tail)| Some((head, tail.split_once(" ms before its deadline")?.1)))
    {
        Some((head, tail)) => format!("{head}; ended N ms before its deadline{tail}"),
        None => line.to_owned(),
    }
}

fn code(word: &str) -> String {
    format!("`{word}`")
}
