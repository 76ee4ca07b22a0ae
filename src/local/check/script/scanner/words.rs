//! Words: their quotes and expansions.

use super::Scanner;

/// So deep constructs may stand in each other. No script has them so deep; reading one that has would use up the stack.
const MOST_DEPTH: u32 = 200;

impl Scanner {
    /// Reads what stands inside a construct; a script that goes too deep is read no further.
    pub(super) fn deeper(&mut self, read: impl FnOnce(&mut Scanner)) {
        if self.depth == MOST_DEPTH {
            self.at = self.text.len();
            return;
        }
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }

    /// A word without its quotes, and whether it is known before the script runs.
    pub(super) fn word(&mut self) -> (String, bool) {
        let (mut text, mut literal, start) = (String::new(), true, self.at);
        while self.at < self.text.len() {
            match self.peek(0) {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | ')' => break,
                '(' if text.ends_with('=') => self.deeper(Scanner::list),
                '(' if text.ends_with(['?', '*', '+', '@', '!']) => self.nested(), // a pattern of extglob
                '(' => break,
                '\\' => {
                    self.next();
                    match self.next() {
                        '\n' => {}
                        c => text.push(c),
                    }
                }
                '\'' => self.single(&mut text),
                '"' => literal &= self.double(&mut text),
                '`' if self.backquoted => break,
                '`' => {
                    self.backquotes();
                    literal = false;
                }
                '$' if matches!(self.peek(1), '\'' | '"') => drop(self.next()),
                '$' => {
                    let start = self.at;
                    self.dollar();
                    text.extend(&self.text[start..self.at.min(self.text.len())]);
                    literal = false;
                }
                _ => text.push(self.next()),
            }
        }
        if self.at == start {
            self.next(); // no code that Bash could read; but the scan must come to its end
        }
        (text, literal)
    }

    /// The elements of `name=( … )`.
    fn list(&mut self) {
        self.next();
        while self.at < self.text.len() && self.peek(0) != ')' {
            match self.peek(0) {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' => drop(self.next()),
                '#' => self.skip_comment(),
                _ => drop(self.word()),
            }
        }
        self.next();
    }

    fn single(&mut self, text: &mut String) {
        let escapes = self.at > 0 && self.text[self.at - 1] == '$';
        self.next();
        while self.at < self.text.len() && self.peek(0) != '\'' {
            if escapes && self.peek(0) == '\\' {
                self.next();
            }
            text.push(self.next());
        }
        self.next();
    }

    /// Whether nothing of it is expanded.
    fn double(&mut self, text: &mut String) -> bool {
        let mut literal = true;
        self.next();
        while self.at < self.text.len() && self.peek(0) != '"' {
            let start = self.at;
            match self.peek(0) {
                '\\' => {
                    self.next();
                    self.next();
                }
                '$' => {
                    self.dollar();
                    literal = false;
                }
                '`' => {
                    self.backquotes();
                    literal = false;
                }
                _ => drop(self.next()),
            }
            text.extend(&self.text[start..self.at.min(self.text.len())]);
        }
        self.next();
        literal
    }

    fn backquotes(&mut self) {
        self.next();
        self.backquoted = true;
        self.deeper(|scanner| scanner.code(Some('`')));
        self.backquoted = false;
        self.next();
    }

    /// An expansion, from its `$`.
    pub(super) fn dollar(&mut self) {
        self.next();
        match (self.peek(0), self.peek(1)) {
            ('(', '(') => self.deeper(Scanner::arithmetic),
            ('(', _) => self.nested(),
            ('{', _) => self.deeper(Scanner::braces),
            _ => {}
        }
    }

    /// `${ … }`, from the brace.
    fn braces(&mut self) {
        self.next();
        while self.at < self.text.len() && self.peek(0) != '}' {
            match self.peek(0) {
                '$' => self.dollar(),
                '`' => self.backquotes(),
                '"' => drop(self.double(&mut String::new())),
                '\\' => {
                    self.next();
                    self.next();
                }
                _ => drop(self.next()),
            }
        }
        self.next();
    }

    pub(super) fn skip_comment(&mut self) {
        while self.at < self.text.len() && self.peek(0) != '\n' {
            self.next();
        }
    }

    /// The bodies of the here-documents that were announced on the line before.
    pub(super) fn skip_documents(&mut self) {
        for last in std::mem::take(&mut self.documents) {
            while self.at < self.text.len() {
                let mut line = String::new();
                while self.at < self.text.len() && self.peek(0) != '\n' {
                    line.push(self.next());
                }
                self.next();
                if line.trim_start_matches('\t').trim_end_matches('\r') == last {
                    break;
                }
            }
        }
    }
}

/// Whether it is `name=…`, `name+=…` or `name[…]=…`.
pub(super) fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name.trim_end_matches('+'));
    let name = name.map(|name| name.split('[').next().unwrap_or_default());
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}
