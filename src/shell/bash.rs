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
    let script = Habits::of(&handler.script)?;
    command.arg(&handler.script).arg(&handler.function).arg(if script.err_traps { "own" } else { "ours" });
    command.arg(&config.program).arg(env::var_os(BASH_ENV).unwrap_or_default());
    command.arg(flag(config.timeout_margin.is_some()));
    command.arg(plumbing.xtrace.as_ref().map_or(Path::new(""), |(end, _)| &end.path));
    command.arg(flag(script.traces)).arg(flag(script.sources));
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

/// True or empty, as the driver tests it.
fn flag(set: bool) -> &'static str {
    if set { "1" } else { "" }
}

/// What the script's text speaks of, where the driver has to step aside.
#[derive(Debug, Default, PartialEq, Eq)]
struct Habits {
    /// ERR traps or errtrace: a trap of ours, with errtrace, would change when the script's own one fires.
    err_traps: bool,
    /// xtrace or DEBUG traps: what the driver does after the handler's call would show in them.
    traces: bool,
    /// Other files: the driver is to look at the functions for both of the above, once they are known.
    sources: bool,
}

impl Habits {
    fn of(script: &Path) -> io::Result<Habits> {
        let text = String::from_utf8_lossy(&std::fs::read(script)?).into_owned();
        let mut habits =
            Habits { sources: ["source", ". ", "eval"].iter().any(|word| text.contains(word)), ..Habits::default() };
        text.lines().for_each(|line| habits.note(line));
        Ok(habits)
    }

    fn note(&mut self, line: &str) {
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '+'));
        let mut after_set = false;
        for word in words {
            after_set |= word == "set";
            let option = after_set && word.starts_with(['-', '+']);
            self.err_traps |= matches!(word, "ERR" | "errtrace" | "extdebug") || (option && word.contains('E'));
            self.traces |= matches!(word, "DEBUG" | "xtrace" | "extdebug") || (option && word.contains('x'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_own_traps_and_traces_are_seen_in_its_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, err_traps, traces, sources) in [
            ("handler() { echo; }", false, false, false),
            ("trap 'oops' ERR\n", true, false, false),
            ("set -Eeuo pipefail", true, false, false),
            ("set -o errtrace; set -o xtrace", true, true, false),
            ("echo PERR DEBUGGING; grep -E -x x; set -e", false, false, false),
            ("set -x; trap x DEBUG", false, true, false),
            ("source lib.sh", false, false, true),
        ] {
            std::fs::write(file.path(), text).unwrap();
            assert_eq!(Habits::of(file.path()).unwrap(), Habits { err_traps, traces, sources }, "{text}");
        }
    }
}
