//! The command line of every command: help, completions, wrong usage.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use crate::support::program::{Ran, coshell};

pub fn run(arguments: &[&str]) -> Ran {
    Ran::from(coshell().args(arguments).stdin(Stdio::null()).output().unwrap())
}

pub fn stdout(ran: &Ran) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// The commands, as the help lists them.
pub fn commands() -> Vec<String> {
    let help = stdout(&run(&["--help"]).assert_status(0));
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let names = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn the_help_of_every_command_ends_with_its_examples_and_exit_statuses() {
    assert!(commands().len() >= 8, "{:?}", commands());
    for command in commands() {
        let help = stdout(&run(&[&command, "--help"]).assert_status(0));
        let end = help.split("\nExamples:\n").nth(1).unwrap_or_else(|| panic!("no examples of {command}: {help}"));
        assert!(end.contains(&format!("coshell {command}")), "{command}: {end}");
        assert!(command == "serve" || end.contains("\nExit status:\n"), "{command}: {end}");
    }
}

#[test]
fn every_command_is_in_the_readme() {
    let readme = include_str!("../../../README.md");
    for command in commands() {
        assert!(readme.contains(&format!("coshell {command}")), "no {command} in README.md");
    }
}

#[test]
fn wrong_usage_of_every_command_exits_2_with_a_hint_and_nothing_on_stdout() {
    for command in commands() {
        let ran = run(&[&command, "--nonsense"]).assert_status(2).assert_stdout("");
        ran.assert_stderr_has("unexpected argument '--nonsense'").assert_stderr_has("Usage: coshell");
    }
    run(&["invok"]).assert_status(2).assert_stderr_has("a similar subcommand exists: 'invoke'");
    run(&[]).assert_status(2).assert_stderr_has("Commands:");
}

#[test]
fn bash_completes_commands_and_options() {
    let script = "source <(\"$1\" completions bash)
complete_at() { COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)) COMPREPLY=(); _coshell coshell \"${@: -1}\" \"${@: -2:1}\"; echo \"${COMPREPLY[*]}\"; }
complete_at coshell inv; complete_at coshell test --upd; complete_at coshell init x --example sq";
    let output = Command::new("bash").args(["-c", script, "bash", env!("CARGO_BIN_EXE_coshell")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "invoke\n--update\nsqs\n", "{output:?}");
}

#[test]
fn the_completions_of_every_shell_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&run(&["completions", shell]).assert_status(0));
        for command in commands() {
            assert!(script.contains(&command), "{shell}: no {command}");
        }
        assert!(!script.contains("__runtime"), "{shell}");
    }
    run(&["completions", "bsh"]).assert_status(2).assert_stderr_has("a similar value exists: 'bash'");
}

#[test]
fn a_full_stdout_is_an_error_and_no_panic() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["check", "handlers/git-mirror"],
        &["test", "--help"],
        &["completions", "bash"],
        &["man"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = coshell().args(arguments).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap()).assert_status(1);
        ran.assert_stderr_has("error: cannot write ").assert_stderr_has(": No space left on device");
    }
}

#[test]
fn a_full_stderr_does_not_change_the_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("function.sh"), "handler() { ls /nosuch; }").unwrap();
    let cases: [(&[&str], i32); 6] = [
        (&["invoke", "nowhere"], 2),
        (&["invoke", "."], 1),
        (&["invoke", ".", "--repeat", "2"], 1),
        (&["check", "nowhere"], 2),
        (&["package", "nowhere"], 2),
        (&["--nonsense"], 2),
    ];
    for (arguments, status) in cases {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = coshell();
        command.current_dir(folder.path()).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(full);
        assert_eq!(command.status().unwrap().code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn a_response_that_goes_to_a_closed_stdout_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("function.sh"), "handler() { echo hello; }").unwrap();
    let warns = |redirection: &str| {
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(format!("\"$0\" invoke \"$1\" '{{}}' {redirection}"));
        bash.arg(env!("CARGO_BIN_EXE_coshell")).arg(folder.path()).stdin(Stdio::null());
        let ran = Ran::from(bash.output().unwrap()).assert_status(0);
        ran.stderr
            .contains("warning: stdout is closed, or is /dev/null, so nobody can read the response: leave out `>&-`")
    };
    assert!(warns(">&-") && warns("1<>/dev/null"));
    assert!(!warns("") && !warns(">/dev/null") && !warns(">/dev/null <&-"));
}

#[test]
fn help_in_a_pipe_has_no_colour() {
    assert!(!stdout(&run(&["test", "--help"])).contains('\x1b'));
}
