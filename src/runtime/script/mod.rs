//! Parses a Bash script and lists its commands with their lines, so that a failure report can name the right command.
//!
//! brush-parser does the parsing. [`walk`] makes a list of commands from its tree, outermost commands first, with the properties
//! that Bash's rules for errexit depend on.
//!
//! Only pass text that Bash has parsed: a fuzzer found text for which brush-parser 0.4 allocates memory without end. On unusual
//! text the parser may also panic or overflow the stack, so it runs in a thread of its own, and not on very large or deeply
//! nested text.

mod parser_thread;
mod walk;

use std::io::Cursor;
use std::path::Path;
use std::sync::Once;
use std::{panic, thread};

use brush_parser::{Parser, ParserOptions, ast};

pub(crate) use self::parser_thread::with_program;

/// The size of the largest script that is parsed.
const MAX_BYTES: usize = 512 * 1024;
/// How many brackets may be open at once in a script that is parsed.
const MAX_NESTED: usize = 150;
const STACK_BYTES: usize = 32 * 1024 * 1024;
const PARSER: &str = "parser";
/// Replaces, while the text is parsed, an apostrophe that is an ordinary character in POSIX mode only.
const APOSTROPHE: char = '\u{2019}';

/// A parsed script.
#[derive(Debug)]
pub(crate) struct Script {
    /// All commands; each command comes before the commands inside it.
    pub(crate) commands: Vec<Command>,
}

/// One command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) kind: Kind,
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
    /// The text of the command; for a compound command only the first line.
    pub(crate) text: String,
    /// The command that this one is a part of.
    pub(crate) parent: Option<usize>,
    /// The function whose body contains the command.
    pub(crate) function: Option<String>,
    /// Whether a failure is handled: the command is a condition, or stands before `&&` or `||` or after `!`.
    pub(crate) handled: bool,
    /// Whether `&&` follows the command.
    pub(crate) before_and: bool,
    /// The number of the `$( )` that contains the command, from 1; 0 outside of any.
    pub(crate) substitution: u32,
    /// Whether `!` inverts the status.
    pub(crate) negated: bool,
    /// Whether the command runs in a subshell of its own: `( )`, `$( )`, a member of a pipeline, `&`.
    pub(crate) apart: bool,
    /// Whether `&` follows the command.
    pub(crate) background: bool,
    /// The files that a compound command redirects to or from.
    pub(crate) redirections: Vec<String>,
}

/// The kinds of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name with arguments, or an assignment.
    Simple,
    /// `[[ … ]]`.
    Test,
    /// `(( … ))`.
    Arithmetic,
    /// Two or more commands joined by `|`. The members are the commands whose parent is the pipeline.
    Pipeline,
    /// `( … )`.
    Subshell,
    /// A loop, `if`, `case`, `{ … }`, or the definition of a function.
    Compound,
}

impl Script {
    /// Reads and parses a file; `None` if the file cannot be read or parsed.
    pub(crate) fn read(file: &Path) -> Option<Script> {
        let bytes = if file.is_file() { std::fs::read(file).ok()? } else { return None };
        Script::parse(&String::from_utf8_lossy(&bytes))
    }

    /// Parses `text`; `None` if the parser rejects the text.
    pub(crate) fn parse(text: &str) -> Option<Script> {
        with_program(text, |text, program| Script { commands: walk::commands(text, program) })
    }

    /// Whether `inner` is `outer` or a part of it.
    pub(crate) fn is_within(&self, inner: usize, outer: usize) -> bool {
        let mut at = Some(inner);
        while let Some(index) = at {
            if index == outer {
                return true;
            }
            at = self.commands[index].parent;
        }
        false
    }

    /// The members of a pipeline, first to last.
    pub(crate) fn members(&self, pipeline: usize) -> Vec<usize> {
        (0..self.commands.len()).filter(|index| self.commands[*index].parent == Some(pipeline)).collect()
    }
}

