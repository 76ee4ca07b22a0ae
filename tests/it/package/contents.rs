//! The content of a function's zip.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::project::{Project, SCRIPT, Zip};
use crate::support::program::{Ran, coshell};

#[test]
fn files_are_at_the_top_in_the_order_of_their_names() {
    let zip = Project::new().file("lib/words.sh", "words", 0o644).file("Data", "d", 0o644).packaged(&[]);
    assert_eq!(zip.names(), ["Data", "function.sh", "lib/words.sh"]);
    assert_eq!(zip.content("function.sh"), SCRIPT.as_bytes());
}

#[test]
fn every_user_can_read_the_files_and_executable_files_stay_executable() {
    let project = Project::new().file("secret", "", 0o600).file("run", "#!/bin/sh\n", 0o700);
    let zip = project.file("bin/tool", "#!/bin/sh\n", 0o644).packaged(&["--with-runtime", "--bootstrap", "run"]);
    let modes = ["function.sh", "secret", "run", "bin/tool", "bootstrap"].map(|name| zip.mode(name));
    assert_eq!(modes, [0o644, 0o644, 0o755, 0o755, 0o755]);
}

#[test]
fn a_program_that_is_the_handler_is_executable() {
    let project = Project::new().file("main", "#!/bin/sh\n", 0o644);
    project.run(&["package", "main"]).assert_status(0);
    assert_eq!(Zip::read(&project.output()).mode("main"), 0o755);
}

#[test]
fn the_same_files_give_the_same_bytes_in_another_folder_and_at_another_time() {
    let one = Project::new().file("b/c", "c", 0o644).file("a", "a", 0o755);
    let other = Project::new().file("a", "a", 0o711).file("b/c", "c", 0o600);
    for file in ["a", "b/c", "b"] {
        let touched = Command::new("touch").args(["-d", "2001-02-03"]).arg(other.root().join(file)).status();
        assert!(touched.unwrap().success());
    }
    let printed = one.package(&[]).assert_status(0).stdout;
    let again = other.package(&[]).assert_status(0).stdout;
    assert_eq!(fs::read(one.output()).unwrap(), fs::read(other.output()).unwrap());
    let sums = |printed: &[u8]| String::from_utf8_lossy(printed).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(sums(&printed), sums(&again));
}

#[test]
fn the_printed_sizes_and_checksums_are_those_that_lambda_shows() {
    let project = Project::new().file("d", "data", 0o644);
    let printed: Value = serde_json::from_slice(&project.package(&["--json"]).assert_status(0).stdout).unwrap();
    let bytes = fs::read(project.output()).unwrap();
    let sha256 = Sha256::digest(&bytes);
    assert_eq!(printed["codeSha256"], BASE64_STANDARD.encode(sha256));
    assert_eq!((printed["codeSize"].as_u64(), printed["files"].as_u64()), (Some(bytes.len() as u64), Some(2)));
    assert_eq!(printed["unzippedBytes"], SCRIPT.len() + 4);
    assert_eq!((&printed["handler"], &printed["architecture"]), (&"function.handler".into(), &"x86_64".into()));
    let lines = String::from_utf8(project.package(&[]).stdout).unwrap();
    assert!(lines.contains(&format!("CodeSha256  {}\n", BASE64_STANDARD.encode(sha256))), "{lines}");
    assert!(lines.contains("handler     function.handler\n"), "{lines}");
}

#[test]
fn a_script_in_another_folder_is_packed_with_that_folder_and_has_its_own_handler() {
    let project = Project::new().file("src/orders.sh", "create() { :; }\n", 0o644).file("src/x", "", 0o644);
    let ran = project.run(&["package", "src/orders.create"]).assert_status(0);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("handler     orders.create\n"), "{ran:?}");
    assert_eq!(Zip::read(&project.output()).names(), ["orders.sh", "x"]);
}

#[test]
fn repositories_and_zips_and_excluded_files_are_left_out() {
    let project = Project::new();
    let project = [".git/config", "lib/.git/x", "target/debug/y", "old.zip", "data/fonts.zip", "a.md", "docs/b.md"]
        .into_iter()
        .chain(["notes/t", "docs/keep"])
        .fold(project, |project, name| project.file(name, "x", 0o644));
    let ran = project.package(&["--exclude", "*.md", "--exclude", "notes/"]).assert_status(0);
    assert_eq!(Zip::read(&project.output()).names(), ["data/fonts.zip", "docs/keep", "function.sh"]);
    assert!(
        ran.stderr.starts_with("not needed on Lambda, so not in the zip: .git, lib/.git, old.zip, target ("),
        "{ran:?}"
    );
}

