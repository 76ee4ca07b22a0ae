//! Guesses from a script's text which files the script sources.
//!
//! A wrongly included file does little harm; a missed file may do more. After Bash has sourced the script, the functions that
//! Bash knows are checked again, see the module `start`.

use std::fs;
use std::path::{Path, PathBuf};

/// How many entries of a task root are read, and how deep, to match a pattern.
const MAX_ENTRIES: usize = 2000;
const MAX_DEPTH: u32 = 4;

/// The files that `text` seems to source, in one of `folders`: the task root and the script's own folder. A name that the script
/// computes, such as `$(dirname "${BASH_SOURCE[0]}")/lib.sh` or `"$LAMBDA_TASK_ROOT/lib/$name.sh"`, is a pattern for files of the
/// task root. If no part of the name is in the text, as in `source "$file"`, every word with a `*` or `.sh` is used as a pattern.
pub(crate) fn sourced_files(text: &str, folders: [&Path; 2]) -> Vec<PathBuf> {
    let (mut files, mut patterns) = (Vec::new(), Vec::new());
    for rest in sourced_words(text) {
        let name = name_of(rest);
        let found: Vec<PathBuf> =
            folders.iter().map(|folder| folder.join(name)).filter(|path| path.is_file()).collect();
        if found.is_empty() {
            match Pattern::of(rest) {
                Some(pattern) if pattern.is_open() => patterns.push(pattern),
                None if is_computed(rest) => patterns.extend(patterns_in(text)),
                Some(_) | None => {}
            }
        }
        files.extend(found);
    }
    if !patterns.is_empty() {
        let all = files_below(folders[0]);
        let matching = all.into_iter().filter(|(name, _)| patterns.iter().any(|pattern| pattern.matches(name)));
        files.extend(matching.map(|(_, path)| path));
    }
    files
}

/// Whether `text` seems to source a file.
pub(super) fn sources_files(text: &str) -> bool {
    !sourced_words(text).is_empty()
}

/// Whether `text` sources a file whose name is computed.
pub(super) fn has_unknown(text: &str) -> bool {
    sourced_words(text).into_iter().any(is_computed)
}

fn is_computed(rest: &str) -> bool {
    rest.split([';', '\n']).next().unwrap_or_default().contains(['$', '*', '<', '`'])
}

/// The rest of the line after each `source` and `.`.
fn sourced_words(text: &str) -> Vec<&str> {
    let words = text.lines().flat_map(|line| {
        ["source ", ". "].map(|word| line.match_indices(word).map(move |found| (line, word, found.0)))
    });
    let rests = words.flatten().filter_map(|(line, word, at)| {
        let begins = at == 0 || line[..at].ends_with([' ', '\t', ';', '&', '|', '{', '(', ')', '`', '\'', '"']);
        begins.then(|| &line[at + word.len()..])
    });
    rests.collect()
}

/// The part of a sourced file's name that is in the text.
fn name_of(rest: &str) -> &str {
    let rest = rest.split([';', '&', '|']).next().unwrap_or_default().trim();
    let known = match (rest.rfind(")/").max(rest.rfind("}/")), rest.rfind('$')) {
        (Some(at), _) => &rest[at + 2..],
        (None, Some(at)) => rest[at..].split_once('/').map_or("", |(_, known)| known),
        (None, None) => rest,
    };
    known
        .trim_start_matches("/var/task/")
        .trim_matches(['"', '\''])
        .split(['"', '\'', ' '])
        .next()
        .unwrap_or_default()
        .trim_start_matches('/')
}

/// The name of a file below the task root, in which a `*` matches any text.
#[derive(Debug, PartialEq, Eq)]
struct Pattern(String);

impl Pattern {
    /// The pattern at the beginning of `word`; `None` if no part of the name is in the text.
    fn of(word: &str) -> Option<Pattern> {
        let mut pattern = String::new();
        let mut rest = word.trim_start();
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '"' | '\'' => {}
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '*' | '?' => pattern.push('*'),
                '$' => {
                    rest = after_expansion(rest);
                    pattern.push('*');
                }
                c => pattern.push(c),
            }
        }
        let name = pattern.trim_start_matches("./").trim_start_matches("/var/task/").trim_start_matches("*/");
        let is_known = name.contains(|c: char| c.is_alphanumeric());
        is_known.then(|| Pattern(format!("*/{name}")))
    }

    /// Whether a part of the name is computed when the script runs.
    fn is_open(&self) -> bool {
        self.0[1..].contains('*')
    }

    /// Whether the pattern matches `name`, which begins with a slash.
    fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            let is_last = parts.peek().is_none();
            let Some(at) = (if is_last { rest.ends_with(part).then_some(0) } else { rest.find(part) }) else {
                return false;
            };
            rest = &rest[at + if is_last { 0 } else { part.len() }..];
        }
        true
    }
}

