//! The folder of FIFOs that stands in for /proc: private, and gone with its Bash.

use std::fs;
use std::path::Path;

use crate::support::function::{Channel, Function};

/// The folder of FIFOs, from within a handler: the driver lies in it.
const FOLDER: &str = "handler() { case $1 in die) kill -9 $$; sleep 1000;; *) dirname \"${BASH_SOURCE[-1]}\";; esac; }";

#[test]
fn the_folder_of_fifos_is_private_and_goes_with_its_bash() {
    let function = Function::script(FOLDER).over(Channel::Fifos).start();
    let first = function.answer("").text();
    assert!(first.starts_with("/tmp/coshell-") && Path::new(&first).is_dir(), "{first}");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&first).unwrap());
    assert_eq!(mode & 0o7777, 0o700);
    function.answer("die").fails("Runtime.ShellDied", "");
    let second = function.answer("").text();
    assert!(first != second && !Path::new(&first).exists() && Path::new(&second).is_dir(), "{first} {second}");
    fs::remove_dir_all(&second).unwrap();
}

#[test]
fn the_folder_of_fifos_is_removed_when_the_runtime_is_told_to_end() {
    let function = Function::script(FOLDER).over(Channel::Fifos).start();
    let folder = function.answer("").text();
    function.end();
    let left = Path::new(&folder).exists();
    let _ = fs::remove_dir_all(&folder);
    assert!(!left, "{folder} is left");
}

#[test]
fn the_folder_of_fifos_is_removed_when_init_fails() {
    let script = "dirname \"${BASH_SOURCE[-1]}\"; exit 1";
    let function = Function::script(script).over(Channel::Fifos).start();
    let function = function.fails_init("Runtime.ScriptFailed", "");
    let log = function.log();
    let folder = log.lines().next().unwrap();
    assert!(folder.starts_with("/tmp/coshell-") && !Path::new(folder).exists(), "{folder}");
}
