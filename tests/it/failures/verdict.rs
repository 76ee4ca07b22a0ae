//! Whether a report is right: its command, line, function and status are those of the case's truth.

use super::case::timeless;
use super::observation::{Observation, Place, Report, plain_path};
use super::truth::{Answer, Truth};

/// Words by which a report says plainly that it does not know.
const CANNOT_TELL: [&str; 2] = ["Bash cannot tell", "Bash could not tell"];
/// Text of the runtime's own, which belongs in no report, log or response.
const OF_THE_DRIVER: [&str; 3] = ["__coshell", "wait_for:", "environment:"];

/// So many characters of a line are shown.
const MOST_SHOWN: usize = 160;
/// A command that is cut within its first line is longer than this.
const LEAST_CUT_BYTES: usize = 200;

/// How good what the runtime says about a case is.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let worst = events.iter().map(|event| of_event(truth, event)).max_by_key(Verdict::rank);
        let of_all = [foreign_text(truth, events, log), difference(events)].into_iter().flatten().next();
        match (worst, of_all) {
            (Some(wrong @ Verdict::Wrong(_)), _) => wrong,
            (_, Some(wrong)) => Verdict::Wrong(wrong),
            (worst, None) => worst.unwrap_or_else(|| Verdict::Wrong("no event".into())),
        }
    }

    /// The higher, the worse.
    fn rank(&self) -> u8 {
        match self {
            Verdict::Right => 0,
            Verdict::CannotTell(_) => 1,
            Verdict::Wrong(_) => 2,
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
    let best = truth.answers.iter().map(|answer| of_answer(answer, report)).min_by_key(Verdict::rank);
    let ending = truth.ending.as_ref().filter(|ending| report.ending.as_ref() != Some(*ending));
    match (best, &report.contradiction) {
        (None, _) => Verdict::Wrong("the case has no truth".into()),
        (Some(wrong @ Verdict::Wrong(_)), _) => wrong,
        (_, Some(contradiction)) => Verdict::Wrong(contradiction.clone()),
        _ if ending.is_some() => {
            Verdict::Wrong(format!("the ending is {}, right is {}", told(&report.ending), told(&truth.ending)))
        }
        (Some(cannot_tell @ Verdict::CannotTell(_)), _) => cannot_tell,
        _ if missing.is_some() => {
            Verdict::Wrong(format!("the sentence does not say `{}`", missing.map_or("", String::as_str)))
        }
        (Some(Verdict::Right), _) => Verdict::Right,
    }
}

fn of_answer(answer: &Answer, report: &Report) -> Verdict {
    if answer.command.is_some() && CANNOT_TELL.iter().any(|words| report.sentence.contains(words)) {
        return Verdict::CannotTell("it says that Bash cannot tell".into());
    }
    if let Some(command) = &answer.command
        && !report.command.as_ref().is_some_and(|told| is_command(told, command, report.ending.as_deref()))
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
        (None, None | Some((_, None))) => Verdict::Right,
        (Some((file, line)), Some((told, Some(told_line)))) if plain_path(file) == *told && line == told_line => {
            Verdict::Right
        }
        (Some((file, _)), Some((told, None))) if plain_path(file) == *told => Verdict::CannotTell("no line".into()),
        (Some(_), None) => Verdict::CannotTell("no file and line".into()),
        (right, told) => {
            Verdict::Wrong(format!("the line is {}, right is {}", of_report_line(told), of_right_line(right)))
        }
    }
}

fn of_report_line(at: &Option<Place>) -> String {
    let place = |(file, line): &Place| line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
    at.as_ref().map_or_else(|| "not given".to_owned(), place)
}

fn of_right_line(at: &Option<(String, u32)>) -> String {
    at.as_ref().map_or_else(|| "none".to_owned(), |(file, line)| format!("{file}:{line}"))
}

fn is_function(answer: &Answer, report: &Report) -> bool {
    match answer.function.as_deref() {
        None => true,
        Some("EXIT trap") => report.sentence.contains("EXIT trap"),
        Some(function) => report.function.as_deref() == Some(function),
    }
}

/// Whether `told` is the command `right`. A long one may be cut, and of one that is not there the name is enough.
fn is_command(told: &str, right: &str, ending: Option<&str>) -> bool {
    let (told_text, whole) = (squeezed(told.trim_end_matches('…')), squeezed(right));
    let is_cut = told.ends_with('…') && told_text.len() >= LEAST_CUT_BYTES && whole.starts_with(&told_text);
    let is_missing = ending == Some("status 127") && right.split_whitespace().any(|word| word == told);
    let is_block = ["(", "{"].contains(&right) && told_text.starts_with(right);
    told_text == whole || is_cut || is_missing || is_block
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
    let shown = |line: &str| line.chars().take(MOST_SHOWN).collect::<String>();
    let which = |line: &str| {
        never.iter().find(|text| line.contains(**text)).map_or("the driver's path", |text| text).to_owned()
    };
    lines.find(is_foreign).map(|line| format!("`{}` must not be there: {}", which(line), shown(line)))
}

