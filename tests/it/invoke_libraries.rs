//! Where the loader looks for a function's libraries without the sandbox, and what is said of one that is in Bash's way.

use crate::support::program::InvokeTest;

#[test]
fn the_functions_own_libraries_come_before_those_of_the_developer() {
    let test = InvokeTest::of_script("handler() { echo \"$LD_LIBRARY_PATH\"; }").with_own_runtime();
    let root = std::fs::canonicalize(test.folder.path()).unwrap();
    let root = root.display();
    let stdout = |command: &mut std::process::Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert_eq!(stdout(test.command().env_remove("LD_LIBRARY_PATH")), format!("{root}:{root}/lib"));
    assert_eq!(stdout(test.command().env("LD_LIBRARY_PATH", "/opt/mine")), format!("{root}:{root}/lib:/opt/mine"));
    let given = test.with(&["--env", "LD_LIBRARY_PATH=/given"]);
    assert_eq!(stdout(&mut given.command()), "/given");
}

#[test]
fn a_library_that_keeps_bash_from_running_is_named() {
    let test = InvokeTest::of_script("handler() { :; }").with_own_runtime();
    let mut command = test.command();
    let bash = "#!/bin/sh\necho 'bash: error while loading shared libraries: /var/task/lib/libtinfo.so.6: file too short' >&2\nexit 127\n";
    let wrapper = test.folder.path().join("a bash");
    crate::support::executable::write_executable(&wrapper, bash);
    let output = command.env("COSHELL_BASH", &wrapper).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("Runtime.BashUnusable")
            && told.contains("a library prevents Bash from starting: bash: error while loading"),
        "{told}"
    );
    assert!(!told.contains("is it a Bash?"), "{told}");
}
