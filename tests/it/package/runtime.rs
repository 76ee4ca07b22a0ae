//! Which file is packed as the runtime, and the messages about it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::project::{Project, Zip};
use crate::support::executable::copy_executable;
use crate::support::program::Ran;
use crate::support::skip::cannot;

const ARCH: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

#[test]
fn a_file_that_cannot_be_a_runtime_is_refused() {
    let project =
        Project::new().file("empty", "", 0o755).file("text", "bootstrap\n", 0o755).file("cut", "\x7fEL", 0o755);
    for (file, sentence) in [
        ("empty", "cannot use the bootstrap `empty`: the file is empty"),
        (
            "text",
            "cannot use the bootstrap `text`: the file is neither a program (ELF) nor a script that begins with `#!`",
        ),
        ("cut", "cannot use the bootstrap `cut`: the file is neither a program"),
        ("..", "cannot use the bootstrap `..`: Is a directory"),
        ("nosuch", "cannot use the bootstrap `nosuch`: No such file"),
    ] {
        project.refused(&["--with-runtime", "--bootstrap", file], sentence);
        project.run(&["layer", "--bootstrap", file]).assert_status(1).assert_stderr_has(sentence);
        assert!(!project.output().exists());
    }
}

#[test]
fn the_runtime_is_shown_with_its_path_its_size_and_its_kind() {
    let project = Project::new().file("run", "#!/bin/sh\n", 0o755);
    let path = fs::canonicalize(project.root().join("run")).unwrap().display().to_string();
    let line = format!("runtime     {path} (10 bytes, a script)\n");
    for command in [&["package", ".", "--with-runtime"][..], &["layer"]] {
        let ran = project.run(&[command, &["--bootstrap", "run"]].concat()).assert_status(0);
        assert!(String::from_utf8_lossy(&ran.stdout).contains(&line), "{ran:?}");
        let ran = project.run(&[command, &["--bootstrap", "run", "--json"]].concat()).assert_status(0);
        let printed: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let expected = serde_json::json!({ "path": path, "bytes": 10, "static": false, "glibc": null });
        assert_eq!(printed["runtime"], expected);
    }
}

/// A folder as `cargo install` leaves it: `coshell`, and a `bootstrap` that `cc` links.
fn installed(folder: &Path, options: &[&str]) -> std::path::PathBuf {
    let coshell = folder.join("coshell");
    copy_executable(env!("CARGO_BIN_EXE_coshell"), &coshell);
    fs::write(folder.join("a.c"), "int main(void) { return 0; }\n").unwrap();
    let ran = Command::new("cc").current_dir(folder).args(options).args(["-o", "bootstrap", "a.c"]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    coshell
}

#[test]
fn an_installed_coshell_says_that_its_runtime_is_dynamic_and_how_to_get_a_static_one() {
    if cannot("cc", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let project = Project::new();
    let package = |coshell: &Path| {
        let mut command = Command::new(coshell);
        command.current_dir(project.root()).args(["package", ".", "--with-runtime", "--arch", ARCH, "-o"]);
        Ran::from(command.arg(project.output()).output().unwrap()).assert_status(0)
    };
    let ran = package(&installed(folder.path(), &[]));
    assert!(String::from_utf8_lossy(&ran.stdout).contains(" bytes, dynamic: needs glibc 2."), "{ran:?}");
    assert!(ran.stderr.contains("bootstrap` is linked dynamically"), "{ran:?}");
    let place = fs::canonicalize(folder.path()).unwrap();
    let advice = format!(
        "run `.ci/release --no-tools {ARCH}` in your clone of coshell, and copy `dist/bootstrap-{ARCH}` from the clone to `{}`",
        place.display()
    );
    assert!(ran.stderr.contains(&advice), "{ran:?}");
    let ran = package(&installed(folder.path(), &["-static"]));
    assert!(String::from_utf8_lossy(&ran.stdout).contains(" bytes, static)\n"), "{ran:?}");
    assert_eq!(ran.stderr, "");
    assert!(Zip::read(&project.output()).names().contains(&"bootstrap"));
}
