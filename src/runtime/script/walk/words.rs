//! Finds the words of a command and of a redirection.

use brush_parser::ast::{self, CommandPrefixOrSuffixItem as Item};

pub(super) fn words_of(item: &Item) -> Vec<&ast::Word> {
    match item {
        Item::Word(word) => vec![word],
        Item::AssignmentWord(_, word) => vec![word],
        Item::IoRedirect(redirection) => words_of_redirection(redirection),
        Item::ProcessSubstitution(..) => Vec::new(),
    }
}

pub(super) fn words_of_redirection(redirection: &ast::IoRedirect) -> Vec<&ast::Word> {
    use ast::IoFileRedirectTarget as Target;
    match redirection {
        ast::IoRedirect::File(_, _, Target::Filename(word) | Target::Duplicate(word))
        | ast::IoRedirect::HereString(_, word)
        | ast::IoRedirect::OutputAndError(word, _) => vec![word],
        ast::IoRedirect::HereDocument(_, document) => vec![&document.here_end, &document.doc],
        ast::IoRedirect::File(_, _, Target::Fd(_) | Target::ProcessSubstitution(..)) => Vec::new(),
    }
}
