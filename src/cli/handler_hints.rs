//! Warns about a response that shows a common mistake in the handler, which no command reports.

use std::fs;

use super::check;
use crate::lambda::environment::Settings;
use crate::lambda::invocation::Response;
use crate::runtime::config::CONVENTION;
use crate::runtime::handler::Handler;
use crate::runtime::shell::Convention;

/// The ways in which a script refers to its event or to all arguments.
const EVENT: [&str; 10] = ["$1", "${1", "${#1", "$@", "${@", "$*", "${*", "EVENT_DATA", "LAMBDA_EVENT", "BASH_ARGV"];
/// The headers of a CGI response that the runtime itself reads. Source: RFC 3875, section 6.3.
const CGI_HEADERS: [&str; 3] = ["content-type", "location", "status"];

/// The warnings for a response of the function in `settings`.
pub(super) fn warnings(settings: &Settings, response: &Response) -> Vec<String> {
    let convention = Convention::named(&settings.variable(CONVENTION).to_string_lossy()).ok();
    let Some(convention) = convention.filter(|_| !response.streaming) else { return Vec::new() };
    let is_empty = response.bytes.trim_ascii().is_empty();
    let unread = if convention.on_stdin() { None } else { empty_stdin(settings, is_empty) };
    let headers = if convention.is_cgi() { None } else { cgi_headers(&response.bytes) };
    unread.into_iter().chain(headers).collect()
}

/// A warning about a command that reads the empty stdin, if the response is empty or the script does not use the event at all:
/// `jq -r .a` and `cat` succeed on empty input.
fn empty_stdin(settings: &Settings, is_empty: bool) -> Option<String> {
    let handler = Handler::resolve(&settings.function.handler, &settings.function.task_root).ok()?;
    let Handler::Function { script, function } = handler else { return None };
    let text = String::from_utf8_lossy(&fs::read(&script).ok()?).into_owned();
    if !is_empty && EVENT.iter().any(|event| text.contains(event)) {
        return None;
    }
    let (line, finding) = check::empty_stdin(&script, &text, &function)?;
    let response = if is_empty { "the response is empty" } else { "the response cannot depend on the event" };
    let name = script.strip_prefix(&settings.function.task_root).unwrap_or(&script).display();
    Some(format!("{response}: in {name}:{line}, {finding}"))
}

/// A warning about a response that is meant as a CGI response: header lines, the first of them one of [`CGI_HEADERS`], and an empty line.
fn cgi_headers(response: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&response[..response.len().min(8 * 1024)]).into_owned();
    let name = |line: &str| line.split_once(':').map(|(name, _)| name.to_ascii_lowercase());
    let is_name =
        |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let mut lines = text.lines();
    let first = name(lines.next()?).filter(|name| CGI_HEADERS.contains(&name.as_str()))?;
    let after_headers = lines.find(|line| !name(line).as_ref().is_some_and(is_name))?;
    after_headers.is_empty().then(|| {
        format!(
            "the response begins with the CGI header `{first}` and is sent as it is: to turn CGI headers into an HTTP response, set \
             COSHELL_CONVENTION=cgi in the function's configuration (here, add `--env COSHELL_CONVENTION=cgi`)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_response_of_cgi_headers_and_an_empty_line_is_taken_for_one() {
        for response in
            ["Content-Type: text/plain\n\nhello\n", "Status: 404 Not Found\r\nX-A: b\r\n\r\n", "content-type: a/b\n\n"]
        {
            assert!(cgi_headers(response.as_bytes()).is_some(), "{response:?}");
        }
        for response in ["", "hello", "Status: fine\nall is well\n", "Status: ok", "{\"a\": 1}\n\n", "Note: x\n\ny"] {
            assert_eq!(cgi_headers(response.as_bytes()), None, "{response:?}");
        }
    }
}
