//! The page tests/failures.md: for users who look up an error.

use std::fmt::Write as _;
use std::fs;

use super::case::Ran;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/failures.md");
const HEAD: &str = include_str!("page.md");

pub struct Chapter {
    pub title: &'static str,
    pub text: &'static str,
    pub cases: &'static [&'static str],
}

pub const CHAPTERS: &[Chapter] = &[Chapter { title: "All", text: "all", cases: &["grep", "not-found-inside", "not-found-in-script", "return-errexit-off", "aborted", "arithmetic", "bad-substitution", "broken-pipe", "broken-pipe-kill", "crashed", "dashes", "deep", "deep-substitution", "dev-fd", "division", "errexit-off", "errexit-off-last", "eval-syntax", "exec", "exit", "exit-in-substitution", "exit-twice", "handler-killed", "handler-terminated", "here-document", "init-command", "init-crlf", "init-exit", "init-exit-3", "init-function", "init-not-found", "init-return", "init-source", "init-source-syntax", "init-syntax", "init-syntax-eof", "init-unbound", "killed", "long-command", "multi-line", "negated-test", "nested", "no-interpreter", "not-executable", "not-found", "not-found-file", "not-found-handled", "not-found-in-pipeline", "not-utf8", "own-debug-trap", "own-err-trap", "own-error", "own-exit-trap", "own-exit-trap-exit", "own-exit-trap-fails", "partial-output", "pipeline-function", "pipeline-last", "pipeline-member", "quiet-background", "readonly", "redirection", "return", "return-deeper", "return-later", "silent", "source-in-handler", "sourced-file", "status-137", "subshell", "substitution", "terminated", "time-curl", "time-handled", "time-ignored", "time-own-trap", "time-pipeline", "time-read", "time-retry", "time-script", "time-sleep", "time-spin", "time-spin-in-substitution", "time-subshell", "time-substitution", "time-wait", "timeout-command", "unbound", "unbound-in-substitution", "unset-parameter"] }];

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
        let _ = write!(page, "\n## {}\n\n{}\n\n| what fails, and its line | the report |\n| --- | --- |\n", chapter.title, chapter.text);
        told.by_ref().take(chapter.cases.len()).for_each(|ran| page.push_str(&row(ran)));
    }
    page
}

fn row(ran: &Ran) -> String {
    let line = ran.frames.first().and_then(|frame| ran.case.line_of(frame)).map(|line| format!("<br>{}", code(line.trim())));
    let frames: Vec<String> = ran.frames.iter().map(|frame| code(frame)).collect();
    let report = [format!("**{}**", ran.error_type), cell(&ran.message)].into_iter().chain(frames);
    format!("| {}{} | {} |\n", cell(&ran.case.title), line.unwrap_or_default(), report.collect::<Vec<String>>().join("<br>"))
}

/// Text that may have code between backticks.
fn cell(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { plain(part) } else { code(part) }).collect()
}

fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|").replace('*', "\\*").replace('_', "\\_").replace('\n', "<br>")
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "&#124;").replace('*', "&#42;").replace('_', "&#95;"))
}
