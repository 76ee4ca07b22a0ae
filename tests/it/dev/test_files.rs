//! `coshell test`: the files that it reads and writes.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::suite::Suite;

const ECHO: &str = "handler() { printf '{\"got\":%s}\\n' \"$1\"; }";

#[test]
fn update_writes_what_came_and_then_it_is_expected() {
    let script = "handler() { case $1 in 1) echo fine ;; 2) printf '\\xff\\n' ;; 3) : ;; *) ls /nosuch ;; esac; }";
    let suite =
        Suite::of_script(script).file("events/a.json", "1").file("events/b.json", "2").file("events/c.json", "3");
    let suite = suite.file("events/d.json", "4").file("events/d.response", "once\n");
    let ran = suite.test(&["--update"]).assert_status(0);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let begins = "wrote   a.response\nwrote   b.response\nwrote   c.response\nwrote   d.error: the event failed, and this \
                  failure is now the expected answer\n        Function.ExitStatus: function.sh:1: `ls /nosuch` exited";
    assert!(told.starts_with(begins), "{told}");
    assert!(told.contains("        ls: cannot access '/nosuch'"), "the last lines of the log: {told}");
    assert!(told.ends_with("\n3 written, 1 written as a failure\n"), "{told}");
    assert_eq!(suite.read("events/a.response").unwrap(), b"fine\n");
    assert_eq!(suite.read("events/b.response").unwrap(), b"\xff");
    assert_eq!(suite.read("events/c.response").unwrap(), b"");
    assert_eq!(suite.read("events/d.response"), None, "the failure takes its place");
    let error = String::from_utf8(suite.read("events/d.error").unwrap()).unwrap();
    assert!(
        error.starts_with("{\n  \"errorType\": \"Function.ExitStatus\",\n  \"errorMessage\": \"function.sh:1: "),
        "{error}"
    );
    assert!(!error.contains("stackTrace"), "{error}");
    suite.test(&[]).assert_status(0);
}

#[test]
fn update_leaves_alone_what_is_expected_already() {
    let suite = Suite::of_script("handler() { printf x; }").event("a", "1", "x").file("events/b.json", "1");
    let suite = suite.file("events/b.response", "x\n\n");
    suite.test(&["--update"]).assert_status(0);
    assert_eq!(
        (suite.read("events/a.response").unwrap(), suite.read("events/b.response").unwrap()),
        (b"x".to_vec(), b"x\n\n".to_vec())
    );
}

#[test]
fn update_writes_nothing_of_an_event_that_was_not_answered() {
    let suite = Suite::of_script("handler() { sleep 100; }").file("events/a.json", "1");
    let ran = suite.test(&["--update", "--timeout", "0.3"]).assert_status(1);
    assert!(
        String::from_utf8_lossy(&ran.stdout).contains("nothing was written\n        Sandbox.Timedout: "),
        "{ran:?}"
    );
    assert_eq!(fs::read_dir(suite.0.path().join("events")).unwrap().count(), 1);
}

#[test]
fn an_event_that_cannot_be_read_fails_with_a_sentence_and_the_others_are_run() {
    let suite =
        Suite::of_script(ECHO).event("good", "1", "{\"got\":1}").event("wrong", "{", "").event("large", "1", "");
    let events = suite.0.path().join("events");
    fs::create_dir(events.join("folder.json")).unwrap();
    symlink("/dev/zero", events.join("endless.json")).unwrap();
    symlink("nowhere", events.join("missing.json")).unwrap();
    mkfifo(&events.join("pipe.json"), Mode::S_IRWXU).unwrap();
    fs::File::create(events.join("large.json")).unwrap().set_len(6 * 1024 * 1024 + 1).unwrap();
    let ran = suite.test(&[]).assert_status(1);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    for (name, why) in [
        ("folder", "it is not a regular file"),
        ("endless", "it is not a regular file"),
        ("pipe", "it is not a regular file"),
        ("missing", "No such file or directory"),
        ("large", "it has more than 6291456 bytes, the limit of Lambda"),
        ("wrong", "it is not valid JSON: EOF while parsing an object at line 1 column 1"),
    ] {
        let line = told
            .lines()
            .find(|line| line.starts_with(&format!("failed  {name}: ")))
            .unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains(why), "{line}");
    }
    assert!(told.contains("ok      good") && told.ends_with("1 passed, 6 failed\n"), "{told}");
}

#[test]
fn answers_that_cannot_be_used_fail_with_a_sentence() {
    let suite =
        Suite::of_script(ECHO).event("both", "1", "").file("events/both.error", "{}").file("events/none.json", "1");
    let suite = suite.file("events/odd.json", "1").file("events/odd.error", "[]");
    symlink("/dev/zero", suite.0.path().join("events/none.response")).unwrap();
    let ran = suite.test(&[]).assert_status(1);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    for part in [
        "failed  both: there are both `",
        "events/none.response`: it is not a regular file",
        "neither `errorType` nor `errorMessage`",
    ] {
        assert!(told.contains(part), "no {part} in {told}");
    }
}

#[test]
fn junit_has_a_case_for_each_event_and_is_well_formed_whatever_is_in_it() {
    let script = "handler() { printf 'a <b> & \\x1b ]]>' >&2; printf '\"<&>\\x01'; [[ $1 != 2 ]]; }";
    let suite =
        Suite::of_script(script).event("a", "1", "<expected>").event("b & c", "2", "").event("d", "1", "\"<&>\u{1}");
    suite.test(&["--junit", "report.xml"]).assert_status(1);
    let report = String::from_utf8(suite.read("report.xml").unwrap()).unwrap();
    let parsed = quick_junit::Report::deserialize_from_str(&report).unwrap();
    let cases = &parsed.test_suites[0].test_cases;
    let is_failure = |case: &&quick_junit::TestCase| {
        matches!(
            &case.status,
            quick_junit::TestCaseStatus::NonSuccess { kind: quick_junit::NonSuccessKind::Failure, .. }
        )
    };
    assert_eq!((cases.len(), cases.iter().filter(is_failure).count()), (3, 2), "{report}");
    assert_eq!((parsed.tests, parsed.failures, parsed.errors, parsed.skipped), (3, 2, 0, 0), "{report}");
    assert!(report.contains("<testcase name=\"b &amp; c\" classname=\""), "{report}");
    assert!(cases.iter().all(|case| case.time.is_some_and(|time| !time.is_zero())), "{report}");
    assert!(report.contains("a &lt;b&gt; &amp; \u{fffd} ]]&gt;") && !report.contains('\u{1b}'), "{report}");
}

#[test]
fn a_report_that_cannot_be_written_is_told() {
    let suite = Suite::of_script(ECHO).event("a", "1", "{\"got\":1}");
    let ran = suite.test(&["--junit", "nowhere/report.xml"]).assert_status(1);
    ran.assert_stderr_has("error: cannot write `nowhere/report.xml`: No such file or directory");
}

#[test]
fn files_without_an_event_and_events_in_capitals_are_warned_of() {
    let suite = Suite::of_script(ECHO).event("a", "1", "{\"got\":1}").file("events/gone.response", "x");
    let ran = suite.file("events/b.JSON", "1").test(&[]).assert_status(0);
    ran.assert_stderr_has("events/b.JSON` is not used, because its extension is not in lower case")
        .assert_stderr_has("events/gone.response` is not used, because the event `");
}
