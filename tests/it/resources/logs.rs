//! A log that is much more than anybody reads.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::function::Function;

/// As many as an event can write in time, also as JSON and in a build for debugging.
const MOST_LINES: usize = 1_000_000;

/// How many MB a handler writes: 1 GB with COSHELL_TEST_LOG_MB=1000.
fn megabytes() -> usize {
    std::env::var("COSHELL_TEST_LOG_MB").map_or(32, |megabytes| megabytes.parse().unwrap())
}

#[test]
fn a_log_of_any_size_passes_whole_in_flat_memory() {
    let lines = megabytes() * 10_000;
    for (format, line) in [("Text", "x".repeat(99)), ("JSON", format!("{{\"m\":\"{}\"}}", "x".repeat(91)))] {
        let script = "handler() { case $1 in
          [0-9]*) yes \"$line\" | head -n \"$1\" >&2 || (($? == 141));;
          *) printf %s \"$1\";;
        esac; }";
        let function = Function::script(&format!("line='{line}'\n{script}")).env("AWS_LAMBDA_LOG_FORMAT", format);
        let fifo = function.path("fifo");
        mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        let function = function.started_by(&format!("exec 2>'{}'; exec \"$@\"", fifo.display())).start();
        let count = std::thread::spawn(move || BufReader::new(File::open(fifo).unwrap()).split(b'\n').count());
        function.answer("one").responds("one");
        let before = peak_bytes(function.pid());
        for begun in (0..lines).step_by(MOST_LINES) {
            function.answer((lines - begun).min(MOST_LINES).to_string()).responds("");
        }
        let grown = peak_bytes(function.pid()) - before;
        assert!(grown < 4_000_000, "{format}: grew by {grown} bytes");
        function.answer("two").responds("two");
        function.end();
        assert_eq!(count.join().unwrap(), lines, "{format}");
    }
}

/// A line of 1 MiB that is made of small objects would need some 100 MB as a tree of values.
#[test]
fn a_json_line_of_many_members_costs_a_few_times_its_size() {
    let script = "handler() { case $1 in
      one) echo one >&2;;
      many) { printf '{\"a\":['; yes '{\"\":0},' | head -n 145000 | tr -d '\\n'; echo '0]}'; } >&2 || (($? == 141));;
    esac; }";
    for format in ["Text", "JSON"] {
        let function = Function::script(script).env("AWS_LAMBDA_LOG_FORMAT", format).start();
        function.answer("one").responds("");
        let before = peak_bytes(function.pid());
        let log = function.answer("many").responds("").log;
        assert!(log.starts_with("{\"a\":[{\"\":0},{\"\":0},"), "{format}: {:.100}", log);
        assert!(log.len() > 1_015_000 && log.lines().count() == 1, "{format}: {} bytes", log.len());
        let grown = peak_bytes(function.pid()) - before;
        assert!(grown < 8_000_000, "{format}: grew by {grown} bytes");
    }
}

fn peak_bytes(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    1024 * peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
}
