//! Here-documents: announced by `<<` on one line, read from the next.

use super::Scanner;

impl Scanner {
    /// What announces one, from the second `<`.
    pub(super) fn document(&mut self) {
        self.next();
        if self.peek(0) == '-' {
            self.next();
        }
        self.skip_blanks();
        let start = self.at;
        let (last, _) = self.word();
        let quoted = |c: &char| ['\'', '"', '\\'].contains(c);
        let expanded = !self.text[start..self.at.min(self.text.len())].iter().any(quoted);
        self.documents.push((last, expanded));
    }

    /// The bodies of the here-documents that were announced on the line before.
    pub(super) fn skip_documents(&mut self) {
        for (last, expanded) in std::mem::take(&mut self.documents) {
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let line: String = rest.iter().take_while(|c| **c != '\n').collect();
                let is_last = line.trim_start_matches('\t').trim_end_matches('\r') == last;
                self.document_line(expanded && !is_last);
                if is_last {
                    break;
                }
            }
        }
    }

    /// A line of a here-document, and those that its expansions go on to.
    fn document_line(&mut self, expanded: bool) {
        while self.at < self.text.len() && self.peek(0) != '\n' {
            match self.peek(0) {
                '\\' if expanded => {
                    self.next();
                    self.next();
                }
                '$' if expanded => self.dollar(true),
                '`' if expanded => self.backquotes(),
                _ => drop(self.next()),
            }
        }
        self.next();
    }
}
