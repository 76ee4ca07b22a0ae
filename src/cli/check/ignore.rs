//! Silences findings by comments in the script.
//!
//! `# coshell-ignore: CODE, CODE` silences the findings of the comment's line and of the next line, `# coshell-ignore-file: CODE` those of the
//! whole file. A code that does not exist is a finding of its own.

use std::collections::BTreeMap;
use std::fs;

use super::code::Code;
use super::finding::{Finding, Severity};
use super::position::Position;

const LINE: &str = "coshell-ignore:";
const FILE: &str = "coshell-ignore-file:";

/// The comments of one file.
#[derive(Debug, Default)]
struct Comments {
    /// The codes that are silenced in the whole file.
    file: Vec<Code>,
    /// The codes that are silenced on the comment's line and on the next.
    lines: Vec<(u32, Code)>,
    /// What is no code, with its line.
    unknown: Vec<(u32, String)>,
}

/// The findings that no comment silences, and one more for each unknown code. `files` are the files that were looked at.
pub(super) fn apply(findings: Vec<Finding>, files: impl IntoIterator<Item = String>) -> Vec<Finding> {
    let names = files.into_iter().chain(findings.iter().map(|finding| finding.file.clone()));
    let mut comments: BTreeMap<String, Comments> = BTreeMap::new();
    for name in names {
        comments.entry(name).or_insert_with_key(|name| Comments::of(&fs::read(name).unwrap_or_default()));
    }
    let unknown = comments.iter().flat_map(|(file, comments)| {
        comments.unknown.iter().map(|(line, code)| Finding {
            file: file.clone(),
            position: Some(Position::of_line(*line)),
            severity: Severity::Warning,
            code: Code::UnknownIgnore,
            message: format!(
                "the comment silences nothing: there is no code `{code}`; `coshell check --help` lists the codes"
            ),
        })
    });
    let unknown: Vec<Finding> = unknown.collect();
    let heard = |finding: &Finding| !comments.get(&finding.file).is_some_and(|comments| comments.silence(finding));
    findings.into_iter().chain(unknown).filter(heard).collect()
}

impl Comments {
    fn of(bytes: &[u8]) -> Comments {
        let mut comments = Comments::default();
        if bytes.contains(&0) {
            return comments; // a program, not a script
        }
        for (line, text) in (1..).zip(String::from_utf8_lossy(bytes).lines()) {
            for (word, is_file) in [(LINE, false), (FILE, true)] {
                let Some(codes) = codes(text, word) else { continue };
                for code in codes {
                    match Code::named(code) {
                        Some(code) if is_file => comments.file.push(code),
                        Some(code) => comments.lines.push((line, code)),
                        None => comments.unknown.push((line, code.to_owned())),
                    }
                }
            }
        }
        comments
    }

    fn silence(&self, finding: &Finding) -> bool {
        let is_of_line = |(line, code): &(u32, Code)| {
            *code == finding.code && finding.position.is_some_and(|of| of.line == *line || of.line == line + 1)
        };
        self.file.contains(&finding.code) || self.lines.iter().any(is_of_line)
    }
}

/// The codes after `word`, in a comment of the line.
fn codes<'a>(line: &'a str, word: &str) -> Option<Vec<&'a str>> {
    let (before, codes) = line.split_once(word)?;
    let before = before.trim_end();
    let begins = before.strip_suffix('#').is_some_and(|code| code.is_empty() || code.ends_with([' ', '\t', ';']));
    let codes = codes.split('#').next().unwrap_or_default();
    begins.then(|| codes.split([',', ' ', '\t']).filter(|code| !code.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_name_codes_of_lines_and_of_the_file() {
        let text = "# coshell-ignore-file: syntax\na # coshell-ignore: shellcheck, no-such # why\necho coshell-ignore: syntax\n";
        let comments = Comments::of(text.as_bytes());
        assert_eq!(comments.file, [Code::Syntax]);
        assert_eq!(comments.lines, [(2, Code::Shellcheck)]);
        assert_eq!(comments.unknown, [(2, "no-such".to_owned())]);
    }
}
