//! Large events reach the handler byte for byte, and find its locale, IFS and options as they are.

use std::fmt::Write as _;

use crate::support::function::{Channel, Function};

/// Text with everything that Bash treats in some way when it expands a word.
fn nasty(bytes: usize) -> String {
    let mut text = String::new();
    for number in 0.. {
        let _ = write!(text, "{number} * ? [a-z] ~ $HOME `x` \\ \\* '\" \t\u{e4}\u{1f389} {{a,b}} !! #\n\u{2028}\r ");
        if text.len() > bytes {
            return format!("{}.", &text);
        }
    }
    text
}

/// The words `trap` and `DEBUG` would make the driver step aside.
const STATE: &str = "state() { printf '%s|' \"$(printf %q \"${IFS-unset}\")\" \"$-\" \"${LC_ALL-unset}\" \"$(\"tr\"'ap' -p \"DE\"'BUG')\" \"$#\" \"${#1}\"; }";

#[test]
fn a_large_event_comes_as_it_is_and_changes_no_setting() {
    let settings = [
        ":",
        "IFS=,",
        "unset IFS",
        "set -f",
        "set -u",
        "set -a",
        "LC_ALL=C.UTF-8",
        "export LC_ALL=C.UTF-8",
        "readonly LC_ALL=C.UTF-8",
        "set -o posix",
        "set -T",
        "shopt -s nullglob",
    ];
    for channel in Channel::BOTH {
        for setting in settings {
            let script = format!("{STATE}\n{setting}\nhandler() {{ state \"$@\"; printf %s \"$1\"; }}");
            let function = Function::script(&script).env("LANG", "C.UTF-8").over(channel).start();
            for bytes in [10, 70_000, 300_000] {
                let event = nasty(bytes);
                let answer = function.answer(&event).text();
                let (state, echoed) = answer.split_at(answer.len() - event.len());
                assert!(echoed == event, "{setting}, {bytes}: the event changed");
                let small = function.answer("x").text();
                let expected = small.replace("|1|1|x", &format!("|1|{}|", event.chars().count()));
                assert_eq!(state, expected, "{setting}, {bytes}");
            }
        }
    }
}

#[test]
fn variables_of_the_locale_keep_their_attributes_and_may_be_readonly() {
    let event = nasty(100_000);
    for (setting, expected) in
        [("export LC_ALL", "C"), ("LC_ALL=C", "none"), ("unset IFS; export IFS; export LC_ALL", "C")]
    {
        let script = format!("{setting}\nhandler() {{ LC_ALL=C; printenv LC_ALL || echo none; }}");
        let function = Function::script(&script).started_by("unset LC_ALL; exec \"$@\"").start();
        function.answer("x").responds(expected);
        function.answer(&event).responds(expected);
    }
    for name in ["IFS", "LC_ALL"] {
        let script = format!("handler() {{ [[ ${{#1}} -gt 100 ]] || readonly {name}; echo \"${{#1}}\"; }}");
        let function = Function::script(&script).env("COSHELL_STATE", "keep").env("LANG", "C.UTF-8").start();
        function.answer("x").responds("1");
        for _ in 0..2 {
            function.answer(&event).responds(&event.chars().count().to_string());
        }
    }
}

#[test]
fn bytes_that_bash_uses_as_marks_and_invalid_utf_8_survive() {
    let function = Function::script("handler() { printf %s \"$1\"; }").env("LANG", "C.UTF-8").start();
    for extra in [&b"\x01\x7f\x01\x01"[..], b"\x7f", b"\xff\xc3", b"\xe2\x82"] {
        let event = [nasty(100_000).as_bytes(), extra, b"."].concat();
        assert!(function.answer(&event).bytes() == event, "{extra:?}");
    }
}

#[test]
fn kept_state_and_failures_stay_right_with_large_events() {
    let script = format!(
        "{STATE}\ncount=0\nfetch() {{\n  false\n}}\nhandler() {{ [[ $1 != fail* ]] || fetch; echo \"$((count += 1)) $(state \"$1\")\"; }}"
    );
    let function = Function::script(&script).env("COSHELL_STATE", "keep").start();
    let event = nasty(100_000);
    let chars = event.chars().count();
    let first = function.answer(&event).text();
    assert!(first.starts_with("1 ") && first.ends_with(&format!("|1|{chars}|")), "{first}");
    assert!(function.answer("x").text().starts_with("2 "));
    let failed =
        function.answer(format!("fail{event}")).fails("Function.ExitStatus", "`false` exited with status 1 in `fetch`");
    assert_eq!(failed.stack().len(), 2);
    assert!(function.answer(&event).text().starts_with("1 "));
}