#[test]
fn the_zip_never_contains_itself() {
    let project = Project::new();
    for _ in 0..2 {
        let mut command = coshell();
        command.current_dir(project.root()).args(["package", ".", "-o", "code.dat"]);
        Ran::from(command.output().unwrap()).assert_status(0);
        assert_eq!(Zip::read(&project.root().join("code.dat")).names(), ["function.sh"]);
    }
}

#[test]
fn an_included_file_keeps_its_path_or_gets_the_given_name() {
    let project = Project::new().file("data.zip", "z", 0o644);
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("words")).unwrap();
    fs::write(outside.path().join("words/en"), "w").unwrap();
    let outside = |name: &str| outside.path().join(name).display().to_string();
    let named = format!("lib/english={}", outside("words/en"));
    let zip = project.packaged(&["--include", "data.zip", "--include", &outside("words"), "--include", &named]);
    assert_eq!(zip.names(), ["data.zip", "function.sh", "lib/english", "words/en"]);
    let zip = project.packaged(&["--include", &outside("words"), "--include", &named, "--exclude", "en"]);
    assert_eq!(zip.names(), ["function.sh", "lib/english"], "what is named itself goes in");
}

#[test]
fn links_inside_are_followed() {
    let project = Project::new().file("data/v1", "one", 0o644).link("current", "data/v1").link("all", "data");
    let zip = project.packaged(&[]);
    assert_eq!(zip.names(), ["all/v1", "current", "data/v1", "function.sh"]);
    assert_eq!(zip.content("current"), b"one");
}

#[test]
fn a_bootstrap_of_the_folder_is_packed_with_a_warning() {
    let project = Project::new().file("bootstrap", "#!/bin/sh\n", 0o755);
    let ran = project.package(&[]).assert_status(0);
    ran.assert_stderr_has("warning: the zip contains the folder's own `bootstrap`");
    assert_eq!(project.packaged(&["--exclude", "/bootstrap"]).names(), ["function.sh"]);
}

#[test]
fn what_check_calls_an_error_is_refused() {
    for (script, part) in [
        ("handler() { jq .; }\n", "error: ./function.sh:1:13: `jq` is not on Lambda's"),
        ("handler() { mapfile -t a < <(ls); }\n", "error: ./function.sh:1:28: process substitution"),
        ("handler() { :; }\nexit 0\n", "error: ./function.sh:2:1: `exit` at the top level"),
    ] {
        let project = Project::new().file("function.sh", script, 0o600);
        project.package(&[]).assert_status(1).assert_stderr_has(part);
        assert!(!project.output().exists(), "{script}");
    }
    let warned =
        Project::new().file("function.sh", "handler() { cat; ./gone; } # coshell-ignore: missing-command\n", 0o600);
    assert_eq!(warned.package(&[]).assert_status(0).stderr, "", "warnings are for `coshell check`");
}

#[test]
fn the_advice_about_a_layers_command_is_an_option_of_package() {
    let project = Project::new().file("function.sh", "handler() { jq .; }\n", 0o644);
    project.package(&[]).assert_status(1).assert_stderr_has("--have jq [missing-command]\n");
    assert_eq!(project.package(&["--have", "jq"]).assert_status(0).stderr, "");
}

#[test]
fn every_example_can_be_packaged() {
    let project = Project::new();
    for folder in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.join("function.sh").is_file() {
            let folder = folder.display().to_string();
            let have = ["--have", "jq", "--have", "git", "--have", "cmark"];
            project.run(&[&["package", &folder][..], &have].concat()).assert_status(0);
            assert!(Zip::read(&project.output()).names().contains(&"function.sh"));
        }
    }
}

#[test]
fn an_existing_zip_is_replaced() {
    let project = Project::new();
    fs::write(project.output(), "old").unwrap();
    assert_eq!(project.packaged(&[]).names(), ["function.sh"]);
    let left: Vec<_> = fs::read_dir(project.output().parent().unwrap()).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(Path::new(&project.output()).is_file());
}

#[test]
fn a_link_to_a_zip_stays_a_link() {
    let project = Project::new();
    let behind = project.output().with_file_name("behind.zip");
    fs::write(&behind, "old").unwrap();
    std::os::unix::fs::symlink("behind.zip", project.output()).unwrap();
    assert_eq!(project.packaged(&[]).names(), ["function.sh"]);
    assert!(project.output().is_symlink());
    assert_eq!(Zip::read(&behind).names(), ["function.sh"]);
}
