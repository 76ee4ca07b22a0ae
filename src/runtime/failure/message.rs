//! Parses messages that Bash itself wrote to stderr.

use std::path::Path;

use super::reason::reason_line;

/// A message that Bash itself wrote: `FILE: line N: TEXT`. Inside `eval`, the line number is not that of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BashMessage<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: Option<u32>,
    pub(crate) text: &'a str,
}

impl<'a> BashMessage<'a> {
    /// Parses a line of stderr; `None` if Bash did not write the line.
    pub(crate) fn parse(line: &'a str) -> Option<BashMessage<'a>> {
        let (file, rest) = line.split_once(": line ")?;
        let (number, text) = rest.split_once(": ")?;
        let number: u32 = number.parse().ok()?;
        Some(match file.strip_suffix(": eval") {
            Some(file) => BashMessage { file, line: None, text },
            None => BashMessage { file, line: Some(number), text },
        })
    }

    /// Parses the last line of stderr; `None` if Bash did not write the line.
    pub(crate) fn last(stderr: &'a str) -> Option<BashMessage<'a>> {
        last_line(stderr).and_then(BashMessage::parse)
    }

    pub(crate) fn is_of(&self, file: &Path) -> bool {
        file == Path::new(self.file)
    }

    /// The subject of the message: the variable, file or command before the reason.
    pub(crate) fn subject(&self) -> &'a str {
        self.text.split_once(": ").map_or(self.text, |(subject, _)| subject)
    }

    /// Whether the message is about a file that a redirection could not open.
    pub(crate) fn is_of_redirection(&self) -> bool {
        const REASONS: [&str; 9] = [
            "No such file or directory",
            "Permission denied",
            "Is a directory",
            "Not a directory",
            "Read-only file system",
            "No space left on device",
            "cannot overwrite existing file",
            "ambiguous redirect",
            "Bad file descriptor",
        ];
        REASONS.iter().any(|reason| self.text.ends_with(reason))
    }
}

/// The line of stderr that carries the reason: the last line, unless that line only follows the reason.
pub(crate) fn last_line(stderr: &str) -> Option<&str> {
    reason_line(stderr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bashs_own_messages_are_told_from_others() {
        let message = BashMessage { file: "/f.sh", line: Some(3), text: "x: unbound variable" };
        assert_eq!(BashMessage::parse("/f.sh: line 3: x: unbound variable"), Some(message));
        let message = BashMessage { file: "/f.sh", line: None, text: "syntax error: y" };
        assert_eq!(BashMessage::parse("/f.sh: eval: line 21: syntax error: y"), Some(message));
        assert_eq!(BashMessage::parse("curl: (6) cannot resolve"), None);
    }
}
