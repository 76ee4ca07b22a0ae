//! Starting the Bash process: which one, with what environment, and with what it needs to know.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::unistd::{AccessFlags, access};

use super::{Lanes, Plumbing};
use crate::config::Config;
use crate::handler::Handler;

/// A non-POSIX Bash sources it before the driver; the tutorial's, being `sh`, did not.
const BASH_ENV: &str = "BASH_ENV";
const HOME: &str = "HOME";
const WRITABLE_HOME: &str = "/tmp";

/// Starts Bash on the driver. What it writes goes to `output`.
pub(super) fn spawn(config: &Config, handler: &Handler, plumbing: &Plumbing, output: OwnedFd) -> io::Result<Child> {
    let mut command = Command::new(&config.bash);
    command.arg(&plumbing.driver.path);
    command.args([&plumbing.status.path, &plumbing.wake.path, &plumbing.event.path, &plumbing.trace.path]);
    let Lanes { stdout, stderr } = &plumbing.lanes;
    command.args(stdout.iter().chain(stderr).map(|end| &end.path));
    command.arg(&handler.script).arg(&handler.function).arg(err_traps(&handler.script)?);
    command.arg(&config.program).arg(env::var_os(BASH_ENV).unwrap_or_default());
    command.arg(if config.timeout_margin.is_some() { "1" } else { "0" });
    command.arg(plumbing.xtrace.as_ref().map(|(end, _)| end.path.as_path()).unwrap_or(Path::new("")));
    command.env_remove(BASH_ENV);
    if !env::var_os(HOME).is_some_and(|home| can_be_entered(&home)) {
        command.env(HOME, WRITABLE_HOME);
    }
    command.current_dir(&config.task_root);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    command.spawn()
}

/// `aws`, `git` and others fail without a home; Lambda's user has none.
fn can_be_entered(home: &OsStr) -> bool {
    let home = Path::new(home);
    home.is_dir() && access(home, AccessFlags::X_OK).is_ok()
}

/// Whether the driver may set an ERR trap with errtrace, which would change when an ERR trap of the script's fires: `ours`, `own`
/// (the script speaks of one), or `ask` (it sources other files: look at the functions once they are known).
fn err_traps(script: &Path) -> io::Result<&'static str> {
    let text = String::from_utf8_lossy(&std::fs::read(script)?).into_owned();
    if text.lines().any(speaks_of_err_traps) {
        return Ok("own");
    }
    let sources = text.contains("source") || text.contains(". ") || text.contains("eval");
    Ok(if sources { "ask" } else { "ours" })
}

/// Whether a line sets an ERR trap, or errtrace: by name, or as `E` among the letters of a `set`.
fn speaks_of_err_traps(line: &str) -> bool {
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '+'));
    let mut after_set = false;
    words.any(|word| {
        after_set |= word == "set";
        let is_option = word.starts_with(['-', '+']) && word.contains('E');
        matches!(word, "ERR" | "errtrace" | "extdebug") || (after_set && is_option)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_speaks_of_err_traps_keeps_its_own() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, expected) in [
            ("handler() { echo; }", "ours"),
            ("trap 'oops' ERR\n", "own"),
            ("set -Eeuo pipefail", "own"),
            ("set -o errtrace", "own"),
            ("echo PERR; grep -E x; set -e", "ours"),
            ("source lib.sh", "ask"),
        ] {
            std::fs::write(file.path(), text).unwrap();
            assert_eq!(err_traps(file.path()).unwrap(), expected, "{text}");
        }
    }
}
