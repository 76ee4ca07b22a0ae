//! The header block of a CGI response: lines up to the first empty one. Source: RFC 3875, sections 6.2 and 6.3.

use crate::runtime::failure::Failure;

/// The size of the largest header block. API Gateway and load balancers accept less.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// How many characters of a line a message shows.
const SHOWN: usize = 80;
/// Headers that are removed: those of the connection between client and server, and the length, which the server counts itself.
const DROPPED: [&str; 7] =
    ["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// The headers of a CGI response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HeaderBlock {
    /// The code and the reason phrase, which may be empty.
    pub(super) status: Option<(u16, String)>,
    pub(super) location: Option<String>,
    pub(super) content_type: Option<String>,
    /// All others, in their order.
    pub(super) others: Vec<(String, String)>,
}

/// Finds the empty line in `output`: returns where the header block ends and where the body begins. The search starts at `from`, where a
/// line begins.
pub(super) fn end(output: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut line = from;
    while let Some(length) = memchr::memchr(b'\n', &output[line..]) {
        let next = line + length + 1;
        if matches!(&output[line..next], b"\n" | b"\r\n") {
            return Some((line, next));
        }
        line = next;
    }
    None
}

/// The failure for an `output` without an empty line. The output is complete, or longer than [`MAX_BYTES`].
pub(super) fn without_end(output: &[u8]) -> Failure {
    if output.iter().all(u8::is_ascii_whitespace) {
        return invalid(
            "it is empty; print a header such as `Content-Type: text/plain`, an empty line, and the body".to_owned(),
        );
    }
    let complete = output.iter().rposition(|byte| *byte == b'\n').map_or(output, |last| &output[..last]);
    match HeaderBlock::parse(if output.len() > MAX_BYTES { complete } else { output }) {
        Err(failure @ Failure::InvalidCgiResponse { .. }) if !is_about_the_whole(&failure) => failure,
        _ if output.len() > MAX_BYTES => invalid(format!(
            "its headers have more than {MAX_BYTES} bytes; print an empty line between headers and body"
        )),
        _ => invalid("no empty line ends its headers; print one, with `echo`, after the last header".to_owned()),
    }
}

fn is_about_the_whole(failure: &Failure) -> bool {
    matches!(failure, Failure::InvalidCgiResponse { reason } if reason == NO_CGI_FIELD)
}

const NO_CGI_FIELD: &str =
    "its headers have none of Content-Type, Location and Status; print `Content-Type: text/plain`, for instance";

