//! Reads the parts of a word: quoted strings, escapes, and expansions that begin with `$`.

use super::{MAX_DEPTH, Reader};

impl Reader<'_> {
    /// Reads a part that has the same form in code, double quotes and expansions: an escape, a quoted string or an expansion.
    pub(super) fn piece(&mut self, quoted: bool) {
        match (self.peek(0), self.peek(1)) {
            (b'\\', _) => self.at += 2,
            (b'\'', _) => {
                let start = self.at;
                self.at += 1;
                self.skip_past(b'\'');
                self.end_of_quote(start);
            }
            (b'"', _) => self.double_quotes(),
            (b'`', _) => self.backquotes(quoted),
            (b'$', b'\'') if !quoted => self.ansi_string(),
            (b'$', _) => self.dollar(quoted),
            _ => self.at += 1,
        }
    }

    /// Reads `$'…'`.
    fn ansi_string(&mut self) {
        self.at += 2;
        while !self.is_at_end() && self.peek(0) != b'\'' {
            self.at += if self.peek(0) == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }

    fn double_quotes(&mut self) {
        let start = self.at;
        self.at += 1;
        while !self.is_at_end() && self.peek(0) != b'"' {
            match self.peek(0) {
                b'\\' | b'$' | b'`' => self.piece(true),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.end_of_quote(start);
    }

    /// Reads a command between backquotes. Bash first removes one level of backslashes from the command.
    fn backquotes(&mut self, quoted: bool) {
        let start = self.at;
        let mut code = Vec::new();
        self.at += 1;
        while !self.is_at_end() && self.peek(0) != b'`' {
            let escape = self.peek(0) == b'\\' && (b"$`\\".contains(&self.peek(1)) || quoted && self.peek(1) == b'"');
            self.at += usize::from(escape);
            code.push(self.peek(0));
            self.at += 1;
        }
        self.at += 1;
        if self.ordinary || self.found.is_some() || self.depth >= MAX_DEPTH {
            return;
        }
        let mut inner = Reader { depth: self.depth + 1, ..Reader::new(&code, 0) };
        inner.code(None, true);
        self.found = inner.found.map(|_| start);
    }

    /// Reads an expansion, from its `$` on. `quoted` says whether the expansion is in double quotes or a here-document.
    fn dollar(&mut self, quoted: bool) {
        self.at += 1;
        match (self.peek(0), self.peek(1)) {
            (b'(', b'(') if self.is_arithmetic() => self.nested(Reader::arithmetic),
            (b'(', _) => self.parentheses(true),
            (b'{', _) => self.nested(|reader| reader.braces(quoted)),
            (b'$' | b'#' | b'*' | b'@' | b'?' | b'!' | b'-', _) => self.at += 1,
            _ => {}
        }
    }

    /// Reads `( … )`.
    pub(super) fn parentheses(&mut self, are_commands: bool) {
        self.at += 1;
        self.nested(|reader| reader.code(Some(b')'), are_commands));
        self.at += 1;
    }

    /// Whether `((` begins an arithmetic expression: Bash checks whether its end is `))`. Otherwise it is a subshell in another
    /// subshell.
    pub(super) fn is_arithmetic(&self) -> bool {
        let (mut open, mut at) = (0_usize, self.at);
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 1,
                b'(' => open += 1,
                b')' if open == 2 => return self.text.get(at + 1) == Some(&b')'),
                b')' => open -= 1,
                _ => {}
            }
            at += 1;
        }
        false
    }

    /// Reads `(( … ))`.
    pub(super) fn arithmetic(&mut self) {
        let mut open = 0_usize;
        while !self.is_at_end() {
            match self.peek(0) {
                b'$' | b'`' | b'\\' | b'"' => self.piece(false),
                byte => {
                    self.at += 1;
                    open = open + usize::from(byte == b'(') - usize::from(byte == b')');
                }
            }
            if open == 0 {
                return;
            }
        }
    }

    /// Reads `{ … }` after a `$`.
    fn braces(&mut self, quoted: bool) {
        let start = self.at;
        self.at += 1;
        self.parameter();
        // After these operators a pattern follows, in which an apostrophe is a quote in both modes.
        let is_literal = quoted && !b"#%^,/".contains(&self.peek(0));
        let word = self.at;
        self.brace_word(quoted, is_literal);
        if is_literal && !self.ordinary && self.found.is_none() {
            let mut ordinary = Reader { ordinary: true, depth: self.depth, ..Reader::new(self.text, word) };
            ordinary.brace_word(quoted, is_literal);
            if ordinary.at != self.at {
                self.found = Some(start);
            }
        }
        self.at += 1;
    }

    /// Reads `name`, `!name`, `#name`, `name[subscript]` or a special parameter.
    fn parameter(&mut self) {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_special = |byte: u8| b"@*#?-$!".contains(&byte);
        if matches!(self.peek(0), b'!' | b'#') && (is_name(self.peek(1)) || is_special(self.peek(1))) {
            self.at += 1;
        }
        match is_special(self.peek(0)) {
            true => self.at += 1,
            false => {
                while is_name(self.peek(0)) {
                    self.at += 1;
                }
            }
        }
        if self.peek(0) == b'[' {
            self.skip_subscript();
        }
    }

    fn skip_subscript(&mut self) {
        while !self.is_at_end() && !matches!(self.peek(0), b']' | b'}') {
            self.piece(false);
        }
        self.at += usize::from(self.peek(0) == b']');
    }

    /// Reads up to the closing brace, and does not consume the brace. In a word that `is_literal`, POSIX mode treats apostrophes
    /// as ordinary characters.
    fn brace_word(&mut self, quoted: bool, is_literal: bool) {
        let literal = is_literal && !self.ordinary;
        while !self.is_at_end() && self.peek(0) != b'}' {
            match (self.peek(0), self.peek(1)) {
                (b'\'', _) if literal => self.at += 1,
                (b'$', b'\'') if !literal => self.ansi_string(),
                _ => self.piece(quoted),
            }
        }
    }
}
