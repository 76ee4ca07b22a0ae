//! Durable executions against AWS's own local runner: the requirements of AWS's conformance suite, and chaos.

mod chaos;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::support::skip::{cannot, durable_tool};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
/// AWS's data, which is no part of this project; COSHELL_DURABLE_REQUIREMENTS names another folder.
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/durable-requirements");

/// Python with PyYAML, and the local runner; says so where they or jq are missing.
fn tools() -> Option<[PathBuf; 2]> {
    if cannot("jq", &["--version"]) {
        return None;
    }
    Some([durable_tool("python")?, durable_tool("dex-local-runner")?])
}

#[test]
fn handlers_in_bash_fulfil_the_requirements_of_aws_conformance_suite() {
    let Some([python, runner]) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    let tests = Path::new(PROJECT).join("tests/it/durable");
    let requirements = env::var_os("COSHELL_DURABLE_REQUIREMENTS").unwrap_or_else(|| REQUIREMENTS.into());
    let has_data = Path::new(&requirements).is_dir();
    let output = Command::new(python)
        .arg(tests.join("requirements.py"))
        .args([Path::new(env!("CARGO_BIN_EXE_coshell")), &runner, &tests.join("handlers"), folder.path()])
        .args(has_data.then_some(&requirements))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (page, problems) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "requirements that are not met:\n{problems}");
    // The page tells how AWS's data compares.
    if has_data && env::var_os("COSHELL_DURABLE_ONLY").is_none() {
        let path = Path::new(PROJECT).join("tests/durable.md");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &page).unwrap();
        }
        assert_eq!(page, fs::read_to_string(&path).unwrap_or_default(), "UPDATE_GOLDEN=1 writes tests/durable.md");
    }
}
