//! The proof that handlers run unchanged: a corpus of handlers, each for one behaviour, under the bootstraps that such handlers
//! were written for and under ours, through the same Runtime API, with the same two events; the answers' bytes are compared.
//!
//! Where ours differs on purpose the case says why. `cargo test --test it corpus -- --nocapture` prints a line for each case.

mod case;
mod compared;
mod conventions;
mod page;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::failures::side_by_side;
use crate::support::program::curl_is_missing;
use case::Case;
use compared::{Compared, Original};

const BOOTSTRAPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bootstraps");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Compares all cases of `files` with all `originals`; prints a line for each.
fn compare(files: &[&str], convention: &str, originals: &[Original]) {
    if curl_is_missing() {
        return;
    }
    let since = Instant::now();
    let cases: Vec<Case> = files.iter().flat_map(|file| Case::all_of(file)).collect();
    let numbers: Vec<String> = (0..cases.len()).map(|number| number.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let compared = side_by_side(&numbers, |number| {
        Compared::run(&cases[number.parse::<usize>().unwrap()], convention, originals)
    });
    compared.iter().for_each(|case| println!("{}", case.line()));
    println!("{} cases in {:.1} s", cases.len(), since.elapsed().as_secs_f64());
    let faults: Vec<String> = compared.iter().filter_map(Compared::fault).collect();
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

/// COSHELL_TUTORIAL, else ../shared/tutorial beside the checkout: AWS's own.
fn aws_tutorial() -> Option<PathBuf> {
    let beside = Path::new(ROOT).join("../shared/tutorial/bootstrap");
    let path = std::env::var_os("COSHELL_TUTORIAL").map_or(beside, PathBuf::from);
    path.is_file().then_some(path)
}

fn under_the_tutorials(files: &[&str]) {
    let mut originals = vec![Original::posix("tutorial", Path::new(BOOTSTRAPS).join("tutorial.bash"))];
    match aws_tutorial() {
        Some(path) => originals.push(Original::posix("AWS's", path)),
        // No tool that could be installed: CI is green without it.
        None => eprintln!("skip: COSHELL_TUTORIAL names no bootstrap: AWS's own is not compared"),
    }
    compare(files, "", &originals);
}

fn under(convention: &str, recreation: &str) {
    let original = Original::bash(recreation, Path::new(BOOTSTRAPS).join(format!("{recreation}.bash")));
    compare(&[if convention.is_empty() { "executable" } else { convention }], convention, &[original]);
}

#[test]
fn text_comes_out_as_under_the_tutorials_bootstrap() {
    under_the_tutorials(&["text"]);
}

#[test]
fn the_shell_behaves_as_under_the_tutorials_bootstrap() {
    under_the_tutorials(&["shell"]);
}

#[test]
fn handlers_end_as_under_the_tutorials_bootstrap() {
    under_the_tutorials(&["ends"]);
}

#[test]
fn gkrizeks_handlers_run_unchanged() {
    under("gkrizek", "gkrizek");
}

#[test]
fn ql4bs_handlers_run_unchanged() {
    under("ql4b", "ql4b");
}

#[test]
fn mparkachovs_handlers_run_unchanged() {
    under("mparkachov", "mparkachov");
}

#[test]
fn executables_run_unchanged() {
    under("", "mparkachov");
}
