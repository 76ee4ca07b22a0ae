//! Gives advice by the exit status or the signal that ended a command.

use std::env;

use nix::sys::signal::Signal;

use super::Circumstances;
use super::by_name::{not_executable, not_found};
use crate::runtime::event_source::EventSource;
use crate::runtime::failure::ending::Ending;
use crate::runtime::failure::text::gives_status;

const MEMORY_MB: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

pub(super) fn advice(of: &Circumstances) -> Option<String> {
    let advice = match of.ending {
        Ending::Status(status) => of_status(status, of),
        Ending::Signal(Signal::SIGSEGV) if is_a_shell(of.command) => {
            "endless recursion does this to Bash: set `FUNCNEST=100` in the script, and the report will say where it is; otherwise a \
            program is faulty, or was built for another processor or C library"
                .into()
        }
        Ending::Signal(signal) => of_signal(signal),
    };
    Some(advice).filter(|advice| !advice.is_empty())
}

fn of_status(status: i32, of: &Circumstances) -> String {
    match status {
        1 => of_status_1(of).into(),
        124 if of.command.starts_with("timeout ") => {
            "`timeout` ended the command, because its time limit was over".into()
        }
        126 if !gives_status(of.command) => not_executable(of),
        127 if !gives_status(of.command) => not_found(of),
        _ => match Signal::try_from(status - 128) {
            Ok(signal) if !of_signal(signal).is_empty() => {
                format!("status {status} usually tells of {}: {}", signal.as_str(), of_signal(signal))
            }
            _ => String::new(),
        },
    }
}

fn of_status_1(of: &Circumstances) -> &'static str {
    if of.is_condition {
        "a list such as `A && B` has the status of A if A is false, and a function that ends with the list fails with that \
            status: write `if A; then B; fi`"
    } else if assigns(of.command)
        && !of.stderr.contains("unbound variable")
        && !of.reason().contains("(error token is ")
    {
        "arithmetic has status 1 if its result is 0: assign with `n=$((n + 1))` instead"
    } else if let Some(advice) = read_ended(of) {
        advice
    } else if of.command.starts_with("grep ") && of.stderr.is_empty() {
        "grep has status 1 if it finds no line: add `|| :` if that is not a failure"
    } else {
        ""
    }
}

/// Advice for a `read` that came to the end of its input. A handler whose event is an argument has an empty stdin.
fn read_ended(of: &Circumstances) -> Option<&'static str> {
    let mut words = of.command.split_whitespace();
    let is_read = words.find(|word| !word.contains('=') || word.starts_with('-')) == Some("read");
    if !is_read || !of.stderr.is_empty() {
        return None;
    }
    let reads_all = ["-d ''", "-d \"\"", "-d $'\\0'"].iter().any(|option| of.command.contains(option));
    let has_input = of.in_pipeline || of.command.contains('<') || of.command.contains(" -u");
    Some(match of.event_source {
        _ if reads_all => "`read -d ''` reads up to the end of the input, and its status there is always 1: add `|| :`",
        EventSource::Argument if !has_input => {
            "`read` has status 1 at the end of its input, and the handler's stdin is empty: the event is the handler's argument, as in \
             `read -r event <<<\"$1\"`"
        }
        EventSource::Argument | EventSource::Stdin | EventSource::Cgi => {
            "`read` has status 1 if its input ends before a newline, although the variable gets the text: add `|| :`"
        }
    })
}

/// Whether Bash itself may be the process that was killed.
fn is_a_shell(command: &str) -> bool {
    command.is_empty() || command.contains("$(") || command.starts_with('(')
}

/// Whether a command is arithmetic that changes a variable, and not a comparison.
fn assigns(command: &str) -> bool {
    let is_arithmetic = command.starts_with("((") || command.starts_with("let ");
    let without_comparisons =
        ["==", "!=", "<=", ">="].iter().fold(command.to_owned(), |text, sign| text.replace(sign, ""));
    is_arithmetic && ["=", "++", "--"].iter().any(|sign| without_comparisons.contains(sign))
}

fn of_signal(signal: Signal) -> String {
    match signal {
        Signal::SIGKILL => format!("out of memory is likely{}: give the function more", memory()),
        Signal::SIGSEGV => "the program itself is faulty, or was built for another processor or C library".into(),
        Signal::SIGPIPE => "it wrote to a pipe whose reader had gone, as in `producer | head` under pipefail: if that is not a failure, \
            add `|| (($? == 141))`"
            .into(),
        Signal::SIGABRT => "the program found a fault in itself".into(),
        Signal::SIGTERM => "something asked it to end, such as `kill` or `timeout` in the handler".into(),
        _ => String::new(),
    }
}

/// The memory of the function and how much of it is used, if they are known.
pub(super) fn memory() -> String {
    let limit = env::var(MEMORY_MB).ok().map(|mb| format!("the function has {mb} MB"));
    let used = most_used().map(|bytes| format!("at most {} MB were in use", bytes >> 20));
    let known: Vec<String> = limit.into_iter().chain(used).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

/// The highest memory use of this control group, if the group has a limit. Without a limit the number says nothing about the
/// function. Sources: the kernel's documents cgroup-v2 and cgroup-v1/memory.
fn most_used() -> Option<u64> {
    const NO_LIMIT: u64 = 1 << 50;
    let number = |file| std::fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let v2 = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.peak");
    let v1 = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.max_usage_in_bytes");
    [v2, v1]
        .into_iter()
        .find_map(|(limit, used)| number(limit).filter(|limit| *limit < NO_LIMIT).and_then(|_| number(used)))
}
