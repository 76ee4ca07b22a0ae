//! The release builds, as .ci/release leaves them in dist/: static, for both of Lambda's architectures, and in need of nothing but a Bash.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::package::project::Zip;
use crate::support::answer::Answer;
use crate::support::executable::copy_executable;
use crate::support::function::Function;
use crate::support::program::{Ran, coshell};
use crate::support::skip::{UNSHARE, cannot, no_namespaces, skip};

const ECHO: &str = include_str!("../../handlers/echo/function.sh");
const FAILING: &str = include_str!("../../handlers/failing/function.sh");
const EVENT: &str = "{\"text\":\"Hello\"}";

/// What .ci/release made for `architecture`; says so where it is not there.
fn released(architecture: &str) -> Option<PathBuf> {
    made(&format!("dist/bootstrap-{architecture}"), &format!(".ci/release --install --no-tools {architecture}"))
}

/// The file `path` of this repository, which the command `by` makes; says so where it is not there.
pub fn made(path: &str, by: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if path.is_file() {
        return Some(path);
    }
    skip(&format!("`{}` is not there: {by} makes it", path.display()));
    None
}

fn echoes(answer: Answer) {
    answer.responds(&format!("Echoing request: '{EVENT}'")).logs(EVENT);
}

fn fails(answer: Answer) {
    let answer = answer.fails(
        "Function.ExitStatus",
        "function.sh:7: `sort -t , -k 2,2nr \"$csv\"` exited with status 2 in `best_sellers`: sort: cannot read: reports/sales.csv",
    );
    assert_eq!(answer.stack().len(), 3, "{answer:?}");
}

#[test]
fn on_arm64_a_handler_echoes_and_another_says_why_it_fails() {
    let (bash, by) = ("target/tools/arm64-bash/bin/bash", "tests/run");
    let Some((bootstrap, bash)) = released("arm64").zip(made(bash, by)) else { return };
    if cannot("qemu-aarch64-static", &["--version"]) {
        return;
    }
    let libraries = bash.ancestors().nth(2).unwrap();
    let qemu =
        format!("#!/bin/sh\nexec qemu-aarch64-static -L '{}' '{}' \"$@\"\n", libraries.display(), bash.display());
    for (script, judge) in [(ECHO, echoes as fn(Answer)), (FAILING, fails)] {
        let function = Function::script(script).program("arm64-bash", &qemu);
        let bash = function.path("arm64-bash");
        let command = format!("exec qemu-aarch64-static '{}'", bootstrap.display());
        let running = function.env("COSHELL_BASH", bash).started_by(&command).start();
        judge(running.answer(EVENT));
        judge(running.answer(EVENT)); // and the next one
    }
}

/// No library, no /proc, no other program; /dev/null, which Lambda has.
#[test]
fn with_nothing_but_a_bash_around_it_the_runtime_works() {
    let Some(bootstrap) = released(if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }) else { return };
    if no_namespaces() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let inside = |path: &str| root.path().join(path.trim_start_matches('/'));
    for folder in ["bin", "dev", "tmp", "var/task"] {
        fs::create_dir_all(inside(folder)).unwrap();
    }
    fs::set_permissions(inside("tmp"), Permissions::from_mode(0o777)).unwrap();
    fs::write(inside("dev/null"), "").unwrap();
    copy_executable(bootstrap, &inside("bootstrap"));
    copy_bash(&inside);
    let script = "handler() { printf 'Echoing %s with %s' \"$1\" \"$BASH\"; }\nfailing() { nosuch; }\n";
    fs::write(inside("var/task/function.sh"), script).unwrap();
    let start = |handler: &str| {
        let root = root.path().display();
        Function::script(script).handler(handler).started_by(&format!(
            "PATH=$PATH:/usr/sbin exec unshare {UNSHARE} sh -c 'mount --bind /dev/null \"$0/dev/null\" &&
                 unset COSHELL_BASH && export LAMBDA_TASK_ROOT=/var/task && chroot=$(command -v chroot) &&
                 PATH=/bin exec \"$chroot\" \"$0\" /bootstrap' '{root}'"
        ))
    };
    start("function.handler").answer(EVENT).responds(&format!("Echoing {EVENT} with /bin/bash"));
    start("function.failing").answer(EVENT).fails("Function.CommandNotFound", "`nosuch`");
}

/// The Bash of this machine and the libraries that it needs, at their places.
fn copy_bash(inside: &dyn Fn(&str) -> PathBuf) {
    let bash = Ran::from(Command::new("bash").args(["-c", "type -P bash"]).output().unwrap()).assert_status(0);
    let bash = String::from_utf8(bash.stdout).unwrap().trim_end().to_owned();
    copy_executable(&bash, &inside("bin/bash"));
    let libraries = Ran::from(Command::new("ldd").arg(&bash).output().unwrap()).assert_status(0);
    let libraries = String::from_utf8(libraries.stdout).unwrap();
    for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        fs::create_dir_all(inside(library).parent().unwrap()).unwrap();
        fs::copy(library, inside(library)).unwrap();
    }
}

#[test]
fn the_release_is_found_for_a_package_and_gives_the_same_layer_again() {
    for architecture in ["x86_64", "arm64"] {
        let Some(bootstrap) = released(architecture) else { return };
        let output = tempfile::tempdir().unwrap();
        let output = output.path().join("out.zip");
        let run = |arguments: &[&str]| {
            let mut command = coshell();
            command.args(arguments).args(["--arch", architecture, "-o"]).arg(&output);
            Ran::from(command.output().unwrap()).assert_status(0);
            Zip::read(&output)
        };
        let zip = run(&["package", "handlers/echo", "--with-runtime"]);
        assert_eq!((zip.names().first(), zip.mode("bootstrap")), (Some(&"bootstrap"), 0o755));
        run(&["layer", "--bootstrap", &bootstrap.display().to_string()]);
        let layer = fs::read(format!("dist/coshell-runtime-{architecture}.zip")).unwrap();
        assert!(fs::read(&output).unwrap() == layer, "{architecture}: another zip than in dist/");
    }
}
