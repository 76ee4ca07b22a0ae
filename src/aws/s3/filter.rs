//! `--exclude` and `--include`: the last pattern that matches decides.

use super::files::absolute;
use super::objects::split;
use super::options::Options;

/// The patterns of a command, below its source and below its destination.
#[derive(Debug)]
pub(super) struct Filter {
    patterns: Vec<(bool, Vec<char>)>,
}

impl Filter {
    /// The patterns of a command line with its two paths.
    pub(super) fn new(options: &Options, source: &str, destination: &str, is_directory: bool) -> Filter {
        let roots = [root(source, is_directory), root(destination, is_directory)];
        let patterns = options.filters.iter().flat_map(|(includes, pattern)| {
            roots.iter().map(move |root| (*includes, joined(root, pattern).chars().collect()))
        });
        Filter { patterns: patterns.collect() }
    }

    /// Whether a path passes.
    pub(super) fn passes(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        let last = self.patterns.iter().rev().find(|(_, pattern)| matches(pattern, &path));
        last.is_none_or(|(includes, _)| *includes)
    }
}

/// The folder or the prefix that patterns are below.
fn root(path: &str, is_directory: bool) -> String {
    if !path.starts_with("s3://") {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        return absolute(if is_directory { path } else { folder });
    }
    let (bucket, key) = split(path);
    let key =
        if is_directory || key.ends_with('/') { key } else { key.rsplit_once('/').map_or("", |(prefix, _)| prefix) };
    format!("{bucket}/{key}")
}

/// Python's `os.path.join`.
fn joined(root: &str, pattern: &str) -> String {
    if pattern.starts_with('/') {
        return pattern.to_owned();
    }
    if root.is_empty() || root.ends_with('/') { format!("{root}{pattern}") } else { format!("{root}/{pattern}") }
}

/// Python's `fnmatch`: `*` and `?` match slashes too.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut position) = (0, 0);
    let mut star = None;
    while position < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, position));
                at += 1;
                continue;
            }
            Some(_) => {
                if let Some(next) = one(pattern, at, text[position]) {
                    at = next;
                    position += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((star_at, start)) = star else { return false };
        star = Some((star_at, start + 1));
        at = star_at + 1;
        position = start + 1;
    }
    pattern[at..].iter().all(|character| *character == '*')
}

/// Where the pattern continues, if its next part matches one character.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern[at] {
        '?' => Some(at + 1),
        '[' => {
            let first = at + 1;
            let is_negated = pattern.get(first) == Some(&'!');
            let start = first + usize::from(is_negated);
            // A bracket right at the start is an ordinary character.
            let from = start + usize::from(pattern.get(start) == Some(&']'));
            let Some(end) = pattern.get(from..)?.iter().position(|character| *character == ']').map(|end| from + end)
            else {
                return (character == '[').then_some(at + 1);
            };
            (is_in(&pattern[start..end], character) != is_negated).then_some(end + 1)
        }
        literal => (literal == character).then_some(at + 1),
    }
}

fn is_in(set: &[char], character: char) -> bool {
    let mut position = 0;
    while position < set.len() {
        if set.get(position + 1) == Some(&'-') && position + 2 < set.len() {
            if (set[position]..=set[position + 2]).contains(&character) {
                return true;
            }
            position += 3;
        } else {
            if set[position] == character {
                return true;
            }
            position += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_python() {
        let check = |pattern: &str, text: &str| {
            matches(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
        };
        for (pattern, text) in [
            ("*", ""),
            ("a*c", "a/b/c"),
            ("?", "/"),
            ("[a-c]x", "bx"),
            ("[!a]", "b"),
            ("[]]", "]"),
            ("a[", "a["),
            ("*.log", "x/y.log"),
        ] {
            assert!(check(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "b"), ("*.log", "x.logs"), ("[!a]", "a"), ("", "a")] {
            assert!(!check(pattern, text), "{pattern} {text}");
        }
    }
}