/// The text after the expansion whose `$` has been read.
fn after_expansion(rest: &str) -> &str {
    let end = match rest.as_bytes().first() {
        Some(b'{') => rest.find('}').map(|at| at + 1),
        Some(b'(') => closing_parenthesis(rest),
        _ => rest.find(|c: char| !c.is_alphanumeric() && c != '_').map(|at| at.max(1)),
    };
    end.and_then(|end| rest.get(end..)).unwrap_or_default()
}

fn closing_parenthesis(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    text.bytes()
        .position(|byte| {
            open = match byte {
                b'(' => open + 1,
                b')' => open.saturating_sub(1),
                _ => open,
            };
            open == 0
        })
        .map(|at| at + 1)
}

/// The words of `text` that look like patterns of scripts.
fn patterns_in(text: &str) -> Vec<Pattern> {
    let words =
        text.split_whitespace().filter(|word| word.contains('*') || word.contains(".sh") || word.contains(".bash"));
    words.filter_map(|word| Pattern::of(word.trim_start_matches(['(', '<']))).collect()
}

/// The files below `root`, each with its path relative to `root` after a slash.
fn files_below(root: &Path) -> Vec<(String, PathBuf)> {
    let (mut files, mut folders, mut seen) = (Vec::new(), vec![(root.to_owned(), 0)], 0);
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MAX_ENTRIES {
                return files;
            }
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => folders.push((path, depth + 1)),
                Ok(kind) if kind.is_file() => {
                    let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                    files.push((format!("/{name}"), path));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    files.sort(); // file systems return the entries of a folder in different orders
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for name in ["function.sh", "lib/a.sh", "lib/b.sh", "lib/notes.txt", "other/c.bash", "README"] {
            fs::create_dir_all(root.path().join(name).parent().unwrap()).unwrap();
            fs::write(root.path().join(name), "").unwrap();
        }
        let mut files = sourced_files(text, [root.path(), root.path()]);
        files.sort();
        files.dedup();
        files.iter().map(|file| file.strip_prefix(root.path()).unwrap().display().to_string()).collect()
    }

    #[test]
    fn names_that_stand_in_the_text_are_files() {
        for text in [
            "source lib/a.sh",
            "x; . ./lib/a.sh; y",
            ". \"$LAMBDA_TASK_ROOT/lib/a.sh\"",
            "source \"$(dirname \"${BASH_SOURCE[0]}\")/lib/a.sh\" # the library",
        ] {
            assert_eq!(names(text), ["lib/a.sh"], "{text}");
        }
    }

    #[test]
    fn names_that_bash_puts_together_are_patterns() {
        for text in [
            "for f in \"$LAMBDA_TASK_ROOT\"/lib/*.sh; do source \"$f\"; done",
            "for f in lib/*.sh; do . $f; done",
            "for n in a b; do . \"$LAMBDA_TASK_ROOT/lib/$n.sh\"; done",
            "load() { source \"$(dirname \"$0\")/lib/${1}.sh\"; }",
            ". <(cat \"$LAMBDA_TASK_ROOT\"/lib/*.sh)",
            "while read -r f; do . \"$f\"; done < <(printf '%s\\n' /var/task/lib/*.sh)",
        ] {
            assert_eq!(names(text), ["lib/a.sh", "lib/b.sh"], "{text}");
            assert!(has_unknown(text), "{text}");
        }
        assert_eq!(names("for f in lib/a.sh other/c.bash; do . \"$f\"; done"), ["lib/a.sh", "other/c.bash"]);
    }

    #[test]
    fn what_sources_nothing_names_nothing() {
        for text in ["rm -f lib/*.sh", "echo resource lib/a.sh", "source /nosuch", ". \"$f\"", "source \"$a/$b\""] {
            assert_eq!(names(text), Vec::<String>::new(), "{text}");
        }
        assert!(!has_unknown("source lib/a.sh; rm $x"));
    }
}
