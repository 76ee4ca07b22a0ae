//! The scan itself: one pass over the characters, a call of `code` for each level of `$( )`, `( )` and backquotes.

mod brackets;
mod documents;
mod words;

use self::words::is_assignment;
use super::{Call, Script, Word};

/// After these a command follows.
const KEYWORDS: [&str; 11] = ["if", "then", "elif", "else", "do", "while", "until", "!", "{", "time", "coproc"];
/// After these none does.
const ENDS: [&str; 6] = ["fi", "done", "esac", "}", "for", "select"];

/// Reads `text`.
pub(crate) fn scan(text: &str) -> Script {
    let mut scanner = Scanner {
        text: text.chars().collect(),
        at: 0,
        line: 1,
        documents: Vec::new(),
        backquoted: false,
        depth: 0,
        script: Script::default(),
    };
    while scanner.at < scanner.text.len() {
        scanner.code(None); // ends early only at a `)` too many
        scanner.at += 1;
    }
    scanner.script
}

struct Scanner {
    text: Vec<char>,
    at: usize,
    line: u32,
    /// The here-documents that begin at the next line: their last lines, and whether they are expanded.
    documents: Vec<(String, bool)>,
    /// Whether a backquote ends the code here.
    backquoted: bool,
    /// How many constructs this one stands in.
    depth: u32,
    script: Script,
}

/// Where the scan is within one level.
#[derive(Default)]
struct Level {
    /// The command whose arguments are being read; `None` where one may begin.
    call: Option<Call>,
    /// A `case` whose `in` has not come.
    before_in: bool,
    cases: u32,
    in_pattern: bool,
    /// What comes next is the target of a redirection.
    target: bool,
    /// That target is written to.
    writes: bool,
    /// What comes next is a function's name.
    name: bool,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn next(&mut self) -> char {
        let c = self.peek(0);
        self.line += u32::from(c == '\n');
        self.at += 1;
        c
    }

    /// Reads code up to `end`, which is left to be taken.
    fn code(&mut self, end: Option<char>) {
        let mut level = Level::default();
        while self.at < self.text.len() {
            let c = self.peek(0);
            match c {
                _ if Some(c) == end && !level.in_pattern => return,
                '\n' => {
                    self.next();
                    self.skip_documents();
                    level.target = false;
                    level.call = level.call.filter(|_| level.before_in);
                }
                '\\' if self.peek(1) == '\n' => self.continued(),
                ' ' | '\t' | '\r' => drop(self.next()),
                '#' => self.skip_comment(),
                '|' | '(' if level.in_pattern => drop(self.next()),
                ')' if level.in_pattern => {
                    self.next();
                    level.in_pattern = false;
                    level.call = None;
                }
                '&' if self.peek(1) == '>' => drop(self.next()),
                ';' | '&' | '|' => self.separator(&mut level),
                '<' | '>' => self.redirection(&mut level),
                '(' => self.parenthesis(&mut level),
                ')' => return,
                _ => self.word_of(&mut level),
            }
        }
    }

    fn separator(&mut self, level: &mut Level) {
        let first = self.next();
        if first == ';' && matches!(self.peek(0), ';' | '&') {
            level.in_pattern = level.cases > 0;
            while matches!(self.peek(0), ';' | '&') {
                self.next();
            }
        }
        level.call = None;
    }

    fn redirection(&mut self, level: &mut Level) {
        let line = self.line;
        let operator = self.next();
        match (operator, self.peek(0), self.peek(1)) {
            (_, '(', _) => {
                self.script.process_substitutions.push(line);
                (level.target, level.writes) = (false, false); // this was it
                self.nested();
            }
            ('<', '<', '<') => {
                self.at += 2;
                level.target = true;
            }
            ('<', '<', _) => self.document(),
            _ => {
                while matches!(self.peek(0), '>' | '&' | '|') {
                    self.next();
                }
                (level.target, level.writes) = (true, operator == '>');
            }
        }
    }

    fn parenthesis(&mut self, level: &mut Level) {
        if self.peek(1) == '(' && level.call.is_none() {
            self.arithmetic();
            level.call = Some(Call::default());
        } else if level.call.is_some() && self.peek(1) == ')' {
            self.at += 2; // a function's definition: its name was taken for a command
            if !std::mem::take(&mut level.name)
                && let Some(name) = self.script.commands.pop()
            {
                self.script.functions.insert(name.text);
            }
            level.call = None;
        } else {
            self.nested();
            level.call.get_or_insert_default();
        }
    }

    /// `( … )`, from the opening parenthesis.
    fn nested(&mut self) {
        let backquoted = std::mem::take(&mut self.backquoted);
        self.next();
        self.deeper(|scanner| scanner.code(Some(')')));
        self.next();
        self.backquoted = backquoted;
    }

    fn word_of(&mut self, level: &mut Level) {
        let line = self.line;
        let (text, literal) = self.word();
        let is = |word: &str| literal && text == word;
        let writes = std::mem::take(&mut level.writes);
        if std::mem::take(&mut level.target) {
            let is_descriptor = text == "-" || text.chars().all(|c| c.is_ascii_digit());
            if writes && !is_descriptor {
                self.script.writes.push(Word { line, text });
            }
            return;
        }
        if text.chars().all(|c| c.is_ascii_digit()) && matches!(self.peek(0), '<' | '>') {
            return; // the descriptor of a redirection
        }
        if level.in_pattern {
            if is("esac") {
                level.in_pattern = false;
                level.cases -= 1;
                level.call = Some(Call::default());
            }
            return;
        }
        if let Some(call) = &mut level.call {
            if std::mem::take(&mut level.name) {
                self.script.functions.insert(text);
                level.name = self.peek(0) == '(';
                if !level.name {
                    level.call = None;
                }
            } else if level.before_in && is("in") {
                (level.before_in, level.in_pattern, level.cases) = (false, true, level.cases + 1);
            } else {
                self.script.argument(call, line, &text, literal);
            }
            return;
        }
        // No command begins with a dash: it is an option of `time`.
        if KEYWORDS.iter().any(|keyword| is(keyword)) || is_assignment(&text) || literal && text.starts_with('-') {
            return;
        }
        if is("for") && self.is_arithmetic_for() {
            return self.arithmetic();
        }
        level.before_in = is("case");
        level.name = is("function");
        level.cases -= u32::from(is("esac") && level.cases > 0);
        let no_command = !literal || level.before_in || level.name || ENDS.iter().any(|end| is(end));
        level.call = Some(match is("[[") {
            true => self.test(),
            false if !literal => self.script.expanded(Word { line, text }),
            false if no_command => Call::default(),
            false => self.script.call(Word { line, text }),
        });
    }

    pub(super) fn skip_blanks(&mut self) {
        while matches!(self.peek(0), ' ' | '\t') {
            self.next();
        }
    }

    /// A line that goes on: the backslash and the newline are nothing.
    fn continued(&mut self) {
        self.next();
        self.next();
    }
}
