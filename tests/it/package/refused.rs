//! Functions and files that `coshell package` refuses; then there is no zip.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::project::Project;
use crate::support::executable::copy_executable;
use crate::support::program::{Ran, coshell};
use crate::support::skip::{UNSHARE, no_namespaces, no_other_user};

#[test]
fn a_handler_that_does_not_exist_is_refused() {
    let project = Project::new().file("function.sh", "other() { :; }\n", 0o644);
    project.refused(&[], "no function `handler` is defined here: it defines `other`");
    let project = Project::new().file("function.sh", "handler() {\n", 0o644);
    project.refused(&[], "./function.sh:2: Bash cannot read it");
    let project = Project::new();
    project.refused(&["--exclude", "*.sh"], "the handler's file `function.sh` is left out of the zip");
    project.run(&["package", "nosuch"]).assert_status(2).assert_stderr_has("no script for `nosuch`");
}

#[test]
fn files_that_are_too_large_in_all_are_refused() {
    let project = Project::new();
    File::create(project.root().join("big")).unwrap().set_len(262_144_000).unwrap();
    project.refused(&[], "the files have 262144025 bytes unzipped, and Lambda accepts a function with its layers only below 262144000 bytes");
    project.refused(&[], "the largest files: `big` (262144000 bytes), `function.sh` (25 bytes)");
}

#[test]
fn a_link_that_points_outside_the_folder_is_refused() {
    let project = Project::new().link("passwd", "/etc/passwd");
    project.refused(&[], "passwd` points outside the folder, to `/etc/passwd`");
    assert_eq!(project.packaged(&["--exclude", "passwd"]).names(), ["function.sh"]);
    Project::new().link("above", "..").refused(&[], "above` points outside the folder");
    // A folder that only begins like it is another.
    let project = Project::new();
    fs::create_dir(project.root().with_file_name("project-2")).unwrap();
    project.link("near", "../project-2").refused(&[], "near` points outside the folder");
}

#[test]
fn a_link_to_a_missing_file_or_to_its_own_folder_is_refused() {
    Project::new().link("gone", "nosuch").refused(&[], "gone` points to a file that does not exist");
    Project::new().link("self", ".").refused(&[], "self` points to a folder that contains the link");
    assert_eq!(Project::new().link("gone", "nosuch").packaged(&["--exclude", "gone"]).names(), ["function.sh"]);
}

#[test]
fn a_pipe_is_refused() {
    let project = Project::new();
    let made = Command::new("mkfifo").arg(project.root().join("pipe")).status().unwrap();
    assert!(made.success());
    project.refused(&[], "pipe` is neither a file nor a folder");
}

#[test]
fn names_that_leave_the_folder_or_are_unpacked_differently_are_refused() {
    let project = Project::new();
    for name in ["../x", "/etc/x", "a/../../x", "./x", "a//x"] {
        project.refused(&["--include", &format!("{name}=function.sh")], &format!("`{name}` cannot be a name in a zip"));
    }
    Project::new().file("a\\b", "", 0o644).refused(&[], "the name `a\\\\b` contains the character '\\\\'");
    Project::new().file("a\nb", "", 0o644).refused(&[], "the name `a\\nb` contains the character '\\n'");
    let project = Project::new();
    fs::write(project.root().join(OsStr::from_bytes(b"\xff")), "").unwrap();
    project.refused(&[], "is not UTF-8");
}

#[test]
fn two_files_with_one_name_are_refused() {
    let project = Project::new().file("a", "1", 0o644).file("b", "2", 0o644);
    project.refused(&["--include", "a=b"], "two files have the name `a` in the zip");
}

#[test]
fn a_name_that_is_a_file_and_a_folder_is_refused() {
    let project = Project::new().file("a/b", "1", 0o644).file("a.c", "", 0o644);
    project.refused(&["--include", "a=function.sh"], "`a` would be both a file and a folder");
    project.refused(&["--include", "a/b/c=function.sh"], "`a/b` would be both a file and a folder");
}

#[test]
fn a_second_runtime_is_refused() {
    let project = Project::new().file("bootstrap", "#!/bin/sh\n", 0o755);
    project.refused(&["--with-runtime"], "the folder contains its own `bootstrap`");
}

#[test]
fn an_output_that_cannot_be_written_is_refused() {
    let project = Project::new();
    for (output, sentence) in [
        (".", "`.` is a folder: name a file with -o"),
        ("no/such.zip", "cannot write `no/such.zip`: No such file or directory (os error 2)\n"),
    ] {
        let ran = coshell().current_dir(project.root()).args(["package", ".", "-o", output]).output();
        Ran::from(ran.unwrap()).assert_status(1).assert_stderr_has(sentence);
    }
}

