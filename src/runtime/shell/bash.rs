//! Starting the Bash process: which one, with what environment, and with what it needs to know.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::unistd::{AccessFlags, access};

use super::convention::{Convention, Event};
use super::headers_file::Headers;
use super::posix::{self, PosixMode};
use super::script_scan::Habits;
use super::{Lanes, Plumbing};
use crate::runtime::config::Config;
use crate::runtime::handler::Handler;

/// A non-POSIX Bash sources it before the driver; the tutorial's, being `sh`, did not.
const BASH_ENV: &str = "BASH_ENV";
const HOME: &str = "HOME";
const WRITABLE_HOME: &str = "/tmp";

/// Starts Bash on the driver. What it writes goes to `output`.
pub(super) fn spawn(
    config: &Config,
    convention: &Convention,
    habits: &Habits,
    handler: &Handler,
    plumbing: &Plumbing,
    first_turn: u64,
    output: OwnedFd,
) -> io::Result<Child> {
    let mut command = Command::new(&config.bash);
    if posix::reason(PosixMode::named(&config.posix).unwrap_or_default(), convention, habits).is_some() {
        command.arg("--posix");
    }
    command.arg(&plumbing.driver);
    let first_turn = ("first_turn", OsString::from(first_turn.to_string()));
    for (name, value) in
        paths(plumbing).into_iter().chain(orders(config, convention, habits, handler)).chain([first_turn])
    {
        let mut argument = OsString::from(name);
        argument.push("=");
        argument.push(value);
        command.arg(argument);
    }
    command.env_remove(BASH_ENV);
    if !env::var_os(HOME).is_some_and(|home| can_be_entered(&home)) {
        command.env(HOME, WRITABLE_HOME);
    }
    command.envs(convention.environment.iter().copied());
    command.current_dir(&config.task_root);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    command.spawn()
}

/// Where the driver finds its pipes and files. The status pipe comes first: a Bash that is too old looks no further.
fn paths(plumbing: &Plumbing) -> Vec<(&'static str, OsString)> {
    let Lanes { stdout, stderr } = &plumbing.lanes;
    let stdin = |lane: usize| plumbing.stdins.as_ref().map_or(Path::new("/dev/null"), |stdins| &stdins[lane].path);
    let paths: [(&str, Option<&Path>); 12] = [
        ("status", Some(&plumbing.status.path)),
        ("wake", Some(&plumbing.wake.path)),
        ("event_file", Some(&plumbing.event.path)),
        ("trace_file", Some(&plumbing.trace.path)),
        ("stdout0", Some(&stdout[0].path)),
        ("stdout1", Some(&stdout[1].path)),
        ("stderr0", Some(&stderr[0].path)),
        ("stderr1", Some(&stderr[1].path)),
        ("stdin0", Some(stdin(0))),
        ("stdin1", Some(stdin(1))),
        ("headers", plumbing.headers.as_ref().map(Headers::prefix)),
        ("xtrace", plumbing.xtrace.as_ref().map(|end| end.path.as_path())),
    ];
    paths.map(|(name, path)| (name, path.map(OsString::from).unwrap_or_default())).to_vec()
}

/// What the driver is to do.
fn orders(
    config: &Config,
    convention: &Convention,
    habits: &Habits,
    handler: &Handler,
) -> Vec<(&'static str, OsString)> {
    let script = handler.script();
    let globals: Vec<&str> = habits.globals.iter().copied().filter(|name| convention.globals.contains(name)).collect();
    let in_argument = script.is_some() && convention.event == Event::Argument;
    vec![
        ("script", script.map(OsString::from).unwrap_or_default()),
        ("function", handler.command()),
        ("options", convention.options.into()),
        ("must_source", flag(convention.must_source)),
        ("in_if", flag(convention.in_if)),
        ("pass", flag(in_argument)),
        ("globals", globals.join(" ").into()),
        ("own_err", flag(habits.err_traps || habits.is_hostile_to_traps())),
        ("may_trap", flag(habits.may_trap)),
        ("aliased", flag(habits.keyword_aliases)),
        ("own_exit", flag(habits.lists_traps || habits.is_hostile_to_traps())),
        ("exit_traps", flag(habits.exit_traps && !habits.is_hostile_to_traps())),
        ("own_builtin", flag(habits.builtin)),
        ("noisy", flag(habits.traces)),
        ("sources", flag(habits.sources)),
        ("coprocs", flag(habits.coprocs)),
        ("event_array", flag(habits.event_array)),
        ("snap_start", flag(config.snap_start)),
        ("timed", flag(config.timeout_margin.is_some())),
        ("program", config.program.clone()),
        ("bash_env", env::var_os(BASH_ENV).unwrap_or_default()),
    ]
}

/// `aws`, `git` and others fail without a home; Lambda's user has none.
fn can_be_entered(home: &OsStr) -> bool {
    let home = Path::new(home);
    home.is_dir() && access(home, AccessFlags::X_OK).is_ok()
}

/// True or empty, as the driver tests it.
fn flag(set: bool) -> OsString {
    OsString::from(if set { "1" } else { "" })
}
