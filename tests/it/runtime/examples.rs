//! Every example in handlers/, with its event: the response is the golden one, or the failure the one that is named. And what
//! handlers/README.md says of the examples.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::function::Function;
use crate::support::program::{Ran, coshell};
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
    let file = |ending: &str| folder.join("events/example").with_extension(ending);
    let event = fs::read(file("json")).unwrap();
    for _ in 0..2 {
        let answer = function.answer(&event);
        if file("response").exists() {
            assert_eq!(answer.text().trim_end_matches('\n'), trimmed(&file("response")), "{name}: {}", answer.log);
        } else if file("error").exists() {
            let expected: Value = serde_json::from_slice(&fs::read(file("error")).unwrap()).unwrap();
            let report: Value = serde_json::from_slice(answer.error_body()).unwrap();
            for member in ["errorType", "errorMessage"] {
                assert_eq!(report[member], expected[member], "{name}: {report}");
            }
        } else {
            let document = scratch.path().join("response");
            fs::write(&document, answer.bytes()).unwrap();
            let jq =
                Command::new("jq").arg("-e").arg("-f").arg(folder.join("tests/expect")).arg(document).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&jq.stdout).trim(), "true", "{name}: {} {jq:?}", answer.text());
        }
    }
}

/// Whether the example's event is the input of a durable execution, which one invocation does not end.
fn is_durable(name: &str) -> bool {
    Path::new(HANDLERS).join(name).join("events/example.history").is_file()
}

/// Those of which a test below has more to say.
const PENDING: &str = "step-functions";

fn names() -> Vec<String> {
    let entries = fs::read_dir(HANDLERS).unwrap().map(|entry| entry.unwrap());
    let examples = entries.filter(|entry| entry.path().join("function.sh").is_file());
    let mut names: Vec<String> = examples.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() > 5, "{names:?}");
    names
}

#[test]
fn every_example_answers_as_it_says() {
    let names = names();
    for name in names.iter().filter(|name| *name != PENDING && !is_durable(name)) {
        eprintln!("handlers/{name}");
        check(name);
    }
}

#[test]
fn the_example_with_error_types_of_its_own_fails_by_their_names() {
    check(PENDING);
}

/// The rows of the table in handlers/README.md: an example's name, and what it needs.
fn told_of() -> Vec<(String, String)> {
    let page = fs::read_to_string(Path::new(HANDLERS).join("README.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ["));
    let row = |line: &str| {
        let needs = line.rsplit('|').nth(1).unwrap();
        (line.split(']').next().unwrap().to_owned(), needs.trim().to_owned())
    };
    rows.map(row).collect()
}

fn lacks(needs: &str) -> bool {
    ["jq", "git", "cmark"].iter().any(|tool| needs.contains(tool) && cannot(tool, &["--version"]))
}

fn coshell_on(command: &str, name: &str) -> Ran {
    let mut coshell = coshell();
    coshell.args([command, "--timeout", "30"]).arg(Path::new(HANDLERS).join(name)).stdin(Stdio::null());
    Ran::from(coshell.output().unwrap())
}

#[test]
fn the_page_names_every_example_and_coshell_test_runs_it() {
    let told = told_of();
    let mut named: Vec<String> = told.iter().map(|(name, _)| name.clone()).collect();
    named.sort();
    assert_eq!(named, names());
    for (name, needs) in told.iter().filter(|(name, _)| name != "probe") {
        if !lacks(needs) {
            let ran = coshell_on("test", name).assert_status(0);
            let count = fs::read_dir(Path::new(HANDLERS).join(name).join("events")).unwrap();
            let count = count.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "json"));
            let passed = format!("\n{} passed\n", count.count());
            assert!(String::from_utf8_lossy(&ran.stdout).ends_with(&passed), "{ran:?}");
        }
    }
}

#[test]
fn coshell_invoke_runs_every_example_that_needs_no_more_than_tools() {
    let only_tools = |needs: &str| needs.split(", ").all(|need| ["", "jq", "git", "cmark"].contains(&need));
    let told: Vec<(String, String)> = told_of().into_iter().filter(|(_, needs)| only_tools(needs)).collect();
    assert!(told.len() > 10, "{told:?}");
    for (name, needs) in told {
        if !lacks(&needs) {
            let fails = Path::new(HANDLERS).join(&name).join("events/example.error").exists();
            coshell_on("invoke", &name).assert_status(i32::from(fails));
        }
    }
}

#[test]
fn the_durable_example_runs_to_its_end_with_an_approval_and_undoes_its_reservation_without_one() {
    let invoke = |option: &str, answer: &str| {
        let mut coshell = coshell();
        coshell.arg("invoke").arg(Path::new(HANDLERS).join("order")).args(["--durable", option, answer]);
        Ran::from(coshell.stdin(Stdio::null()).output().unwrap())
    };
    let approved = invoke("--callback", "approval=Grace").assert_status(0);
    let approved = approved.assert_stdout(&trimmed(&Path::new(HANDLERS).join("order/events/example.response")));
    approved.assert_stderr_has("StepFailed").assert_stderr_has("BankBusy: the bank is busy, again in ");
    let rejected = invoke("--callback-failure", r#"approval={"ErrorType":"Rejected","ErrorMessage":"no"}"#);
    let rejected = rejected.assert_status(1);
    rejected.assert_stderr_has("released shelf-7-A-17").assert_stderr_has(r#""errorType":"Rejected""#);
}
