//! The layers with jq, as .ci/release leaves them in dist/: jq's own tests pass with the program that a layer carries.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::package::project::Zip;
use crate::release::made;
use crate::support::executable::write_executable;
use crate::support::skip::cannot;

/// jq's tests that the program itself reads: questions with their answers, and how many there are.
const TABLES: [(&str, u32); 7] = [
    ("mantest", 231),
    ("jqtest", 550),
    ("onigtest", 47),
    ("manonigtest", 19),
    ("base64test", 10),
    ("uritest", 20),
    ("optionaltest", 2),
];
/// jq's tests of the command line: they call the program over 200 times.
const COMMAND_LINE: &str = "shtest";
const UTF8: &str = "utf8test";

#[test]
fn jqs_own_tests_pass_with_the_jq_of_the_layer_for_x86_64() {
    jqs_own_tests_pass("x86_64", "qemu-x86_64-static");
}

#[test]
fn jqs_own_tests_pass_with_the_jq_of_the_layer_for_arm64() {
    jqs_own_tests_pass("arm64", "qemu-aarch64-static");
}

/// Runs jq's tests with the program out of the layer for `architecture`, by `emulator` on a machine of another architecture. An emulator takes
/// minutes for the tests of the command line, which are then left out.
fn jqs_own_tests_pass(architecture: &str, emulator: &str) {
    let (layer, by) = (format!("dist/coshell-jq-{architecture}.zip"), ".ci/release --install all");
    let Some((layer, sources)) = made(&layer, by).zip(made("target/tools/jq-sources/tests/jq.test", by)) else {
        return;
    };
    let native = architecture == if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    if !native && cannot(emulator, &["--version"]) {
        return;
    }
    let folder = unpack_jq(&layer, (!native).then_some(emulator));
    let tests = sources.parent().unwrap();
    for (test, count) in TABLES {
        let passed = format!("{count} of {count} tests passed (0 malformed, 0 skipped)");
        let output = run(tests, test, &folder);
        assert!(output.contains(&passed), "{test}: no {passed:?} in {output}");
    }
    run(tests, UTF8, &folder);
    if native {
        run(tests, COMMAND_LINE, &folder);
    }
}

/// The program of the layer as `jq` in a folder, or a script of that name that runs the program by `emulator`.
fn unpack_jq(layer: &Path, emulator: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let zip = Zip::read(layer);
    assert_eq!(zip.mode("bin/jq"), 0o755);
    let Some(emulator) = emulator else {
        write_executable(&folder.path().join("jq"), zip.content("bin/jq"));
        return folder;
    };
    let program = folder.path().join("emulated");
    write_executable(&program, zip.content("bin/jq"));
    let script = format!("#!/bin/sh\nexec {emulator} '{}' \"$@\"\n", program.display());
    write_executable(&folder.path().join("jq"), script);
    folder
}

/// Runs one of jq's test scripts with `folder`'s `jq`, asserts that it succeeds, and returns its output.
fn run(tests: &Path, test: &str, folder: &TempDir) -> String {
    let mut command = Command::new("timeout");
    command.args(["600", "sh"]).arg(tests.join(test)).current_dir(tests.parent().unwrap());
    command.env("JQ", folder.path().join("jq")).env("TMPDIR", folder.path());
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{test}: {}\n{stdout}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}

#[test]
fn a_layer_with_jq_carries_the_licences_of_all_its_parts() {
    for architecture in ["x86_64", "arm64"] {
        let layer = format!("dist/coshell-jq-{architecture}.zip");
        let Some(layer) = made(&layer, ".ci/release --install all") else { return };
        let zip = Zip::read(&layer);
        for (name, sentence) in [
            ("README", "Sources: https://github.com/jqlang/jq/releases/"),
            ("COPYING", "jq uses parts of the open source C library \"decNumber\""),
            ("COPYING.oniguruma", "Oniguruma LICENSE"),
            ("COPYING.LGPL-2.1", "GNU LESSER GENERAL PUBLIC LICENSE"),
        ] {
            let text = String::from_utf8_lossy(zip.content(&format!("share/licenses/jq/{name}")));
            assert!(text.contains(sentence), "{architecture}: {name}: {text}");
        }
        let files = zip.names().into_iter().filter(|name| !name.ends_with('/')).count();
        assert_eq!(files, 5, "{:?}", zip.names());
    }
}
