//! Filling in what Bash's records leave out, from the script's text and from Bash's own message on stderr.
//!
//! An EXIT trap does not know the line of the innermost call, a failed `return` has lost the handler's frame, and a division by zero
//! the whole stack. Nothing is guessed: a line is given when Bash printed it, or when the command stands at one place only.

use std::path::Path;

use super::sentence::begins_with;
use crate::shell::trace::{Frame, Place, exits_with_a_number};

/// A message that Bash itself wrote: `FILE: line N: TEXT`. Inside `eval` Bash counts lines in a way of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BashMessage<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: Option<u32>,
    pub(crate) text: &'a str,
}

impl<'a> BashMessage<'a> {
    /// Takes a line of stderr apart; `None` when it is not Bash's.
    pub(crate) fn parse(line: &'a str) -> Option<BashMessage<'a>> {
        let (file, rest) = line.split_once(": line ")?;
        let (number, text) = rest.split_once(": ")?;
        let number: u32 = number.parse().ok()?;
        Some(match file.strip_suffix(": eval") {
            Some(file) => BashMessage { file, line: None, text },
            None => BashMessage { file, line: Some(number), text },
        })
    }
}

/// Completes the innermost frame of `place`. `function` is the handler, `script` its file, and `message` what Bash said last.
pub(super) fn complete(place: &mut Place, function: &str, script: &Path, message: Option<&BashMessage>) {
    // What an `exit` or a `kill` ended has no message: the last one is of something before.
    let message = message.filter(|_| !ends_by_itself(&place.command));
    if place.frames.is_empty() {
        let sourcing = place.command.starts_with("builtin source ");
        let top_level = || Frame { function: "source".to_owned(), file: script.to_owned(), line: None };
        place.frames.push(if sourcing { top_level() } else { outermost(place, function, script, message) });
    }
    call_instead_of_return(place);
    let Some(frame) = place.frames.first_mut().filter(|frame| frame.line.is_none()) else { return };
    let told = message.filter(|message| place.at_exit && frame.file == Path::new(message.file));
    frame.line = told
        .and_then(|message| message.line)
        .or_else(|| only_line_of(&read(&frame.file), &place.command, Some(&frame.function)));
}

/// Whether a command ends the shell without a message of Bash's.
fn ends_by_itself(command: &str) -> bool {
    exits_with_a_number(command) || ["kill", "return"].iter().any(|word| begins_with(command, word))
}

/// Of a function that failed by `return N` Bash names that command, but the line of its call: then the call is what failed there.
fn call_instead_of_return(place: &mut Place) {
    let Some(Frame { file, line: Some(line), .. }) = place.frames.first() else { return };
    if !place.command.starts_with("return") {
        return;
    }
    let text = read(file);
    let call = text.lines().nth(*line as usize - 1).map(str::trim);
    if let Some(call) = call.filter(|call| !squeezed(call).contains(&squeezed(&place.command))) {
        place.command = call.to_owned();
    }
}

/// The frame of a failure whose stack Bash had unwound already.
fn outermost(place: &Place, function: &str, script: &Path, message: Option<&BashMessage>) -> Frame {
    let handler = Frame { function: function.to_owned(), file: script.to_owned(), line: None };
    // `return N` ends a function: what is left is the call of the handler. So it is with the last command under `set +e`, and that
    // may be one of another function.
    let (file, text, line) = match message.filter(|_| place.at_exit) {
        Some(BashMessage { file, line: Some(line), .. }) => (Path::new(file), read(file), Some(*line)),
        Some(_) => return handler,
        None => (script, read(script), only_line_of(&read(script), &place.command, None)),
    };
    let Some(line) = line.filter(|_| !text.is_empty()) else { return handler };
    let function = function_around(&text, line).unwrap_or_else(|| function.to_owned());
    Frame { function, file: file.to_owned(), line: Some(line) }
}

fn read(file: impl AsRef<Path>) -> String {
    std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The line of `command` in `text`, if it stands only once in the body of `function`, or at all.
fn only_line_of(text: &str, command: &str, function: Option<&str>) -> Option<u32> {
    let wanted = squeezed(command.lines().next()?);
    if wanted.is_empty() {
        return None;
    }
    let lines = (1..).zip(text.lines());
    let mut found = lines.filter(|(number, line)| {
        let in_function = || function_around(text, *number).is_none_or(|around| function.is_none_or(|it| around == it));
        squeezed(line).contains(&wanted) && in_function()
    });
    let (number, _) = found.next()?;
    found.next().is_none().then_some(number)
}

/// Without white space, semicolons and the descriptors that are understood, in which Bash's print of a command differs from the
/// script.
fn squeezed(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != ';').collect();
    text.replace("0<&", "<&").replace("1>&", ">&")
}

/// The function in which line `number` stands, judged by the last definition above it.
fn function_around(text: &str, number: u32) -> Option<String> {
    let above = text.lines().take(number as usize);
    above.filter_map(defined).last()
}

/// The function that a line begins to define: `name() {`, `function name {`.
pub(crate) fn defined(line: &str) -> Option<String> {
    let line = line.trim_start();
    let name = match line.strip_prefix("function ") {
        Some(rest) => rest.trim_start().split(|c: char| c.is_whitespace() || c == '(').next()?,
        None => line.split_once('(').filter(|(_, rest)| rest.trim_start().starts_with(')'))?.0.trim_end(),
    };
    let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "\"'$=".contains(c));
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "deep() {\n  exit   3;\n}\nfunction other\n{\n  exit 3\n  eval 'x'\n  eval 'x'\n}\n";

    #[test]
    fn a_command_is_found_in_its_function_and_only_where_it_stands_once() {
        assert_eq!(only_line_of(TEXT, "exit 3", Some("deep")), Some(2));
        assert_eq!(only_line_of(TEXT, "exit 3", Some("other")), Some(6));
        assert_eq!(only_line_of(TEXT, "eval 'x'", Some("other")), None);
        assert_eq!(only_line_of(TEXT, "missing", Some("other")), None);
        assert_eq!(only_line_of(TEXT, "", Some("other")), None);
        assert_eq!(only_line_of(TEXT, "exit 3", None), None);
        assert_eq!(only_line_of(TEXT, "function other", None), Some(4));
    }

    #[test]
    fn definitions_are_recognised_in_all_their_forms() {
        for (line, name) in [
            ("deep() {", Some("deep")),
            ("  a-b::c () { x; }", Some("a-b::c")),
            ("function other", Some("other")),
            ("function f() {", Some("f")),
            ("echo \"$(x)\" ()", None),
            ("x=()", None),
            ("call (", None),
        ] {
            assert_eq!(defined(line).as_deref(), name, "{line}");
        }
    }

    #[test]
    fn bashs_own_messages_are_told_from_others() {
        let message = BashMessage { file: "/f.sh", line: Some(3), text: "x: unbound variable" };
        assert_eq!(BashMessage::parse("/f.sh: line 3: x: unbound variable"), Some(message));
        let message = BashMessage { file: "/f.sh", line: None, text: "syntax error: y" };
        assert_eq!(BashMessage::parse("/f.sh: eval: line 21: syntax error: y"), Some(message));
        assert_eq!(BashMessage::parse("curl: (6) cannot resolve"), None);
    }
}
