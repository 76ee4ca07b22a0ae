//! Finds command substitutions in words and walks the commands inside them.

use brush_parser::ast;
use brush_parser::word::{self, WordPiece, WordPieceWithSource};

use super::{Scope, Walk, line};
use crate::runtime::script::{options, program};

/// How deeply nested substitutions may be; deeper ones are not walked.
const MAX_DEPTH: u32 = 8;

impl Walk {
    /// Walks the commands in each `$( )` of a word. The word's command begins on line `first`.
    pub(super) fn substitutions(&mut self, word: &ast::Word, first: u32, scope: &Scope) {
        let begins = word.loc.as_ref().map_or(first, |span| line(span.start.line));
        self.substitutions_of_text(&word.value, begins, scope);
    }

    /// Walks the commands in each `$( )` of a text that begins on `line` of the walked text.
    pub(super) fn substitutions_of_text(&mut self, text: &str, line: u32, scope: &Scope) {
        if scope.depth >= MAX_DEPTH || !(text.contains("$(") || text.contains('`')) {
            return;
        }
        let Ok(pieces) = word::parse(text, &options()) else { return };
        for (start, inner) in substitutions_in(&pieces) {
            let before = text.get(..start).map_or(0, |before| before.matches('\n').count());
            let line = line_of(inner, line + self::line(before), &scope.source);
            let line_offset = scope.line_offset + line.saturating_sub(1);
            if let Some(program) = program(inner) {
                self.substitutions += 1;
                let substitution = self.substitutions;
                let source = inner.chars().collect();
                let inside =
                    Scope { source, substitution, line_offset, apart: true, depth: scope.depth + 1, ..scope.clone() };
                self.program(&program, &inside);
            }
        }
    }
}

/// Lists the command substitutions among `pieces`: the start of each in the word, and its text.
fn substitutions_in(pieces: &[WordPieceWithSource]) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for piece in pieces {
        match &piece.piece {
            WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => {
                found.push((piece.start_index, text.as_str()));
            }
            WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                found.extend(substitutions_in(inner));
            }
            WordPiece::Text(_)
            | WordPiece::SingleQuotedText(_)
            | WordPiece::AnsiCQuotedText(_)
            | WordPiece::TildeExpansion(_)
            | WordPiece::ParameterExpansion(_)
            | WordPiece::EscapeSequence(_)
            | WordPiece::ArithmeticExpression(_) => {}
        }
    }
    found
}

/// The line on which a substitution with the text `inner` begins. This is `line`, unless the parser has joined the lines of the
/// word, as in the list of an array. Then it is the first line from `line` on that contains the text.
fn line_of(inner: &str, line: u32, source: &[char]) -> u32 {
    let source: String = source.iter().collect();
    let wanted = inner.trim_start_matches(['\n', ' ', '\t']).lines().next().unwrap_or_default().trim_end();
    let blank = inner.len() - inner.trim_start().len();
    let skipped = self::line(inner[..blank].matches('\n').count());
    let mut lines = (1..).zip(source.lines()).skip(line.saturating_sub(1) as usize);
    lines
        .find(|(_, text)| text.contains(wanted))
        .map_or(line, |(number, _): (u32, &str)| number.saturating_sub(skipped))
}
