//! `coshell man`: the manual pages.

use std::fs;
use std::process::{Command, Stdio};

use super::usage::{commands, run, stdout};
use crate::support::skip::cannot;

#[test]
fn every_command_has_a_page_with_its_options_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("share/man1");
    run(&["man", "--out", out.to_str().unwrap()]).assert_status(0).assert_stdout("");
    let overview = fs::read_to_string(out.join("coshell.1")).unwrap();
    for command in commands() {
        let page = fs::read_to_string(out.join(format!("coshell-{command}.1"))).unwrap();
        assert_eq!(stdout(&run(&["man", &command]).assert_status(0)), page, "{command}");
        assert!(overview.contains(&format!("coshell\\-{command}(1)")), "{command}: {overview}");
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES"] {
            assert!(page.contains(&format!("\n.SH {section}\n")), "{command}: no {section} in {page}");
        }
    }
    assert_eq!(stdout(&run(&["man"]).assert_status(0)), overview);
    assert_eq!(fs::read_dir(&out).unwrap().count(), commands().len() + 1);
}

#[test]
fn groff_has_no_complaint_and_keeps_the_lines_of_the_examples() {
    if cannot("groff", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    run(&["man", "--out", folder.path().to_str().unwrap()]).assert_status(0);
    for page in fs::read_dir(folder.path()).unwrap() {
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww", "-Kutf8", "-rLL=200n", "-P-cbou"]).arg(page.unwrap().path());
        let read = groff.stdin(Stdio::null()).output().unwrap();
        assert!(read.status.success() && read.stderr.is_empty(), "{read:?}");
        let text = String::from_utf8(read.stdout).unwrap();
        let name = text.split("NAME\n").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let Some(command) = name.strip_prefix("coshell-") else { continue };
        let help = stdout(&run(&[command, "--help"]));
        let examples = help.split("\nExamples:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        for line in examples.lines() {
            assert!(text.contains(line.trim()), "{command}: no {line:?} in {text}");
        }
    }
}

#[test]
fn a_page_that_is_not_there_is_reported_with_the_commands_that_have_one() {
    run(&["man", "invok"])
        .assert_status(2)
        .assert_stderr_has("there is no command `invok`: the commands are init, invoke,");
    run(&["man", "__runtime"]).assert_status(2).assert_stdout("");
    run(&["man", "--out", "/dev/null/man"])
        .assert_status(1)
        .assert_stderr_has("error: cannot make the folder `/dev/null/man`");
}
