//! Reads the text of a script without a parser, also text that Bash rejects. It finds two things: parameter expansions that POSIX mode and
//! ordinary Bash read differently because of an apostrophe, and the cause of a syntax error
//! (`mistakes.rs` and `unclosed.rs`).
//!
//! In `"${name:-it's}"`, POSIX mode treats the apostrophe as an ordinary character. Ordinary Bash treats it as a quote that goes
//! on to the next apostrophe, which may be far away. The same is true in here-documents. The reader follows quotes,
//! substitutions, comments, here-documents and `case`, because these decide where such an expansion can be. Each expansion is
//! read in both ways. The results differ only if the two readings end at different places. `"${name:-'a b'}"` gives the same
//! bytes in both modes, quotes included, and is not reported.
//!
//! `"${name:-$'\n'}"` is not reported either, although POSIX mode prints `$'\n'` and Bash prints a newline: `$'…'` is Bash's own
//! quoting, so the script was written for ordinary Bash.
//!
//! Source: Bash Reference Manual, "Bash POSIX Mode" ("single quotes are not special within double-quoted word expansions", except
//! for the pattern operators); checked against Bash 5.1, 5.2 and 5.3 with random words.

mod commands;
mod expansions;
mod here_documents;
mod mistakes;
mod unclosed;

use self::here_documents::HereDocument;
use self::unclosed::{Mismatch, Quote};

/// How deep constructs may be nested. The reader stops at deeper text, because it would use up the stack.
const MAX_DEPTH: u32 = 200;
/// The characters that end a word.
const METACHARACTERS: &[u8] = b" \t\r\n;&|<>()";

/// The line of the first expansion in `text` that POSIX mode reads differently.
pub(crate) fn line_read_differently(text: &str) -> Option<u32> {
    let mut reader = Reader::new(text.as_bytes(), 0);
    while reader.at < reader.text.len() {
        reader.code(None, true); // returns early only at an unmatched `)`
        reader.at += 1;
    }
    let before = &text.as_bytes()[..reader.found?];
    u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).ok()
}

/// Advice on the cause of a syntax error: Bash wrote `message`, such as ``syntax error near unexpected token `}'``, about `line` of `text`.
pub(crate) fn advice_on_syntax_error(text: &str, line: u32, message: &str) -> Option<String> {
    mistakes::advice(text, line, message).or_else(|| unclosed::advice(text, line, message))
}

#[derive(Debug)]
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    documents: Vec<HereDocument>,
    depth: u32,
    /// Whether an apostrophe in a double-quoted expansion is a quote, as in ordinary Bash.
    ordinary: bool,
    /// The start of the first expansion that the two modes read differently.
    found: Option<usize>,
    /// The first construct that is closed by another construct's word, or by none.
    mismatch: Option<Mismatch>,
    /// The first quoted text of several lines that seems to end where another text begins.
    long_quote: Option<Quote>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], at: usize) -> Reader<'a> {
        Reader {
            text,
            at,
            documents: Vec::new(),
            depth: 0,
            ordinary: false,
            found: None,
            mismatch: None,
            long_quote: None,
        }
    }

    /// The byte `ahead` of the current one; 0 at the end.
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Skips to the next `byte` and over it.
    fn skip_past(&mut self, byte: u8) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|found| *found == byte).map_or(rest.len(), |at| at + 1);
        self.at += length;
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.at = self.text.len();
            return;
        }
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }
}

#[cfg(test)]
mod tests;
