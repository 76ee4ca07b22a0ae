//! `--watch`: an edited script is sourced again before the next event.

use std::fs;

use crate::support::serving::{Serve, Serving};

fn watched(script: &str) -> Serving {
    Serve::script(script).with(&["--watch"]).start()
}

fn edit(serving: &Serving, script: &str) {
    fs::write(serving.path("function.sh"), script).unwrap();
}

#[test]
fn the_next_event_after_an_edit_meets_the_edited_script() {
    let serving = watched("handler() { echo 1; }");
    for version in ["1", "2", "3", "4"] {
        edit(&serving, &format!("handler() {{ echo {version}; }}"));
        assert_eq!(serving.invoke("{}").text(), version);
    }
}

#[test]
fn without_an_edit_the_environment_stays() {
    let serving = watched("echo sourced >&2\nhandler() { echo $RANDOM > data; echo $PPID; }");
    let first = serving.invoke("{}").text().to_owned();
    assert_eq!(serving.invoke("{}").text(), first);
    assert_eq!(serving.stderr_with_times("invoke 200", 2).matches("sourced\n").count(), 1);
}

#[test]
fn a_syntax_error_is_shown_at_once_invokes_get_it_and_its_repair_works() {
    let serving = watched("handler() { echo good; }");
    assert_eq!(serving.invoke("{}").text(), "good");
    edit(&serving, "handler() {\n  echo new\n  if then\n}\n");
    let said = serving.stderr_with("has a syntax error: function.sh: line 3: syntax error"); // nobody has invoked
    assert!(said.contains("changed: function.sh"), "{said}");
    for _ in 0..2 {
        let answer = serving.invoke("{}");
        assert_eq!((answer.status, answer.header("X-Amz-Function-Error")), (200, Some("Unhandled")));
        assert!(answer.text().contains("has a syntax error: function.sh: line 3: syntax error"), "{answer:?}");
    }
    edit(&serving, "handler() { echo repaired; }");
    assert_eq!(serving.invoke("{}").text(), "repaired");
    serving.stderr_with("sourced again in ");
}

#[test]
fn windows_line_ends_are_reported_also_if_bash_reports_the_end_of_the_file() {
    let serving = watched("handler() { echo good; }");
    edit(&serving, "x=1\r\nhandler() { echo new; }\r\n");
    serving.stderr_with("syntax error: unexpected end of file; the file has Windows line ends: save it with Unix ones");
}

#[test]
fn a_file_that_the_script_sources_counts_too() {
    let serving = Serve::script("source lib/words.sh\nhandler() { echo \"$word\"; }");
    fs::create_dir(serving.folder.path().join("lib")).unwrap();
    fs::write(serving.folder.path().join("lib/words.sh"), "word=old").unwrap();
    let serving = serving.with(&["--watch"]).start();
    assert_eq!(serving.invoke("{}").text(), "old");
    fs::write(serving.path("lib/words.sh"), "word=new").unwrap();
    assert_eq!(serving.invoke("{}").text(), "new");
    serving.stderr_with("changed: lib/words.sh; ");
}

#[test]
fn an_event_that_runs_is_left_to_its_end() {
    let script = "handler() { echo running >&2; cat gate; echo \"$1\"; }";
    let serving = Serve::script(script).fifo("gate").with(&["--watch"]).start();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| serving.invoke("1").text().to_owned());
        serving.stderr_with("running\n");
        edit(&serving, "handler() { echo edited; }");
        let waiting = scope.spawn(|| serving.invoke("2").text().to_owned());
        fs::write(serving.path("gate"), "old ").unwrap();
        assert_eq!(running.join().unwrap(), "old 1");
        assert_eq!(waiting.join().unwrap(), "edited");
    });
}

#[test]
fn without_watch_an_edit_waits_for_a_new_start() {
    let serving = Serve::script("handler() { echo old; }").start();
    assert_eq!(serving.invoke("{}").text(), "old");
    edit(&serving, "handler() { echo new; }");
    assert_eq!(serving.invoke("{}").text(), "old");
}
