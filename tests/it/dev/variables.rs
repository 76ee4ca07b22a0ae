//! `--env` and `--env-file`, of the commands that run a function; and the time limit, which they share too.

use crate::support::program::InvokeTest;
use crate::support::serving::Serve;
use crate::support::suite::Suite;

const SHOWS: &str = "handler() { echo \"${A-none} ${B-none} ${C-none}\"; }";
const FILE: &str = "# for tests\nA='a b' # quoted\nB=from the file\nexport C=\"c\\\"d\"\n";

#[test]
fn a_file_sets_variables_and_env_wins() {
    let test = InvokeTest::of_script(SHOWS).with_own_runtime().file("dev.env", FILE);
    let file = test.folder.path().join("dev.env");
    let test = test.with(&["--env", "B=given", "--env-file", file.to_str().unwrap()]);
    test.run().assert_status(0).assert_stdout("a b given c\"d");
    let suite = Suite::of_script(SHOWS).file("dev.env", FILE).event("a", "1", "a b from the file c\"d");
    suite.test(&["--env-file", "dev.env"]).assert_status(0);
    let serve = Serve::script(SHOWS);
    let file = serve.folder.path().join("dev.env");
    std::fs::write(&file, FILE).unwrap();
    let serving = serve.with(&["--env-file", file.to_str().unwrap()]).start();
    assert_eq!(serving.invoke("1").text(), "a b from the file c\"d");
}

#[test]
fn what_is_no_variable_is_refused_and_nothing_is_run() {
    let refused = |arguments: &[&str]| {
        let test = InvokeTest::of_script("echo ran >&2").with_own_runtime().file("wrong.env", "A=1\nA B=2\n");
        let folder = test.folder.path().to_owned();
        let ran = test.with(arguments).command().current_dir(folder).output().unwrap();
        let ran = crate::support::program::Ran::from(ran).assert_status(2).assert_stdout("");
        assert!(!ran.stderr.contains("ran"), "{ran:?}");
        ran
    };
    refused(&["--env", "1A=x"]).assert_stderr_has("no shell can read a variable with the name `1A`");
    refused(&["--env", "A B=c"]).assert_stderr_has("no shell can read a variable with the name `A B`");
    refused(&["--env", "SHELLOPTS=xtrace"]).assert_stderr_has("use --trace, or `set -x` in the handler");
    refused(&["--env-file", "wrong.env"]).assert_stderr_has("--env-file `wrong.env`, line 2: no shell can read");
    refused(&["--env-file", "none.env"])
        .assert_stderr_has("cannot read the variables of --env-file `none.env`: No such file");
}

#[test]
fn a_time_limit_over_1800_s_is_taken_with_a_warning_and_one_over_5400_s_is_not() {
    let script = "handler() { echo $(((LAMBDA_RUNTIME_DEADLINE_MS / 1000 - EPOCHSECONDS) > 1790)); }";
    let invoke = |limit: &str| InvokeTest::of_script(script).with_own_runtime().with(&["--timeout", limit]).run();
    let ran = invoke("1801").assert_status(0).assert_stdout("1");
    ran.assert_stderr_has("warning: a time limit of 1801 s is over 1800 s");
    assert_eq!(invoke("1800").assert_status(0).assert_stdout("1").stderr, "");
    invoke("5401").assert_status(2).assert_stderr_has("at most 5400");
}