impl HeaderBlock {
    /// Reads the lines of a header block, without the empty one.
    ///
    /// # Errors
    /// [`Failure::InvalidCgiResponse`], which names the line.
    pub(super) fn parse(block: &[u8]) -> Result<HeaderBlock, Failure> {
        let mut parsed = HeaderBlock::default();
        let block = block.strip_suffix(b"\n").unwrap_or(block);
        for (number, line) in (1..).zip(block.split(|byte| *byte == b'\n')) {
            if block.is_empty() {
                break;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let added = name_and_value(line, number).and_then(|(name, value)| parsed.add(name, value));
            added.map_err(|reason| invalid(format!("line {number}, `{}`, {reason}", shown(line))))?;
        }
        if parsed.status.is_none() && parsed.location.is_none() && parsed.content_type.is_none() {
            return Err(invalid(NO_CGI_FIELD.to_owned()));
        }
        Ok(parsed)
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), String> {
        let repeats = || format!("repeats the header {name}, which may stand once");
        match name.to_ascii_lowercase().as_str() {
            "status" if self.status.is_some() => return Err(repeats()),
            "location" if self.location.is_some() => return Err(repeats()),
            "content-type" if self.content_type.is_some() => return Err(repeats()),
            "status" => self.status = Some(status(&value)?),
            "location" if value.is_empty() => return Err("names no location".to_owned()),
            "location" => self.location = Some(value),
            "content-type" if value.is_empty() => return Err("names no type".to_owned()),
            "content-type" => self.content_type = Some(value),
            name if DROPPED.contains(&name) => {}
            _ => self.others.push((name.to_owned(), value)),
        }
        Ok(())
    }

    /// The status of the response: that of Status, else 302 with a Location, else 200.
    pub(super) fn status_code(&self) -> u16 {
        let by_default = if self.location.is_some() { 302 } else { 200 };
        self.status.as_ref().map_or(by_default, |(code, _)| *code)
    }
}

/// A header's name and value, or what is wrong with its line.
fn name_and_value(line: &[u8], number: usize) -> Result<(&str, String), String> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err(
            "begins with a blank; CGI has no continuation lines, so print a header's value on one line".to_owned()
        );
    }
    if number == 1 && line.starts_with(b"HTTP/") {
        return Err("is a status line, as a `nph-` program prints it; print `Status: 200 OK` instead".to_owned());
    }
    if number == 1 && line.starts_with(b"{") {
        return Err(
            "is JSON and not a header; print headers, an empty line, and the body, or remove COSHELL_CONVENTION"
                .to_owned(),
        );
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(
            "is not a header `Name: value`; print headers and an empty line before the body, and log lines to stderr"
                .to_owned(),
        );
    };
    let name = str::from_utf8(&line[..colon]).ok().filter(|name| !name.is_empty() && name.bytes().all(is_of_a_token));
    let name = name.ok_or("has no header name before its colon; print headers and an empty line before the body")?;
    let value = without_blanks(&line[colon + 1..]);
    if let Some(byte) = value.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t') {
        return Err(format!("has the control character {} in its value", control(*byte)));
    }
    Ok((name, text(value)))
}

/// `value` without blanks and tabs around it. A CR there is left: it is a fault.
fn without_blanks(value: &[u8]) -> &[u8] {
    let is_visible = |byte: &u8| ![b' ', b'\t'].contains(byte);
    let begin = value.iter().position(is_visible).unwrap_or(value.len());
    let end = value.iter().rposition(is_visible).map_or(begin, |last| last + 1);
    &value[begin..end]
}

/// `NNN` or `NNN reason`.
fn status(value: &str) -> Result<(u16, String), String> {
    let (code, reason) = value.split_once(' ').unwrap_or((value, ""));
    let number = Some(code).filter(|code| code.len() == 3).and_then(|code| code.parse::<u16>().ok());
    match number.filter(|number| (200..=599).contains(number)) {
        Some(number) => Ok((number, reason.trim().to_owned())),
        None => Err("has no status; print a number from 200 to 599, as in `Status: 404 Not Found`".to_owned()),
    }
}

/// The letters of a header's name. Source: RFC 9110, section 5.6.2.
fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn control(byte: u8) -> String {
    match byte {
        0 => "NUL".to_owned(),
        b'\r' => "CR".to_owned(),
        _ => format!("0x{byte:02x}"),
    }
}

/// Headers that are not UTF-8 are Latin-1.
fn text(value: &[u8]) -> String {
    str::from_utf8(value).map_or_else(|_| value.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}

/// Enough of a line to recognize it by.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN)]);
    let shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() { shown + "…" } else { shown }
}

