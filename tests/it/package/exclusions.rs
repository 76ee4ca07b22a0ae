//! Files that are left out of a zip, by `--exclude` and by default, and the messages about them.

use std::fs;

use super::project::{Project, Zip};
use crate::support::program::{Ran, coshell};

#[test]
fn a_pattern_that_begins_with_a_dot_and_a_slash_leaves_the_file_out() {
    let project = Project::new().file(".env", "SECRET=1", 0o644).file("docs/a.md", "", 0o644);
    let ran = project.package(&["--exclude", "./.env", "--exclude", "./docs/"]).assert_status(0);
    assert_eq!(Zip::read(&project.output()).names(), ["function.sh"]);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_pattern_that_matches_nothing_is_a_warning() {
    let project = Project::new().file("data/a", "", 0o644);
    let ran = project.package(&["--exclude", "evnts", "--exclude", "data"]).assert_status(0);
    assert!(ran.stderr.contains("warning: --exclude `evnts` matches no file or folder"), "{ran:?}");
    assert!(!ran.stderr.contains("`data`"), "{ran:?}");
    let added = ["layer", "--no-runtime", "--add", "lib=data", "--exclude", "*.so", "--exclude", "lib/a"];
    let ran = project.run(&added).assert_status(0);
    assert!(
        ran.stderr.contains("warning: --exclude `*.so` matches no file or folder") && !ran.stderr.contains("lib/a"),
        "{ran:?}"
    );
}

#[test]
fn an_empty_pattern_is_refused() {
    let project = Project::new();
    for nothing in ["", "/", "./"] {
        project.package(&["--exclude", nothing]).assert_status(2).assert_stderr_has("the pattern is empty");
    }
    assert!(!project.output().exists());
}

#[test]
fn a_class_that_begins_with_a_caret_is_negated() {
    let project = Project::new().file("data", "", 0o644).file("first", "", 0o644);
    assert_eq!(project.packaged(&["--exclude", "[^f]*"]).names(), ["first", "function.sh"]);
}

#[test]
fn tests_and_their_events_are_left_out_unless_they_are_included() {
    let project = Project::new()
        .file("events/a.json", "{}", 0o644)
        .file("events/a.response", "", 0o644)
        .file("event.json", "{}", 0o644)
        .file("tests/bin/aws", "#!/bin/sh\n", 0o755)
        .file(".gitignore", "", 0o644)
        .file("lib/.gitignore", "", 0o644)
        .file("lib/events/b", "", 0o644);
    let ran = project.package(&[]).assert_status(0);
    assert_eq!(Zip::read(&project.output()).names(), ["function.sh", "lib/events/b"]);
    assert!(
        ran.stderr.starts_with(
            "not needed on Lambda, so not in the zip: .gitignore, event.json, events, lib/.gitignore, tests ("
        ),
        "{ran:?}"
    );
    let ran = project.package(&["--include", "events", "--include", "event.json"]).assert_status(0);
    let names = ["event.json", "events/a.json", "events/a.response", "function.sh", "lib/events/b"];
    assert_eq!(Zip::read(&project.output()).names(), names);
    assert!(
        ran.stderr.starts_with("not needed on Lambda, so not in the zip: .gitignore, lib/.gitignore, tests ("),
        "{ran:?}"
    );
}

#[test]
fn a_file_named_tests_or_events_is_no_folder_of_tests() {
    let project = Project::new().file("tests", "", 0o644).file("events", "", 0o644);
    assert_eq!(project.packaged(&[]).names(), ["events", "function.sh", "tests"]);
}

#[test]
fn a_sourced_file_that_is_left_out_is_a_warning() {
    let project = Project::new().file("function.sh", ". ./tests/lib.sh\nhandler() { :; }\n", 0o644);
    let project = project.file("tests/lib.sh", "", 0o644);
    project
        .package(&[])
        .assert_status(0)
        .assert_stderr_has("warning: `function.sh` sources `tests/lib.sh`, which is left out");
    assert_eq!(project.package(&["--include", "tests/lib.sh", "--exclude", "./x"]).status, Some(0));
    assert_eq!(project.packaged(&["--include", "tests/lib.sh"]).names(), ["function.sh", "tests/lib.sh"]);
}

#[test]
fn a_zip_can_be_written_to_stdout() {
    let project = Project::new().file("-", "a file of that name", 0o644);
    let ran = coshell().current_dir(project.root()).args(["package", ".", "-o", "-"]).output().unwrap();
    let ran = Ran::from(ran).assert_status(0).assert_stderr_has("wrote       - (x86_64)\n");
    let zip = project.output();
    fs::write(&zip, &ran.stdout).unwrap();
    assert_eq!(Zip::read(&zip).names(), ["-", "function.sh"]);
    assert_eq!(fs::read(project.root().join("-")).unwrap(), b"a file of that name");
}
