//! Takes a word apart: its text without quotes, and the substitutions in it.

use brush_parser::word::{self, Parameter, ParameterExpr, SpecialParameter, WordPiece, WordPieceWithSource};

use super::{OwnPath, Word};
use crate::runtime::script::{options, restored};

/// So many expansions inside one another are looked into.
const MOST_DEEP: u32 = 6;

/// A word that has been taken apart.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) word: Word,
    pub(super) substitutions: Vec<Substitution>,
}

/// A `$( )` or backquotes in a word.
pub(super) struct Substitution {
    /// So many newlines are before it.
    pub(super) newlines: u32,
    pub(super) text: String,
    /// Whether it is in another expansion, as in `${x:-$(date)}`, and perhaps never runs.
    pub(super) is_fallback: bool,
}

/// Takes apart a word, or the lines of a here-document.
pub(super) fn parts(text: &str, is_document: bool) -> Parts {
    let mut parts = Parts { word: Word { literal: true, ..Word::default() }, ..Parts::default() };
    let pieces = if is_document { word::parse_heredoc(text, &options()) } else { word::parse(text, &options()) };
    match pieces {
        Ok(pieces) => parts.pieces(&pieces, text, 0),
        Err(_) => {
            text.clone_into(&mut parts.word.text);
            parts.word.literal = false;
        }
    }
    parts.word.text = restored(&parts.word.text);
    parts
}

/// The substitutions of an arithmetic expression that begins `lines` below.
pub(super) fn of_arithmetic(text: &str) -> Parts {
    parts(text, true)
}

impl Parts {
    fn pieces(&mut self, pieces: &[WordPieceWithSource], source: &str, depth: u32) {
        for piece in pieces {
            let raw = source.get(piece.start_index..piece.end_index).unwrap_or_default();
            match &piece.piece {
                WordPiece::Text(text) | WordPiece::SingleQuotedText(text) | WordPiece::AnsiCQuotedText(text) => {
                    self.word.text.push_str(text);
                }
                WordPiece::TildeExpansion(_) => self.word.text.push_str(raw),
                WordPiece::EscapeSequence(text) => {
                    let text = text.strip_prefix('\\').unwrap_or(text);
                    self.word.text.push_str(if text == "\n" { "" } else { text });
                }
                WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    self.pieces(inner, source, depth);
                }
                WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => {
                    let before = source.get(..piece.start_index).unwrap_or_default().matches('\n').count();
                    self.substitutions.push(Substitution {
                        newlines: u32::try_from(before).unwrap_or_default(),
                        text: text.clone(),
                        is_fallback: depth > 0,
                    });
                    self.word.substitution = true;
                    self.expansion(raw);
                }
                WordPiece::ArithmeticExpression(expression) => {
                    self.inner(&expression.value, depth);
                    self.expansion(raw);
                }
                WordPiece::ParameterExpansion(expression) => {
                    self.parameter(expression, depth);
                    self.expansion(raw);
                }
            }
        }
    }

    fn expansion(&mut self, raw: &str) {
        self.word.text.push_str(raw);
        self.word.literal = false;
    }

    fn parameter(&mut self, expression: &ParameterExpr, depth: u32) {
        use ParameterExpr as E;
        let is_own_path = |parameter: &Parameter| matches!(parameter, Parameter::Special(SpecialParameter::ShellName));
        match expression {
            E::Parameter { parameter, .. } if is_own_path(parameter) => self.word.own_path = Some(OwnPath::Path),
            E::RemoveSmallestSuffixPattern { parameter, pattern: Some(pattern), .. }
            | E::RemoveLargestSuffixPattern { parameter, pattern: Some(pattern), .. }
                if is_own_path(parameter) && pattern.starts_with('/') =>
            {
                self.word.own_path = Some(OwnPath::Folder);
            }
            E::UseDefaultValues { default_value: Some(text), .. }
            | E::AssignDefaultValues { default_value: Some(text), .. }
            | E::IndicateErrorIfNullOrUnset { error_message: Some(text), .. }
            | E::UseAlternativeValue { alternative_value: Some(text), .. } => self.inner(text, depth),
            E::ReplaceSubstring { pattern, replacement, .. } => {
                self.inner(pattern, depth);
                replacement.iter().for_each(|text| self.inner(text, depth));
            }
            _ => {}
        }
    }

    /// The substitutions of a text inside an expansion.
    fn inner(&mut self, text: &str, depth: u32) {
        if depth >= MOST_DEEP || !(text.contains('$') || text.contains('`')) {
            return;
        }
        let Ok(pieces) = word::parse(text, &options()) else { return };
        let outer = std::mem::take(&mut self.word.text);
        self.pieces(&pieces, text, depth + 1);
        self.word.text = outer;
    }
}
