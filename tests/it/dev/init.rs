//! `coshell init`: the new folder, and that its handler runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::program::{Ran, coshell};
use crate::support::skip::cannot;

fn coshell_in(folder: &Path, arguments: &[&str]) -> Ran {
    Ran::from(coshell().current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap())
}

/// The examples, as the help lists them.
fn examples() -> Vec<String> {
    let help = String::from_utf8(coshell().args(["init", "--help"]).output().unwrap().stdout).unwrap();
    let listed = help.split("Possible values:").nth(1).unwrap().split("[default").next().unwrap();
    let names = listed.lines().filter_map(|line| line.trim().strip_prefix("- ")?.split(':').next());
    names.map(str::to_owned).collect()
}

#[test]
fn a_new_function_of_any_example_is_clean_runs_and_passes_its_test() {
    let without_jq = cannot("jq", &["--version"]);
    let folder = tempfile::tempdir().unwrap();
    assert!(examples().len() >= 8, "{:?}", examples());
    for example in examples() {
        let name = format!("my-{example}");
        coshell_in(folder.path(), &["init", &name, "--example", &example]).assert_status(0);
        coshell_in(folder.path(), &["check", &name, "--have", "jq"]).assert_status(0);
        let script = fs::read_to_string(folder.path().join(&name).join("function.sh")).unwrap();
        if script.contains("jq ") && without_jq {
            continue;
        }
        let tested = coshell_in(folder.path(), &["test", &name]).assert_status(0);
        let last = String::from_utf8_lossy(&tested.stdout).lines().last().unwrap().to_owned();
        assert!(last.ends_with(" passed") && !last.contains(','), "{example}: {tested:?}");
    }
}

#[test]
fn the_default_example_is_the_smallest_and_init_says_what_to_do_next() {
    let folder = tempfile::tempdir().unwrap();
    let made = coshell_in(folder.path(), &["init", "deep/er/hello"]).assert_status(0);
    let printed = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(
        printed.contains("deep/er/hello/function.sh ") && printed.contains("coshell test deep/er/hello "),
        "{printed}"
    );
    let invoked = coshell_in(folder.path(), &["invoke", "deep/er/hello", "7"]).assert_status(0);
    invoked.assert_stdout("Echoing request: '7'");
}

#[test]
fn an_existing_file_or_folder_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "mine").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
    for name in ["file", "empty", "link"] {
        coshell_in(folder.path(), &["init", name]).assert_status(2).assert_stderr_has("exists already");
    }
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(folder.path().join("empty")).unwrap().count(), 0);
}

#[test]
fn a_name_that_lambda_would_not_accept_is_refused() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let long = "x".repeat(65);
    for name in ["a b", "ä", "..", "a/..", &long] {
        coshell_in(folder.path(), &["init", name]).assert_status(2).assert_stderr_has("cannot be a function's name");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_wrong_example_is_an_error_that_lists_all_examples() {
    let folder = tempfile::tempdir().unwrap();
    let ran = coshell_in(folder.path(), &["init", "a", "--example", "sqss"]).assert_status(2);
    ran.assert_stderr_has("a similar value exists: 'sqs'").assert_stderr_has("echo, helper, warm");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    coshell_in(folder.path(), &["init", "file/a"])
        .assert_status(1)
        .assert_stderr_has("error: cannot make the folder `file`");
}

#[test]
fn the_printed_commands_work_whatever_the_name_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    for (name, example) in [
        ("hello", "echo"),
        ("-x", "echo"),
        ("--help", "echo"),
        ("my dir/it", "echo"),
        ("it's/a-b", "echo"),
        ("a b/c", "order"),
    ] {
        let made = coshell_in(folder.path(), &["init", "--example", example, "--", name]).assert_status(0);
        let printed = String::from_utf8_lossy(&made.stdout).into_owned();
        let commands: Vec<&str> = printed.split("next:\n").nth(1).unwrap().lines().collect();
        assert_eq!(commands.len(), 2, "{printed}");
        for command in commands {
            let command = command.replacen("coshell", &format!("'{}'", env!("CARGO_BIN_EXE_coshell")), 1);
            let ran = Command::new("bash").current_dir(folder.path()).args(["-c", &command]).output().unwrap();
            Ran::from(ran).assert_status(0);
        }
    }
}
