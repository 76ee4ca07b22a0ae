//! `coshell check`: what it finds, where, and what its exit status says.

mod beginners;
mod formats;
mod programs;
mod rules;
mod rules_durable;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::program::{Ran, coshell};
use crate::support::skip::cannot;

const CLEAN: &str = "set -e\nhandler() { echo \"$1\" | sed s/a/b/; }\n";

/// What is printed of a sound function in this folder.
const NOTHING: &str = ".: nothing found that would fail on Lambda\n";

struct Bundle(tempfile::TempDir);

impl Bundle {
    fn of(script: &str) -> Bundle {
        Bundle(tempfile::tempdir().unwrap()).file("function.sh", script, 0o644)
    }

    fn file(self, name: &str, text: &str, mode: u32) -> Bundle {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Checks `path` in the bundle.
    fn check_at(&self, path: &str, arguments: &[&str]) -> Ran {
        let mut command = coshell();
        let path = if path.is_empty() { Path::new(".") } else { Path::new(path) };
        command.current_dir(self.0.path()).arg("check").arg(path).args(arguments);
        Ran::from(command.output().unwrap())
    }

    fn check(&self) -> Ran {
        self.check_at("", &[])
    }

    /// It will fail, and one line says so.
    #[track_caller]
    fn fails_with(&self, line: &str) {
        let ran = self.check().assert_status(1);
        let told = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(told.lines().any(|told| told.contains(line)), "no {line:?} in {told}");
    }
}

#[test]
fn a_sound_function_is_clean() {
    Bundle::of(CLEAN).check().assert_status(0).assert_stdout(NOTHING);
    Bundle::of(CLEAN).check_at("", &["--convention", "gkrizek"]).assert_status(0).assert_stdout(NOTHING);
}

#[test]
fn usual_idioms_that_run_are_clean() {
    for script in [
        "json() { local text=${1//\\\\/\\\\\\\\}; text=${text//'\"'/'\\\"'}; printf '\"%s\"' \"$text\"; }\nhandler() { json \"$1\"; }\n",
        "bits() { for ((i = 1; i < 1 << 4; i <<= 1)); do echo \"$i\"; done; }\nhandler() { bits; }\n",
        "handler() {\n  if [[ $1 == a || # it's a\n    $1 == b ]]; then :; fi\n  echo \"$1\"\n}\n",
        "shopt -s extglob\nhandler() {\n  case $1 in\n    !(a|b)) echo other ;;\n    *) echo ab ;;\n  esac\n}\n",
        "handler() { if [[ $1 =~ ^(tar|zip)$ || $1 == *.@(gz|xz) ]]; then :; fi; echo ok; }\n",
    ] {
        let bundle = Bundle::of(script);
        Ran::from(coshell().arg("invoke").arg(bundle.0.path()).output().unwrap()).assert_status(0);
        bundle.check().assert_status(0).assert_stdout(NOTHING);
        let zip = bundle.0.path().join("function.zip");
        let ran = coshell().arg("package").arg(bundle.0.path()).arg("-o").arg(zip).output();
        Ran::from(ran.unwrap()).assert_status(0);
    }
}

#[test]
fn a_command_that_the_script_looks_for_first_is_a_note() {
    let bundle = Bundle::of("handler() { if command -v jq >/dev/null; then jq . <<<\"$1\"; else echo; fi; }\n");
    let ran = bundle.check().assert_status(0);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("note: `jq` is not on Lambda's provided.al2023"), "{ran:?}");
    Bundle::of("handler() {\n  echo \"$1\" | \\\n    jq .\n}\n")
        .fails_with("./function.sh:3:5: `jq` is not on Lambda's");
}

#[test]
fn a_byte_order_mark_and_a_sourced_file_that_is_not_there_are_told() {
    Bundle::of("\u{feff}#!/bin/bash\nhandler() { :; }\n")
        .fails_with("./function.sh:1:1: it begins with a byte order mark");
    let ran = Bundle::of(". ./lib/missing.sh\nhandler() { :; }\n").check().assert_status(0);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(told.contains("./function.sh:1:3: warning: it sources `lib/missing.sh`, which is not in"), "{told}");
}

