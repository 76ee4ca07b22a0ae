//! What the runtime says about one event of a case, taken apart.

use coshell::lambda::invocation::{FunctionError, Outcome, Response};
use serde_json::Value;

/// A file and, where it is known, the line.
pub type Place = (String, Option<u32>);

/// What came of one event.
pub enum Observation {
    /// An error report.
    Report(Box<Report>),
    /// A response, without line ends at its end.
    Response(String),
    /// Neither; what else, in words.
    Other(String),
}

/// An error report, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The whole report, for texts that must not be in it.
    pub body: String,
    /// The header's and the report's error types.
    pub error_types: [String; 2],
    /// The sentence that names the command; of an error type of the handler's own it is the one in the log.
    pub sentence: String,
    /// The file and, where it is known, the line.
    pub at: Option<Place>,
    /// The command that the sentence names.
    pub command: Option<String>,
    /// The function, or `top level`.
    pub function: Option<String>,
    /// `status 2` or `SIGKILL`.
    pub ending: Option<String>,
    /// Places of the sentence and of the stack that contradict each other.
    pub contradiction: Option<String>,
    /// The stack, innermost call first.
    pub stack: Vec<String>,
}

impl Observation {
    /// Of one event with that request id, whose log is in `log`.
    pub fn new(outcome: Outcome, request_id: &str, log: &str) -> Observation {
        match outcome {
            Outcome::Error(error) | Outcome::Response(Response { trailing_error: Some(error), .. }) => {
                Observation::of_error(&error, request_id, log)
            }
            Outcome::Response(Response { bytes, .. }) => {
                Observation::Response(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
            }
            other @ (Outcome::TimedOut | Outcome::RuntimeExited(_)) => Observation::Other(format!("{other:?}")),
        }
    }

    /// Of an error report.
    pub fn of_error(error: &FunctionError, request_id: &str, log: &str) -> Observation {
        match Report::of_error(error, request_id, log) {
            Some(report) => Observation::Report(Box::new(report)),
            None => Observation::Other(format!("a malformed report: {error:?}")),
        }
    }
}

impl Report {
    fn of_error(error: &FunctionError, request_id: &str, log: &str) -> Option<Report> {
        let report: Value = serde_json::from_slice(&error.body).ok()?;
        let (error_type, message) = (report["errorType"].as_str()?, report["errorMessage"].as_str()?);
        let stack: Option<Vec<&str>> = report["stackTrace"].as_array()?.iter().map(Value::as_str).collect();
        let own = format!("[ERROR] {request_id} {error_type}: {message} (");
        let in_log = || log.lines().find_map(|line| line.strip_prefix(&own)?.strip_suffix(')'));
        let is_own = error.error_type != error_type;
        let sentence = if is_own { in_log().unwrap_or_default() } else { message };
        let stack = stack?.iter().map(|frame| (*frame).to_owned()).collect();
        Some(Report {
            body: String::from_utf8_lossy(&error.body).into_owned(),
            error_types: [error.error_type.clone(), error_type.to_owned()],
            ..Report::of_sentence(sentence, stack)
        })
    }

    /// Takes apart a sentence such as ``function.sh:4: `ls /nosuch` exited with status 2 in `fetch`: cause; advice``. Its wording may
    /// differ: the place comes first, the first text between backticks is the command, and the function follows `in`.
    pub fn of_sentence(sentence: &str, stack: Vec<String>) -> Report {
        let (mut at, rest) = place(without_prelude(sentence));
        let Clause { before, command, after } = Clause::new(rest);
        let mut function = quoted_after(after, "in `").or_else(|| quoted_after(after, "ended `"));
        let handler_itself = before.ends_with("handler ");
        let command = if handler_itself {
            function = function.or(Some(command));
            None
        } else {
            Some(command)
        };
        let (of_frame, line_of_frame) = stack.first().map_or((None, None), |frame| taken_apart(frame));
        let contradiction = contradiction(at.as_ref(), function, line_of_frame.as_ref(), of_frame);
        at = at.filter(|(_, line)| line.is_some() || line_of_frame.is_none()).or(line_of_frame);
        Report {
            at,
            command: command.filter(|command| !command.is_empty()).map(str::to_owned),
            function: function.or(of_frame).filter(|name| !name.is_empty()).map(str::to_owned),
            ending: ending(before).or_else(|| ending(after)),
            contradiction,
            sentence: sentence.to_owned(),
            body: String::new(),
            error_types: [String::new(), String::new()],
            stack,
        }
    }
}

/// A sentence without what stands before the place.
fn without_prelude(sentence: &str) -> &str {
    let sourced = sentence.split_once("while it was being sourced: ").map(|(_, rest)| rest);
    let timed_out =
        || sentence.strip_prefix("timed out ").and_then(|rest| rest.split_once(" at ")).map(|(_, rest)| rest);
    sourced.or_else(timed_out).unwrap_or(sentence)
}

/// The file and line that a sentence begins with, and the rest of it.
fn place(sentence: &str) -> (Option<Place>, &str) {
    match sentence.split_once(": ") {
        Some((place, rest)) if !place.contains([' ', '`']) => (Some(file_and_line(place)), rest),
        _ => (None, sentence),
    }
}

fn file_and_line(place: &str) -> Place {
    match place.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
        Some((file, line)) => (plain_path(file), Some(line)),
        None => (plain_path(place), None),
    }
}

/// Without `./` in front.
pub fn plain_path(path: &str) -> String {
    path.trim_start_matches("./").to_owned()
}

/// The sentence's first clause, around the first text between backticks.
struct Clause<'a> {
    before: &'a str,
    command: &'a str,
    after: &'a str,
}

