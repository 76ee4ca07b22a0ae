//! What is wrong with a file, whatever it says: its mode and its line ends.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;

use super::position::Position;

/// A message, and the position that it is about.
pub(super) type Fault = (Option<Position>, String);

/// Whether others can read the file: Lambda runs a function as a user who does not own its files.
pub(super) fn unreadable(metadata: &Metadata, name: &str) -> Option<Fault> {
    let mode = metadata.permissions().mode();
    let message =
        || format!("its mode {:04o} lets nobody else read it, as Lambda must: `chmod a+r {name}`", mode & 0o7777);
    (mode & 0o004 == 0).then(|| (None, message()))
}

/// Whether others can execute the file, which they can read.
pub(super) fn not_executable(metadata: &Metadata, name: &str) -> Option<Fault> {
    let mode = metadata.permissions().mode();
    let message =
        || format!("its mode {:04o} lets nobody else execute it, as Lambda must: `chmod a+rx {name}`", mode & 0o7777);
    (mode & 0o004 != 0 && mode & 0o001 == 0).then(|| (None, message()))
}

/// Bash takes the CR of a Windows line end for a part of the last word.
pub(super) fn line_ends(text: &str, name: &str) -> Option<Fault> {
    let first = text.split_inclusive('\n').position(|line| line.ends_with("\r\n"))?;
    let message = format!("its lines end as on Windows, by CR LF, which Bash cannot read: `sed -i 's/\\r$//' {name}`");
    Some((u32::try_from(first + 1).ok().map(Position::of_line), message))
}

/// Whether Bash's checks suit it: its first line names `sh` or `bash`, or no interpreter.
pub(super) fn is_shell(text: &str) -> bool {
    let Some(line) = text.lines().next().and_then(|line| line.strip_prefix("#!")) else { return true };
    let mut names = line.split_whitespace().filter_map(|word| word.rsplit('/').next());
    let interpreter = names.find(|name| *name != "env" && !name.starts_with('-'));
    interpreter.is_none_or(|name| matches!(name, "sh" | "bash"))
}

/// Whether it gives PATH a value; which one, is known only when it runs.
pub(super) fn sets_path(text: &str) -> bool {
    let begins_a_word =
        |at: &usize| !text[..*at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '_');
    ["PATH=", "PATH+="].iter().any(|assignment| text.match_indices(assignment).any(|(at, _)| begins_a_word(&at)))
}

/// Whether a line begins as the definition of `function` does. It may stand in a here-document all the same.
pub(super) fn seems_to_define(text: &str, function: &str) -> bool {
    text.lines().filter_map(defined).any(|name| name == function)
}

/// The function that a line begins to define: `name() {`, `function name {`.
pub(super) fn defined(line: &str) -> Option<String> {
    let line = line.trim_start();
    let name = match line.strip_prefix("function ") {
        Some(rest) => rest.trim_start().split(|c: char| c.is_whitespace() || c == '(').next()?,
        None => line.split_once('(').filter(|(_, rest)| rest.trim_start().starts_with(')'))?.0.trim_end(),
    };
    let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "\"'$=".contains(c));
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_line_ends_are_told_at_their_first_line() {
        assert_eq!(line_ends("a\nb\r\nc\r\n", "x.sh").unwrap().0, Some(Position::of_line(2)));
        assert_eq!(line_ends("a\nb\rc\n", "x.sh"), None);
    }

    #[test]
    fn a_value_for_path_is_one_for_no_other_name() {
        assert!(["PATH=a:$PATH", "export PATH+=:a", "x; PATH=b"].iter().all(|text| sets_path(text)));
        assert!(!["LD_LIBRARY_PATH=a", "echo $PATH", "éPATH"].iter().any(|text| sets_path(text)));
    }

    #[test]
    fn a_line_that_begins_as_a_definition_seems_to_be_one() {
        let definitions = ["x\nh() {", "  h ( )", "function h", "function h {", "\tfunction  h()"];
        assert!(definitions.iter().all(|text| seems_to_define(text, "h")));
        assert!(!["h", "ha() {", "# h()", "function ha {", "h x()"].iter().any(|text| seems_to_define(text, "h")));
    }

    #[test]
    fn a_shebang_of_another_program_is_no_shell() {
        assert!(["#!/bin/sh", "#!/usr/bin/env bash", "#!/bin/bash -e", "echo"].iter().all(|text| is_shell(text)));
        assert!(!["#!/usr/bin/python3", "#!/usr/bin/env node"].iter().any(|text| is_shell(text)));
    }

    #[test]
    fn definitions_are_recognised_in_all_their_forms() {
        for (line, name) in [
            ("deep() {", Some("deep")),
            ("  a-b::c () { x; }", Some("a-b::c")),
            ("function other", Some("other")),
            ("function f() {", Some("f")),
            ("echo \"$(x)\" ()", None),
            ("x=()", None),
            ("call (", None),
        ] {
            assert_eq!(defined(line).as_deref(), name, "{line}");
        }
    }
}
