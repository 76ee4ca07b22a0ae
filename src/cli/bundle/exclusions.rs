//! Decides which files of a folder are left out of a zip: files that the user excludes, files that no function needs, and the zip itself.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use glob::{MatchOptions, Pattern};

use super::summary::STDOUT;

/// As in a .gitignore: a pattern with a slash is matched against the path from the top, a pattern without a slash against each name.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Folders at the top that only `coshell test` and `coshell invoke` read.
const TEST_FOLDERS: [&str; 2] = ["events", "tests"];
/// The event that `coshell invoke` sends by default.
const EVENT: &str = "event.json";

/// A pattern of `--exclude`.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// As the user wrote it.
    text: String,
    pattern: Pattern,
    from_top: bool,
}

/// Decides for each file whether the file is left out, and remembers which patterns matched.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    /// The patterns of the user, each with whether it has matched a file or folder.
    patterns: Rc<[(Exclusion, Cell<bool>)]>,
    /// The folder of the zip that is being filled: empty, or ending in a slash.
    prefix: String,
    /// Whether files that no function needs are left out.
    skips_unneeded: bool,
    /// The zip that is being written.
    output: Option<PathBuf>,
    /// The files and folders that were left out because no function needs them.
    pub(crate) unneeded: Vec<String>,
}

impl Exclusion {
    /// Parses an argument. `./x` means `x`, `x/` means `x`, and `[^a]` means `[!a]`.
    ///
    /// # Errors
    /// When the pattern is empty or malformed.
    pub fn parse(text: &str) -> Result<Exclusion, String> {
        let mut path = text.trim_end_matches('/');
        while let Some(rest) = path.strip_prefix("./") {
            path = rest.trim_start_matches('/');
        }
        let from_top = path.contains('/');
        let path = path.trim_start_matches('/');
        if path.is_empty() || path == "." {
            return Err(
                "the pattern is empty: write the name of a file or folder, or a path from the top of the zip".into()
            );
        }
        let pattern = Pattern::new(&with_exclamation_marks(path)).map_err(|error| error.to_string())?;
        Ok(Exclusion { text: text.to_owned(), pattern, from_top })
    }

    fn matches(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name);
        self.pattern.matches_with(if self.from_top { name } else { last }, OPTIONS)
    }
}

/// Replaces `[^…]` by `[!…]`, the form of a negated class that the library `glob` knows.
fn with_exclamation_marks(pattern: &str) -> String {
    let (mut written, mut in_class) = (String::new(), false);
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        written.push(letter);
        if letter == '[' && !in_class {
            in_class = true;
            if letters.next_if(|next| matches!(next, '^' | '!')).is_some() {
                written.push('!');
            }
            written.extend(letters.next_if_eq(&']')); // the first one does not end the class
        } else if letter == ']' {
            in_class = false;
        }
    }
    written
}

impl Exclusions {
    /// Leaves out files that one of the `patterns` matches, and files that no function needs. `output` is the zip that is being written.
    pub(crate) fn new(patterns: &[Exclusion], output: &Path) -> Exclusions {
        let patterns = patterns.iter().map(|pattern| (pattern.clone(), Cell::new(false))).collect();
        let output = fs::canonicalize(output).ok().filter(|_| output.as_os_str() != STDOUT);
        Exclusions { patterns, skips_unneeded: true, output, ..Exclusions::default() }
    }

    /// The same patterns for a folder that the user adds as `name`. All of such a folder is wanted, so only the patterns leave files out.
    pub(super) fn for_added_folder(&self, name: &str) -> Exclusions {
        let (patterns, output) = (Rc::clone(&self.patterns), self.output.clone());
        Exclusions { patterns, prefix: format!("{name}/"), skips_unneeded: false, output, unneeded: Vec::new() }
    }

    /// Whether a file or folder is left out: `name` is its path in the folder, and `path` its path on this machine.
    pub(super) fn leaves_out(&mut self, name: &str, path: &Path) -> bool {
        let in_zip = format!("{}{name}", self.prefix);
        let mut excluded = false;
        for (_, matched) in self.patterns.iter().filter(|(pattern, _)| pattern.matches(&in_zip)) {
            matched.set(true);
            excluded = true;
        }
        if excluded || self.is_output(path) {
            return true;
        }
        let unneeded = self.skips_unneeded && is_unneeded(name, || path.is_dir());
        if unneeded {
            self.unneeded.push(name.to_owned());
        }
        unneeded
    }

