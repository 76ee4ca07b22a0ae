//! Finds parameter expansions that POSIX mode and ordinary Bash read differently because of an apostrophe.
//!
//! In `"${name:-it's}"` POSIX mode takes the apostrophe for an ordinary character, and ordinary Bash takes it for a quote that goes on
//! to the next apostrophe, wherever that is. The same holds in here-documents. The reader follows quotes, substitutions, comments,
//! here-documents and `case`, which is all that decides where such an expansion stands. Each expansion is read both ways: only when
//! the two readings end at different places do the results differ. `"${name:-'a b'}"` gives the same bytes in both modes, quotes
//! included, and is not reported.
//!
//! `"${name:-$'\n'}"` is not reported either, although POSIX mode prints `$'\n'` where Bash prints a newline: `$'…'` is Bash's own
//! quoting, so the script was written for ordinary Bash.
//!
//! Source: Bash Reference Manual, "Bash POSIX Mode" ("single quotes are not special within double-quoted word expansions", with the
//! exception of the pattern operators); checked against Bash 5.1, 5.2 and 5.3 with random words.

/// Constructs can be nested this deep. A deeper script is read no further, because reading it would use up the stack.
const MAX_DEPTH: u32 = 200;
/// These end a word.
const METACHARACTERS: &[u8] = b" \t\r\n;&|<>()";

/// The line of the first expansion in `text` that POSIX mode reads differently.
pub(crate) fn line_read_differently(text: &str) -> Option<u32> {
    let mut reader = Reader::new(text.as_bytes(), 0);
    while reader.at < reader.text.len() {
        reader.code(None); // returns early only at a `)` too many
        reader.at += 1;
    }
    let before = &text.as_bytes()[..reader.found?];
    u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).ok()
}

/// A here-document that begins on the next line.
#[derive(Debug)]
struct Document {
    last_line: Vec<u8>,
    /// Whether tabs before its last line are ignored.
    tabs: bool,
    /// Whether its body is expanded.
    expanded: bool,
}

