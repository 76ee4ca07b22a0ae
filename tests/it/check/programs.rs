//! What `coshell check` says of commands, of the programs in the function's folder, and of files that a script writes.

use std::os::unix::fs::symlink;

use super::{Bundle, CLEAN, NOTHING};
use crate::support::program::{Ran, coshell};

#[test]
fn a_command_that_nobody_knows_of_is_a_warning() {
    let ran = Bundle::of("handler() {\n  deno run x\n  yum -h\n  flock /tmp/l true\n}\n").check().assert_status(1);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    for line in [
        "./function.sh:2:3: warning: `deno` is not known to be on Lambda's provided.al2023",
        "./function.sh:3:3: warning: `yum` is not known to be",
        "./function.sh:4:3: `flock` is not on Lambda's provided.al2023",
    ] {
        assert!(told.contains(line), "no {line:?} in {told}");
    }
    // Where the command may be a function, or is looked for first, nothing is known.
    for script in [
        "deno() { :; }\nhandler() { deno; }\n",
        "handler() { if command -v deno >/dev/null; then deno; fi; }\n",
        "eval \"$(printf 'deno() { :; }')\"\nhandler() { deno; }\n",
    ] {
        Bundle::of(script).check().assert_status(0).assert_stdout(NOTHING);
    }
    let called = Bundle::of("handler() { deno; }\n");
    called.check_at("", &["--have", "deno"]).assert_status(0).assert_stdout(NOTHING);
}

#[test]
fn the_interpreter_of_every_program_of_the_folder_is_judged() {
    for (line, status, part) in [
        ("#!/usr/bin/python3", 1, "./bin/tool:1: `bin/tool` is run by `/usr/bin/python3`, which is not on Lambda's"),
        ("#!/usr/bin/env node", 1, "./bin/tool:1: `bin/tool` is run by `node`, which is not on Lambda's"),
        ("#!/bin/zsh", 1, "`/bin/zsh`"),
        (
            "#!/opt/python/bin/python",
            0,
            "warning: `bin/tool` is run by `/opt/python/bin/python`, which must be in a layer",
        ),
        ("#!/bin/bash\r", 1, "./bin/tool:1: the first line of `bin/tool` ends with a carriage return"),
    ] {
        let ran = Bundle::of(CLEAN).file("bin/tool", &format!("{line}\n"), 0o755).check().assert_status(status);
        assert!(String::from_utf8_lossy(&ran.stdout).contains(part), "{line:?}: {ran:?}");
    }
    let bundle = Bundle::of(CLEAN).file("extensions/x", "#!/usr/bin/perl -w\n", 0o644);
    bundle.fails_with("./extensions/x:1: `extensions/x` is run by `/usr/bin/perl`");
    let bundle = Bundle::of(CLEAN).file("bin/tool", "#!/usr/bin/env python3\n", 0o755);
    bundle.check_at("", &["--have", "python3"]).assert_status(0).assert_stdout(NOTHING);
    Bundle::of(CLEAN).file("data", "#!/usr/bin/python3\n", 0o644).check().assert_status(0).assert_stdout(NOTHING);
}

#[test]
fn a_script_that_is_called_by_its_path_is_checked_as_one() {
    for call in [
        "./run.sh \"$1\"",
        "\"$LAMBDA_TASK_ROOT/run.sh\"",
        "timeout 5 \"${LAMBDA_TASK_ROOT}/run.sh\"",
        "/var/task/run.sh",
    ] {
        let bundle = |text: &str, mode| Bundle::of(&format!("handler() {{ {call}; }}\n")).file("run.sh", text, mode);
        bundle("#!/bin/bash\n:\n", 0o755).check().assert_status(0).assert_stdout(NOTHING);
        bundle("#!/bin/bash\n:\n", 0o644)
            .fails_with("./run.sh: its mode 0644 lets nobody else execute it, as Lambda must");
        bundle("#!/bin/bash\r\n:\r\n", 0o755).fails_with("./run.sh:1: its lines end as on Windows");
        bundle("#!/bin/bash\nfind .\n", 0o755).fails_with("./run.sh:2:1: `find` is not on Lambda's");
        bundle("#!/usr/bin/env ruby\n", 0o755).fails_with("./run.sh:1: `run.sh` is run by `ruby`");
    }
}

