//! Reads here-documents: the word after `<<`, and the body that begins on the next line.

use super::{METACHARACTERS, Reader};

/// A here-document that begins on the next line.
#[derive(Debug)]
pub(super) struct HereDocument {
    last_line: Vec<u8>,
    /// Whether tabs before its last line are ignored.
    tabs: bool,
    /// Whether Bash expands the body.
    expanded: bool,
}

impl Reader<'_> {
    /// Reads `<<` and the word after it.
    pub(super) fn announce_document(&mut self) {
        self.at += 2;
        let tabs = self.peek(0) == b'-';
        self.at += usize::from(tabs);
        while matches!(self.peek(0), b' ' | b'\t') {
            self.at += 1;
        }
        let (mut last_line, mut expanded, mut quote) = (Vec::new(), true, None);
        while !self.is_at_end() {
            let byte = self.peek(0);
            match byte {
                _ if quote == Some(byte) => quote = None,
                _ if quote.is_some() => last_line.push(byte),
                b'\'' | b'"' => (quote, expanded) = (Some(byte), false),
                b'\\' => expanded = false,
                _ if METACHARACTERS.contains(&byte) => break,
                _ => last_line.push(byte),
            }
            self.at += 1;
        }
        self.documents.push(HereDocument { last_line, tabs, expanded });
    }

    /// Reads the bodies of the here-documents that were announced on the previous line.
    pub(super) fn skip_documents(&mut self) {
        for document in std::mem::take(&mut self.documents) {
            let start = self.at;
            let mut end = self.text.len();
            while !self.is_at_end() {
                let line_start = self.at;
                self.skip_past(b'\n');
                let line =
                    self.text[line_start..self.at].strip_suffix(b"\n").unwrap_or(&self.text[line_start..self.at]);
                let tabs = line.iter().take_while(|byte| document.tabs && **byte == b'\t').count();
                if line[tabs..] == document.last_line {
                    end = line_start;
                    break;
                }
            }
            if document.expanded && self.found.is_none() {
                self.found = found_in_document(&self.text[..end], start);
            }
        }
    }
}

/// The first expansion that the two modes read differently in the here-document that begins at `start` and ends with `text`.
fn found_in_document(text: &[u8], start: usize) -> Option<usize> {
    let mut reader = Reader::new(text, start);
    while !reader.is_at_end() {
        match reader.peek(0) {
            b'\\' | b'$' | b'`' => reader.piece(true),
            _ => reader.at += 1,
        }
    }
    reader.found
}
