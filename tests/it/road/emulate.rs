//! handlers/deploy/emulate: what it says where it cannot run the zips.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::package::project::Project;
use crate::support::program::Ran;
use crate::support::skip::{cannot, no_namespaces};

const EMULATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/deploy/emulate");

/// Runs it on the project's zip, with a file in the emulator's place that is never started.
fn emulate(project: &Project, emulator: &Path) -> Ran {
    let mut command = Command::new("timeout");
    command.args(["60", EMULATE]).arg(project.output()).args(["--", "echo", "was run"]);
    Ran::from(command.env("COSHELL_RIE", emulator).stdin(Stdio::null()).output().unwrap())
}

fn no_place() -> bool {
    no_namespaces() || cannot("unzip", &["-v"])
}

#[test]
fn zips_without_a_runtime_are_refused_at_once() {
    if no_place() {
        return;
    }
    let project = Project::new();
    project.packaged(&[]);
    let ran = emulate(&project, Path::new(EMULATE)).assert_status(1).assert_stdout("");
    let sentence = "emulate: no bootstrap in these zips: add the layer, or package with --with-runtime\n";
    assert_eq!(ran.stderr, sentence);
}

#[test]
fn a_runtime_that_cannot_be_executed_is_refused_at_once() {
    if no_place() || cannot("python3", &["--version"]) {
        return;
    }
    let project = Project::new();
    let script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr(zipfile.ZipInfo('bootstrap'), '')";
    assert!(Command::new("python3").args(["-c", script]).arg(project.output()).status().unwrap().success());
    let ran = emulate(&project, Path::new(EMULATE)).assert_status(1).assert_stdout("");
    ran.assert_stderr_has("the bootstrap in these zips cannot be executed: give it the mode 0755");
}

#[test]
fn a_missing_emulator_is_told_with_the_command_that_brings_it() {
    let project = Project::new();
    project.packaged(&[]);
    let ran = emulate(&project, Path::new("/nosuch/emulator")).assert_status(1).assert_stdout("");
    ran.assert_stderr_has("no emulator `/nosuch/emulator`: bring it with `tests/run --install-only`");
}
