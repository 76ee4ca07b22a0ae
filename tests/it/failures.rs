//! Every class of failure, through the real `bootstrap`, against golden texts; and the page tests/failures.md, made of them.
//!
//! A case is one file below failures/cases: a few settings, the right answer (truth.rs), the function's files, and then, from the first
//! line that begins with `===`, what came of it. `UPDATE_GOLDEN=1 cargo test --test it failures` writes that last part, and the page,
//! anew. judge.rs compares what came of it with the right answer.

pub mod case;
pub mod chapters;
mod judge;
mod observation;
mod page;
mod truth;
mod verdict;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;
use crate::support::bash;
use case::{Case, Ran};
use chapters::names;

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/failures/cases");

#[test]
fn every_class_of_failure_is_told_as_its_golden_text_and_the_page_say() {
    if bash::is_not_5_2() {
        return;
    }
    let names: Vec<&str> = names().collect();
    let told: Vec<Ran> = side_by_side(&names, |name| Case::read(Path::new(FOLDER), name).run());
    let mut wrong: Vec<String> = told.iter().filter_map(Ran::difference).collect();
    wrong.extend(page::difference(&told));
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 writes them anew", wrong.join("\n"));
}

#[test]
fn every_case_stands_in_one_chapter_of_the_page() {
    let listed: Vec<&str> = names().collect();
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(listed.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>(), files);
    assert_eq!(listed.len(), files.len(), "one is listed twice");
}

/// Runs all on three threads, since some of them wait; the results come in order.
pub fn side_by_side<I: Sync, T: Send>(items: &[I], run: impl Fn(&I) -> T + Sync) -> Vec<T> {
    on_threads(3, items, run)
}

/// The same on so many threads.
pub fn on_threads<I: Sync, T: Send>(threads: usize, items: &[I], run: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let (queue, ran) = (Mutex::new(items.iter().enumerate()), Mutex::new(Vec::new()));
    let work = || {
        while let Some((index, item)) = { queue.lock().unwrap().next() } {
            let one = run(item);
            ran.lock().unwrap().push((index, one));
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut ran = ran.into_inner().unwrap();
    ran.sort_by_key(|(index, _)| *index);
    ran.into_iter().map(|(_, ran)| ran).collect()
}

#[test]
fn of_a_hundred_failures_in_a_row_each_has_its_place_and_its_log() {
    let script = "deep() {\n  ls \"/nosuch/$1\"\n}\nhandler() {\n  deep \"$1\"\n}\n";
    let running = Sandbox::of_script(script).ready();
    for number in 1..=100 {
        let error = running.error(&format!("event-{number}"), &number.to_string());
        let report: Value = serde_json::from_slice(&error.body).unwrap();
        assert_eq!(report["stackTrace"], json!(["deep (function.sh:2)", "handler (function.sh:5)"]), "event {number}");
    }
    let said = |number: u32| format!("ls: cannot access '/nosuch/{number}'");
    let log = running.log();
    assert!((1..=100).all(|number| log.contains(&said(number))), "{log}");
}
