//! What does not go into a zip: what the user names, what never belongs to a function, and the zip itself.

use std::fs;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};

/// As in a .gitignore: a pattern with a slash is matched from the top, one without against each name.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// What is left out, and what was found of that.
#[derive(Debug, Default)]
pub(in crate::local) struct LeftOut {
    patterns: Vec<Pattern>,
    /// The folder of the zip that is looked at: empty, or ending in a slash.
    prefix: String,
    by_default: bool,
    output: Option<PathBuf>,
    /// What was left out although nobody asked for it.
    pub(in crate::local) told: Vec<String>,
}

impl LeftOut {
    /// By `patterns` and by default; `output` is the file that is being made.
    pub(in crate::local) fn new(patterns: &[Pattern], output: &Path) -> LeftOut {
        let (patterns, output) = (patterns.to_vec(), fs::canonicalize(output).ok());
        LeftOut { patterns, by_default: true, output, ..LeftOut::default() }
    }

    /// The same patterns for a folder that somebody asked for as `name`, of which nothing stays out by default.
    pub(super) fn within(&self, name: &str) -> LeftOut {
        let (patterns, output) = (self.patterns.clone(), self.output.clone());
        LeftOut { patterns, prefix: format!("{name}/"), by_default: false, output, told: Vec::new() }
    }

    /// Whether `name`, a path in the folder that is looked at, which is `path` here, stays out.
    pub(super) fn has(&mut self, name: &str, path: &Path) -> bool {
        let in_zip = format!("{}{name}", self.prefix);
        if self.patterns.iter().any(|pattern| matches(pattern, &in_zip)) || self.is_output(path) {
            return true;
        }
        let unwanted = self.by_default && unwanted(name);
        if unwanted {
            self.told.push(name.to_owned());
        }
        unwanted
    }

    fn is_output(&self, path: &Path) -> bool {
        self.output.as_deref().is_some_and(|output| fs::canonicalize(path).is_ok_and(|path| path == output))
    }
}

/// Reads a pattern from the command line.
///
/// # Errors
/// Where it is none.
pub(in crate::local) fn pattern(text: &str) -> Result<Pattern, PatternError> {
    Pattern::new(text.trim_end_matches('/'))
}

fn matches(pattern: &Pattern, name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    match pattern.as_str().strip_prefix('/') {
        Some(from_top) => Pattern::new(from_top).is_ok_and(|pattern| pattern.matches_with(name, OPTIONS)),
        None if pattern.as_str().contains('/') => pattern.matches_with(name, OPTIONS),
        None => pattern.matches_with(last, OPTIONS),
    }
}

/// A repository's own files anywhere; cargo's folder and zips at the top.
fn unwanted(name: &str) -> bool {
    name == ".git" || name.ends_with("/.git") || name == "target" || (!name.contains('/') && name.ends_with(".zip"))
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
        ] {
            assert_eq!(matches(&Pattern::new(pattern).unwrap(), name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_belongs_to_the_repository_is_unwanted() {
        assert!([".git", "a/.git", "target", "old.zip"].iter().all(|name| unwanted(name)));
        assert!(![".gitignore", "a/target", "data/fonts.zip", "targets"].iter().any(|name| unwanted(name)));
    }
}