pub(super) fn invalid(reason: String) -> Failure {
    Failure::InvalidCgiResponse { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(output: &[u8]) -> String {
        let parsed = match end(output, 0) {
            Some((block, _)) => HeaderBlock::parse(&output[..block]),
            None => Err(without_end(output)),
        };
        parsed.unwrap_err().to_string()
    }

    #[test]
    fn a_block_ends_with_an_empty_line_of_either_kind() {
        for (output, ends) in [
            (&b"A: b\n\nbody"[..], Some((5, 6))),
            (b"A: b\r\n\r\nbody", Some((6, 8))),
            (b"A: b\r\n\nbody", Some((6, 7))),
            (b"\n", Some((0, 1))),
            (b"A: b\n \nbody", None),
            (b"A: b\r\r\n", None),
            (b"", None),
        ] {
            assert_eq!(end(output, 0), ends, "{output:?}");
        }
        assert_eq!(end(b"A: b\n\n", 5), Some((5, 6)));
    }

    #[test]
    fn headers_are_read_with_their_status() {
        let block = b"Status: 404 Not  Found \r\nCONTENT-TYPE:text/html\r\nX-A:\t a: b \r\nx-a: caf\xe9\r\nContent-Length: 3\r\n";
        let expected = HeaderBlock {
            status: Some((404, "Not  Found".to_owned())),
            location: None,
            content_type: Some("text/html".to_owned()),
            others: vec![("X-A".to_owned(), "a: b".to_owned()), ("x-a".to_owned(), "caf\u{e9}".to_owned())],
        };
        let parsed = HeaderBlock::parse(block).unwrap();
        assert_eq!((parsed.status_code(), parsed), (404, expected));
        assert_eq!(HeaderBlock::parse(b"Location: /a\n").unwrap().status_code(), 302);
        assert_eq!(HeaderBlock::parse(b"Location: /a\nStatus: 301").unwrap().status_code(), 301);
        assert_eq!(HeaderBlock::parse(b"Content-Type: a/b\n").unwrap().status_code(), 200);
    }

    #[test]
    fn each_fault_is_named_with_its_line() {
        let long = "x".repeat(1000);
        let table: [(&[u8], &str); 25] = [
            (b"", "it is empty; print a header"),
            (b"\n\n", "none of Content-Type, Location and Status"),
            (b"X-A: b\n\nbody", "none of Content-Type, Location and Status"),
            (b"Content-Type: a/b\n", "no empty line ends its headers"),
            (b"X-A: b", "no empty line ends its headers"),
            (b"<p>hello</p>\n", "line 1, `<p>hello</p>`, is not a header"),
            (b"Content-Type: a/b\nhello\n\n", "line 2, `hello`, is not a header"),
            (b"Content-Type: a/b\nhello: a b\nno\n", "line 3, `no`, is not a header"),
            (b"{\"statusCode\":200}\n", "is JSON and not a header"),
            (b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n", "line 1, `HTTP/1.1 200 OK`, is a status line"),
            (b"Content-Type: a/b\n folded\n\n", "line 2, ` folded`, begins with a blank"),
            (b"Content-Type: a/b\n\tfolded\n\n", "line 2, `\\tfolded`, begins with a blank"),
            (b"Content-Type : a/b\n\n", "has no header name before its colon"),
            (b": a/b\n\n", "has no header name before its colon"),
            (b"Content-Type: a\0b\n\n", "has the control character NUL in its value"),
            (b"Content-Type: a/b\rX: y\n\n", "has the control character CR in its value"),
            (b"Content-Type: a/b\r\r\n\r\n", "has the control character CR in its value"),
            (b"X: \x1b[1m\n\n", "has the control character 0x1b in its value"),
            (b"Status: abc\n\n", "line 1, `Status: abc`, has no status"),
            (b"Status:\n\n", "has no status"),
            (b"Status: 200OK\n\n", "has no status"),
            (b"Status: 101 Switching\n\n", "has no status"),
            (b"Status: +20\n\n", "has no status"),
            (
                b"Content-Type: a/b\ncontent-type: c/d\n\n",
                "line 2, `content-type: c/d`, repeats the header content-type",
            ),
            (b"Location:\n\n", "names no location"),
        ];
        for (output, message) in table {
            let reason = reason(output);
            assert!(reason.contains(message), "{:?}: {reason}", String::from_utf8_lossy(output));
        }
        assert!(reason(long.as_bytes()).contains("xxx…`, is not a header"));
        let endless = format!("Content-Type: a/b\n{}", "X-A: b\n".repeat(MAX_BYTES / 7));
        assert!(reason(endless.as_bytes()).contains("its headers have more than 65536 bytes"));
    }
}