impl Command {
    /// Whether Bash may have printed this command as `printed`: white space, semicolons and some redirections may differ.
    pub(crate) fn is(&self, printed: &str) -> bool {
        normalized(&self.text) == normalized(printed)
    }

    /// The first word: the name of a simple command, unless assignments stand before the name.
    pub(crate) fn name(&self) -> &str {
        self.text.split_whitespace().next().unwrap_or_default()
    }

    /// Whether the command is an `exec` that replaces Bash with a program. An `exec` with redirections alone does not.
    pub(crate) fn replaces_bash(&self) -> bool {
        let mut arguments = self.text.split_whitespace().skip(1);
        self.name() == "exec" && arguments.next().is_some_and(|word| !word.contains(['<', '>']))
    }

    /// Whether `line` is one of the lines of the command.
    pub(crate) fn covers(&self, line: u32) -> bool {
        (self.first_line..=self.last_line).contains(&line)
    }
}

/// Removes from `text` the characters that Bash prints differently from the script.
pub(crate) fn normalized(text: &str) -> String {
    let text: String = text.replace("\\\n", "").chars().filter(|c| !c.is_whitespace() && *c != ';').collect();
    text.replace("0<&", "<&").replace("1>&", ">&").replace("$'", "'")
}

/// `text` with its apostrophes, see [`with_program`].
pub(crate) fn restored(text: &str) -> String {
    text.replace(APOSTROPHE, "'")
}

pub(crate) fn program(text: &str) -> Option<ast::Program> {
    Parser::new(Cursor::new(text), &options()).parse_program().ok()
}

/// Keeps panics of the parser out of the log: a panic only means that the script is not parsed.
fn silence_parser() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(PARSER) {
                hook(info);
            }
        }));
    });
}

pub(crate) fn options() -> ParserOptions {
    ParserOptions::default()
}

/// The largest number of brackets that are open at once. Quotes are ignored. A `[` counts up to the end of its line: colours in texts, as
/// in `"\e[31m"`, never close theirs.
fn nesting(text: &str) -> usize {
    let (mut open, mut square, mut most) = (0_usize, 0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'{' => open += 1,
            b')' | b'}' => open = open.saturating_sub(1),
            b'[' => square += 1,
            b']' => square = square.saturating_sub(1),
            b'\n' => square = 0,
            _ => {}
        }
        most = most.max(open + square);
    }
    most
}