    /// A warning for each pattern that has matched no file so far. A pattern for a file inside a folder that is left out is not a mistake.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let unmatched = self.patterns.iter().filter(|(_, matched)| !matched.get()).map(|(pattern, _)| pattern);
        let is_inside = |pattern: &&Exclusion| {
            let path = Path::new(pattern.pattern.as_str());
            path.ancestors().skip(1).any(|folder| self.has_left_out(&folder.to_string_lossy()))
        };
        let warning =
            |pattern: &Exclusion| format!("--exclude `{}` matches no file or folder: check the spelling", pattern.text);
        unmatched.filter(|pattern| !is_inside(pattern)).map(warning).collect()
    }

    fn has_left_out(&self, folder: &str) -> bool {
        self.unneeded.iter().any(|name| name == folder)
            || self.patterns.iter().any(|(pattern, matched)| matched.get() && pattern.matches(folder))
    }

    fn is_output(&self, path: &Path) -> bool {
        self.output.as_deref().is_some_and(|output| fs::canonicalize(path).is_ok_and(|path| path == output))
    }
}

/// Whether no function needs the file: files of Git anywhere; at the top cargo's folder, zips, events and tests.
fn is_unneeded(name: &str, is_folder: impl Fn() -> bool) -> bool {
    match name.rsplit('/').next() {
        Some(".git" | ".gitignore") => true,
        _ if name.contains('/') => false,
        _ => name == "target" || name == EVENT || name.ends_with(".zip") || TEST_FOLDERS.contains(&name) && is_folder(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts for each pattern and name whether the pattern matches.
    fn assert_matches(cases: &[(&str, &str, bool)]) {
        for (pattern, name, expected) in cases {
            assert_eq!(Exclusion::parse(pattern).unwrap().matches(name), *expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_with_a_slash_is_matched_from_the_top() {
        assert_matches(&[
            ("*.md", "README.md", true),
            ("*.md", "docs/a.md", true),
            ("docs/*.md", "docs/a.md", true),
            ("docs/*.md", "docs/b/a.md", false),
            ("docs/**/a.md", "docs/b/c/a.md", true),
            ("/a", "a", true),
            ("/a", "b/a", false),
            ("tests", "src/tests", true),
            ("tests/", "src/tests", true),
            ("./.env", ".env", true),
            ("./.env", "src/.env", true),
            ("././docs//", "docs", true),
            ("./docs/*.md", "docs/a.md", true),
        ]);
    }

    #[test]
    fn a_class_is_negated_as_in_bash_and_gitignore() {
        assert_matches(&[
            ("[^f]*", "data", true),
            ("[^f]*", "function.sh", false),
            ("[!f]*", "function.sh", false),
            ("[f^]*", "function.sh", true),
            ("a[[]^b", "a[^b", true),
            ("[^]a]x", "bx", true),
            ("[^]a]x", "]x", false),
        ]);
    }

    #[test]
    fn an_empty_or_malformed_pattern_is_refused() {
        assert!(["", "/", ".", "./", "//", "[a"].iter().all(|text| Exclusion::parse(text).is_err()));
    }

    #[test]
    fn files_of_git_builds_and_tests_are_unneeded() {
        let unneeded = |name: &&str| is_unneeded(name, || !name.contains('.'));
        assert!([".git", "a/.git", "target", "old.zip", ".gitignore", "a/.gitignore"].iter().all(unneeded));
        assert!(["event.json", "events", "tests"].iter().all(unneeded));
        let needed = ["a/target", "data/fonts.zip", "targets", "a/events", "a/event.json", "a/tests", ".github"];
        assert!(!needed.iter().any(unneeded));
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_a_warning_unless_its_folder_is_left_out() {
        let patterns = ["evnts", "docs", "docs/a.md", "target/debug", "/lib/b", "[^f]x"];
        let patterns = patterns.map(|text| Exclusion::parse(text).unwrap());
        let mut exclusions = Exclusions::new(&patterns, Path::new("/nosuch"));
        for name in ["docs", "target", "function.sh"] {
            exclusions.leaves_out(name, Path::new("/nosuch"));
        }
        let warnings = exclusions.warnings();
        let named = |text: &str| warnings.iter().any(|warning| warning.contains(&format!("`{text}` matches no file")));
        assert!(warnings.len() == 3 && named("evnts") && named("/lib/b") && named("[^f]x"), "{warnings:?}");
    }
}
