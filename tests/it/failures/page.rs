//! The page tests/failures.md: for users who look up an error.

use std::fmt::Write as _;
use std::fs;

use super::case::Ran;
use super::chapters::CHAPTERS;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/failures.md");
/// So many are shown in a row.
const MOST_FRAMES: usize = 4;
const HEAD: &str = include_str!("page.md");

/// What differs; with UPDATE_GOLDEN the page is written anew instead.
pub fn difference(told: &[Ran]) -> Option<String> {
    let page = write(told);
    if fs::read_to_string(PAGE).is_ok_and(|there| there == page) {
        return None;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(PAGE, page).unwrap();
        return None;
    }
    Some(format!("{PAGE} differs from what the cases tell"))
}

fn write(told: &[Ran]) -> String {
    let mut page = HEAD.to_owned();
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
