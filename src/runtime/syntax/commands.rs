//! Reads lists of commands: words, operators, comments and the patterns of `case`.

use super::unclosed::Constructs;
use super::{METACHARACTERS, Reader};

/// The position inside one list of commands.
#[derive(Debug)]
struct ListState {
    /// A command may begin here.
    command: bool,
    /// The previous character belongs to a word.
    word: bool,
    /// The word of a `case` is being read; `in` follows.
    header: bool,
    /// A pattern of a `case` is being read.
    pattern: bool,
    /// The number of open `case` commands.
    cases: u32,
    /// The name of a function follows.
    function_name: bool,
    /// The constructs that are open.
    constructs: Constructs,
}

impl Reader<'_> {
    /// Reads commands up to `end`, and does not consume `end`. The words of an array or a pattern are no commands: `are_commands` says so.
    pub(super) fn code(&mut self, end: Option<u8>, are_commands: bool) {
        let constructs = Constructs::new(are_commands, end.map(|_| self.at));
        let (command, function_name, cases) = (true, false, 0);
        let mut state =
            ListState { command, word: false, header: false, pattern: false, cases, function_name, constructs };
        while !self.is_at_end() {
            let byte = self.peek(0);
            match byte {
                _ if Some(byte) == end && !state.pattern => break,
                b'\n' => {
                    self.at += 1;
                    self.skip_documents();
                    (state.word, state.command) = (false, !state.header && !state.pattern);
                }
                b' ' | b'\t' | b'\r' => {
                    self.at += 1;
                    state.word = false;
                }
                b'#' if !state.word => self.skip_comment(),
                b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => self.operator(byte, &mut state),
                b'\\' | b'\'' | b'"' | b'`' | b'$' => {
                    state.word |= (byte, self.peek(1)) != (b'\\', b'\n');
                    state.command = false;
                    self.piece(false);
                }
                _ if state.word => self.at += 1,
                _ => self.plain_word(&mut state),
            }
        }
        self.end_of_list(&state.constructs);
    }

    fn skip_comment(&mut self) {
        while !self.is_at_end() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    /// Reads an operator of `code`.
    fn operator(&mut self, byte: u8, state: &mut ListState) {
        let word = std::mem::take(&mut state.word);
        match (byte, self.peek(1)) {
            (b'|' | b'(', _) if state.pattern => self.at += 1,
            (b')', _) => {
                self.at += 1;
                (state.pattern, state.command) = (false, true);
            }
            (b'(', b'(') if !word && self.is_arithmetic() => self.arithmetic(),
            (b'(', _) => {
                let start = self.at;
                self.parentheses(!word);
                let is_definition =
                    self.text[start..].get(1..self.at - start - 1).is_some_and(|inner| inner.trim_ascii().is_empty());
                state.command |= is_definition; // the body follows
            }
            (b'<' | b'>', b'(') => {
                self.at += 1;
                self.parentheses(true);
            }
            (b'<', b'<') if self.peek(2) == b'<' => self.at += 3,
            (b'<', b'<') => self.announce_document(),
            (b'<' | b'>', b'&' | b'|') | (b'&', b'>') => self.at += 2,
            (b'<' | b'>', _) => self.at += 1,
            (b';', b';' | b'&') => {
                self.at += 2;
                state.pattern = state.cases > 0;
                state.command = true;
            }
            _ => {
                self.at += 1;
                state.command = true;
            }
        }
    }

    /// Reads a word that begins with an ordinary character, up to its first quote or expansion.
    fn plain_word(&mut self, state: &mut ListState) {
        let rest = &self.text[self.at..];
        let special = |byte: &u8| METACHARACTERS.contains(byte) || b"\\'\"`$".contains(byte);
        let length = rest.iter().position(special).unwrap_or(rest.len());
        let is_whole = rest.get(length).is_none_or(|byte| METACHARACTERS.contains(byte));
        // A word at the end of a line is no pattern.
        let is_pattern = state.pattern && !matches!(rest.get(length), None | Some(b'\n'));
        if is_whole && (state.command || state.pattern) && !is_pattern && !state.function_name {
            let word = String::from_utf8_lossy(&rest[..length]).into_owned();
            self.construct(&word, &mut state.constructs);
        }
        let is_function_name = std::mem::take(&mut state.function_name);
        self.at += length;
        state.word = true;
        match &rest[..length] {
            b"in" if is_whole && state.header => {
                (state.header, state.pattern) = (false, true);
                state.cases += 1;
            }
            b"esac" if is_whole && state.cases > 0 && (state.pattern || state.command) => {
                state.cases -= 1;
                (state.pattern, state.command) = (false, false);
            }
            b"case" if is_whole && state.command && !state.pattern => (state.header, state.command) = (true, false),
            b"function" if is_whole && state.command => state.function_name = true,
            b"if" | b"then" | b"elif" | b"else" | b"do" | b"while" | b"until" | b"!" | b"{" | b"time" | b"coproc" => {}
            b"fi" | b"done" | b"}" if is_whole && state.command => {} // another closing word may follow
            _ if is_function_name => {}
            _ => state.command = false,
        }
    }
}
