//! Classifies a single line of stderr: a line without a message, a frame of a stack trace, a line that follows the reason.

/// Beginnings of lines that programs write after the reason, without white space in front.
const FOLLOWERS: [&str; 25] = [
    "(Use `node --trace-",
    "BEGIN failed--compilation aborted",
    "Compilation failed in require",
    "Did you mean?",
    "More details here: https://curl.se",
    "Node.js v",
    "Please make sure you have the correct access rights",
    "Require stack:",
    "Stack trace:",
    "Usage: ",
    "Use jq --help",
    "and the repository exists.",
    "curl failed to verify the legitimacy of the server",
    "curl: try 'curl --help'",
    "establish a secure connection to it. To learn more",
    "fatal: Could not read from remote repository.",
    "hint: ",
    "how to fix it, please visit",
    "npm ERR! A complete log of this run",
    "npm error A complete log of this run",
    "or see the jq manpage",
    "tar: Child returned status",
    "tar: Error is not recoverable",
    "tar: Exiting with failure status",
    "thrown in /",
];
/// Ends of lines that programs write after the reason.
const FOLLOWER_ENDS: [&str; 3] =
    ["for more information.", "for more information", "aborted due to compilation errors."];
/// The least number of columns of the meter of curl.
const MIN_COLUMNS: usize = 9;

/// The text of `line` after the last time that a program drew the line again: curl draws its meter over the previous one.
pub(super) fn last_drawn(mut line: &str) -> &str {
    while let Some((before, after)) = line.split_once('\r')
        && (before.is_empty() || is_meter(before))
    {
        line = after;
    }
    match line.find("curl: (") {
        Some(at) if is_meter(&line[..at]) => &line[at..],
        _ => line,
    }
}

/// Whether a line is blank, or has no message: the times of `time`, the meter of curl, a command that `set -x` shows.
pub(super) fn is_silent(line: &str) -> bool {
    let text = line.trim_start();
    let is_of_curl = is_meter(line) || text.starts_with("% Total ") || text.starts_with("Dload ");
    let is_trace = line.starts_with('+') && line.trim_start_matches('+').starts_with(' ');
    text.is_empty() || is_time(line) || is_job(line) || is_of_curl || is_trace
}

/// ` 4711 Done | cat`: the line that Bash prints for each other member of a pipeline after a signal has killed one member.
fn is_job(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_number = words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    line.starts_with(' ') && is_number && words.any(|word| word == "|")
}

/// `real 0m0.004s`, with a tab between both words in Bash; `real 0.00` with `time -p`.
fn is_time(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let named = words.next().is_some_and(|word| ["real", "user", "sys"].contains(&word));
    let is_number = |word: &str| word.chars().all(|c| c.is_ascii_digit() || ".,ms".contains(c));
    named && words.next().is_some_and(is_number) && words.next().is_none()
}

/// `  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0`
fn is_meter(line: &str) -> bool {
    let is_column = |word: &str| word.chars().all(|c| c.is_ascii_digit() || "kMGTP.:-".contains(c));
    line.split_whitespace().count() >= MIN_COLUMNS && line.split_whitespace().all(is_column)
}

/// Whether a line points at the source text above: `   ^~~~`.
pub(super) fn is_pointer(line: &str) -> bool {
    line.contains('^') && line.chars().all(|c| c == '^' || c == '~' || c.is_whitespace())
}

/// Whether a line is a frame of a stack trace of JavaScript, Java, .NET, Ruby, Perl or PHP.
pub(super) fn is_frame(line: &str) -> bool {
    const STARTS: [&str; 4] = ["at ", "from ", "Suppressed: ", "--- End of "];
    let text = line.trim_start();
    let is_indented = text.len() < line.len();
    let is_call = STARTS.iter().any(|start| text.starts_with(start)) || text.contains(" called at ");
    let is_cut = text.starts_with("... ") && text.ends_with(" more");
    let is_of_php = text.starts_with('#') && (text.ends_with("{main}") || text.contains("): "));
    is_of_php || is_indented && (is_call || is_cut)
}

/// Whether a line follows the reason and adds nothing to it.
pub(super) fn is_follower(line: &str) -> bool {
    let text = line.trim_start();
    FOLLOWERS.iter().any(|start| text.starts_with(start)) || FOLLOWER_ENDS.iter().any(|end| text.ends_with(end))
}

/// `TypeError: …`, `Error [ERR_X]: …`, `Exception in thread "main" java.io.IOException: …`
pub(super) fn names_an_error(line: &str) -> bool {
    const STARTS: [&str; 4] = ["Exception in thread ", "Caused by: ", "Unhandled exception. ", " ---> "];
    let name = line.split(": ").next().unwrap_or(line);
    let name = name.split(" [").next().unwrap_or(name).trim_end_matches(':');
    let is_class = !line.starts_with(char::is_whitespace) && (name.ends_with("Error") || name.ends_with("Exception"));
    is_class || STARTS.iter().any(|start| line.starts_with(start))
}
