//! What a status or a message usually means, for those who see it for the first time.

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use nix::sys::signal::Signal;

use super::handler::Ending;
use super::message::last_line;

/// What Bash, the C library and coreutils say.
const NO_MEMORY: [&str; 3] = ["alloc: cannot allocate ", "Cannot allocate memory", "memory exhausted"];
pub(super) const WINDOWS_LINE_ENDS: &str =
    "the file has Windows line ends: save it with Unix ones, or run `sed -i 's/\\r$//'` on it";
const LOOKED_AT_BYTES: u64 = 64 * 1024;
const MEMORY_MB: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

/// The advice for a command or handler that ended so and left this on stderr; empty when there is none.
pub(super) fn advice(ending: Ending, command: &str, is_condition: bool, stderr: &str) -> String {
    if stderr.lines().any(|line| line.contains("/dev/fd/") && line.contains("No such file")) {
        return "Lambda has no /dev/fd, so process substitution, `<( )` and `>( )`, fails there: use a temporary file or a \
            here-string"
            .into();
    }
    if stderr.contains("maximum function nesting level exceeded") {
        return "a recursion without end, or one that is deeper than the script's FUNCNEST allows".into();
    }
    if stderr.contains(r"\r'") {
        return WINDOWS_LINE_ENDS.into();
    }
    if NO_MEMORY.iter().any(|message| last_line(stderr).is_some_and(|line| line.contains(message))) {
        return format!("the memory is used up{}: give the function more", memory());
    }
    match ending {
        Ending::Signal(Signal::SIGSEGV) if command.is_empty() || command.contains("$(") || command.starts_with('(') => {
            "a recursion without end does that to Bash: with `FUNCNEST=100` in the script the report says where it is; otherwise a \
            program is faulty, or was built for another processor or C library"
                .into()
        }
        Ending::Status(1) if is_condition => {
            "a list such as `A && B` has the status of A where A is false, and a function that ends with the list fails with that \
            status: write `if A; then B; fi`"
                .into()
        }
        Ending::Status(1) if assigns(command) => {
            "arithmetic has status 1 where its result is 0: assign with `n=$((n + 1))` instead".into()
        }
        Ending::Status(1) if command.starts_with("grep ") && stderr.is_empty() => {
            "grep has status 1 where it finds no line: add `|| :` where that is no failure".into()
        }
        Ending::Status(124) if command.starts_with("timeout ") => "`timeout` ended it, since its time was up".into(),
        // Which of the two it is depends on the Bash.
        Ending::Status(126 | 127) if names_no_interpreter(stderr) => {
            "the file is there, but not the interpreter that its first line names, or not the C library that it was \
            built for"
                .into()
        }
        Ending::Status(126) => {
            "the file is there but cannot be executed: is its mode 0755 in the zip or layer, and is it built \
            for this processor?"
                .into()
        }
        Ending::Status(127) => not_found(command).into(),
        Ending::Signal(signal) => of_signal(signal),
        Ending::Status(status) => match Signal::try_from(status - 128) {
            Ok(signal) if !of_signal(signal).is_empty() => {
                format!("status {status} usually tells of {}: {}", signal.as_str(), of_signal(signal))
            }
            _ => String::new(),
        },
    }
}

/// Whether it is arithmetic that changes a variable, rather than a comparison.
fn assigns(command: &str) -> bool {
    let is_arithmetic = command.starts_with("((") || command.starts_with("let ");
    let without_comparisons = ["==", "!=", "<=", ">="].iter().fold(command.to_owned(), |text, sign| text.replace(sign, ""));
    is_arithmetic && ["=", "++", "--"].iter().any(|sign| without_comparisons.contains(sign))
}

/// Whether the beginning of a file has them: Bash names them only where they are in a word that it shows. The name may be anybody's,
/// so that only a plain file is read, and not all of a large one.
pub(super) fn has_windows_line_ends(file: &Path) -> bool {
    let mut beginning = Vec::new();
    file.is_file()
        && File::open(file).is_ok_and(|file| file.take(LOOKED_AT_BYTES).read_to_end(&mut beginning).is_ok())
        && beginning.windows(2).any(|pair| pair == b"\r\n")
}

fn names_no_interpreter(stderr: &str) -> bool {
    stderr.contains("required file not found") || stderr.contains("bad interpreter")
}

fn not_found(command: &str) -> &'static str {
    let program = command.split(' ').find(|word| *word != "exec");
    if program.is_some_and(|word| word.contains('/')) {
        "is the file in the zip or layer? A path that does not begin with `/` starts at the current folder, which is \
        LAMBDA_TASK_ROOT unless the handler changes it"
    } else {
        "Amazon Linux's minimal image lacks many tools (jq, aws, find, tar, ...): put the command into the zip, or into the \
        bin folder of a layer, which is /opt/bin and on PATH"
    }
}

fn of_signal(signal: Signal) -> String {
    match signal {
        Signal::SIGKILL => format!("out of memory is likely{}: give the function more", memory()),
        Signal::SIGSEGV => "the program itself is faulty, or was built for another processor or C library".into(),
        Signal::SIGPIPE => "it wrote to a pipe whose reader had gone, as in `producer | head` under pipefail: where that is no failure, \
            add `|| (($? == 141))`"
            .into(),
        Signal::SIGABRT => "the program found a fault in itself".into(),
        Signal::SIGTERM => "something asked it to end, such as `kill` or `timeout` in the handler".into(),
        _ => String::new(),
    }
}

/// The function's memory and what is in use of it, as far as they can be known.
fn memory() -> String {
    let limit = env::var(MEMORY_MB).ok().map(|mb| format!("the function has {mb} MB"));
    let used = most_used().map(|bytes| format!("at most {} MB were in use", bytes >> 20));
    let known: Vec<String> = limit.into_iter().chain(used).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

/// The highest memory use that this control group has seen, where it has a limit: elsewhere it says nothing about the function.
/// Sources: the kernel's documents cgroup-v2 and cgroup-v1/memory.
fn most_used() -> Option<u64> {
    const NO_LIMIT: u64 = 1 << 50;
    let number = |file| std::fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let v2 = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.peak");
    let v1 = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.max_usage_in_bytes");
    [v2, v1]
        .into_iter()
        .find_map(|(limit, used)| number(limit).filter(|limit| *limit < NO_LIMIT).and_then(|_| number(used)))
}
