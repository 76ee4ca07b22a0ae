//! Finds the line of stderr that carries the reason of a failure.
//!
//! The last line carries the reason, unless that line only follows the reason: a stack frame, a hint how to get help, the version
//! of Node.js, a count of compile errors. So the search starts at the last line and goes up, past every line that is known to follow
//! a reason.

mod line;

use self::line::{is_follower, is_frame, is_pointer, is_silent, last_drawn, names_an_error};

/// Words before the reason, in the same line.
const PREFIXES: [&str; 2] = ["Caused by: ", "---> "];
/// Words after the reason, in the same line, that announce a list.
const SUFFIXES: [&str; 2] = [", valid choices are:", ", maybe you meant:"];

/// The line that carries the reason, without surrounding white space. `None` if no line carries a message.
pub(super) fn reason_line(stderr: &str) -> Option<&str> {
    let lines: Vec<&str> = stderr.split('\n').map(|line| last_drawn(line.trim_end())).collect();
    let says_something = |line: &&str| !is_silent(line) && !is_pointer(line);
    let reason = Block(&lines).reason().or_else(|| lines.iter().copied().rfind(says_something))?.trim();
    let reason = PREFIXES.iter().find_map(|prefix| reason.strip_prefix(prefix)).unwrap_or(reason);
    let reason = SUFFIXES.iter().find_map(|suffix| reason.strip_suffix(suffix)).unwrap_or(reason);
    Some(reason.strip_suffix(':').unwrap_or(reason)) // the list after the colon is not shown
}

/// The lines of stderr from the first line to a line of interest, which is the last line of the block.
#[derive(Clone, Copy)]
struct Block<'a, 'b>(&'b [&'a str]);

impl<'a, 'b> Block<'a, 'b> {
    fn to(self, end: usize) -> Block<'a, 'b> {
        Block(self.0.get(..end).unwrap_or_default())
    }

    /// The reason: the last line that does not only follow another line.
    fn reason(self) -> Option<&'a str> {
        let (mut block, mut in_stack) = (self, false);
        while let Some((&line, above)) = block.0.split_last() {
            if let Some(found) = block.announced(line, Block(above)) {
                return Some(found);
            }
            block = match line {
                "}" => Block(above).to_opening_brace().unwrap_or(Block(above)),
                _ if is_pointer(line) => Block(above).above_source(),
                _ if is_frame(line) || in_stack && line.starts_with("- ") => Block(above),
                _ if is_silent(line) || is_follower(line) => Block(above),
                _ => return Some(if in_stack { block.head() } else { line }),
            };
            in_stack |= is_frame(line) || line == "}";
        }
        None
    }

    /// The reason above `line`, at a place that depends on the program that wrote `line`.
    fn announced(self, line: &str, above: Block<'a, 'b>) -> Option<&'a str> {
        let is_indented = line.starts_with(char::is_whitespace);
        if line.starts_with("note: run with `RUST_BACKTRACE=")
            || line.starts_with("note: Some details are omitted, run")
        {
            above.rust_panic()
        } else if line.starts_with("jq: ") && line.contains(" compile error") {
            above.jq_error(line)
        } else if line.starts_with("\t") && line.contains(".go:") || line.starts_with("exit status ") {
            above.go_panic()
        } else if line.starts_with("  * ") || line.contains(" | ") || line.ends_with('|') {
            above.aws_choice()
        } else if is_indented && !is_frame(line) {
            above.python_exception()
        } else {
            None
        }
    }

    /// The place of the last line for which `is_it` holds.
    fn last(self, is_it: impl Fn(&str) -> bool) -> Option<usize> {
        self.0.iter().rposition(|line| is_it(line))
    }

    /// The message of a panic: the line below the location. Rust before 1.73 prints both on one line.
    fn rust_panic(self) -> Option<&'a str> {
        let at = self.last(|line| line.starts_with("thread '") && line.contains(" panicked at "))?;
        if self.0[at].ends_with(':') { self.0.get(at + 1).copied() } else { Some(self.0[at]) }
    }

    /// The first of the errors that `jq: 2 compile errors` counts.
    fn jq_error(self, counted: &str) -> Option<&'a str> {
        let count: usize = counted.split(' ').nth(1)?.parse().ok()?;
        let mut errors = self.0.iter().rev().filter(|line| line.starts_with("jq: error: "));
        errors.nth(count.checked_sub(1)?).copied()
    }

    /// The line before the stacks of all goroutines.
    fn go_panic(self) -> Option<&'a str> {
        let goroutine = self.0.iter().position(|line| line.starts_with("goroutine ") && line.ends_with("]:"))?;
        let head = self.to(goroutine).last(|line| line.starts_with("panic: ") || line.starts_with("fatal error: "))?;
        Some(self.0[head])
    }

    /// The line that announces the commands which the AWS CLI knows.
    fn aws_choice(self) -> Option<&'a str> {
        self.last(|line| line.contains("Invalid choice")).map(|at| self.0[at])
    }

    /// The first line of an exception's message that has several lines, the last of them indented.
    fn python_exception(self) -> Option<&'a str> {
        let traceback = self.last(|line| line.starts_with("Traceback (most recent call last)"))?;
        let after = &self.0[traceback + 1..];
        let head = after.iter().position(|line| !line.starts_with(char::is_whitespace))?;
        after[head..].iter().all(|line| !line.is_empty()).then(|| after[head])
    }

    /// The block without the source text that a pointer, `^`, points at, if there is a message above that text.
    fn above_source(self) -> Block<'a, 'b> {
        let Some(source) = self.last(|line| !is_pointer(line)) else { return self };
        if self.to(source).last(|line| !is_silent(line)).is_some() { self.to(source) } else { self.to(source + 1) }
    }

    /// The block up to the line that opens the brace which `}` closes: the properties of an error in JavaScript.
    fn to_opening_brace(self) -> Option<Block<'a, 'b>> {
        let opening = self.last(|line| !line.starts_with("  ") || is_frame(line))?;
        self.0[opening].ends_with(" {").then(|| self.to(opening + 1))
    }

    /// The line above a stack that names the error: the last line, or the first line of the message that ends there.
    fn head(self) -> &'a str {
        let message = || self.0.iter().rev().copied().take_while(|line| !line.is_empty());
        let head = message().find(|line| names_an_error(line)).or_else(|| message().next()).unwrap_or_default();
        head.strip_suffix(" {").unwrap_or(head)
    }
}

#[cfg(test)]
mod tests;
