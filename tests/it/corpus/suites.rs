//! Which handlers are run under what, and once only in a process: the page and the comparison share the results.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::case::Case;
use super::compared::{Compared, Original};
use crate::failures::side_by_side;

const BOOTSTRAPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bootstraps");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The handlers of one public runtime.
pub struct Suite {
    /// The value of COSHELL_CONVENTION.
    pub convention: &'static str,
    files: &'static [&'static str],
    /// What does as the original did, in tests/bootstraps.
    pub recreation: &'static str,
    /// How Bash is called for it.
    options: &'static str,
    /// Whether AWS's own bootstrap runs them as well.
    of_tutorial: bool,
    results: OnceLock<(Vec<Compared>, Duration)>,
}

const fn suite(convention: &'static str, files: &'static [&'static str], recreation: &'static str) -> Suite {
    let of_tutorial = files.len() > 1;
    // As Amazon Linux's `sh` runs the tutorial's.
    let options = if of_tutorial { "--posix" } else { "" };
    Suite { convention, files, recreation, options, of_tutorial, results: OnceLock::new() }
}

const OF_TUTORIAL: [&str; 10] =
    ["text", "shell", "ends", "apostrophes", "cleanup", "libraries", "listings", "posix", "idioms", "odd"];

pub static TUTORIAL: Suite = suite("", &OF_TUTORIAL, "tutorial");
pub static GKRIZEK: Suite = suite("gkrizek", &["gkrizek"], "gkrizek");
pub static QL4B: Suite = suite("ql4b", &["ql4b"], "ql4b");
pub static MPARKACHOV: Suite = suite("mparkachov", &["mparkachov"], "mparkachov");
pub static EXECUTABLE: Suite = suite("", &["executable"], "mparkachov");

impl Suite {
    /// All of its cases, and how long they took.
    pub fn compared(&self) -> &(Vec<Compared>, Duration) {
        self.results.get_or_init(|| {
            let since = Instant::now();
            let originals = self.originals();
            let cases: Vec<Case> = self.files.iter().flat_map(|file| Case::all_of(file)).collect();
            let titles: Vec<&str> = cases.iter().map(|case| case.title.as_str()).collect();
            let run = |title: &&str| {
                let case = cases.iter().find(|case| case.title == **title).unwrap();
                Compared::run(case, self.convention, &originals)
            };
            (side_by_side(&titles, run), since.elapsed())
        })
    }

    fn originals(&self) -> Vec<Original> {
        let path = Path::new(BOOTSTRAPS).join(self.recreation).with_extension("bash");
        let mut originals = vec![Original { name: self.recreation.to_owned(), path, options: self.options }];
        match aws_tutorial().filter(|_| self.of_tutorial) {
            Some(path) => originals.push(Original { name: "AWS's".to_owned(), path, options: self.options }),
            // It is no tool that could be installed: nothing to fail for.
            None if self.of_tutorial => println!("skip: AWS's own bootstrap is not there: set COSHELL_TUTORIAL"),
            None => {}
        }
        originals
    }
}

/// COSHELL_TUTORIAL, else ../shared/tutorial beside the checkout.
fn aws_tutorial() -> Option<PathBuf> {
    let beside = Path::new(ROOT).join("../shared/tutorial/bootstrap");
    let path = std::env::var_os("COSHELL_TUTORIAL").map_or(beside, PathBuf::from);
    path.is_file().then_some(path)
}
