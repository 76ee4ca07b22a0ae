//! Gives advice by the message that Bash, the C library or a program wrote to stderr.

use super::by_ending::memory;
use super::by_name::blanks_in_declaration;
use super::{Circumstances, WINDOWS_LINE_ENDS};
use crate::runtime::event_source::EventSource;
use crate::runtime::failure::ending::Ending;

/// Parts of the line that carries the reason, and the advice.
const BY_REASON: [(&[&str], &str); 4] = [
    (
        &MISSING_LIBRARY,
        "the program exists, but this library is missing: put the library into `lib/` of the zip or of a layer, since Lambda has \
         /var/task/lib and /opt/lib on LD_LIBRARY_PATH",
    ),
    (
        &["version `GLIBC_", "version `GLIBCXX_"],
        "the program was built with a newer C library than this one: build the program on Amazon Linux 2023, or link it statically",
    ),
    (&["Read-only file system"], "only /tmp can be written on Lambda: write below /tmp"),
    (
        &["No space left on device"],
        "/tmp holds what the function's ephemeral storage setting says, 512 MB by default, and keeps its files between the events of \
         an execution environment; remove files at the end of an event, or raise the setting",
    ),
];
const MISSING_LIBRARY: [&str; 2] = ["error while loading shared libraries", "Error loading shared library"];
const NO_INTERPRETER: [&str; 2] = ["required file not found", "bad interpreter"];
/// The messages of Bash, the C library and coreutils.
const NO_MEMORY: [&str; 3] = ["alloc: cannot allocate ", "Cannot allocate memory", "memory exhausted"];
const EXISTS: [&str; 2] = ["File exists", "already exists"];

pub(super) fn advice(of: &Circumstances) -> Option<String> {
    let reason = of.reason();
    let fixed = by_stderr(of.stderr)
        .or_else(|| program_for_script(of.command, reason))
        .or_else(|| long_argument(of.event_source, reason))
        .or_else(|| by_reason(reason))
        .or_else(|| blanks_in_declaration(reason))
        .or_else(|| no_interpreter(of.ending, reason));
    fixed.map(str::to_owned).or_else(|| used_up_memory(reason))
}

/// Whether a command with status 127 exists, and its interpreter or a library does not.
pub(in crate::runtime::failure) fn lacks_a_file_to_run(stderr: &str) -> bool {
    let reason = crate::runtime::failure::last_line(stderr).unwrap_or_default();
    contains_any(reason, &MISSING_LIBRARY) || contains_any(reason, &NO_INTERPRETER)
}

/// Advice for messages that may be above the last line.
fn by_stderr(stderr: &str) -> Option<&'static str> {
    if stderr.lines().any(|line| line.contains("/dev/fd/") && line.contains("No such file")) {
        return Some(
            "Lambda has no /dev/fd, so process substitution, `<( )` and `>( )`, fails there: use a temporary file or a \
            here-string",
        );
    }
    if stderr.contains("maximum function nesting level exceeded") {
        return Some("endless recursion, or recursion that is deeper than the script's FUNCNEST allows");
    }
    stderr.contains(r"\r'").then_some(WINDOWS_LINE_ENDS)
}

/// Advice for a path that is computed from `$0`. With the tutorial's bootstrap, `$0` is the bootstrap too.
fn program_for_script(command: &str, reason: &str) -> Option<&'static str> {
    let names_program = ["$0", "${0}", "${0%"].iter().any(|name| command.contains(name));
    (names_program && reason.contains("No such file or directory")).then_some(
        "`$0` is the runtime's own program, not the script: use `${BASH_SOURCE[0]}`, such as \
        `source \"$(dirname \"${BASH_SOURCE[0]}\")/lib.sh\"`, or `$LAMBDA_TASK_ROOT`",
    )
}

fn long_argument(event_source: EventSource, reason: &str) -> Option<&'static str> {
    reason.contains("Argument list too long").then_some(match event_source {
        EventSource::Argument => {
            "one argument or exported variable holds at most 128 KiB, and an event can be larger: give the event on stdin, such as \
             `jq .items <<<\"$1\"`"
        }
        EventSource::Stdin | EventSource::Cgi => {
            "one argument or exported variable holds at most 128 KiB, and an event can be larger: let the command read the handler's \
             stdin itself, as in `jq .items`"
        }
    })
}

fn by_reason(reason: &str) -> Option<&'static str> {
    if contains_any(reason, &EXISTS) && reason.contains("/tmp") {
        return Some(
            "/tmp keeps its files between the events of an execution environment; use `mkdir -p`, a new folder of `mktemp -d` for each event, \
            or remove the file at the end of an event",
        );
    }
    BY_REASON.iter().find(|(parts, _)| contains_any(reason, parts)).map(|(_, advice)| *advice)
}

/// Advice for a missing interpreter. The status is 126 or 127, depending on the version of Bash.
fn no_interpreter(ending: Ending, reason: &str) -> Option<&'static str> {
    let is_missing = matches!(ending, Ending::Status(126 | 127)) && contains_any(reason, &NO_INTERPRETER);
    is_missing.then_some(
        "the file exists, but the interpreter that its first line names does not, or the C library that it was built \
        for does not",
    )
}

fn used_up_memory(reason: &str) -> Option<String> {
    contains_any(reason, &NO_MEMORY).then(|| format!("the memory is used up{}: give the function more", memory()))
}

fn contains_any(text: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| text.contains(part))
}
