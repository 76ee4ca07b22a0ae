//! The proof that handlers run unchanged: a corpus of handlers, each for one behaviour, under the bootstraps that such handlers
//! were written for and under ours, through the same Runtime API, with the same two events; the answers' bytes are compared.
//!
//! Where ours differs on purpose the case says why. `cargo test --test it corpus -- --nocapture` prints a line for each case.
//! The page tests/conventions.md is made of what came of it; `UPDATE_GOLDEN=1 cargo test --test it corpus` writes it anew.

mod case;
mod compared;
mod conventions;
mod executables;
mod page;
mod suites;

use crate::support::program::curl_is_missing;
use compared::Compared;
use suites::{EXECUTABLE, GKRIZEK, MPARKACHOV, QL4B, Suite, TUTORIAL};

/// Prints a line for each case; a difference without its reason is a fault.
fn assert_faithful(suite: &Suite) {
    if curl_is_missing() {
        return;
    }
    let (compared, took) = suite.compared();
    compared.iter().for_each(|case| println!("{}", case.line()));
    println!("{} cases in {:.1} s", compared.len(), took.as_secs_f64());
    let faults: Vec<String> = compared.iter().filter_map(Compared::fault).collect();
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), compared.len(), faults.join("\n"));
}

#[test]
fn the_tutorials_handlers_run_unchanged() {
    assert_faithful(&TUTORIAL);
}

#[test]
fn gkrizeks_handlers_run_unchanged() {
    assert_faithful(&GKRIZEK);
}

#[test]
fn ql4bs_handlers_run_unchanged() {
    assert_faithful(&QL4B);
}

#[test]
fn mparkachovs_handlers_run_unchanged() {
    assert_faithful(&MPARKACHOV);
}

#[test]
fn executables_run_unchanged() {
    assert_faithful(&EXECUTABLE);
}

#[test]
fn the_page_of_conventions_says_what_came_of_it() {
    if curl_is_missing() {
        return;
    }
    let wrong = page::difference();
    assert!(wrong.is_none(), "{}\nUPDATE_GOLDEN=1 writes it anew", wrong.unwrap_or_default());
}