impl Clause<'_> {
    fn new(text: &str) -> Clause<'_> {
        let none = Clause { before: text, command: "", after: "" };
        let Some((before, rest)) = text.split_once('`') else { return none };
        let Some(end) = end_of_command(rest) else { return none };
        let after = rest[end + 1..].trim_start_matches('`');
        let cut = [": ", "; "].iter().filter_map(|mark| after.find(mark)).min().unwrap_or(after.len());
        Clause { before, command: &rest[..end], after: &after[..cut] }
    }
}

/// Where the command ends: at a backtick before a word of the sentence, so that a command may have backticks itself.
fn end_of_command(text: &str) -> Option<usize> {
    const NEXT: [&str; 10] =
        [" exited", " failed", " was killed", " ended", " not found", " cannot be", ", ", " in ", "; ", ": "];
    let quotes = || text.match_indices('`').map(|(at, _)| at);
    let is_end = |at: &usize| text[at + 1..].is_empty() || NEXT.iter().any(|next| text[at + 1..].starts_with(next));
    quotes().find(is_end).or_else(|| quotes().next())
}

fn quoted_after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(mark)?;
    rest.split_once('`').map(|(quoted, _)| quoted)
}

/// `status 2` of `exited with status 2`, `SIGKILL` of `was killed by SIGKILL`.
fn ending(text: &str) -> Option<String> {
    let word_after = |mark: &str| {
        let (_, rest) = text.split_once(mark)?;
        let word: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        Some(word).filter(|word| !word.is_empty())
    };
    let fixed = [(" not found", "127"), (" cannot be executed", "126")];
    let by_words = || fixed.iter().find(|(words, _)| text.starts_with(words)).map(|(_, status)| (*status).to_owned());
    let status = || word_after("status ").or_else(by_words).map(|status| format!("status {status}"));
    word_after("killed by ").or_else(status)
}

/// Function and place of a frame such as `fetch (function.sh:12)`.
fn taken_apart(frame: &str) -> (Option<&str>, Option<Place>) {
    match frame.rsplit_once(" (").and_then(|(function, place)| Some((function, place.strip_suffix(')')?))) {
        Some((function, place)) => (Some(function), Some(file_and_line(place))),
        None => (None, None),
    }
}

fn contradiction(
    at: Option<&Place>,
    function: Option<&str>,
    frame_at: Option<&Place>,
    of_frame: Option<&str>,
) -> Option<String> {
    let places = at.zip(frame_at).filter(|(said, frame)| said != frame);
    let functions = function.zip(of_frame).filter(|(said, frame)| said != frame);
    let places = places.map(|(said, frame)| format!("the sentence says {said:?}, the stack {frame:?}"));
    places.or_else(|| functions.map(|(said, frame)| format!("the sentence says `{said}`, the stack `{frame}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// File, line, command, function and ending of a sentence.
    fn told(sentence: &str, stack: &[&str]) -> (String, String, String, String) {
        let report = Report::of_sentence(sentence, stack.iter().map(|frame| (*frame).to_owned()).collect());
        let (file, line) = report.at.unwrap_or_default();
        let at = line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
        let or_none = Option::unwrap_or_default;
        (at, or_none(report.command), or_none(report.function), or_none(report.ending))
    }

    fn expected(at: &str, command: &str, function: &str, ending: &str) -> (String, String, String, String) {
        (at.into(), command.into(), function.into(), ending.into())
    }

    #[test]
    fn a_sentence_is_taken_apart_in_all_its_wordings() {
        for (sentence, right) in [
            (
                "f.sh:4: `ls \"$x: y\"` exited with status 2 in `a::b`: ls: `x`; advice",
                expected("f.sh:4", "ls \"$x: y\"", "a::b", "status 2"),
            ),
            (
                "f.sh:3: `return 7` ended `check` with status 7: why",
                expected("f.sh:3", "return 7", "check", "status 7"),
            ),
            (
                "f.sh:3: `exit 3` ended the handler with status 3 in `die`",
                expected("f.sh:3", "exit 3", "die", "status 3"),
            ),
            ("f.sh:2: command `jq` not found in `handler`; put", expected("f.sh:2", "jq", "handler", "status 127")),
            (
                "f.sh:2: `grep -c x`, in the pipeline on line 2, exited with status 1 in `g`",
                expected("f.sh:2", "grep -c x", "g", "status 1"),
            ),
            (
                "f.sh:2: the handler was killed by SIGTERM at `kill $x` in `stop`; something",
                expected("f.sh:2", "kill $x", "stop", "SIGTERM"),
            ),
            ("handler `handler` was killed by SIGKILL; out", expected("", "", "handler", "SIGKILL")),
            (
                "timed out after 1.00 s at f.sh:2: `sleep 9` in `hang`; running: `sleep 9` for 1.0 s",
                expected("f.sh:2", "sleep 9", "hang", ""),
            ),
            (
                "script `f.sh` ended while it was being sourced: f.sh:1: `x` exited with status 1",
                expected("f.sh:1", "x", "", "status 1"),
            ),
        ] {
            assert_eq!(told(sentence, &[]), right, "{sentence}");
        }
    }

    #[test]
    fn the_stack_completes_the_sentence_and_may_contradict_it() {
        let frames = ["top level (./lib.sh:2)", "handler (f.sh:1)"];
        assert_eq!(
            told("./lib.sh:2: `x` exited with status 1", &frames),
            expected("lib.sh:2", "x", "top level", "status 1")
        );
        let of_stack =
            |frame: &str| Report::of_sentence("f.sh:4: `x` failed in `f`", vec![frame.to_owned()]).contradiction;
        assert_eq!(of_stack("f (f.sh:4)"), None);
        assert!(of_stack("f (f.sh:5)").is_some() && of_stack("g (f.sh:4)").is_some());
    }
}