#[derive(Debug)]
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    documents: Vec<Document>,
    depth: u32,
    /// Whether an apostrophe in a double-quoted expansion is a quote, as in ordinary Bash.
    ordinary: bool,
    /// Where the first expansion begins that is read differently.
    found: Option<usize>,
}

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

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], at: usize) -> Reader<'a> {
        Reader { text, at, documents: Vec::new(), depth: 0, ordinary: false, found: None }
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

    fn deeper(&mut self, read: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.at = self.text.len();
            return;
        }
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }

    /// Reads commands up to `end`, which is not consumed.
    fn code(&mut self, end: Option<u8>) {
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

    /// Reads what has the same form in code, double quotes and expansions: an escape, a quoted string or an expansion.
    fn piece(&mut self, quoted: bool) {
        match (self.peek(0), self.peek(1)) {
            (b'\\', _) => self.at += 2,
            (b'\'', _) => {
                self.at += 1;
                self.skip_past(b'\'');
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
        self.at += 1;
        while !self.is_at_end() && self.peek(0) != b'"' {
            match self.peek(0) {
                b'\\' | b'$' | b'`' => self.piece(true),
                _ => self.at += 1,
            }
        }
        self.at += 1;
    }

    /// Reads a command between backquotes, of which Bash removes one level of backslashes first.
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
        inner.code(None);
        self.found = inner.found.map(|_| start);
    }

    /// Reads an expansion, from its `$`; `quoted` says whether it is in double quotes or a here-document.
    fn dollar(&mut self, quoted: bool) {
        self.at += 1;
        match (self.peek(0), self.peek(1)) {
            (b'(', b'(') if self.is_arithmetic() => self.deeper(Reader::arithmetic),
            (b'(', _) => self.parentheses(),
            (b'{', _) => self.deeper(|reader| reader.braces(quoted)),
            (b'$' | b'#' | b'*' | b'@' | b'?' | b'!' | b'-', _) => self.at += 1,
            _ => {}
        }
    }

    /// Reads `( … )`.
    fn parentheses(&mut self) {
        self.at += 1;
        self.deeper(|reader| reader.code(Some(b')')));
        self.at += 1;
    }

    /// Whether `((` begins an arithmetic expression: Bash looks whether its end is `))`. Otherwise it is a subshell in another one.
    fn is_arithmetic(&self) -> bool {
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
    fn arithmetic(&mut self) {
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

    /// Reads up to the closing brace, which is not consumed. In a word that `is_literal`, POSIX mode takes apostrophes literally.
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

    /// Reads `<<` and the word after it.
    fn announce_document(&mut self) {
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
        self.documents.push(Document { last_line, tabs, expanded });
    }

    /// Reads the bodies of the here-documents that were announced on the previous line.
    fn skip_documents(&mut self) {
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

/// The first expansion that is read differently in the here-document that begins at `start` and ends with `text`.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Option<u32> {
        line_read_differently(text)
    }

    #[test]
    fn an_apostrophe_in_a_quoted_expansion_is_found_at_its_line() {
        for (text, expected) in [
            ("echo \"${x:-it's}\"", 1),
            ("echo \"${x-it's}\"", 1),
            ("echo \"${x:=it's}\"", 1),
            ("echo \"${x=it's}\"", 1),
            (": \"${x:?isn't set}\"", 1),
            (": \"${x?isn't set}\"", 1),
            ("echo \"${x:+it's}\"", 1),
            ("echo \"${x+it's}\"", 1),
            ("a\n\necho \"${1:-it's}\"", 3),
            ("echo \"${a[0]:-it's}\" \"${@:-it's}\"", 1),
            ("echo \"${!x:-it's}\"", 1),
            // Ordinary Bash takes what is between the two expansions for one quoted string.
            ("h() { echo \"${x:-it's}\"\n echo \"${y:-don't}\"; }", 1),
            ("echo \"${x:-'}'}\"", 1),
            ("echo \"${x:-'\"'}\"", 1),
            ("cat <<E\nit's me\n<p>${x:-we don't}</p>\nE\n", 3),
            ("cat <<-E\n\t${x:-don't}\n\tE\n", 2),
            ("cat <<A <<'B'\n${x:-don't}\nA\n${y:-don't}\nB\n", 2),
            ("echo ${x:-\"${y:-it's}\"}", 1),
            ("echo \"${x:-${y:-it's}}\"", 1),
            ("echo \"${x#\"${y:-it's}\"}\"", 1),
            ("x=$(echo \"${x:-it's}\")", 1),
            ("x=`echo \"${x:-it's}\"`", 1),
            ("x=\"`echo \\\"${x:-it's}\\\"`\"", 1),
            ("case a in (b) ;; a) x=$(case c in c) echo \"${x:-it's}\" ;; esac) ;; esac", 1),
            ("# it's\necho \"${x:-it's}\"", 2),
            ("echo $((1 << 2)) $(((3) << 4))\necho \"${x:-it's}\"", 2),
            ("((x <<= 1))\necho 'it is' $'it\\'s' \"it's\" it\\'s\n: \"${x:?isn't}\"", 3),
        ] {
            assert_eq!(line(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn an_expansion_that_both_modes_read_alike_is_not_found() {
        for text in [
            "echo \"${x:-'a b'}\" \"${y:-''}\" \"${z:-it's what it's}\"",
            "cat <<E\n${x:-'a b'} it's ${y}\nE\n",
            "echo \"${x:-\\'}\" \"${x:-it\\'s}\"",
            "echo ${x:-it\\'s} ${x:-'it is'} ${x:-'}'}",
            "echo \"${x#'}'}\" \"${x%%'\"'*}\" \"${x/\\'/'}'}\" \"${x^^'}'}\"",
            "json=${1//'\"'/'\\\"'}; a \"${x%'}'*} it's\"",
            "echo \"it's ${x:-fine}\" ${#x} \"${#x[@]}\" \"$#\" it\\'s",
            "echo \"${x:-\"it's\"}\"",
            "echo \"${x:-$'\\n'}\"",
            "echo \"${x:-$(echo 'a}b')}\" \"${x:-`echo 'a}b'`}\"",
            "cat <<'E'\n${x:-it's}\nE\ncat <<\\E\n${x:-it's}\nE\n",
            "# \"${x:-it's}\"\necho '\"${x:-'; : '}\"'",
            "trap 'echo \"$x\"' EXIT; echo \"it's\"",
            "x=${y:-it\\'s}; [[ $x == \"it's\" ]]",
        ] {
            assert_eq!(line(text), None, "{text}");
        }
    }

    #[test]
    fn every_text_comes_to_an_end() {
        let parts = [
            "`", "(", ")", "\"", "'", "$(", "${", "$((", "<(", "<<E", "[[", "case", "in", ";;", "x=(", "\\", "#", "\n",
            "a", "{", "}", "${x:-", "$'", "esac",
        ];
        let mut number = 1_u32;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(parts[(number >> 16) as usize % parts.len()]);
                text.push_str(if number & 0x8000 == 0 { " " } else { "" });
            }
            line(&text);
        }
        for part in ["$((", "\"${x:-", "$(", "`\\`", "\"${x:-'", "(("] {
            line(&part.repeat(3000));
        }
    }
}
