//! The page tests/conventions.md: for each public runtime what to set, and what differs, before and after.

use std::fmt::Write as _;
use std::fs;

use super::compared::{Compared, told};
use super::suites::{EXECUTABLE, GKRIZEK, MPARKACHOV, QL4B, Suite, TUTORIAL};
use crate::support::bash;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conventions.md");
const HEAD: &str = include_str!("head.md");

struct Chapter {
    title: &'static str,
    text: &'static str,
    suite: &'static Suite,
}

const CHAPTERS: [Chapter; 5] = [
    Chapter {
        title: "AWS's tutorial, and those that follow it",
        text: "Before: a `bootstrap` of shell and curl beside the script. After: coshell's `bootstrap` in its place; set nothing. \
The globals EVENT_DATA, REQUEST_ID and HEADERS are set and not exported, as before. The tutorial's `bootstrap` is run by Amazon Linux's \
`sh`, which is Bash in POSIX mode. coshell runs Bash in POSIX mode only for scripts that need it, and with `COSHELL_POSIX=1` for all.",
        suite: &TUTORIAL,
    },
    Chapter {
        title: "gkrizek/bash-lambda-layer",
        text: "Before: the layer. After: no layer (put `aws` and `jq`, if they are used, into `bin/` of another one), coshell's \
`bootstrap`, and `COSHELL_CONVENTION=gkrizek`. AWS_LAMBDA_REQUEST_ID, AWS_LAMBDA_DEADLINE_MS, AWS_LAMBDA_FUNCTION_ARN, \
AWS_LAMBDA_TRACE_ID, HOME=/tmp and AWS_CONFIG_FILE=/tmp/.aws/config are set as before. coshell waits for background processes that \
hold stdout, and not for those that hold stderr alone. The stderr of a handler that fails is its error message and goes to the log.",
        suite: &GKRIZEK,
    },
    Chapter {
        title: "ql4b/lambda-shell-runtime",
        text: "Before: its layer or image. After: coshell's `bootstrap` and `COSHELL_CONVENTION=ql4b`. The handler is called in an `if`: \
Bash ignores errexit there, even if the script sets it.",
        suite: &QL4B,
    },
    Chapter {
        title: "mparkachov/lambda-shell-runtime, m5d215",
        text: "Before: their layer. After: coshell's `bootstrap` and `COSHELL_CONVENTION=mparkachov`. A handler that relied on \
`-euo pipefail` must set these options itself, in the script's first line.",
        suite: &MPARKACHOV,
    },
    Chapter {
        title: "Programs",
        text: "`_HANDLER` without a dot names a program in any language. coshell runs the program for each event, by its shebang. The \
file must be executable (mode 0755 in the zip). Set nothing.",
        suite: &EXECUTABLE,
    },
];

/// What differs; with UPDATE_GOLDEN the page is written anew instead.
pub fn difference() -> Option<String> {
    if bash::is_not_5_2() {
        return None;
    }
    let page = write();
    if fs::read_to_string(PAGE).is_ok_and(|there| there == page) {
        return None;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(PAGE, page).unwrap();
        return None;
    }
    Some(format!("{PAGE} differs from what came of the cases"))
}

fn write() -> String {
    let mut page = HEAD.to_owned();
    for Chapter { title, text, suite } in CHAPTERS {
        let (compared, _) = suite.compared();
        // The first original is ours, which is the same everywhere.
        let differing = |case: &&Compared| case.others.iter().any(|(name, _)| name == suite.recreation);
        let rows: String = compared.iter().filter(differing).map(row).collect();
        let same = compared.len() - compared.iter().filter(differing).count();
        let _ = write!(page, "\n## {title}\n\n{text}\n\n{same} of {} handlers give the same responses", compared.len());
        match rows.is_empty() {
            true => page.push_str(".\n"),
            false => {
                let _ = write!(
                    page,
                    "; these differ:\n\n| what | before | after | why |\n| --- | --- | --- | --- |\n{rows}"
                );
            }
        }
    }
    page
}

fn row(case: &Compared) -> String {
    let (_, title) = case.case.title.split_once(": ").unwrap();
    let why = case.case.why.as_ref().or(case.case.may.as_ref()).map_or("", String::as_str);
    let (before, after) = (&case.others[0].1, &case.ours);
    format!("| {} | {} | {} | {} |\n", plain(title), code(&told(before)), code(&told(after)), plain(why))
}

/// Between backticks nothing needs an escape but the bar.
fn plain(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let escaped = |text: &str| text.replace('<', "&lt;").replace('*', "\\*").replace('$', "&#36;").replace('_', "\\_");
    let text: Vec<String> =
        parts.map(|(index, part)| if index % 2 == 0 { escaped(part) } else { part.to_owned() }).collect();
    text.join("`").replace('|', "\\|")
}

fn code(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "&#124;");
    format!("<code>{}</code>", escaped.replace('*', "&#42;").replace('`', "&#96;").replace('_', "&#95;"))
}
