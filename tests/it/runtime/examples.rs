//! Every example in handlers/, with its event: the response is the golden one, or the failure the one that is named.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::function::Function;
use crate::support::skip::cannot;

const HANDLERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers");

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The example in a task root of its own, with the environment that its tests/ make.
fn function_of(folder: &Path, scratch: &Path) -> Function {
    let mut function = Function::without_script();
    copy(folder, function.folder.path());
    let stubs = folder.join("tests/bin");
    if stubs.is_dir() {
        let mut path: Vec<PathBuf> = vec![stubs];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        function = function.env("PATH", std::env::join_paths(path).unwrap());
    }
    let setup = folder.join("tests/setup");
    if setup.is_file() {
        let ran = Command::new(setup).arg(scratch).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        for line in String::from_utf8(ran.stdout).unwrap().lines() {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("no NAME=VALUE: {line}"));
            function = function.env(name, OsString::from(value));
        }
    }
    function
}

fn trimmed(path: &Path) -> String {
    fs::read_to_string(path).unwrap().trim_end_matches('\n').to_owned()
}

/// Runs one example twice, as a warm environment does.
fn check(name: &str) {
    let folder = Path::new(HANDLERS).join(name);
    let script = fs::read_to_string(folder.join("function.sh")).unwrap();
    for tool in ["jq", "cmark", "git"] {
        let version: &[&str] = &["--version"];
        if script.lines().any(|line| !line.starts_with('#') && line.contains(&format!("{tool} ")))
            && cannot(tool, version)
        {
            return;
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let function = function_of(&folder, scratch.path()).start();
    let event = fs::read(folder.join("event.json")).unwrap();
    for _ in 0..2 {
        let answer = function.answer(&event);
        if folder.join("response").exists() {
            assert_eq!(
                answer.text().trim_end_matches('\n'),
                trimmed(&folder.join("response")),
                "{name}: {}",
                answer.log
            );
        } else if folder.join("error").exists() {
            let error = trimmed(&folder.join("error"));
            let (error_type, part) = error.split_once('\n').unwrap();
            let report: Value = serde_json::from_slice(answer.error_body()).unwrap();
            assert_eq!(report["errorType"], error_type, "{name}: {report}");
            assert!(report["errorMessage"].as_str().unwrap().contains(part), "{name}: {report}");
        } else {
            let document = scratch.path().join("response");
            fs::write(&document, answer.bytes()).unwrap();
            let jq = Command::new("jq").arg("-e").arg("-f").arg(folder.join("expect")).arg(document).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&jq.stdout).trim(), "true", "{name}: {} {jq:?}", answer.text());
        }
    }
}

/// Those of which a test below has more to say.
const PENDING: &str = "step-functions";

#[test]
fn every_example_answers_as_it_says() {
    let mut names: Vec<String> = fs::read_dir(HANDLERS)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("function.sh").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 5, "{names:?}");
    for name in names.iter().filter(|name| *name != PENDING) {
        eprintln!("handlers/{name}");
        check(name);
    }
}

#[test]
fn the_example_with_error_types_of_its_own_fails_by_their_names() {
    check(PENDING);
}