#[test]
fn a_file_that_is_sourced_beside_the_runtime_is_a_warning() {
    let script = "set -e\nsource \"$(dirname \"$0\")/lib/u.sh\"\nhandler() { :; }\n";
    let bundle = Bundle::of(script).file("lib/u.sh", "", 0o644);
    let ran = bundle.check().assert_status(0);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(told.contains("./function.sh:2:19: warning: `$0` is the runtime's path here"), "{told}");
    Bundle::of(&script.replace("$0", "${BASH_SOURCE[0]}")).check().assert_status(0).assert_stdout(NOTHING);
}

#[test]
fn every_example_is_clean_with_its_layer() {
    let folders =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers")).unwrap().map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.join("function.sh").is_file()) {
        let ran =
            coshell().arg("check").arg(&folder).args(["--have", "jq", "--have", "git", "--have", "cmark"]).output();
        let nothing = format!("{}: nothing found that would fail on Lambda\n", folder.display());
        Ran::from(ran.unwrap()).assert_status(0).assert_stdout(&nothing);
    }
}

#[test]
fn what_bash_cannot_read_is_told_at_its_line() {
    Bundle::of("handler() {\n  if true; then\n}\n")
        .fails_with("./function.sh:3: Bash cannot read it: syntax error near");
    Bundle::of("handler() {\r\n  :\r\n}\r\n").fails_with("./function.sh:1: its lines end as on Windows");
}

#[test]
fn a_mode_that_keeps_lambda_out_is_told() {
    let bundle = Bundle::of(". ./lib.sh\nhandler() { f; }\n").file("lib.sh", "f() { :; }\n", 0o600);
    bundle.fails_with("./lib.sh: its mode 0600 lets nobody else read it, as Lambda must: `chmod a+r");
    let bundle = Bundle::of("").file("run", "#!/bin/sh\n", 0o644);
    let ran = bundle.check_at("run", &[]).assert_status(1);
    assert!(
        String::from_utf8_lossy(&ran.stdout).starts_with("run: its mode 0644 lets nobody else execute it"),
        "{ran:?}"
    );
}

#[test]
fn a_function_that_is_not_defined_is_told_with_those_that_are() {
    let bundle = Bundle::of("one() { :; }\nfunction two { :; }\n");
    bundle.fails_with("no function `handler` is defined here: it defines `one`, `two`");
    bundle.check_at("function.two", &[]).assert_status(0);
    // It may be in a file that is not known.
    let ran = Bundle::of(". /opt/lib.sh\n").check().assert_status(0);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("warning: no function `handler`"), "{ran:?}");
    Bundle::of(". ./lib.sh\n").file("lib.sh", CLEAN, 0o644).check().assert_status(0).assert_stdout(NOTHING);
}

#[test]
fn process_substitution_and_lacking_commands_are_told_in_sourced_files_too() {
    let bundle = Bundle::of("source \"$LAMBDA_TASK_ROOT/lib/a.sh\"\nhandler() {\n  cat <(echo)\n  find . | wc -l\n}\n");
    let bundle = bundle.file("lib/a.sh", "f() { echo \"$(jq .)\"; }\n", 0o644);
    bundle.fails_with("./function.sh:3:7: process substitution fails on Lambda, which has no /dev/fd");
    bundle.fails_with("./function.sh:4:3: `find` is not on Lambda's provided.al2023");
    bundle.fails_with("./lib/a.sh:1:15: `jq` is not on Lambda's provided.al2023");
    Bundle::of("").file("run", "#!/usr/bin/env python3\n", 0o755).check_at("run", &[]).assert_status(1);
}

#[test]
fn a_command_counts_as_present_where_the_bundle_or_a_layer_or_the_script_has_it() {
    let script = "less() { cat; }\nhandler() { jq -n . | less; unzip x; command -v tar || true; }\n";
    let set = format!("PATH=$LAMBDA_TASK_ROOT/bin:$PATH\n{script}");
    let bundle = Bundle::of(&set).file("bin/jq", "", 0o755);
    bundle.fails_with("`unzip`");
    bundle.check_at("", &["--have", "unzip"]).assert_status(0).assert_stdout(NOTHING);
}

