//! Walks simple commands: their words, redirections, and the commands in substitutions.

use std::sync::Arc;

use brush_parser::ast::{self, CommandPrefixOrSuffixItem as Item, SourceLocation};
use brush_parser::{SourcePosition, SourceSpan};

use super::super::words::{self, Parts};
use super::super::{Direction, Kind, Redirection, Word};
use super::{Scope, Walk, inside, line_number, start_line};
use crate::cli::check::position::Position;
use crate::runtime::script::program;

/// So many substitutions inside one another are looked into.
const MOST_DEEP: u32 = 8;

impl Walk {
    pub(super) fn simple(&mut self, simple: &ast::SimpleCommand, scope: &Scope) {
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = || simple.suffix.iter().flat_map(|suffix| &suffix.0);
        let spans = simple.word_or_name.iter().filter_map(|word| word.loc.clone());
        let spans = spans.chain(prefix.clone().chain(suffix()).filter_map(SourceLocation::location));
        let line = spans.map(|span| line_number(span.start.line)).min().unwrap_or(1);
        let index = self.add(Kind::Simple, line, scope);
        for item in prefix {
            match item {
                Item::AssignmentWord(_, word) => {
                    let word = self.word(word, line, index, scope);
                    self.script.commands[index].assignments.push(word);
                }
                Item::IoRedirect(redirection) => self.redirection(redirection, index, scope),
                Item::Word(word) => self.argument(word, line, index, scope),
                Item::ProcessSubstitution(_, inner) => self.process(inner, index, scope),
            }
        }
        simple.word_or_name.iter().for_each(|word| self.argument(word, line, index, scope));
        self.take_position_of_name(index);
        for item in suffix() {
            match item {
                Item::AssignmentWord(_, word) | Item::Word(word) => self.argument(word, line, index, scope),
                Item::IoRedirect(redirection) => self.redirection(redirection, index, scope),
                Item::ProcessSubstitution(_, inner) => self.process(inner, index, scope),
            }
        }
    }

    /// The column of a command is that of its name, if the name is on the command's first line.
    fn take_position_of_name(&mut self, index: usize) {
        let command = &mut self.script.commands[index];
        if let Some(first) = command.words.first().or(command.assignments.first())
            && first.position.line == command.position.line
        {
            command.position = first.position;
        }
    }

    fn argument(&mut self, word: &ast::Word, line: u32, index: usize, scope: &Scope) {
        let word = self.word(word, line, index, scope);
        self.script.commands[index].words.push(word);
    }

    pub(super) fn redirections(&mut self, redirections: Option<&ast::RedirectList>, index: usize, scope: &Scope) {
        redirections
            .iter()
            .flat_map(|list| &list.0)
            .for_each(|redirection| self.redirection(redirection, index, scope));
    }

    fn redirection(&mut self, redirection: &ast::IoRedirect, index: usize, scope: &Scope) {
        use ast::{IoFileRedirectKind as K, IoFileRedirectTarget as T, IoRedirect as R};
        let line = self.script.commands[index].position.line - scope.line_offset;
        let (direction, descriptor, target) = match redirection {
            R::File(_, _, T::ProcessSubstitution(_, inner)) => {
                self.process(inner, index, scope);
                self.script.commands[index].fed = true;
                return;
            }
            R::File(descriptor, kind, T::Filename(word)) => {
                let direction = match kind {
                    K::Read | K::ReadAndWrite => Direction::Read,
                    K::Write | K::Clobber => Direction::Write,
                    K::Append => Direction::Append,
                    K::DuplicateInput | K::DuplicateOutput => Direction::Duplicate,
                };
                (direction, *descriptor, self.word(word, line, index, scope))
            }
            R::File(descriptor, kind, T::Duplicate(word)) => {
                let word = self.word(word, line, index, scope);
                let is_input = matches!(kind, K::DuplicateInput);
                (Direction::Duplicate, descriptor.or(if is_input { Some(0) } else { Some(1) }), word)
            }
            R::File(descriptor, kind, T::Fd(_)) => {
                let is_input = matches!(kind, K::DuplicateInput);
                (Direction::Duplicate, descriptor.or(if is_input { Some(0) } else { Some(1) }), Word::default())
            }
            R::OutputAndError(word, false) => (Direction::Write, None, self.word(word, line, index, scope)),
            R::OutputAndError(word, true) => (Direction::Append, None, self.word(word, line, index, scope)),
            R::HereString(descriptor, word) => (Direction::Text(0), *descriptor, self.word(word, line, index, scope)),
            R::HereDocument(descriptor, document) => {
                if document.requires_expansion {
                    let begins = document.doc.loc.as_ref().map_or(line, |span| line_number(span.start.line));
                    let parts = words::parts(&document.doc.value, true);
                    self.note_event(&parts, Position::of_line(begins + scope.line_offset));
                    self.substitutions(parts, begins, index, scope);
                }
                (
                    Direction::Text(document.doc.value.len()),
                    *descriptor,
                    Word { position: Position::of_line(line + scope.line_offset), ..Word::default() },
                )
            }
        };
        let command = &mut self.script.commands[index];
        command.fed |= match direction {
            Direction::Read | Direction::Text(_) => matches!(descriptor, None | Some(0)) && target.text != "/dev/stdin",
            Direction::Duplicate => descriptor == Some(0),
            Direction::Write | Direction::Append => false,
        };
        command.redirections.push(Redirection { direction, target });
    }

