//! Finds the construct or the quote behind a syntax error. Bash names the word at which it stopped, which may be far below the fault.
//!
//! The advice is only given where the reader stops at the same word and line as Bash.

use super::Reader;

/// A construct that is open, or a parenthesis.
#[derive(Clone, Copy, Debug)]
struct Construct {
    word: &'static str,
    at: usize,
    /// Whether its `then` or `do` has been read.
    has_body: bool,
}

/// The words that open a construct, with the word before the body and the word that closes the construct.
const CONSTRUCTS: [(&str, Option<&str>, &str); 7] = [
    ("if", Some("then"), "fi"),
    ("for", Some("do"), "done"),
    ("while", Some("do"), "done"),
    ("until", Some("do"), "done"),
    ("select", Some("do"), "done"),
    ("case", None, "esac"),
    ("{", None, "}"),
];
const PARENTHESIS: &str = "(";

/// The constructs that are open in one list of commands.
#[derive(Debug)]
pub(super) struct Constructs {
    are_commands: bool,
    open: Vec<Construct>,
}

/// A construct that is not closed by its own word.
#[derive(Debug)]
pub(super) struct Mismatch {
    /// The construct; `None` if nothing was open.
    construct: Option<Construct>,
    /// The word that is missing.
    missing: &'static str,
    /// The word that was read instead, and its position; `None` at the end of the text.
    instead: Option<(String, usize)>,
    /// Whether this word belongs to one of the open constructs.
    is_of_open_construct: bool,
}

/// A quoted text of several lines.
#[derive(Debug)]
pub(super) struct Quote {
    start: usize,
    end: usize,
}

impl Constructs {
    /// The list of commands after the parenthesis at `parenthesis`, or of the whole text.
    pub(super) fn new(are_commands: bool, parenthesis: Option<usize>) -> Constructs {
        let opened = |at: usize| Construct { word: PARENTHESIS, at: at.saturating_sub(1), has_body: true };
        Constructs { are_commands, open: parenthesis.map(opened).into_iter().collect() }
    }
}

impl Construct {
    /// The word that the construct needs next.
    fn missing(&self) -> &'static str {
        match CONSTRUCTS.iter().find(|(word, ..)| *word == self.word) {
            Some((_, Some(before_body), _)) if !self.has_body => before_body,
            Some((.., closing)) => closing,
            None => ")",
        }
    }

    fn opens_with(&self, words: &[&str]) -> bool {
        words.contains(&self.word)
    }
}

impl Reader<'_> {
    /// Reads a word where a command may begin.
    pub(super) fn construct(&mut self, word: &str, constructs: &mut Constructs) {
        if !constructs.are_commands || self.mismatch.is_some() {
            return;
        }
        if let Some((opening, ..)) = CONSTRUCTS.iter().find(|(opening, ..)| *opening == word) {
            constructs.open.push(Construct { word: opening, at: self.at, has_body: false });
            return;
        }
        let top = constructs.open.last_mut();
        let fits = match word {
            "then" | "do" => top.is_some_and(|top| {
                let fits = top.missing() == word;
                top.has_body |= fits;
                fits
            }),
            "elif" | "else" => top.is_some_and(|top| {
                let fits = top.opens_with(&["if"]) && top.has_body;
                top.has_body &= word == "else";
                fits
            }),
            "fi" | "done" | "esac" | "}" => {
                let fits = top.is_some_and(|top| top.missing() == word);
                if fits {
                    constructs.open.pop();
                }
                fits
            }
            _ => return,
        };
        if !fits {
            let construct = constructs.open.last().copied();
            let missing = construct.map_or("", |construct| construct.missing());
            let belongs = |open: &Construct| {
                CONSTRUCTS.iter().any(|(opening, body, closing)| {
                    *opening == open.word
                        && (*closing == word
                            || *body == Some(word)
                            || (*opening == "if" && ["elif", "else"].contains(&word)))
                })
            };
            // In parentheses, the word may belong to a construct outside of them.
            let is_inner = constructs.open.first().is_some_and(|first| first.word == PARENTHESIS);
            let is_of_open_construct = is_inner || constructs.open.iter().any(belongs);
            let instead = Some((word.to_owned(), self.at));
            self.mismatch = Some(Mismatch { construct, missing, instead, is_of_open_construct });
        }
    }

    /// Reads the end of a list of commands: its parenthesis, or the end of the text.
    pub(super) fn end_of_list(&mut self, constructs: &Constructs) {
        let is_closed = !self.is_at_end();
        let open = constructs.open.last().filter(|construct| !(is_closed && construct.word == PARENTHESIS));
        if let Some(construct) = open.filter(|_| constructs.are_commands && self.mismatch.is_none()) {
            let instead = is_closed.then(|| (")".to_owned(), self.at));
            let missing = construct.missing();
            self.mismatch =
                Some(Mismatch { construct: Some(*construct), missing, instead, is_of_open_construct: true });
        }
    }

    /// Reads the end of a quoted text. Of several lines, it is suspect if it ends after a blank or an opening and before a word, as
    /// at the second quote of `"one`, `echo "two"`.
    pub(super) fn end_of_quote(&mut self, start: usize) {
        let end = self.at.saturating_sub(1);
        let Some(text) = self.text.get(start..end) else { return };
        let before = text.last().is_some_and(|byte| b" \t=(".contains(byte));
        let after = self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_$/{".contains(byte));
        if self.long_quote.is_none() && before && after && text.contains(&b'\n') {
            self.long_quote = Some(Quote { start, end });
        }
    }
}