#[test]
fn a_command_in_the_functions_own_bin_is_not_on_lambdas_path() {
    let bundle = Bundle::of("handler() { jq -n .; date; own; }\n");
    let bundle = bundle.file("bin/jq", "", 0o755).file("bin/own", "", 0o755);
    bundle.fails_with("./function.sh:1:13: `jq` is in the function's bin/, which is not on Lambda's PATH");
    bundle.fails_with("./function.sh:1:28: warning: `own` is in the function's bin/");
    bundle.check_at("", &["--have", "jq", "--have", "own"]).assert_status(0).assert_stdout(NOTHING);
    let called = "handler() { \"$LAMBDA_TASK_ROOT/bin/jq\" -n .; }\n";
    Bundle::of(called).file("bin/jq", "", 0o755).check().assert_status(0).assert_stdout(NOTHING);
}

#[test]
fn a_missing_set_e_under_gkrizek_is_a_warning() {
    let bundle = Bundle::of("handler() { false; echo on >&2; }\n");
    bundle.check().assert_status(0).assert_stdout(NOTHING);
    let ran = bundle.check_at("", &["--convention", "gkrizek"]).assert_status(0);
    assert!(String::from_utf8_lossy(&ran.stdout).starts_with("./function.sh: warning: no `set -e`"), "{ran:?}");
}

#[test]
fn shellchecks_warnings_are_told_and_fail_nothing() {
    if cannot("shellcheck", &["--version"]) {
        return;
    }
    let ran = Bundle::of("handler() { cd /nosuch; rm -r \"$1/\"*; x=$(pwd) | cat; }\n").check().assert_status(0);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("./function.sh:1:13: warning: shellcheck SC"), "{ran:?}");
}

#[test]
fn json_has_every_finding_for_machines() {
    let ran = Bundle::of("handler() { :; }\nx() { xargs; }\n").check_at("", &["--json"]).assert_status(1);
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let finding = &told["findings"][0];
    assert_eq!(told["ok"], false);
    assert_eq!(
        (finding["line"].as_u64(), finding["column"].as_u64(), finding["check"].as_str()),
        (Some(2), Some(7), Some("command")),
        "{told}"
    );
    assert_eq!(
        (finding["severity"].as_str(), finding["file"].as_str()),
        (Some("error"), Some("./function.sh")),
        "{told}"
    );
    let clean = Bundle::of(CLEAN).check_at("", &["--json"]).assert_status(0);
    clean.assert_stdout("{\"ok\":true,\"findings\":[]}\n");
}

#[test]
fn wrong_usage_exits_2_and_help_has_an_example() {
    Bundle::of("").check_at("nosuch", &[]).assert_status(2).assert_stderr_has("no script for `nosuch`");
    Bundle::of("").check_at("", &["--convention", "lambda"]).assert_status(2).assert_stderr_has("gkrizek");
    let help = Ran::from(coshell().args(["check", "--help"]).output().unwrap()).assert_status(0);
    assert!(String::from_utf8_lossy(&help.stdout).contains("coshell check handlers/echo"), "{help:?}");
}

#[test]
fn the_mode_that_bash_runs_a_script_in_is_told_with_its_reason() {
    let script = "set -e\n. lib/a.sh\nhandler() { greet; }\n";
    let bundle = Bundle::of(script).file("lib/a.sh", "greet() {\n  echo \"${NAME:-it's me}\"\n}\n", 0o644);
    let ran = bundle.check().assert_status(0);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        told.starts_with("./lib/a.sh:2: note: Bash runs the script in POSIX mode") && told.lines().count() == 1,
        "{told}"
    );
    let json: Value = serde_json::from_slice(&bundle.check_at("", &["--json"]).stdout).unwrap();
    assert_eq!((&json["ok"], &json["findings"][0]["severity"]), (&Value::Bool(true), &Value::from("note")));
    // Under a convention whose bootstrap was Bash itself the script is not in POSIX mode, and has a syntax error.
    bundle.check_at("", &["--convention", "gkrizek"]).assert_status(1);
}

#[test]
fn the_syntax_of_a_script_is_checked_in_the_mode_that_it_runs_in() {
    let bundle = Bundle::of("set -e\nhandler() { echo \"${x:-'}'}\"; }\nselect-all() { :; }\n");
    let told = String::from_utf8_lossy(&bundle.check().stdout).into_owned();
    assert!(told.contains("function.sh:2: note: "), "{told}");
    let plain = Bundle::of("set -e\nhandler() { echo \"${x:-'a b'}\"; }\nselect-all() { :; }\n");
    plain.check().assert_status(0).assert_stdout(NOTHING);
}