    fn process(&mut self, inner: &ast::SubshellCommand, index: usize, scope: &Scope) {
        let line = start_line(inner);
        let sign_before = |span: SourceSpan| SourceSpan { start: previous(&span.start), ..span };
        let span = inner.location().map(sign_before);
        let columns = ["<(", ">("].map(|opening| scope.column(line, span.as_ref(), opening));
        let column = columns.into_iter().flatten().next();
        self.script.process_substitutions.push(Position { line: line + scope.line_offset, column });
        self.list(&inner.list, &Scope { fed: true, last: false, ..inside(scope, index) });
    }

    /// Takes a word of the command `index` apart and walks its substitutions.
    pub(super) fn word(&mut self, word: &ast::Word, line: u32, index: usize, scope: &Scope) -> Word {
        let begins = word.loc.as_ref().map_or(line, |span| after_continuations(word, span, scope));
        let parts = words::parts(&word.value, false);
        let column = scope.column(begins, word.loc.as_ref(), &word.value);
        let position = Position { line: begins + scope.line_offset, column };
        let found = Word { position, ..parts.word.clone() };
        let in_word =
            |opening: &str| word.value.contains(opening) && !found.literal && is_process(&word.value, opening);
        if in_word("<(") || in_word(">(") {
            self.script.process_substitutions.push(found.position);
        }
        self.note_event(&parts, position);
        self.substitutions(parts, begins, index, scope);
        found
    }

    fn note_event(&mut self, parts: &Parts, position: Position) {
        if !parts.word.literal && parts.word.text.contains("{LAMBDA_EVENT[") {
            self.script.event_reads.push(position);
        }
    }

    pub(super) fn substitutions(&mut self, parts: Parts, line: u32, index: usize, scope: &Scope) {
        if scope.depth >= MOST_DEEP {
            return;
        }
        for inner in parts.substitutions {
            let Some(program) = program(&inner.text) else { continue };
            let first = first_line(&inner.text, line + inner.newlines + scope.line_offset, &scope.lines);
            let scope = Scope {
                line_offset: first.saturating_sub(1),
                last: false,
                background: false,
                substitution: true,
                by_chance: scope.by_chance || inner.is_fallback,
                depth: scope.depth + 1,
                ..inside(scope, index)
            };
            self.program(&program, &scope);
        }
    }
}

/// The line on which a word begins. The parser takes the end of a line that goes on, a backslash, for a part of the next word.
fn after_continuations(word: &ast::Word, span: &SourceSpan, scope: &Scope) -> u32 {
    let mut line = line_number(span.start.line);
    // In a substitution the columns of the first line are not those of the file.
    let mut column = if scope.line_offset == 0 { span.start.column.saturating_sub(1) } else { 0 };
    let text_of = |line: u32| scope.lines.get((line + scope.line_offset).checked_sub(1)? as usize);
    let beginning = word.value.split_whitespace().next().unwrap_or_default();
    let goes_on = |text: &String, column: usize| {
        text.ends_with('\\') && !text.chars().skip(column).collect::<String>().contains(beginning)
    };
    while text_of(line).is_some_and(|text| goes_on(text, column)) {
        line += 1;
        column = 0;
    }
    line
}

/// The position of the character before, in the same line.
fn previous(position: &SourcePosition) -> Arc<SourcePosition> {
    let before = |number: usize| number.saturating_sub(1);
    Arc::new(SourcePosition { index: before(position.index), line: position.line, column: before(position.column) })
}

/// Whether `opening` begins a process substitution in the unquoted part of a word.
fn is_process(word: &str, opening: &str) -> bool {
    !word.split(opening).next().unwrap_or_default().contains(['"', '\'', '$', '`'])
}

/// The line of the file on which the text `inner` of a substitution begins: `line`, unless the parser has joined the lines of its word, as
/// in the list of an array. Then it is the first line after that with the text.
fn first_line(inner: &str, line: u32, lines: &[String]) -> u32 {
    let wanted = inner.trim_start().lines().next().unwrap_or_default().trim_end();
    let blank = inner.len() - inner.trim_start().len();
    let skipped = line_number(inner[..blank].matches('\n').count());
    let mut numbered = (1..).zip(lines).skip(line.saturating_sub(1) as usize);
    numbered
        .find(|(_, text)| text.contains(wanted))
        .map_or(line, |(number, _): (u32, _)| number.saturating_sub(skipped))
}
