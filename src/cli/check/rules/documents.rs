//! Large here-documents.

use super::{Found, Shell};
use crate::cli::check::code::Code;
use crate::cli::check::finding::Severity;
use crate::cli::check::script::Direction;

/// What a pipe holds: Bash writes a larger document to a file.
const PIPE_BYTES: usize = 64 * 1024;

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    for (file, _, command) in shell.commands() {
        for redirection in &command.redirections {
            let Direction::Text(bytes) = redirection.direction else { continue };
            if bytes > PIPE_BYTES {
                let message = format!(
                    "this here-document has {} kB, and Bash writes one over 64 kB to a file below TMPDIR or /tmp each time: put the text into a \
                     file of the function's folder and redirect from that",
                    bytes / 1024
                );
                let (path, position, code) = (file.path.clone(), redirection.target.position, Code::LargeDocument);
                found.push(Found { path, position, severity: Severity::Note, code, message });
            }
        }
    }
}
