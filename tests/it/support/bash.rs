//! The Bash that the tests run with: COSHELL_BASH, or the one on PATH.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::skip::skip;

/// The folders of tests/other-bash, below target/tools.
const OTHERS: [&str; 3] = ["bash-of-bullseye", "bash-of-trixie", "bash-of-sid"];
/// How many there are with the one on PATH.
pub const ALL_BASHES: usize = OTHERS.len() + 1;

/// A Bash and its version, such as `5.2.15`.
pub struct Bash {
    pub version: String,
    pub path: PathBuf,
}

/// COSHELL_BASH alone where it is set; else the Bash on PATH and those that tests/other-bash brings. Says which are missing.
pub fn all() -> Vec<Bash> {
    if let Some(bash) = std::env::var_os("COSHELL_BASH") {
        return Bash::new(Path::new(&bash)).into_iter().collect();
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools");
    let mut all: Vec<Bash> = Bash::new(Path::new("bash")).into_iter().collect();
    for name in OTHERS {
        let path = tools.join(name).join("bash");
        match Bash::new(&path) {
            Some(bash) => all.push(bash),
            None => skip(&format!("`{}` is not there: tests/other-bash brings it", path.display())),
        }
    }
    all
}

impl Bash {
    fn new(path: &Path) -> Option<Bash> {
        let told = Command::new(path).args(["-c", "echo \"${BASH_VERSION%%(*}\""]).output().ok()?;
        let version = String::from_utf8_lossy(&told.stdout).trim().to_owned();
        (told.status.success() && !version.is_empty()).then(|| Bash { version, path: path.to_owned() })
    }
}

/// Whether Bash words its messages otherwise than 5.2, Lambda's own, of which the golden texts are; says so. It is no tool that is
/// missing, so nothing fails.
pub fn is_not_5_2() -> bool {
    let bash = std::env::var_os("COSHELL_BASH").unwrap_or_else(|| "bash".into());
    let told = Command::new(bash).args(["-c", "echo \"$BASH_VERSION\""]).output().unwrap();
    let version = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    let other = !version.starts_with("5.2.");
    if other {
        eprintln!("skip: golden texts are those of Bash 5.2, this is {version}");
    }
    other
}