/// Replaces the apostrophes inside `${…}` in double quotes or a here-document.
fn without_posix_apostrophes(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut before = '\0';
    for c in text.chars() {
        match c {
            '{' if before == '$' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '\n' => depth = 0,
            _ => {}
        }
        result.push(if c == '\'' && depth > 0 { APOSTROPHE } else { c });
        before = c;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(script: &'a Script, text: &str) -> &'a Command {
        script.commands.iter().find(|command| command.text == text).unwrap_or_else(|| panic!("{text}: {script:#?}"))
    }

    #[test]
    fn commands_have_their_lines_function_and_parents() {
        let script = Script::parse(
            "top\nhandler() {\n  a \\\n    b >x\n  c |\n    while read -r x; do\n      d \"$x\"\n    done\n}\n",
        )
        .unwrap();
        assert_eq!((find(&script, "top").first_line, &find(&script, "top").function), (1, &None));
        let a = find(&script, "a b > x");
        assert_eq!((a.first_line, a.last_line, a.function.as_deref()), (3, 4, Some("handler")));
        let d = find(&script, "d \"$x\"");
        assert_eq!(d.first_line, 7);
        let pipeline = script.commands.iter().position(|command| command.kind == Kind::Pipeline).unwrap();
        let [c, looping] = script.members(pipeline)[..] else { panic!("{script:#?}") };
        assert_eq!(script.commands[c].text, "c");
        assert_eq!((script.commands[looping].kind, script.commands[looping].first_line), (Kind::Compound, 6));
        let d = script.commands.iter().position(|command| command == d).unwrap();
        assert!(script.is_within(d, looping) && script.is_within(d, pipeline) && !script.is_within(d, c));
        assert!(find(&script, "read -r x").handled && !find(&script, "c").handled);
    }

    #[test]
    fn assignments_are_commands_with_the_commands_inside_them() {
        let script = Script::parse("x=$(a)\nlocal y=$(\n  b) z=1\nlist=(1 \"$(c)\"\n 2)\nv=1 d\n").unwrap();
        for (text, line) in [("x=$(a)", 1), ("a", 1), ("b", 3), ("c", 4), ("v=1 d", 6)] {
            assert_eq!(find(&script, text).first_line, line, "{text}");
        }
        assert_eq!(script.commands.iter().filter(|command| command.parent.is_none()).count(), 4);
    }

    #[test]
    fn the_commands_of_a_substitution_have_lines_of_the_file() {
        let text = "f() {\n  x=$(\n    first\n    second | third\n  )\n  echo \"a $(one) ${y:-$(two)}\" <<<\"$(three)\"\n  case $(four) in a) ;; esac\n}\n";
        let script = Script::parse(text).unwrap();
        for (name, line) in [("first", 3), ("second", 4), ("third", 4), ("one", 6), ("three", 6), ("four", 7)] {
            let command = find(&script, name);
            assert_eq!(command.first_line, line, "{name}");
            assert_eq!(command.function.as_deref(), Some("f"));
        }
    }

    #[test]
    fn what_stands_where_a_failure_is_handled_is_known() {
        let text = "a && b || c\nif d; then e; fi\n! f\nwhile g; do h; done\nuntil i; do j; done\nk &\nif l; then m; elif n; then o; else p; fi\nq || { r; s; }\n";
        let script = Script::parse(text).unwrap();
        let handled: Vec<&str> = script
            .commands
            .iter()
            .filter(|command| command.kind == Kind::Simple && command.handled)
            .map(|command| command.text.as_str())
            .collect();
        assert_eq!(handled, ["a", "b", "d", "f", "g", "i", "l", "n", "q"]);
        assert!(find(&script, "k").background);
    }

    #[test]
    fn redirections_of_compound_commands_are_known() {
        let script = Script::parse("f() {\n  { a; } >/x 2>&1\n  while b; do c; done <\"$y\"\n}\n").unwrap();
        let targets: Vec<&[String]> = script
            .commands
            .iter()
            .map(|command| command.redirections.as_slice())
            .filter(|targets| !targets.is_empty())
            .collect();
        assert_eq!(targets, [&["/x".to_owned()][..], &["\"$y\"".to_owned()]]);
    }

    #[test]
    fn text_that_only_posix_mode_reads_is_parsed_with_its_apostrophes() {
        let script = Script::parse("f() {\n  echo \"${x:-it's}\"\n  false\n}\n").unwrap();
        assert_eq!(find(&script, "echo \"${x:-it's}\"").first_line, 2);
    }

    #[test]
    fn text_that_bash_takes_with_a_warning_comes_to_an_end() {
        for text in ["!", "f() { false; }\ncat <<EOF\nhi\n", "cat <<EOF", "a <<-E; b\n\tc\n", "!\n! !\n"] {
            let lines = |script: &Script| script.commands.iter().all(|command| command.first_line <= command.last_line);
            assert!(Script::parse(text).as_ref().is_none_or(lines), "{text}");
        }
    }

    #[test]
    fn hostile_text_is_refused() {
        for text in ["if", "f() {", &"(".repeat(100_000), &"$(".repeat(5_000), "a <<E\n$(", &"[".repeat(3000)] {
            assert!(Script::parse(text).is_none(), "{}", &text[..text.len().min(20)]);
        }
        assert!(Script::parse("").is_some());
    }
}
