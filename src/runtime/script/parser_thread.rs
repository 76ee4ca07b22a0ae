//! Runs the parser in a thread of its own, which catches the panics of the parser.

use std::thread;

use brush_parser::ast;

use super::{MAX_BYTES, MAX_NESTED, PARSER, STACK_BYTES, nesting, program, silence_parser, without_posix_apostrophes};

/// Parses `text` in a thread of its own and calls `read` there with the text and its tree; `None` if the parser rejects the text.
///
/// In the text and the tree, [`super::APOSTROPHE`] may stand for an apostrophe: [`super::restored`] puts the apostrophe back.
pub(crate) fn with_program<T: Send + 'static>(
    text: &str,
    read: impl Fn(&str, &ast::Program) -> T + Send + 'static,
) -> Option<T> {
    if text.len() > MAX_BYTES || nesting(text) > MAX_NESTED {
        return None;
    }
    let text = text.to_owned();
    let parsing = move || {
        if let Some(program) = program(&text) {
            return Some(read(&text, &program));
        }
        let text = without_posix_apostrophes(&text);
        program(&text).map(|program| read(&text, &program))
    };
    silence_parser();
    let thread = thread::Builder::new().name(PARSER.to_owned()).stack_size(STACK_BYTES).spawn(parsing).ok()?;
    thread.join().ok()?
}
