//! Writes the event file, which the waiting subshell reads when it is woken.
//!
//! The file has the turn, the event, and NAME=value for each context variable, each ended by a NUL. `mapfile -d ''` reads a file
//! in blocks; from a pipe it would need one system call for each byte. The turn comes first: a subshell that was woken by a byte
//! for another, dead subshell sees that the event is not for it. If the script declares the array LAMBDA_EVENT, the entries follow, a path
//! and a value each, and at last the number of the context variables.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::convention::Convention;
use super::pipes::{Pipes, parity};
use crate::runtime::cgi::Request;
use crate::runtime::event_entries::Entry;
use crate::runtime::invocation::Invocation;
use crate::runtime::payload::Payload;

const PAGE: usize = 4096;

/// Writes `invocation`, or the CGI `request` in it, for the subshell of `turn` to the places where the handler expects it.
pub(super) fn write(
    pipes: &mut Pipes,
    convention: &Convention,
    turn: u64,
    invocation: &Invocation,
    request: Option<&Request>,
    entries: Option<&[Entry]>,
) -> io::Result<()> {
    if let Some(stdins) = &pipes.stdins {
        rewrite(&stdins[parity(turn)].file, request.map_or(&invocation.event, |request| &request.body))?;
    }
    if let Some(headers) = &mut pipes.headers {
        headers.write(turn, &invocation.headers)?;
    }
    rewrite_from_the_end(&pipes.event.file, &fields(turn, convention, invocation, request, entries))
}

/// Writes the turn last if there is more than one page. A subshell whose `read` ends by the script's TMOUT may read the file at
/// any moment. A single page appears at once. Larger contents are written in several steps, and the file only counts once it has
/// the turn.
fn rewrite_from_the_end(file: &File, bytes: &[u8]) -> io::Result<()> {
    let turn = bytes.iter().position(|byte| *byte == 0).filter(|_| bytes.len() > PAGE).unwrap_or_default();
    file.set_len(0)?;
    file.write_all_at(&bytes[turn..], turn as u64)?;
    if turn > 0 { file.write_all_at(&bytes[..turn], 0) } else { Ok(()) }
}

/// Writes the file from its beginning, because Bash opens it again for each event.
fn rewrite(file: &File, bytes: &[u8]) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all_at(bytes, 0)
}

fn fields(
    turn: u64,
    convention: &Convention,
    invocation: &Invocation,
    request: Option<&Request>,
    entries: Option<&[Entry]>,
) -> Payload {
    let event = if request.is_some() { &[] } else { invocation.event.as_slice() };
    let mut bytes = Payload::from(Vec::with_capacity(event.len() + 1024));
    bytes.extend_from_slice(turn.to_string().as_bytes());
    bytes.push(0);
    add_as_substituted(&mut bytes, event);
    bytes.push(0);
    let variables = invocation.variables();
    let more = convention.more(&variables);
    let count = variables.len() + more.len();
    for (name, value) in variables.into_iter().chain(more) {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b'=');
        bytes.extend(value.bytes().filter(|byte| *byte != 0));
        bytes.push(0);
    }
    for (name, value) in request.iter().flat_map(|request| &request.variables) {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b'=');
        bytes.extend_from_slice(value);
        bytes.push(0);
    }
    if let Some(entries) = entries {
        let count = count + request.map_or(0, |request| request.variables.len());
        let fields = entries.iter().flat_map(|(path, value)| [path.as_bytes(), value.as_bytes()]);
        for field in fields.chain([count.to_string().as_bytes()]) {
            bytes.extend_from_slice(field);
            bytes.push(0);
        }
    }
    bytes
}

/// Adds an event as `$(curl …)` would return it: without NUL bytes, which Bash cannot store, and without trailing newlines.
fn add_as_substituted(bytes: &mut Vec<u8>, event: &[u8]) {
    let end = event.iter().rposition(|byte| ![0, b'\n'].contains(byte)).map_or(0, |last| last + 1);
    for part in event[..end].split(|byte| *byte == 0) {
        bytes.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_loses_its_nuls_and_trailing_newlines_and_nothing_else() {
        let invocation = Invocation {
            request_id: "r-1".into(),
            deadline_ms: Some(5),
            trace_id: Some("Root=1".into()),
            event: b"\n a\0b\xff\n\0\n\n".to_vec().into(),
            ..Invocation::default()
        };
        let expected = b"3\0\n ab\xff\0LAMBDA_RUNTIME_AWS_REQUEST_ID=r-1\0LAMBDA_RUNTIME_DEADLINE_MS=5\0\
            LAMBDA_RUNTIME_TRACE_ID=Root=1\0_X_AMZN_TRACE_ID=Root=1\0";
        let tutorial = Convention::named("").unwrap();
        assert_eq!(*fields(3, &tutorial, &invocation, None, None), expected);
        let entries = [("a.0".to_owned(), "x=1".to_owned()), ("length".to_owned(), String::new())];
        let expected = [&expected[..], b"a.0\0x=1\0length\0\x004\0"].concat();
        assert_eq!(*fields(3, &tutorial, &invocation, None, Some(&entries)), expected);
    }

    #[test]
    fn an_event_of_newlines_alone_is_empty() {
        let mut bytes = Vec::new();
        add_as_substituted(&mut bytes, b"\n\n");
        assert_eq!(bytes, b"");
    }
}