/// If root replaced /dev/null by a zip, the machine would break.
#[test]
fn an_output_that_is_a_pipe_or_a_device_is_refused() {
    let project = Project::new();
    let made = Command::new("mkfifo").arg(project.output()).status().unwrap();
    assert!(made.success());
    project.package(&[]).assert_status(1).assert_stderr_has("out.zip` is not a regular file: name a file with -o");
    assert!(!project.output().is_file());
}

#[test]
fn links_that_multiply_the_files_are_refused() {
    let project = Project::new();
    fs::create_dir(project.root().join("all")).unwrap();
    (0..300).for_each(|file| fs::write(project.root().join(format!("all/{file}")), "").unwrap());
    let project = (0..300).fold(project, |project, link| project.link(&format!("link-{link}"), "all"));
    project.refused(&[], "more than 65535 files and folders below");
}

#[test]
fn a_file_whose_size_changes_is_refused() {
    let project = Project::new();
    project.refused(&["--include", "x=/proc/self/status"], "cannot read `/proc/");
    project.refused(&["--include", "x=/proc/self/status"], "the file had 0 bytes and now has another size");
}

/// Runs as another user, because root can read every file.
#[test]
fn a_file_that_the_user_cannot_read_is_refused() {
    if no_other_user() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let coshell = folder.path().join("coshell");
    copy_executable(env!("CARGO_BIN_EXE_coshell"), &coshell);
    for (secret, sentence) in [
        ("function.sh", "function.sh`: Permission denied"),
        ("data", "data`: Permission denied"),
        ("folder/data", "folder`: permission denied\n"),
    ] {
        let project = Project::new().file(secret, "handler() { :; }\n", 0o600);
        fs::set_permissions(project.root().parent().unwrap(), Permissions::from_mode(0o777)).unwrap();
        if let Some(folder) = secret.strip_suffix("/data") {
            fs::set_permissions(project.root().join(folder), Permissions::from_mode(0o700)).unwrap();
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&coshell).args(["package", "."]);
        command.current_dir(project.root()).arg("-o").arg(project.output());
        let ran = Ran::from(command.output().unwrap());
        ran.assert_status(1).assert_stdout("").assert_stderr_has("error: cannot read `").assert_stderr_has(sentence);
        assert!(!project.output().exists());
    }
}

/// Runs as another user, because root can write everywhere. The user can write the zip, but not its folder.
#[test]
fn a_zip_in_a_folder_that_the_user_cannot_write_to_is_refused() {
    if no_other_user() {
        return;
    }
    let programs = tempfile::tempdir().unwrap();
    fs::set_permissions(programs.path(), Permissions::from_mode(0o755)).unwrap();
    let coshell = programs.path().join("coshell");
    copy_executable(env!("CARGO_BIN_EXE_coshell"), &coshell);
    let project = Project::new();
    let folder = project.output().parent().unwrap().to_owned();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    fs::write(project.output(), "old").unwrap();
    fs::set_permissions(project.output(), Permissions::from_mode(0o666)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&coshell).args(["package", "."]);
    let ran = Ran::from(command.current_dir(project.root()).arg("-o").arg(project.output()).output().unwrap());
    let sentence = format!("you cannot create a file in the folder `{}`, and coshell first writes", folder.display());
    ran.assert_status(1).assert_stdout("").assert_stderr_has(&sentence).assert_stderr_has("Permission denied");
    assert_eq!(fs::read(project.output()).unwrap(), b"old");
}

#[test]
fn names_that_are_too_long_are_refused_and_control_characters_are_not_printed() {
    let project = Project::new();
    project.refused(&["--include", &format!("{}=function.sh", "n".repeat(256))], "is too long to be unpacked");
    project
        .file("red\x1b[31m.zip", "", 0o644)
        .package(&[])
        .assert_status(0)
        .assert_stderr_has("so not in the zip: red\u{fffd}[31m.zip");
}

/// The old zip stays, and no part of the new one is left.
#[test]
fn a_full_disk_is_an_error_and_the_old_zip_stays() {
    if no_namespaces() {
        return;
    }
    let project = Project::new();
    let mut noise = vec![0; 200_000];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut noise)).unwrap();
    let project = project.file("noise", noise, 0o644);
    let script = "mkdir /tmp/full-$$ && trap 'rmdir /tmp/full-$$' EXIT && mount -t tmpfs -o size=64k none /tmp/full-$$ &&
        cd /tmp/full-$$ && echo old >out.zip && { \"$0\" package \"$1\" -o out.zip; echo \"status $?\"; cat out.zip; ls -A; }
        cd / && umount /tmp/full-$$";
    let mut command = Command::new("unshare");
    command.args([UNSHARE, "sh", "-c", script, env!("CARGO_BIN_EXE_coshell")]).arg(project.root());
    let ran = Ran::from(command.output().unwrap());
    ran.assert_stdout("status 1\nold\nout.zip\n")
        .assert_stderr_has("error: cannot write `out.zip`: No space left on device");
}
