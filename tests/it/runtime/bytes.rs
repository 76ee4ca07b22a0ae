//! Events and responses are bytes: what goes in comes out, but for what `$( )` takes away.

use std::fs;

use crate::support::function::{Channel, Function};

const ECHO: &str = "handler() { printf %s \"$1\"; }";

/// The most that Lambda takes.
const MOST_BYTES: usize = 6 * 1024 * 1024 + 100;

/// Text of which no two places look alike.
fn numbers(size: usize) -> Vec<u8> {
    let mut text: Vec<u8> = (0..size / 8 + 1).flat_map(|number| format!("{number:07} ").into_bytes()).collect();
    text.truncate(size - 1);
    text.push(b'.');
    text
}

#[test]
fn an_event_loses_only_its_nuls_and_trailing_newlines() {
    for channel in Channel::BOTH {
        let function = Function::script(ECHO).over(channel).start();
        for (event, expected) in [
            (&b"a\0b"[..], &b"ab"[..]),
            (b"\xff\xfe \xc3\x28", b"\xff\xfe \xc3\x28"),
            (b"\n\n x\t\\ \r\n\n", b"\n\n x\t\\ \r"),
            (b"", b""),
            (b"\n", b""),
            (b"* ? $(x) `y` \"'", b"* ? $(x) `y` \"'"),
            (b"-n", b"-n"),
        ] {
            assert_eq!(function.answer(event).bytes(), expected, "{event:?}");
        }
    }
}

#[test]
fn a_response_loses_only_its_trailing_newlines() {
    for channel in Channel::BOTH {
        let script = "handler() { printf \"$1\"; }";
        let function = Function::script(script).over(channel).start();
        for (format, expected) in [
            ("a\\0b\\n\\n", &b"a\0b"[..]),
            ("\\xff\\xfe", b"\xff\xfe"),
            ("\\n\\n x \\n", b"\n\n x "),
            ("", b""),
            ("\\n\\n\\n", b""),
            ("@/etc/passwd", b"@/etc/passwd"),
            ("no newline", b"no newline"),
            ("a\\r\\n\\r\\n", b"a\r\n\r"),
        ] {
            assert_eq!(function.answer(format).bytes(), expected, "{format:?}");
        }
    }
}

#[test]
fn events_of_every_size_come_back_whole() {
    for channel in Channel::BOTH {
        let function = Function::script(ECHO).over(channel).start();
        for size in [1, 2048, 2049, 65_536, 65_537, 131_072, 200_000, 6_000_000] {
            let event = numbers(size);
            assert!(function.answer(&event).bytes() == event, "{size} bytes did not come back whole");
        }
    }
}

#[test]
fn a_response_may_have_as_much_as_lambda_takes() {
    let function = Function::script("handler() { head -c \"$1\" /dev/zero; echo; echo; }").start();
    for size in [6_000_000, MOST_BYTES] {
        assert_eq!(function.answer(size.to_string()).bytes().len(), size);
    }
}

#[test]
fn a_response_that_is_too_large_fails_alone_and_its_true_size_is_logged() {
    for channel in Channel::BOTH {
        let function = Function::script("handler() { head -c \"$1\" /dev/zero; }").over(channel).start();
        for size in [MOST_BYTES + 2, 7_000_000, 100_000_000] {
            let answer = function.answer(size.to_string()).fails("Function.ResponseSizeTooLarge", "");
            answer.logs(&size.to_string());
            function.answer("3").responds("\0\0\0");
        }
    }
}

#[test]
fn a_response_of_one_byte_too_much_is_logged_too() {
    let function = Function::script("handler() { head -c \"$1\" /dev/zero; }").start();
    let size = (MOST_BYTES + 1).to_string();
    function.answer(&size).fails("Function.ResponseSizeTooLarge", &size).logs(&size);
}

#[test]
fn a_response_that_is_too_large_costs_no_more_memory_than_the_limit() {
    let function = Function::script("handler() { head -c \"$1\" /dev/zero; }").start();
    let peak = || {
        let status = fs::read_to_string(format!("/proc/{}/status", function.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().to_owned();
        line.trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
    };
    function.answer("1");
    let before = peak();
    function.answer("100000000").fails("Function.ResponseSizeTooLarge", "");
    // A growing buffer is copied once or twice; 100 MB would show.
    assert!(peak() - before < 4 * MOST_BYTES, "grew by {} bytes", peak() - before);
}

#[test]
fn an_event_too_large_to_be_an_argument_fails_as_the_command_that_got_it() {
    let function = Function::script("handler() { /bin/echo \"$1\"; }").start();
    function.answer(numbers(200_000)).fails("Function.CommandNotExecutable", "Argument list too long");
    function.answer("small").responds("small");
}
