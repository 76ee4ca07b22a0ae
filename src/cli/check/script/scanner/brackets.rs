//! `(( … ))` and `[[ … ]]`, in which no command stands but in `$( )`.

use super::{Call, Scanner};

impl Scanner {
    /// `(( … ))`, from the first parenthesis; commands may stand in `$( )` there.
    pub(super) fn arithmetic(&mut self) {
        let mut depth = 0;
        while self.at < self.text.len() {
            match self.peek(0) {
                '$' => self.dollar(true),
                c => {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    self.next();
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Goes on to what follows `for`, and tells whether that is `((`.
    pub(super) fn is_arithmetic_for(&mut self) -> bool {
        self.skip_blanks();
        (self.peek(0), self.peek(1)) == ('(', '(')
    }

    /// The rest of `[[ … ]]`.
    pub(super) fn test(&mut self) -> Call {
        while self.at < self.text.len() {
            match self.peek(0) {
                ']' if self.peek(1) == ']' => {
                    self.at += 2;
                    break;
                }
                ' ' | '\t' | '\n' | '(' | ')' | '<' | '>' | '|' | '&' | ';' => drop(self.next()),
                '#' => self.skip_comment(),
                _ => drop(self.word()),
            }
        }
        Call::default()
    }
}