/// Whether a path such as `/proc/4711/fd/5` stands in it: the driver's file.
fn names_a_descriptor_of_a_process(line: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    line.split("/proc/").skip(1).any(|rest| digits(rest) > 0 && rest[digits(rest)..].starts_with("/fd/"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(lines: &[(&str, &str)]) -> Truth {
        let lines: Vec<(String, String)> =
            lines.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Truth::of_lines(&lines, "5.2.15")
    }

    /// The verdict on a sentence whose stack is that of the function `f`.
    fn verdict(truth: &Truth, sentence: &str, log: &str) -> Verdict {
        let report = Report::of_sentence(sentence, Vec::new());
        Verdict::new(truth, &[Observation::Report(Box::new(report))], log)
    }

    fn is_wrong(truth: &Truth, sentence: &str) -> bool {
        matches!(verdict(truth, sentence, ""), Verdict::Wrong(_))
    }

    #[test]
    fn a_report_is_right_only_with_the_right_command_line_function_and_status() {
        let truth = truth(&[("command", "ls /x <<<\"$1\""), ("at", "f.sh:4"), ("in", "f"), ("status", "2")]);
        assert_eq!(verdict(&truth, "f.sh:4: `ls /x <<< \"$1\"` exited with status 2 in `f`: why", ""), Verdict::Right);
        assert!(is_wrong(&truth, "f.sh:4: `ls /y <<< \"$1\"` exited with status 2 in `f`"));
        assert!(is_wrong(&truth, "f.sh:4: `ls …` exited with status 2 in `f`"));
        assert!(is_wrong(&truth, "f.sh:5: `ls /x <<< \"$1\"` exited with status 2 in `f`"));
        assert!(is_wrong(&truth, "f.sh:4: `ls /x <<< \"$1\"` exited with status 2 in `g`"));
        assert!(is_wrong(&truth, "f.sh:4: `ls /x <<< \"$1\"` exited with status 1 in `f`"));
        assert!(is_wrong(&truth, "the EXIT trap of handler `f` exited with status 2"));
    }

    #[test]
    fn a_report_that_says_so_or_has_no_line_cannot_tell() {
        let truth = truth(&[("command", "ls /x"), ("at", "f.sh:4"), ("in", "f"), ("status", "2")]);
        let cannot_tell = |sentence| matches!(verdict(&truth, sentence, ""), Verdict::CannotTell(_));
        assert!(cannot_tell("f.sh: `ls /x` exited with status 2 in `f`"));
        assert!(cannot_tell("handler `f` exited with status 2 (Bash cannot tell where)"));
        assert!(is_wrong(&truth, "handler `f` exited with status 3 (Bash cannot tell where)"));
    }

    #[test]
    fn a_second_answer_and_that_of_a_version_count() {
        let lines =
            [("command", "exit 3"), ("at", "f.sh:2"), ("in", "die"), ("command", "die"), ("at", "f.sh:5"), ("in", "f")];
        let of_both = truth(&lines);
        assert_eq!(verdict(&of_both, "f.sh:5: `die` exited with status 3 in `f`", ""), Verdict::Right);
        assert!(is_wrong(&of_both, "f.sh:2: `die` exited with status 3 in `f`"));
        let of_version = |version| truth(&[("command", "x"), ("at", "f.sh:2"), (version, "f.sh:3"), ("in", "f")]);
        assert_eq!(verdict(&of_version("at-5.2"), "f.sh:3: `x` failed in `f`", ""), Verdict::Right);
        assert!(is_wrong(&of_version("at-5.1"), "f.sh:3: `x` failed in `f`"));
    }

    #[test]
    fn text_of_the_driver_in_the_log_is_wrong() {
        let truth = truth(&[("command", "x"), ("at", "f.sh:2"), ("in", "f"), ("never", "grep")]);
        let with_log = |log| verdict(&truth, "f.sh:2: `x` exited with status 1 in `f`", log);
        assert_eq!(with_log("/dev/fd/63: all is well at /proc/self/fd/1x"), Verdict::Right);
        for foreign in ["a\n/proc/4711/fd/9: line 37: why", "wait_for: No record", "__coshell_exit", "use grep"] {
            assert!(matches!(with_log(foreign), Verdict::Wrong(_)), "{foreign}");
        }
    }
}