/// What is open where Bash stopped with `message`, such as ``syntax error near unexpected token `}'``, on `line` of `text`.
pub(super) fn advice(text: &str, line: u32, message: &str) -> Option<String> {
    let mut reader = Reader::new(text.as_bytes(), 0);
    while !reader.is_at_end() {
        reader.code(None, true);
        reader.at += 1;
    }
    let line_of = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    if message.contains("looking for matching") {
        let Quote { start, end } = reader.long_quote.filter(|quote| has_quote(message, text, quote.start))?;
        let quote = char::from(text.as_bytes()[start]);
        let (first, last) = (line_of(start), line_of(end));
        return Some(format!(
            "the text after `{quote}` on line {first} goes on to line {last}: is its closing `{quote}` missing?"
        ));
    }
    let mismatch = reader.mismatch?;
    let line = line as usize;
    let is_where_bash_stopped = match (&mismatch.instead, &mismatch.construct) {
        (None, _) => message.contains("unexpected end of file") || message.contains("unexpected EOF"),
        // Without its `do` or `then`, a construct is wrong from the first command of its body on.
        (Some((_, at)), Some(construct)) if ["do", "then"].contains(&mismatch.missing) => {
            (line_of(construct.at)..=line_of(*at)).contains(&line)
        }
        (Some((word, at)), _) => message.contains(&format!("token `{word}'")) && line_of(*at) == line,
    };
    is_where_bash_stopped.then(|| mismatch.describe(line_of))
}

impl Mismatch {
    fn describe(&self, line_of: impl Fn(usize) -> usize) -> String {
        let instead = self.instead.as_ref().map(|(word, _)| word.as_str());
        let opening = instead.and_then(opening_of).filter(|_| !self.is_of_open_construct);
        let before = instead.map_or_else(|| "the end of the file".to_owned(), |word| format!("this `{word}`"));
        let still_open =
            self.construct.filter(|construct| opening.is_none() || !construct.opens_with(&["{", PARENTHESIS]));
        let still_open = still_open.map(|Construct { word, at, .. }| {
            format!(
                "the `{word}` on line {} is still open: its `{}` is missing before {before}",
                line_of(at),
                self.missing
            )
        });
        let stray = opening.map(|opening| format!("no {opening} is open to which {before} could belong"));
        [stray, still_open].into_iter().flatten().collect::<Vec<String>>().join("; ")
    }
}

/// The constructs to which `word` belongs; `None` for a parenthesis.
fn opening_of(word: &str) -> Option<&'static str> {
    match word {
        "then" | "elif" | "else" | "fi" => Some("`if`"),
        "do" | "done" => Some("loop"),
        "esac" => Some("`case`"),
        "}" => Some("`{`"),
        _ => None,
    }
}

