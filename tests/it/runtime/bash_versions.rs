//! Which Bash is started, and what is said of one that cannot serve.

use crate::support::function::{Channel, Function};

const GOOD: &str = "handler() { echo \"$1\"; }";

/// A Bash that takes itself for version 4.2: it runs a copy of the driver that reads other variables.
const OLD_BASH: &str = r#"#!/usr/bin/env bash
copy=$(mktemp)
trap 'rm "$copy"' EXIT
sed 's/BASH_VERSINFO/old_versinfo/g; s/BASH_VERSION/old_version/g' "$1" >"$copy"
export old_version='4.2.46(2)-release'
sed -i '1i old_versinfo=(4 2 46)' "$copy"
shift
bash "$copy" "$@"
"#;

#[test]
fn a_bash_that_is_not_there() {
    let function = Function::script(GOOD).env("COSHELL_BASH", "/nosuch/bash").start();
    function.fails_init("Runtime.BashNotFound", "/nosuch/bash");
    let function =
        Function::script(GOOD).env("COSHELL_BASH", "").started_by("export PATH=/nosuch; exec \"$@\"").start();
    function.fails_init("Runtime.BashNotFound", "`bash`");
    let function = Function::script(GOOD);
    let text = function.path("function.sh");
    function.env("COSHELL_BASH", &text).start().fails_init("Runtime.BashNotFound", "Permission denied");
}

#[test]
fn what_is_no_bash() {
    for program in ["/bin/true", "/bin/false", "/bin/dash", "/bin/cat"] {
        for channel in Channel::BOTH {
            let function = Function::script(GOOD).over(channel).env("COSHELL_BASH", program).start();
            function.fails_init("Runtime.BashUnusable", program);
        }
    }
}

#[test]
fn a_bash_that_is_too_old_is_refused_with_its_version_and_the_way_out() {
    for channel in Channel::BOTH {
        let function = Function::script(GOOD).over(channel).program("old-bash", OLD_BASH);
        let old = function.path("old-bash");
        let function = function.env("COSHELL_BASH", old).start().fails_init("Runtime.BashTooOld", "4.2.46(2)-release");
        assert!(function.log().contains("--runtime provided.al2023"), "{}", function.log());
    }
}

#[test]
fn another_bash_can_be_named() {
    let function = Function::script("handler() { echo \"$BY\"; }");
    let function = function.program("my-bash", "#!/bin/sh\nBY=mine exec bash \"$@\"\n");
    let bash = function.path("my-bash");
    function.env("COSHELL_BASH", bash).answer("").responds("mine");
}
