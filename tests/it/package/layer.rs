//! `coshell layer`.

use std::process::Command;

use super::project::{Project, Zip};
use crate::support::executable::copy_executable;
use crate::support::program::Ran;

const RUNTIME: [&str; 2] = ["--bootstrap", "run"];

/// A project with a runtime and a tool.
fn project() -> Project {
    Project::new().file("run", "#!/bin/sh\n", 0o644).file("tool", "#!/bin/sh\n", 0o644).file("bin/x", "x", 0o644)
}

fn layer(project: &Project, arguments: &[&str]) -> Zip {
    project.run(&[&["layer"], arguments].concat()).assert_status(0);
    Zip::read(&project.output())
}

#[test]
fn a_layer_has_the_runtime_at_its_top() {
    let zip = layer(&project(), &RUNTIME);
    assert_eq!((zip.names(), zip.mode("bootstrap")), (vec!["bootstrap"], 0o755));
}

#[test]
fn an_added_file_has_the_given_name_or_its_path() {
    let project = project().file("d/e/f", "", 0o644);
    let zip = layer(&project, &["--add", "bin/jq=tool", "--add", "lib=d", "--add", "bin/x", "--no-runtime"]);
    assert_eq!(zip.names(), ["bin/jq", "bin/x", "lib/e/f"]);
    assert_eq!(["bin/jq", "bin/x", "lib/e/f"].map(|name| zip.mode(name)), [0o755, 0o755, 0o644]);
}

#[test]
fn excluded_files_of_added_folders_are_left_out() {
    let project = project().file("d/e/f.a", "", 0o644).file("d/f", "", 0o644).link("d/gone", "nosuch");
    let add = ["--add", "lib=d", "--no-runtime"];
    project.run(&[&["layer"], &add[..]].concat()).assert_status(1).assert_stderr_has("leave it out with --exclude");
    let zip = layer(&project, &[&add[..], &["--exclude", "*.a", "--exclude", "lib/gone"]].concat());
    assert_eq!(zip.names(), ["lib/f"]);
}

#[test]
fn the_same_files_give_the_same_checksum() {
    let summary_of_layer = || {
        let ran = project().run(&[&["layer", "--add", "bin/jq=tool", "--json"], &RUNTIME[..]].concat());
        let summary: serde_json::Value = serde_json::from_slice(&ran.assert_status(0).stdout).unwrap();
        assert!(summary.get("handler").is_none());
        (summary["codeSha256"].clone(), summary["files"].clone())
    };
    assert_eq!(summary_of_layer(), summary_of_layer());
    assert_eq!(summary_of_layer().1, 2);
}

#[test]
fn wrong_arguments_and_files_are_refused() {
    let project = project();
    let refused = |arguments: &[&str], status: i32, sentence: &str| {
        project.run(&[&["layer"], arguments].concat()).assert_status(status).assert_stderr_has(sentence);
        assert!(!project.output().exists());
    };
    refused(&["--add", "bin/jq=nosuch", "--no-runtime"], 1, "cannot read `nosuch`: No such file or directory");
    refused(&["--add", "../tool", "--no-runtime"], 1, "`../tool` cannot be a name in a zip");
    refused(&["--add", "bootstrap=tool", RUNTIME[0], RUNTIME[1]], 1, "two files have the name `bootstrap` in the zip");
    refused(&["--no-runtime"], 2, "--add");
    refused(&["--add", "=tool"], 2, "write NAME=PATH");
    refused(&["--arch", "sparc"], 2, "arm64");
    refused(&["--bootstrap", "nosuch"], 1, "cannot use the bootstrap `nosuch`");
}

#[test]
fn without_the_tools_of_a_release_the_message_names_the_places_where_they_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let coshell = folder.path().join("coshell");
    copy_executable(env!("CARGO_BIN_EXE_coshell"), &coshell);
    let output = folder.path().join("tools.zip");
    let mut command = Command::new(&coshell);
    command.args(["layer", "--no-runtime", "--tools", "--arch", "arm64", "-o"]).arg(&output);
    let looked_for = folder.path().join("coshell-tools-arm64.zip");
    let sentence = format!("no tools for arm64: looked for `{}`; copy `coshell-tools-arm64.zip`", looked_for.display());
    let ran = Ran::from(command.output().unwrap()).assert_status(1);
    ran.assert_stderr_has(&sentence).assert_stderr_has("or run `.ci/release arm64`");
    assert!(!output.exists());
}

#[test]
fn the_interpreter_of_a_layers_program_is_checked() {
    let project =
        project().file("python", "#!/usr/bin/python3\n", 0o644).file("env", "#!/usr/bin/env python3\n", 0o644);
    let summary =
        |arguments: &[&str]| project.run(&[&["layer", "--no-runtime"], arguments].concat()).assert_status(0).stderr;
    let ran = summary(&["--add", "bin/python=python"]);
    assert!(ran.contains("warning: `bin/python` is run by `/usr/bin/python3`, which is not on Lambda's"), "{ran}");
    let ran = summary(&["--add", "bin/tool=env"]);
    assert!(ran.contains("warning: `bin/tool` is run by `python3`") && ran.contains("add --have python3"), "{ran}");
    assert_eq!(summary(&["--add", "bin/tool=env", "--have", "python3"]), "");
    assert_eq!(summary(&["--add", "bin/tool=env", "--add", "bin/python3=tool"]), "");
}
