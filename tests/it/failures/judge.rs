//! The judge: runs every case under every Bash, for three events in one environment, and compares each report with the truth that
//! stands in the case's head (truth.rs).
//!
//! `cargo test --test it failures::judge -- --nocapture` prints what is not right, and a score for each Bash.
//! `JUDGE_CASE=nested,silent` judges these cases only and shows their reports and logs; COSHELL_BASH names one Bash to judge with.

use std::path::Path;

use super::case::Case;
use super::chapters::names;
use super::observation::Observation;
use super::verdict::Verdict;
use super::{FOLDER, page, side_by_side};
use crate::support::bash::{self, Bash};

/// So many of a hundred reports may say that they cannot know.
const MOST_CANNOT_TELL_PERCENT: usize = 5;

#[test]
fn every_report_names_the_command_that_failed_with_its_line_and_function() {
    let only = std::env::var("JUDGE_CASE").ok();
    let names: Vec<&str> = match &only {
        Some(only) => only.split(',').collect(),
        None => names().collect(),
    };
    let scores: Vec<Score> = bash::all().iter().map(|bash| judge(bash, &names, only.is_some())).collect();
    scores.iter().for_each(|score| println!("{}", score.line()));
    let bad: Vec<String> = scores.iter().filter(|score| !score.is_good()).map(Score::line).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let lines: Vec<String> = scores.iter().map(Score::line).collect();
    assert_eq!(only.is_none().then(|| page::score_difference(&lines)).flatten(), None);
}

/// How many reports of one Bash are right.
#[derive(Default)]
struct Score {
    version: String,
    right: usize,
    cannot_tell: usize,
    wrong: usize,
}

impl Score {
    fn line(&self) -> String {
        let Score { version, right, cannot_tell, wrong } = self;
        format!(
            "Bash {version}: {right} right, {cannot_tell} cannot tell, {wrong} wrong of {}",
            right + cannot_tell + wrong
        )
    }

    fn is_good(&self) -> bool {
        let all = self.right + self.cannot_tell + self.wrong;
        self.wrong == 0 && self.cannot_tell * 100 <= all * MOST_CANNOT_TELL_PERCENT
    }
}

fn judge(bash: &Bash, names: &[&str], shown: bool) -> Score {
    let mut score = Score { version: bash.version.clone(), ..Score::default() };
    let judged = side_by_side(names, |name| judge_case(bash, name, shown));
    for (name, (verdict, shown)) in names.iter().zip(judged) {
        let kind_and_reason = match verdict {
            Verdict::Right => {
                score.right += 1;
                None
            }
            Verdict::CannotTell(reason) => {
                score.cannot_tell += 1;
                Some(("cannot tell", reason))
            }
            Verdict::Wrong(reason) => {
                score.wrong += 1;
                Some(("wrong", reason))
            }
        };
        if let Some((kind, reason)) = kind_and_reason {
            println!("{:8} {kind:11} {name:32} {reason}", bash.version);
        }
        print!("{shown}");
    }
    score
}

/// The verdict, and what was seen, where that is to be shown.
fn judge_case(bash: &Bash, name: &str, shown: bool) -> (Verdict, String) {
    let case = Case::read(Path::new(FOLDER), name);
    let truth = case.truth(&bash.version);
    let (events, log) = case.observe(&bash.path);
    let seen = events.iter().map(|event| match event {
        Observation::Report(report) => format!("{}\n    {}\n", report.sentence, report.stack.join("\n    ")),
        Observation::Response(text) => format!("response: {text}\n"),
        Observation::Other(text) => format!("{text}\n"),
    });
    let seen = if shown { seen.chain([format!("=== log\n{log}\n")]).collect() } else { String::new() };
    (Verdict::new(&truth, &events, &log), seen)
}
