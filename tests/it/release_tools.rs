//! The layers with jq and the small `aws`, as .ci/release leaves them in dist/: jq's own tests pass with the jq of a layer, and its `aws` signs
//! requests rightly.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::package::project::Zip;
use crate::release::made;
use crate::support::executable::write_executable;
use crate::support::program::{Ran, coshell};
use crate::support::signature_judge::{ACCESS_KEY, Judge, REGION, SECRET_KEY, TOKEN};
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
    let (layer, by) = (format!("dist/coshell-tools-{architecture}.zip"), ".ci/release --install all");
    let Some((layer, sources)) = made(&layer, by).zip(made("target/tools/jq-sources/tests/jq.test", by)) else {
        return;
    };
    let Some(folder) = unpack(&layer, "jq", architecture, emulator) else { return };
    let native = is_native(architecture);
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

fn is_native(architecture: &str) -> bool {
    architecture == if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// The program `bin/NAME` of the layer as `name` in a folder. On a machine of another architecture it is a script that runs the program by
/// `emulator`; `None` where the machine has no emulator.
fn unpack(layer: &Path, name: &str, architecture: &str, emulator: &str) -> Option<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let (zip, file) = (Zip::read(layer), format!("bin/{name}"));
    assert_eq!(zip.mode(&file), 0o755);
    if is_native(architecture) {
        write_executable(&folder.path().join(name), zip.content(&file));
        return Some(folder);
    }
    if cannot(emulator, &["--version"]) {
        return None;
    }
    let program = folder.path().join("emulated");
    write_executable(&program, zip.content(&file));
    let script = format!("#!/bin/sh\nexec {emulator} '{}' \"$@\"\n", program.display());
    write_executable(&folder.path().join(name), script);
    Some(folder)
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
fn the_small_aws_of_the_layer_for_x86_64_signs_rightly() {
    the_small_aws_signs_rightly("x86_64", "qemu-x86_64-static");
}

#[test]
fn the_small_aws_of_the_layer_for_arm64_signs_rightly() {
    the_small_aws_signs_rightly("arm64", "qemu-aarch64-static");
}

/// Runs the `aws` out of the layer for `architecture`: its requests pass the judge of signatures.
fn the_small_aws_signs_rightly(architecture: &str, emulator: &str) {
    let layer = format!("dist/coshell-tools-{architecture}.zip");
    let Some(layer) = made(&layer, ".ci/release --install all") else { return };
    let Some(folder) = unpack(&layer, "aws", architecture, emulator) else { return };
    let Some(judge) = Judge::start() else { return };
    fs::write(folder.path().join("file"), "content").unwrap();
    for (command, printed) in [
        ("aws ssm get-parameter --name /a --query Parameter.Value --output text", "results\n"),
        ("aws s3 cp file s3://bucket/key --no-progress", "upload: ./file to s3://bucket/key\n"),
    ] {
        let mut aws = Command::new(folder.path().join("aws"));
        aws.args(command.split(' ').skip(1)).current_dir(folder.path()).env("AWS_ENDPOINT_URL", &judge.address);
        aws.env("AWS_REGION", REGION).env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        let output = aws.env("AWS_SESSION_TOKEN", TOKEN).env("HOME", folder.path()).output().unwrap();
        let request = judge.all_requests().pop().unwrap_or_default();
        assert_eq!(String::from_utf8_lossy(&output.stdout), printed, "{command}: {output:?} {request:#?}");
        assert_eq!(request["fault"], Value::Null, "{command}");
    }
}

#[test]
fn a_layer_of_the_release_is_found_for_tools() {
    for architecture in ["x86_64", "arm64"] {
        let layer = format!("dist/coshell-tools-{architecture}.zip");
        let Some(layer) = made(&layer, ".ci/release --install all") else { return };
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("tools.zip");
        let mut command = coshell();
        command.args(["layer", "--no-runtime", "--tools", "--arch", architecture, "-o"]).arg(&copy);
        Ran::from(command.output().unwrap()).assert_status(0);
        assert_eq!(fs::read(&copy).unwrap(), fs::read(&layer).unwrap(), "{architecture}");
    }
}

#[test]
fn a_layer_with_tools_carries_the_licences_of_all_parts_of_jq() {
    for architecture in ["x86_64", "arm64"] {
        let layer = format!("dist/coshell-tools-{architecture}.zip");
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
        assert_eq!(files, 6, "{:?}", zip.names());
    }
}