/// Whether Bash looks for the quote at `start`.
fn has_quote(message: &str, text: &str, start: usize) -> bool {
    let quote = char::from(text.as_bytes()[start]);
    message.ends_with(&format!("`{quote}'")) || message.ends_with(&format!("'{quote}'"))
}

#[cfg(test)]
mod tests {
    use super::super::advice_on_syntax_error as advice;

    const TOKEN: &str = "syntax error near unexpected token";

    fn unexpected(text: &str, line: u32, token: &str) -> Option<String> {
        advice(text, line, &format!("{TOKEN} `{token}'"))
    }

    #[test]
    fn the_construct_that_is_still_open_is_named_with_its_line() {
        for (text, line, token, expected) in [
            ("f() {\n  if a; then\n    b\n}\n", 4, "}", "the `if` on line 2 is still open: its `fi` is missing"),
            (
                "f() {\n  if [[ a ]]\n    b\n  fi\n}\n",
                4,
                "fi",
                "the `if` on line 2 is still open: its `then` is missing",
            ),
            (
                "f() {\n  for x in a; do\n    b\n  fi\n}\n",
                4,
                "fi",
                "the `for` on line 2 is still open: its `done` is missing",
            ),
            (
                "f() {\n  for i in 1\n    b\n  done\n}\n",
                3,
                "b",
                "the `for` on line 2 is still open: its `do` is missing",
            ),
            ("f() {\n  a; then b; fi\n}\n", 2, "then", "no `if` is open to which this `then` could belong"),
            ("while a\n  b\ndone\n", 3, "done", "the `while` on line 1 is still open: its `do` is missing"),
            ("function f {\n  case $1 in\n    a) b ;;\n}\n", 4, "}", "the `case` on line 2 is still open: its `esac`"),
            ("f() {\n  x=$(a\n}\n", 3, "}", "the `(` on line 2 is still open: its `)` is missing"),
            ("f() {\n  a=(if then)\n  (if a; then b)\n}\n", 3, ")", "the `if` on line 3 is still open: its `fi`"),
            ("if a; then\n  for x in y; do\n    b\nelse\n  c\nfi\n", 4, "else", "the `for` on line 2 is still open"),
            ("f() {\n  a\n}\n}\n", 4, "}", "no `{` is open to which this `}` could belong"),
        ] {
            let advice = unexpected(text, line, token).unwrap_or_default();
            assert!(advice.contains(expected), "{text}: {advice:?}");
        }
    }

    #[test]
    fn what_is_open_at_the_end_of_the_file_is_named() {
        for (text, expected) in [
            (
                "f() {\n  if a; then\n    b\n  fi\n",
                "the `{` on line 1 is still open: its `}` is missing before the end",
            ),
            (
                "f() {\n  a\n}\nuntil a; do\n  if b; then c; fi\n",
                "the `until` on line 4 is still open: its `done` is missing",
            ),
        ] {
            let advice = advice(text, 9, "syntax error: unexpected end of file").unwrap_or_default();
            assert!(advice.contains(expected), "{text}: {advice:?}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_is_found_above_the_line_that_bash_names() {
        let text = "f() {\n  echo \"a\n}\ng() {\n  echo \"b\"\n}\n";
        let found = advice(text, 5, "unexpected EOF while looking for matching `\"'").unwrap();
        assert_eq!(found, "the text after `\"` on line 2 goes on to line 5: is its closing `\"` missing?");
        let text = "jq '\n  .a\n' x\necho '\n";
        assert_eq!(advice(text, 4, "unexpected EOF while looking for matching `''"), None);
    }

    #[test]
    fn there_is_no_advice_where_bash_stopped_elsewhere() {
        let text = "f() {\n  if a; then\n    b\n}\n";
        assert_eq!(unexpected(text, 3, "}"), None);
        assert_eq!(unexpected(text, 4, ")"), None);
        assert_eq!(unexpected("f() { case a in b) c ;; esac; }\nfunction g { { a; }; }\n;;\n", 3, ";;"), None);
    }
}