#[test]
fn a_script_that_is_given_to_bash_need_not_be_executable() {
    let bundle =
        |text: &str| Bundle::of("handler() { bash -e lib/run.sh; sh lib/run.sh; }\n").file("lib/run.sh", text, 0o644);
    bundle("own() { :; }\nown\n").check().assert_status(0).assert_stdout(NOTHING);
    bundle(":\r\n").fails_with("./lib/run.sh:1: its lines end as on Windows");
    bundle("if\n").fails_with("./lib/run.sh:2: Bash cannot read it");
    let ran = Bundle::of("handler() { own; }\nx() { bash lib/run.sh; }\n")
        .file("lib/run.sh", "own() { :; }\n", 0o644)
        .check();
    assert!(
        String::from_utf8_lossy(&ran.stdout).contains("warning: `own` is not known"),
        "its functions are its own: {ran:?}"
    );
}

#[test]
fn a_program_of_the_folder_that_is_not_there_is_a_warning() {
    let script = "handler() {\n  \"$LAMBDA_TASK_ROOT/bin/gone\"\n  ./gone.sh\n  bash lib/gone.sh \"$1\"\n}\n";
    let ran = Bundle::of(script).check().assert_status(0);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let lines: Vec<&str> = told.lines().collect();
    let gone = |place: &str, name: &str| {
        format!(
            "./function.sh:{place}: warning: it calls `{name}`, which is not in the function's folder [missing-program]"
        )
    };
    assert_eq!(lines, [gone("2:3", "bin/gone"), gone("3:3", "gone.sh"), gone("4:8", "lib/gone.sh")]);
    for script in [
        "handler() { cd /tmp || exit; ./made-there; }\n",
        "handler() { if [[ -x ./optional ]]; then ./optional; fi; }\n",
        "handler() { [ -x ./optional ] && ./optional; echo; }\n",
        "handler() { if [[ -f lib/optional ]]; then bash lib/optional; fi; }\n",
        "handler() { ./optional || echo; }\n",
        "handler() { ./\"$1\"; }\n",
    ] {
        Bundle::of(script).check().assert_status(0).assert_stdout(NOTHING);
    }
}

#[test]
fn a_package_with_a_program_outside_of_bin_that_is_not_executable_is_refused() {
    let bundle = Bundle::of("handler() { ./run.sh; bin/tool; }\n");
    let bundle = bundle.file("run.sh", "#!/bin/sh\n", 0o644).file("bin/tool", "#!/bin/sh\n", 0o644);
    let zip = bundle.0.path().join("function.zip");
    let ran =
        Ran::from(coshell().arg("package").arg(bundle.0.path()).arg("-o").arg(zip).output().unwrap()).assert_status(1);
    assert!(ran.stderr.contains("error: "), "{ran:?}");
    assert!(ran.stderr.contains("run.sh: its mode 0644 lets nobody else execute it"), "{ran:?}");
    assert!(!ran.stderr.contains("bin/tool"), "{ran:?}");
}

/// A program of nothing but a header, for this machine type.
fn elf(machine: u8) -> String {
    let mut header = [0; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    (header[16], header[18], header[20], header[52], header[54], header[58]) = (2, machine, 1, 64, 56, 64);
    header.iter().map(|byte| char::from(*byte)).collect()
}

#[test]
fn what_package_says_of_programs_is_said_before() {
    let bundle = Bundle::of(CLEAN).file("bin/jq", &elf(40), 0o755);
    bundle.fails_with("./bin/jq: `bin/jq` is for 32-bit ARM, not for x86_64");
    let bundle = Bundle::of(CLEAN).file("bin/jq", &elf(62), 0o755);
    bundle.check().assert_status(0).assert_stdout(NOTHING);
    let ran = bundle.check_at("", &["--arch", "arm64"]).assert_status(1);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("`bin/jq` is for x86_64, not for arm64"), "{ran:?}");
    let bundle = Bundle::of(CLEAN);
    symlink("nowhere", bundle.0.path().join("link")).unwrap();
    let ran = bundle.check().assert_status(0);
    assert!(
        String::from_utf8_lossy(&ran.stdout)
            .contains("warning: `coshell package` cannot package this folder: the link"),
        "{ran:?}"
    );
}

#[test]
fn a_file_that_is_written_outside_of_tmp_is_a_warning() {
    let script = "handler() {\n  echo a >/tmp/a 2>/dev/null\n  echo b >>/var/log/b\n  date >out.txt\n}\n";
    let ran = Bundle::of(script).check().assert_status(0);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let lines: Vec<&str> = told.lines().filter_map(|line| line.split(", and on Lambda").next()).collect();
    let expected = [
        "./function.sh:3:12: warning: it writes to `/var/log/b`",
        "./function.sh:4:9: warning: it writes to `out.txt`",
    ];
    assert_eq!(lines, expected);
    let moves = script.replace("echo b >>/var/log/b", "cd /tmp || exit");
    Bundle::of(&moves).check().assert_status(0).assert_stdout(NOTHING);
}
