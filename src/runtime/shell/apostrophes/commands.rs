//! Reads lists of commands: words, operators, comments and the patterns of `case`.

use super::{METACHARACTERS, Reader};

/// The position inside one list of commands.
#[derive(Debug)]
struct Level {
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
}

impl Reader<'_> {
    /// Reads commands up to `end`, which is not consumed.
    pub(super) fn code(&mut self, end: Option<u8>) {
        let mut level = Level { command: true, word: false, header: false, pattern: false, cases: 0 };
        while !self.is_at_end() {
            let byte = self.peek(0);
            match byte {
                _ if Some(byte) == end && !level.pattern => return,
                b'\n' => {
                    self.at += 1;
                    self.skip_documents();
                    (level.word, level.command) = (false, !level.header && !level.pattern);
                }
                b' ' | b'\t' | b'\r' => {
                    self.at += 1;
                    level.word = false;
                }
                b'#' if !level.word => self.skip_comment(),
                b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => self.operator(byte, &mut level),
                b'\\' | b'\'' | b'"' | b'`' | b'$' => {
                    level.word |= (byte, self.peek(1)) != (b'\\', b'\n');
                    level.command = false;
                    self.piece(false);
                }
                _ if level.word => self.at += 1,
                _ => self.plain_word(&mut level),
            }
        }
    }

    fn skip_comment(&mut self) {
        while !self.is_at_end() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    /// Reads an operator of `code`.
    fn operator(&mut self, byte: u8, level: &mut Level) {
        let word = std::mem::take(&mut level.word);
        match (byte, self.peek(1)) {
            (b'|' | b'(', _) if level.pattern => self.at += 1,
            (b')', _) => {
                self.at += 1;
                (level.pattern, level.command) = (false, true);
            }
            (b'(', b'(') if !word && self.is_arithmetic() => self.arithmetic(),
            (b'(', _) => self.parentheses(),
            (b'<' | b'>', b'(') => {
                self.at += 1;
                self.parentheses();
            }
            (b'<', b'<') if self.peek(2) == b'<' => self.at += 3,
            (b'<', b'<') => self.announce_document(),
            (b'<' | b'>', b'&' | b'|') | (b'&', b'>') => self.at += 2,
            (b'<' | b'>', _) => self.at += 1,
            (b';', b';' | b'&') => {
                self.at += 2;
                level.pattern = level.cases > 0;
                level.command = true;
            }
            _ => {
                self.at += 1;
                level.command = true;
            }
        }
    }

    /// Reads a word that begins with an ordinary character, up to its first quote or expansion.
    fn plain_word(&mut self, level: &mut Level) {
        let rest = &self.text[self.at..];
        let special = |byte: &u8| METACHARACTERS.contains(byte) || b"\\'\"`$".contains(byte);
        let length = rest.iter().position(special).unwrap_or(rest.len());
        let is_whole = rest.get(length).is_none_or(|byte| METACHARACTERS.contains(byte));
        self.at += length;
        level.word = true;
        match &rest[..length] {
            b"in" if is_whole && level.header => {
                (level.header, level.pattern) = (false, true);
                level.cases += 1;
            }
            b"esac" if is_whole && level.cases > 0 && (level.pattern || level.command) => {
                level.cases -= 1;
                (level.pattern, level.command) = (false, false);
            }
            b"case" if is_whole && level.command && !level.pattern => (level.header, level.command) = (true, false),
            b"if" | b"then" | b"elif" | b"else" | b"do" | b"while" | b"until" | b"!" | b"{" | b"time" | b"coproc" => {}
            _ => level.command = false,
        }
    }
}
