//! Gives advice on a variable that is not set, by the name of the variable.

use std::fs;
use std::path::Path;

use super::Circumstances;
use crate::runtime::event_source::EventSource;
use crate::runtime::failure::message::BashMessage;
use crate::runtime::stack::TOP_LEVEL;

/// The variables of a CGI request, except for those of headers, which begin with [`OF_HEADER`]. Source: RFC 3875, section 4.1.
const OF_CGI: [&str; 18] = [
    "AUTH_TYPE",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "DOCUMENT_ROOT",
    "GATEWAY_INTERFACE",
    "PATH_INFO",
    "PATH_TRANSLATED",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "REQUEST_SCHEME",
    "REQUEST_URI",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
];
/// Names that people give to the event.
const NAMES_OF_EVENT: [&str; 5] = ["event", "input", "message", "payload", "request"];
const OF_HEADER: &str = "HTTP_";
const OF_EVENT: &str = "LAMBDA_RUNTIME_";
/// The size of the largest script that is searched for similar names.
const MAX_SCRIPT_BYTES: u64 = 256 * 1024;

pub(super) fn advice(of: &Circumstances) -> Option<String> {
    let message = BashMessage::parse(of.reason())?;
    let unset = message.text.strip_suffix(": unbound variable")?;
    let unset = unset.trim_start_matches('$'); // Bash 5.1 says `2` for `${2}`
    if let Ok(number) = unset.parse() {
        return argument(number, of);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !unset.chars().all(is_name) {
        let is_element = unset.ends_with(']') && !unset.contains('$');
        return is_element.then(|| format!("where this element may be unset, write `${{{unset}-}}`"));
    }
    let is_event = NAMES_OF_EVENT.contains(&unset.to_ascii_lowercase().as_str());
    if is_event && of.function == of.handler && of.event_source == EventSource::Argument {
        return Some(format!("the event is the handler's argument: write `{unset}=$1` first, or use `$1`"));
    }
    let optional = format!("where it may be unset, write `${{{unset}-}}`");
    if unset.starts_with(OF_EVENT) {
        return Some(format!(
            "the runtime sets `{unset}` for each event that has the value, and not while Bash sources the script: {optional}"
        ));
    }
    if of.event_source != EventSource::Cgi && (OF_CGI.contains(&unset) || unset.starts_with(OF_HEADER)) {
        return Some(format!(
            "CGI variables such as `{unset}` are only set if the function's environment has COSHELL_CONVENTION=cgi: with `coshell invoke` \
             and `serve`, add `--env COSHELL_CONVENTION=cgi`"
        ));
    }
    if let Some(similar) = similar_name(unset, Path::new(message.file)) {
        return Some(format!("did you mean `{similar}`, which the script sets? {optional}"));
    }
    if unset.chars().any(|c| c.is_ascii_lowercase()) {
        return Some(format!("nothing has set `{unset}` before: {optional}"));
    }
    Some(format!(
        "set `{unset}` in the function's configuration; with `coshell`, add `--env {unset}=VALUE` or `--env-file FILE`; {optional}"
    ))
}

/// Advice for `$1` where the event is elsewhere, and for further arguments, which other runtimes pass to a handler.
fn argument(number: u32, of: &Circumstances) -> Option<String> {
    let handler = of.handler;
    let (is_top_level, is_handler) = (of.function == TOP_LEVEL, of.function == handler);
    match of.event_source {
        EventSource::Argument if is_top_level => Some(format!(
            "the event is the argument of the function `{handler}`: read `$1` inside that function, not at the top level of the script"
        )),
        EventSource::Argument if is_handler && number > 1 => Some(format!(
            "the only argument of `{handler}` is the event, `$1`: the context is in variables, such as LAMBDA_RUNTIME_AWS_REQUEST_ID, \
            LAMBDA_RUNTIME_DEADLINE_MS and LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN"
        )),
        EventSource::Stdin if is_top_level || is_handler => {
            Some(format!("with this COSHELL_CONVENTION the event is on the stdin of `{handler}`, as in `event=$(cat)`"))
        }
        EventSource::Cgi if is_top_level || is_handler => Some(format!(
            "with COSHELL_CONVENTION=cgi the body of the request is on the stdin of `{handler}`, and the rest is in variables such as \
             QUERY_STRING"
        )),
        EventSource::Argument | EventSource::Stdin | EventSource::Cgi => None,
    }
}

/// The name nearest to `name` among those that the script assigns; none if no name differs in only one or two characters.
fn similar_name(name: &str, script: &Path) -> Option<String> {
    if !script.metadata().is_ok_and(|file| file.is_file() && file.len() <= MAX_SCRIPT_BYTES) {
        return None;
    }
    let text = String::from_utf8_lossy(&fs::read(script).ok()?).into_owned();
    let most = if name.len() < 6 { 1 } else { 2 };
    let names = text.lines().flat_map(assigned);
    let distances = names.map(|other| (strsim::osa_distance(name, other), other));
    let near = distances.filter(|(distance, other)| (1..=most).contains(distance) && other.len() > 1);
    near.min_by_key(|(distance, _)| *distance).map(|(_, other)| other.to_owned())
}

/// The names that a line assigns: `NAME=…`, `NAME+=…`, `for NAME`, and the names after `read`, `local` and `mapfile`.
fn assigned(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let sets_words =
        ["for", "read", "local", "mapfile"].iter().any(|command| line.split_whitespace().any(|word| word == *command));
    let words = line.split([' ', '\t', ';', '(', ')', '{', '}', '&', '|', '`', '"', '\'']);
    words.filter_map(move |word| {
        let (name, has_value) = match word.split_once('=') {
            Some((name, _)) => (name.trim_end_matches('+'), true),
            None => (word, false),
        };
        let is_set = (has_value || sets_words) && name.starts_with(|c: char| is_name(c) && !c.is_ascii_digit());
        (is_set && name.chars().all(is_name)).then_some(name)
    })
}
