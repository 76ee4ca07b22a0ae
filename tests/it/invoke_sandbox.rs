//! `coshell invoke --sandbox`: what a handler sees there is what it sees on Lambda.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::executable::write_executable;
use crate::support::program::{InvokeTest, coshell};
use crate::support::skip::no_namespaces;

fn sandboxed(script: &str) -> InvokeTest {
    InvokeTest::of_script(script).with_own_runtime().with(&["--sandbox"])
}

fn tool(path: &Path, says: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    write_executable(path, format!("#!/bin/sh\necho {says}\n"));
}

#[test]
fn the_place_is_like_lambdas() {
    if no_namespaces() {
        return;
    }
    let script = "handler() {
      [[ ! -e /dev/fd && ! -e /dev/shm && -c /dev/null && ! -e /home ]] && echo devices
      for file in x /etc/x /usr/x /var/x /opt/x /proc/x; do ! touch \"$file\" 2>/dev/null || echo \"wrote $file\"; done
      echo kept >/tmp/x && cat /tmp/x
      echo \"$UID $(id -g) $PWD $LAMBDA_TASK_ROOT $0 $HOME\"
      echo \"$PATH $(ulimit -n) ${OWN-unset} $COSHELL_TEST $STAGE\"
      cat <(echo never) || echo no process substitution
    }";
    let test = sandboxed(script).with(&["--env", "STAGE=test"]);
    let output = test.command().env("OWN", "set").env("COSHELL_TEST", "let through").output().unwrap();
    let expected = "devices
kept
993 990 /var/task /var/task /var/task/bootstrap /tmp
/usr/local/bin:/usr/bin/:/bin:/opt/bin 1024 unset let through test
no process substitution";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!Path::new("/var/task/x").exists() && !test.folder.path().join("x").exists());
}

#[test]
fn the_user_and_its_group_have_the_names_that_they_have_on_lambda() {
    if no_namespaces() {
        return;
    }
    let script = "handler() { id; whoami; getent passwd 993; getent group 990; echo ~sbx_user1051; getent passwd 0 | cut -d: -f1; }";
    let ran = sandboxed(script).run().assert_status(0);
    let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(shown.starts_with("uid=993(sbx_user1051) gid=990(sbx_user1051)"), "{shown}");
    let rest = "\nsbx_user1051\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n\
                sbx_user1051:x:990:\n/home/sbx_user1051\nroot";
    assert!(shown.ends_with(rest), "{shown}");
}

/// A sandbox once emptied these two: it opened them by a folder of the machine's that was bound already. They are put back at once, and
/// the test fails.
#[test]
fn the_machines_own_files_stay_as_they_are() {
    if no_namespaces() {
        return;
    }
    let files = ["/etc/passwd", "/etc/group"].map(Path::new);
    let before = files.map(|file| fs::read(file).unwrap());
    sandboxed("handler() { id -un; }").run().assert_status(0).assert_stdout("sbx_user1051");
    for (file, before) in files.into_iter().zip(before) {
        let after = fs::read(file).unwrap();
        if after != before {
            fs::write(file, &before).unwrap();
        }
        assert!(
            after == before && !before.is_empty(),
            "{} was {} bytes, is {}",
            file.display(),
            before.len(),
            after.len()
        );
    }
}

#[test]
fn layers_are_in_opt_and_a_later_one_wins() {
    if no_namespaces() {
        return;
    }
    let layers = tempfile::tempdir().unwrap();
    let path = |name: &str| layers.path().join(name);
    tool(&path("one/bin/first"), "first of one");
    tool(&path("one/bin/second"), "second of one");
    tool(&path("two/bin/second"), "second of two");
    let zip = path("zipped.zip");
    let added = format!("bin/zipped={}", path("one/bin/first").display());
    let made = coshell().args(["layer", "--no-runtime", "--add", &added, "-o"]).arg(&zip).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let script = "handler() { first; second; zipped; echo $(ls /opt /opt/bin); }";
    let mut test = sandboxed(script);
    for layer in [path("one"), path("two"), zip] {
        test = test.with(&["--layer", layer.to_str().unwrap()]);
    }
    let expected = "first of one\nsecond of two\nfirst of one\n/opt: bin /opt/bin: first second zipped";
    test.run().assert_status(0).assert_stdout(expected);
}

#[test]
fn failures_repetitions_profiles_and_the_shell_are_as_outside() {
    if no_namespaces() {
        return;
    }
    let script = "handler() {\n  sleep 0.1\n  ls /nosuch\n}\necho() { builtin echo \"$PWD $*\"; }";
    let ran = sandboxed(script).run().assert_status(1);
    ran.assert_stderr_has("\"stackTrace\":[\"handler (function.sh:3)\"]");
    sandboxed(script).with(&["--repeat", "2"]).run().assert_stderr_has("2 failed (Function.ExitStatus 2)");
    let test = sandboxed(script);
    let profile = test.folder.path().join("profile.txt");
    let ran = test.with(&["--profile", profile.to_str().unwrap()]).run();
    ran.assert_stderr_has(" % of it in function.sh:2 sleep 0.1\n");
    let ran = sandboxed(script).with(&["--shell"]).stdin(b"echo \"$UID\"\nexit 7\n").run();
    ran.assert_status(7).assert_stdout("/var/task 993\n");
}

#[test]
fn nothing_is_left_of_it() {
    if no_namespaces() {
        return;
    }
    let script = "handler() { setsid sleep 1000 & echo \"$! $BASHPID\" >&2; sleep 1000; }";
    let ran = sandboxed(script).with(&["--timeout", "1", "--json"]).run().assert_status(124);
    let told: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let pids = told["log"][0].as_str().unwrap();
    let left: Vec<&str> = pids.split(' ').filter(|pid| crate::support::program::runs(pid)).collect();
    assert!(left.is_empty(), "still running: {left:?} of {pids}");
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains("/var/task"), "{mounts}");
}

#[test]
fn where_it_cannot_be_built_a_sentence_says_what_to_do() {
    sandboxed("")
        .with(&["--layer", "/nosuch"])
        .run()
        .assert_status(2)
        .assert_stderr_has("the layer `/nosuch` does not exist");
    InvokeTest::of_script("").with_own_runtime().with(&["--layer", "/tmp"]).run().assert_status(2);
    if no_namespaces() {
        return;
    }
    let no_more = "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"";
    let test = sandboxed("handler() { :; }");
    let mut command = Command::new("unshare");
    command.args(["-Ur", "sh", "-c", no_more, "sh", env!("CARGO_BIN_EXE_coshell"), "invoke", "--sandbox"]);
    let output = command.arg(test.folder.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot build the sandbox") && stderr.contains("user.max_user_namespaces"), "{stderr}");
}

#[test]
fn a_layer_that_cannot_be_unpacked_is_wrong_usage() {
    if no_namespaces() {
        return;
    }
    let layers = tempfile::tempdir().unwrap();
    let bad = layers.path().join("bad.zip");
    fs::write(&bad, "bad").unwrap();
    let ran = sandboxed("handler() { :; }").with(&["--layer", bad.to_str().unwrap()]).run();
    ran.assert_status(2).assert_stderr_has("bad.zip`: it is neither a folder nor a zip").assert_stdout("");
}

#[test]
fn a_write_outside_tmp_is_explained() {
    if no_namespaces() {
        return;
    }
    let ran = sandboxed("handler() {\n  touch page.html\n}").run().assert_status(1);
    ran.assert_stderr_has("Read-only file system; only /tmp can be written on Lambda: write below /tmp\",");
}
