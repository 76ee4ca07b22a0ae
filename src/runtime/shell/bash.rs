//! Starts the Bash process with its environment and the arguments of the driver.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::unistd::{AccessFlags, access};

use super::convention::Convention;
use super::driver;
use super::headers_file::HeadersFile;
use super::posix::{self, PosixMode};
use super::script_scan::ScriptScan;
use super::{OutputPipes, Pipes};
use crate::runtime::config::{Config, State};
use crate::runtime::event_source::EventSource;
use crate::runtime::handler::Handler;

/// An ordinary Bash sources this file before the driver. The tutorial's bootstrap did not, because it is run by `sh`.
const BASH_ENV: &str = "BASH_ENV";
const HOME: &str = "HOME";
const WRITABLE_HOME: &str = "/tmp";

/// The names and values that the driver gets.
pub(super) type Arguments = Vec<(&'static str, OsString)>;

pub(super) fn arguments(
    config: &Config,
    convention: &Convention,
    scan: &ScriptScan,
    handler: &Handler,
    pipes: &Pipes,
    first_turn: u64,
) -> Arguments {
    let first_turn = ("first_turn", OsString::from(first_turn.to_string()));
    paths(pipes).into_iter().chain(settings(config, convention, scan, handler)).chain([first_turn]).collect()
}

/// Writes the parts of the driver that `arguments` need into its file.
pub(super) fn write_driver(pipes: &Pipes, scan: &ScriptScan, arguments: &Arguments) -> io::Result<()> {
    let text = || driver::text(&scan.functions, arguments);
    pipes.driver_file.as_ref().map_or(Ok(()), |file| file.write_all_at(text().as_bytes(), 0))
}

/// Starts Bash with the driver as its script. Its stdout and stderr go to `output`.
pub(super) fn spawn(
    config: &Config,
    convention: &Convention,
    scan: &ScriptScan,
    pipes: &Pipes,
    arguments: Arguments,
    output: OwnedFd,
) -> io::Result<Child> {
    let mut command = Command::new(&config.bash);
    if posix::reason(PosixMode::named(&config.posix).unwrap_or_default(), convention, scan).is_some() {
        command.arg("--posix");
    }
    command.arg(&pipes.driver);
    for (name, value) in arguments {
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

/// The paths of the pipes and files for the driver. The status pipe comes first: a Bash that is too old reads no other argument.
fn paths(pipes: &Pipes) -> Vec<(&'static str, OsString)> {
    let OutputPipes { stdout, stderr } = &pipes.outputs;
    let stdin = |parity: usize| pipes.stdins.as_ref().map_or(Path::new("/dev/null"), |stdins| &stdins[parity].path);
    let paths: [(&str, Option<&Path>); 12] = [
        ("status", Some(&pipes.status.path)),
        ("wake", Some(&pipes.wake.path)),
        ("event_file", Some(&pipes.event.path)),
        ("trace_file", Some(&pipes.trace.path)),
        ("stdout0", Some(&stdout[0].path)),
        ("stdout1", Some(&stdout[1].path)),
        ("stderr0", Some(&stderr[0].path)),
        ("stderr1", Some(&stderr[1].path)),
        ("stdin0", Some(stdin(0))),
        ("stdin1", Some(stdin(1))),
        ("headers", pipes.headers.as_ref().map(HeadersFile::prefix)),
        ("xtrace", pipes.xtrace.as_ref().map(|end| end.path.as_path())),
    ];
    paths.map(|(name, path)| (name, path.map(OsString::from).unwrap_or_default())).to_vec()
}

/// The settings of the driver.
fn settings(
    config: &Config,
    convention: &Convention,
    scan: &ScriptScan,
    handler: &Handler,
) -> Vec<(&'static str, OsString)> {
    let script = handler.script();
    let globals: Vec<&str> = scan.globals.iter().copied().filter(|name| convention.globals.contains(name)).collect();
    let in_argument = match script {
        Some(_) => convention.event == EventSource::Argument,
        None => convention.program_argument,
    };
    vec![
        ("script", script.map(OsString::from).unwrap_or_default()),
        ("function", handler.command()),
        ("options", convention.options.into()),
        ("must_source", flag(convention.must_source)),
        ("in_if", flag(convention.in_if)),
        ("pass", flag(in_argument)),
        ("globals", globals.join(" ").into()),
        ("own_err", flag(scan.err_traps || scan.rules_out_driver_traps())),
        ("may_trap", flag(scan.may_trap)),
        ("aliased", flag(scan.keyword_aliases)),
        ("own_exit", flag(scan.lists_traps || scan.rules_out_driver_traps())),
        ("exit_traps", flag(scan.exit_traps && !scan.rules_out_driver_traps())),
        ("own_builtin", flag(scan.redefines_builtin)),
        ("noisy", flag(scan.traces)),
        ("sources", flag(scan.sources)),
        ("coprocs", flag(scan.coprocs)),
        ("event_array", flag(scan.event_array)),
        ("stateful", flag(keeps_state(config, handler))),
        ("snap_start", flag(config.snap_start)),
        ("timed", flag(config.timeout_margin.is_some())),
        ("program", config.program.clone()),
        ("bash_env", env::var_os(BASH_ENV).unwrap_or_default()),
    ]
}

/// Whether HOME is a folder that can be entered. `aws`, `git` and others fail without one, and Lambda's user has none.
fn can_be_entered(home: &OsStr) -> bool {
    let home = Path::new(home);
    home.is_dir() && access(home, AccessFlags::X_OK).is_ok()
}

/// Whether a subshell takes one event after another. A program as handler has no state.
pub(super) fn keeps_state(config: &Config, handler: &Handler) -> bool {
    config.state == State::Keep && handler.script().is_some()
}

/// A flag in the form that the driver tests: `1` or empty.
fn flag(set: bool) -> OsString {
    OsString::from(if set { "1" } else { "" })
}
