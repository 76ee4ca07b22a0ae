//! A random handler, and the result that it must have.

use std::fmt::Write as _;

use fastrand::Rng;

/// How deep child contexts and parallel work may be nested.
const DEEPEST: usize = 3;
/// Stands in a result for the indexes of the items of the maps around a step, which are part of its id.
const PATH: &str = "<path>";
/// No part is nested after so many parts.
const ENOUGH_PARTS: usize = 8;
/// The most parts of a function.
const MOST_PARTS: usize = 3;

/// A handler: functions of Bash, of which `main` is the first to run.
pub(super) struct Plan {
    pub(super) seed: u64,
    /// The name of the execution.
    pub(super) name: String,
    pub(super) script: String,
    pub(super) result: String,
    /// The steps that may run once in each attempt.
    pub(super) at_most_once: Vec<String>,
}

/// Numbers the parts of a plan.
struct Maker {
    rng: Rng,
    number: usize,
    functions: String,
    at_most_once: Vec<String>,
}

impl Plan {
    pub(super) fn new(seed: u64, name: String) -> Plan {
        let rng = Rng::with_seed(seed);
        let mut maker = Maker { rng, number: 0, functions: String::new(), at_most_once: Vec::new() };
        let result = maker.function("main", 0).replace(PATH, "");
        let script = format!("execution={name} path=\n{}", maker.functions);
        Plan { seed, name, script, result, at_most_once: maker.at_most_once }
    }
}

impl Maker {
    /// Writes a function that prints the results of its parts, and returns these.
    fn function(&mut self, name: &str, depth: usize) -> String {
        let (mut body, mut result) = (String::new(), String::new());
        for part in 0..self.rng.usize(1..=MOST_PARTS) {
            let (code, text) = self.part(depth);
            writeln!(body, "  local part{part}\n  {}", code.replace("RESULT", &format!("part{part}"))).unwrap();
            if !text.is_empty() {
                writeln!(body, "  printf '%s;' \"$part{part}\"").unwrap();
                write!(result, "{text};").unwrap();
            }
        }
        writeln!(self.functions, "{name}() {{\n{body}}}").unwrap();
        result
    }

    /// The code that sets the variable RESULT, and its value.
    fn part(&mut self, depth: usize) -> (String, String) {
        self.number += 1;
        let number = self.number;
        let may_nest = depth < DEEPEST && number < ENOUGH_PARTS;
        match self.rng.u8(0..if may_nest { 10 } else { 5 }) {
            0 => ("durable wait 1".to_owned(), String::new()),
            1 => {
                let to = self.rng.usize(1..3);
                let code = format!("RESULT=$(durable until until{number} 0 --delay 1 --jitter none -- count {to})");
                (code, to.to_string())
            }
            2 => self.step("--at-most-once "),
            3 | 4 => self.step(""),
            5 | 6 => {
                let inner = self.function(&format!("child{number}"), depth + 1);
                (format!("RESULT=$(durable child child{number} -- child{number})"), inner)
            }
            7 | 8 => {
                let names: Vec<String> =
                    (0..self.rng.usize(1..4)).map(|index| format!("branch{number}_{index}")).collect();
                let inner: Vec<String> = names.iter().map(|name| self.function(name, depth + 1)).collect();
                let max = self.rng.usize(1..4);
                let code = format!("durable parallel parallel{number} --max {max} -- {}", names.join(" "));
                (format!("RESULT=$({code})\n  RESULT=$(joined \"$RESULT\")"), inner.join("+"))
            }
            _ => {
                let inner = self.function(&format!("item{number}"), depth + 1);
                let items = self.rng.usize(1..4);
                let code = format!("durable map map{number} indexed{number} -- {}", "x ".repeat(items));
                let indexed = format!("indexed{number}() {{\n  path+=.$DURABLE_INDEX\n  item{number}\n}}");
                writeln!(self.functions, "{indexed}").unwrap();
                let results = (0..items).map(|index| inner.replace(PATH, &format!("{PATH}.{index}")));
                let result = results.collect::<Vec<String>>().join("+");
                (format!("RESULT=$({code})\n  RESULT=$(joined \"$RESULT\")"), result)
            }
        }
    }

    /// A step that may fail at first. Kills of the runtime cost attempts of a step that may run only once.
    fn step(&mut self, option: &str) -> (String, String) {
        let id = format!("step{}", self.number);
        let failures = if self.rng.u8(0..4) == 0 { 1 } else { 0 };
        if !option.is_empty() {
            self.at_most_once.push(id.clone());
        }
        let code = format!(
            "RESULT=$(durable step {id} {option}--attempts 10 --delay 1 --rate 1 --jitter none -- work {id}$path {failures})\n  RESULT=${{RESULT%%:*}}"
        );
        (code, id + PATH)
    }
}
