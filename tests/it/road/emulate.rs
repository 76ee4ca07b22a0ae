//! handlers/deploy/emulate: what it says where it cannot run the zips.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::package::project::Project;
use crate::support::function::BOOTSTRAP;
use crate::support::program::Ran;
use crate::support::skip::{cannot, emulator as emulator_of_aws, no_namespaces};

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

#[test]
fn a_zip_of_scripts_alone_runs_on_a_customer_managed_runtime() {
    if no_place() || cannot("curl", &["--version"]) {
        return;
    }
    let Some(emulator) = emulator_of_aws() else { return };
    let project = Project::new();
    project.packaged(&[]);
    let invoke =
        "curl -sSf -d '{\"text\":\"Hello\"}' \"$AWS_ENDPOINT_URL_LAMBDA/2015-03-31/functions/function/invocations\"";
    let run = |runtime: &str| {
        let mut command = Command::new("timeout");
        command.args(["60", EMULATE, "--runtime", runtime]).arg(project.output()).args(["--", "sh", "-c", invoke]);
        Ran::from(command.env("COSHELL_RIE", &emulator).stdin(Stdio::null()).output().unwrap())
    };
    let ran = run(BOOTSTRAP).assert_status(0);
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), "{\"text\":\"Hello\"}", "{}", ran.stderr);
    run("/nosuch/bootstrap").assert_status(1).assert_stderr_has("`/nosuch/bootstrap` is no file that can be executed");
}

#[test]
fn another_name_than_the_emulators_is_refused_at_once() {
    let project = Project::new();
    project.packaged(&[]);
    for options in [&["--function-name", "echo"][..], &["--function-name=echo"]] {
        let mut command = Command::new("timeout");
        command
            .args(["60", EMULATE])
            .arg(project.output())
            .args(["--", "aws", "lambda", "invoke"])
            .args(options)
            .arg("out");
        let ran = Ran::from(command.stdin(Stdio::null()).output().unwrap()).assert_status(2).assert_stdout("");
        ran.assert_stderr_has("replace `--function-name echo` by `--function-name function`");
    }
}
