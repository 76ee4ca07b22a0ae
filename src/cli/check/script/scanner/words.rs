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
                '(' if text.ends_with(['?', '*', '+', '@', '!']) => self.deeper(Scanner::pattern),
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
                    self.dollar(false);
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

    /// `( … | … )` of extglob, from the parenthesis.
    fn pattern(&mut self) {
        self.next();
        while self.at < self.text.len() && self.peek(0) != ')' {
            match self.peek(0) {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' => drop(self.next()),
                '(' => self.deeper(Scanner::pattern),
                _ => drop(self.word()),
            }
        }
        self.next();
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
                    self.dollar(true);
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

    pub(super) fn backquotes(&mut self) {
        self.next();
        self.backquoted = true;
        self.deeper(|scanner| scanner.code(Some('`')));
        self.backquoted = false;
        self.next();
    }

    /// An expansion, from its `$`; `quoted` where it stands between double quotes.
    pub(super) fn dollar(&mut self, quoted: bool) {
        self.next();
        match (self.peek(0), self.peek(1)) {
            ('(', '(') => self.deeper(Scanner::arithmetic),
            ('(', _) => self.nested(),
            ('{', _) => self.deeper(|scanner| scanner.braces(quoted)),
            _ => {}
        }
    }

    /// `${ … }`, from the brace.
    fn braces(&mut self, quoted: bool) {
        self.next();
        let apostrophes = quoted && self.is_default();
        while self.at < self.text.len() && self.peek(0) != '}' {
            match self.peek(0) {
                '$' => self.dollar(quoted),
                '`' => self.backquotes(),
                '"' => drop(self.double(&mut String::new())),
                '\'' if !apostrophes => self.single(&mut String::new()),
                '\\' => {
                    self.next();
                    self.next();
                }
                _ => drop(self.next()),
            }
        }
        self.next();
    }

    /// Whether it is `${name-word}`, `${name:=word}` or such, in whose word, other than in a pattern, an apostrophe between
    /// double quotes is one (Bash manual, "Shell Parameter Expansion"). Reads the parameter.
    fn is_default(&mut self) -> bool {
        if matches!(self.peek(0), '!' | '#') {
            self.next();
        }
        while self.peek(0).is_alphanumeric() || matches!(self.peek(0), '_' | '@' | '*') {
            self.next();
        }
        if self.peek(0) == '[' {
            while self.at < self.text.len() && !matches!(self.peek(0), ']' | '}') {
                self.next();
            }
            self.next();
        }
        let operator = if self.peek(0) == ':' { self.peek(1) } else { self.peek(0) };
        matches!(operator, '-' | '=' | '?' | '+')
    }

    pub(super) fn skip_comment(&mut self) {
        while self.at < self.text.len() && self.peek(0) != '\n' {
            self.next();
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
