//! Decides which files of a folder stay out of a zip: those that the user excludes, those that no function needs, and the zip itself.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use glob::{MatchOptions, Pattern};

use super::summary::STDOUT;

/// As in a .gitignore: a pattern with a slash is matched from the top, one without against each name.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Folders at the top that only `coshell test` and `coshell invoke` read.
const TEST_FOLDERS: [&str; 2] = ["events", "tests"];
/// The event of `coshell invoke`.
const EVENT: &str = "event.json";

/// A pattern of `--exclude`.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// As the user wrote it.
    text: String,
    pattern: Pattern,
    from_top: bool,
}

/// What is left out, and what was found of that.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// Each with whether it has matched a file or folder.
    exclusions: Rc<[(Exclusion, Cell<bool>)]>,
    /// The folder of the zip that is looked at: empty, or ending in a slash.
    prefix: String,
    by_default: bool,
    output: Option<PathBuf>,
    /// What was left out although nobody asked for it.
    pub(crate) told: Vec<String>,
}

impl Exclusion {
    /// Reads an argument. `./x` means `x`, `x/` means `x`, and `[^a]` means `[!a]`.
    ///
    /// # Errors
    /// Where it names nothing, or is no pattern.
    pub fn parse(text: &str) -> Result<Exclusion, String> {
        let mut path = text.trim_end_matches('/');
        while let Some(rest) = path.strip_prefix("./") {
            path = rest.trim_start_matches('/');
        }
        let from_top = path.contains('/');
        let path = path.trim_start_matches('/');
        if path.is_empty() || path == "." {
            return Err(
                "it names nothing: write the name of a file or folder, or a path from the top of the zip".into()
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

/// `[^…]` as `[!…]`, which is how the library `glob` writes a negated class.
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

impl LeftOut {
    /// Leaves out what `exclusions` match, and what no function needs; `output` is the file that is being made.
    pub(crate) fn new(exclusions: &[Exclusion], output: &Path) -> LeftOut {
        let exclusions = exclusions.iter().map(|exclusion| (exclusion.clone(), Cell::new(false))).collect();
        let output = fs::canonicalize(output).ok().filter(|_| output.as_os_str() != STDOUT);
        LeftOut { exclusions, by_default: true, output, ..LeftOut::default() }
    }

    /// The same exclusions for a folder that somebody asked for as `name`, of which nothing stays out by default.
    pub(super) fn within(&self, name: &str) -> LeftOut {
        let (exclusions, output) = (Rc::clone(&self.exclusions), self.output.clone());
        LeftOut { exclusions, prefix: format!("{name}/"), by_default: false, output, told: Vec::new() }
    }

    /// Whether `name`, a path in the folder that is looked at, which is `path` here, stays out.
    pub(super) fn has(&mut self, name: &str, path: &Path) -> bool {
        let in_zip = format!("{}{name}", self.prefix);
        let mut excluded = false;
        for (_, matched) in self.exclusions.iter().filter(|(exclusion, _)| exclusion.matches(&in_zip)) {
            matched.set(true);
            excluded = true;
        }
        if excluded || self.is_output(path) {
            return true;
        }
        let unwanted = self.by_default && unwanted(name, || path.is_dir());
        if unwanted {
            self.told.push(name.to_owned());
        }
        unwanted
    }

    /// A warning for each exclusion that has matched nothing so far. One for something inside a folder that stays out is not needed, and
    /// is no mistake.
    pub(crate) fn unmatched(&self) -> Vec<String> {
        let unmatched = self.exclusions.iter().filter(|(_, matched)| !matched.get()).map(|(exclusion, _)| exclusion);
        let inside = |exclusion: &&Exclusion| {
            let path = Path::new(exclusion.pattern.as_str());
            path.ancestors().skip(1).any(|folder| self.stays_out(&folder.to_string_lossy()))
        };
        unmatched
            .filter(|exclusion| !inside(exclusion))
            .map(|exclusion| {
                format!("--exclude `{}` matched nothing: see that it is spelled as the file is", exclusion.text)
            })
            .collect()
    }

    fn stays_out(&self, folder: &str) -> bool {
        self.told.iter().any(|name| name == folder)
            || self.exclusions.iter().any(|(exclusion, matched)| matched.get() && exclusion.matches(folder))
    }

    fn is_output(&self, path: &Path) -> bool {
        self.output.as_deref().is_some_and(|output| fs::canonicalize(path).is_ok_and(|path| path == output))
    }
}

/// A repository's own files anywhere; at the top cargo's folder, zips, and what tests are made of.
fn unwanted(name: &str, is_folder: impl Fn() -> bool) -> bool {
    match name.rsplit('/').next() {
        Some(".git" | ".gitignore") => true,
        _ if name.contains('/') => false,
        _ => name == "target" || name == EVENT || name.ends_with(".zip") || TEST_FOLDERS.contains(&name) && is_folder(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_with_a_slash_is_matched_from_the_top() {
        for (pattern, name, expected) in [
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
        ] {
            assert_eq!(Exclusion::parse(pattern).unwrap().matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_class_is_negated_as_in_bash_and_gitignore() {
        for (pattern, name, expected) in [
            ("[^f]*", "data", true),
            ("[^f]*", "function.sh", false),
            ("[!f]*", "function.sh", false),
            ("[f^]*", "function.sh", true),
            ("a[[]^b", "a[^b", true),
            ("[^]a]x", "bx", true),
            ("[^]a]x", "]x", false),
        ] {
            assert_eq!(Exclusion::parse(pattern).unwrap().matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_that_names_nothing_is_refused() {
        assert!(["", "/", ".", "./", "//", "[a"].iter().all(|text| Exclusion::parse(text).is_err()));
    }

    #[test]
    fn repositories_builds_and_tests_are_unwanted() {
        let unwanted = |name: &&str| unwanted(name, || !name.contains('.'));
        assert!([".git", "a/.git", "target", "old.zip", ".gitignore", "a/.gitignore"].iter().all(unwanted));
        assert!(["event.json", "events", "tests"].iter().all(unwanted));
        let wanted = ["a/target", "data/fonts.zip", "targets", "a/events", "a/event.json", "a/tests", ".github"];
        assert!(!wanted.iter().any(unwanted));
    }

    #[test]
    fn an_exclusion_that_matches_nothing_is_told_unless_its_folder_stays_out() {
        let exclusions = ["evnts", "docs", "docs/a.md", "target/debug", "/lib/b", "[^f]x"];
        let exclusions = exclusions.map(|text| Exclusion::parse(text).unwrap());
        let mut left_out = LeftOut::new(&exclusions, Path::new("/nosuch"));
        for name in ["docs", "target", "function.sh"] {
            left_out.has(name, Path::new("/nosuch"));
        }
        let told = left_out.unmatched();
        let named = |text: &str| told.iter().any(|warning| warning.contains(&format!("`{text}` matched nothing")));
        assert!(told.len() == 3 && named("evnts") && named("/lib/b") && named("[^f]x"), "{told:?}");
    }
}
