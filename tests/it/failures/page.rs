//! The page tests/failures.md: for users who look up an error. Two tests write it: the golden texts its rows, the judge its scores.

use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;

use super::case::Ran;
use super::chapters::CHAPTERS;
use crate::support::bash::ALL_BASHES;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/failures.md");
/// So many are shown in a row.
const MOST_FRAMES: usize = 4;
const HEAD: &str = include_str!("page.md");

/// Before and after the judge's scores.
const SCORES: [&str; 2] = ["<!-- scores -->\n", "<!-- end of scores -->\n"];
/// Held while the page is read and written.
static PAGE_LOCK: Mutex<()> = Mutex::new(());

/// What differs; with UPDATE_GOLDEN the page is written anew instead. The scores stay as they are.
pub fn difference(told: &[Ran]) -> Option<String> {
    let lock = PAGE_LOCK.lock().unwrap();
    let there = fs::read_to_string(PAGE).unwrap_or_default();
    let difference = difference_of(&there, &write(told, scores_of(&there)));
    drop(lock);
    difference
}

/// Which of `lines`, the judge's scores, are not those of the page; with UPDATE_GOLDEN the page gets them instead, if they are of as
/// many Bashes as it has.
pub fn score_difference(lines: &[String]) -> Option<String> {
    let lock = PAGE_LOCK.lock().unwrap();
    let there = fs::read_to_string(PAGE).unwrap_or_default();
    let scores = scores_of(&there);
    let version = |line: &str| line.split_once(": ").map(|(version, _)| version.to_owned());
    let is_other = |line: &&String| scores.lines().any(|old| old != **line && version(old) == version(line));
    let difference = if std::env::var_os("UPDATE_GOLDEN").is_some() && lines.len() >= ALL_BASHES {
        let new = lines.iter().fold(String::from("```text\n"), |text, line| text + line + "\n") + "```\n";
        difference_of(&there, &there.replacen(&marked(scores), &marked(&new), 1))
    } else {
        lines.iter().find(is_other).map(|line| format!("{PAGE} has another score: {line}"))
    };
    drop(lock);
    difference
}

fn difference_of(there: &str, page: &str) -> Option<String> {
    if there == page {
        return None;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(PAGE, page).unwrap();
        return None;
    }
    Some(format!("{PAGE} differs from what the cases tell"))
}

fn marked(scores: &str) -> String {
    format!("{}{scores}{}", SCORES[0], SCORES[1])
}

/// What stands between the marks.
fn scores_of(page: &str) -> &str {
    let after = page.split_once(SCORES[0]).map(|(_, after)| after);
    after.and_then(|after| after.split_once(SCORES[1])).map_or("", |(scores, _)| scores)
}

fn write(told: &[Ran], scores: &str) -> String {
    let mut page = HEAD.replacen(&marked(""), &marked(scores), 1);
    let mut told = told.iter();
    for chapter in CHAPTERS {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| what fails, and its line | the report |\n| --- | --- |\n",
            chapter.title, chapter.text
        );
        told.by_ref().take(chapter.cases.len()).for_each(|ran| page.push_str(&row(ran)));
    }
    page
}

fn row(ran: &Ran) -> String {
    let line =
        ran.frames.first().and_then(|frame| ran.case.line_of(frame)).map(|line| format!("<br>{}", code(line.trim())));
    let mut frames: Vec<String> = ran.frames.iter().map(|frame| code(frame)).collect();
    if frames.len() > MOST_FRAMES {
        frames.truncate(MOST_FRAMES);
        frames.push(format!("… and so on; the report has {} lines", ran.frames.len()));
    }
    let report = [format!("**{}**", ran.error_type), cell(&ran.message)].into_iter().chain(frames);
    format!(
        "| {}{} | {} |\n",
        cell(&ran.case.title),
        line.unwrap_or_default(),
        report.collect::<Vec<String>>().join("<br>")
    )
}

/// Text that may have code between backticks. Bash's own messages quote `so'.
fn cell(text: &str) -> String {
    let text = text.replace("token `", "token \u{1}").replace("matching `", "matching \u{1}");
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(index, part)| if index % 2 == 0 { plain(part) } else { code(part) });
    parts.collect::<String>().replace('\u{1}', "&#96;")
}

fn plain(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
        .replace('*', "\\*")
        .replace('_', "\\_")
        .replace('\n', "<br>")
}

fn code(text: &str) -> String {
    format!(
        "<code>{}</code>",
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('|', "&#124;")
            .replace('*', "&#42;")
            .replace('_', "&#95;")
    )
}
