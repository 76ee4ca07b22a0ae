//! Reads the variables that a developer gives to a function: `--env NAME=VALUE` and `--env-file FILE`.
//!
//! A file has one variable on each line, as for Docker and dotenv. The crate dotenvy replaces `$NAME` inside values and rejects a value with
//! blanks that is not in quotes. Docker does neither, and a password can have a `$`. So this module parses the file itself.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow};
use clap::Args;

use crate::lambda::environment::RESERVED;

/// The variable from which Bash reads its own options. With `xtrace` or `verbose` Bash would write the runtime's own lines to the log.
const SHELL_OPTIONS: &str = "SHELLOPTS";
const LOGGING_OPTIONS: [&str; 2] = ["xtrace", "verbose"];

type Variable = (OsString, OsString);

/// The options of the command line that give variables.
#[derive(Args, Clone, Debug)]
pub struct VariableOptions {
    /// Sets a variable for the function; can be repeated
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<Variable>,

    /// Sets the variables of a file with NAME=VALUE lines, `#` comments and quotes, as for Docker and dotenv; `$` is an ordinary
    /// character, and a line with only NAME passes on your own variable. --env takes precedence. Can be repeated
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
}

impl VariableOptions {
    /// All variables; a later one replaces an earlier one.
    ///
    /// # Errors
    /// When a file cannot be read, or one of its lines is not a variable.
    pub(super) fn all(&self) -> Result<Vec<Variable>> {
        let mut variables = Vec::new();
        for file in &self.env_file {
            variables.extend(in_file(file)?);
        }
        variables.extend(self.env.iter().cloned());
        Ok(variables)
    }
}

/// `NAME=VALUE`, for a variable that a function may set.
fn variable(text: &str) -> Result<Variable, String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "write NAME=VALUE".to_owned())?;
    checked(name, value)
}

fn checked(name: &str, value: &str) -> Result<Variable, String> {
    let allowed = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
    if name.is_empty() || !name.bytes().all(allowed) || name.as_bytes()[0].is_ascii_digit() {
        return Err(format!(
            "no shell can read a variable with the name `{}`: use letters, digits and `_`, and begin with a letter or `_`",
            name.escape_debug()
        ));
    }
    if RESERVED.contains(&name) {
        return Err(format!("`{name}` is set by Lambda itself; a function cannot change it"));
    }
    if name == SHELL_OPTIONS && value.split(':').any(|option| LOGGING_OPTIONS.contains(&option)) {
        return Err(format!(
            "`{name}={value}` would write every line of the runtime itself to the log: use --trace, or `set -x` in the handler"
        ));
    }
    if value.contains('\0') {
        return Err(format!("the value of `{name}` has a NUL byte, which no variable can have"));
    }
    Ok((name.into(), value.into()))
}

fn in_file(file: &Path) -> Result<Vec<Variable>> {
    let shown = file.display();
    let text = fs::read(file).with_context(|| format!("cannot read the variables of --env-file `{shown}`"))?;
    let text = String::from_utf8(text).with_context(|| format!("--env-file `{shown}` is not UTF-8"))?;
    variables(&text).map_err(|(line, reason)| anyhow!("--env-file `{shown}`, line {line}: {reason}"))
}

/// The variables in the text of a file, or the number of a wrong line and its error.
fn variables(text: &str) -> Result<Vec<Variable>, (usize, Error)> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    while !rest.is_empty() {
        let line = 1 + text[..text.len() - rest.len()].matches('\n').count();
        let (variable, after) = first(rest).map_err(|reason| (line, Error::msg(reason)))?;
        found.extend(variable);
        rest = after;
    }
    Ok(found)
}

/// The variable of the first line, if it has one, and the text after it. A value in quotes can span several lines.
fn first(text: &str) -> Result<(Option<Variable>, &str), String> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok((None, after));
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let Some((name, value)) = line.split_once('=') else {
        let own = std::env::var(line).ok().map(|value| checked(line, &value)).transpose()?;
        return if own.is_some() { Ok((own, after)) } else { checked(line, "").map(|_| (None, after)) };
    };
    let (name, value) = (name.trim_end(), value.trim_start());
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '\'' | '"')) else {
        return Ok((Some(checked(name, unquoted(value))?), after));
    };
    // Only blanks can come between the `=` and the quote, so the first quote after the first `=` is this one.
    let begin = text.find('=').and_then(|equals| Some(equals + text[equals..].find(quote)? + 1)).unwrap_or(text.len());
    let (value, after) =
        quoted(&text[begin..], quote).ok_or_else(|| format!("the value of `{name}` has no closing `{quote}`"))?;
    let (tail, after) = after.split_once('\n').unwrap_or((after, ""));
    let tail = tail.trim();
    if !tail.is_empty() && !tail.starts_with('#') {
        return Err(format!(
            "`{}` follows the closing quote of `{name}`: put the whole value into quotes",
            tail.escape_debug()
        ));
    }
    Ok((Some(checked(name, &value)?), after))
}

/// A value without its comment, which begins with a `#` after a blank.
fn unquoted(value: &str) -> &str {
    let comment = value.match_indices('#').map(|(at, _)| at).find(|at| value[..*at].ends_with([' ', '\t']) || *at == 0);
    value[..comment.unwrap_or(value.len())].trim_end()
}

/// The value up to its closing quote, and the text after the quote. A backslash is an escape only between double quotes.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some((value, &text[at + quote.len_utf8()..])),
            '\\' if quote == '"' => match letters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('\\' | '"' | '\'' | '$') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let text_of = |text: OsString| text.into_string().unwrap();
        let pairs = |all: Vec<Variable>| all.into_iter().map(|(name, value)| (text_of(name), text_of(value))).collect();
        variables(text).map(pairs).map_err(|(line, reason)| format!("line {line}: {reason}"))
    }

    #[test]
    fn the_value_of_a_variable_begins_after_the_first_equals_sign() {
        assert_eq!(variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert_eq!(variable("_a1="), Ok(("_a1".into(), "".into())));
    }

    #[test]
    fn names_that_no_shell_can_read_variables_of_lambda_and_logging_options_are_rejected() {
        for wrong in ["A", "=b", "1A=x", "A B=c", "a-b=c", "é=1", "_HANDLER=x", "SHELLOPTS=braceexpand:xtrace"] {
            assert!(variable(wrong).is_err(), "`{wrong}` was taken");
        }
        assert!(variable("SHELLOPTS=pipefail").is_ok());
        assert!(variable("1A=x").unwrap_err().contains("begin with a letter or `_`"));
    }

    #[test]
    fn a_file_has_comments_quotes_and_values_with_blanks() {
        let table = [
            ("A=b c\n", "b c"),
            ("A=\n", ""),
            ("A = b \r\n", "b"),
            ("export A=b", "b"),
            ("\u{feff}# first\n\n  A=b # a comment\n", "b"),
            ("A=b#c", "b#c"),
            ("A=#c", ""),
            ("A=pa$$word${x}", "pa$$word${x}"),
            ("A='b # \"c\" \\n' # d", "b # \"c\" \\n"),
            ("A=\"b\\n\\\"c\\\"\\\\ \\$d \\w\"", "b\n\"c\"\\ $d \\w"),
            ("A=\"b\nc\"\n", "b\nc"),
            ("A=b'c'", "b'c'"),
            ("A=b=\"c\"", "b=\"c\""),
        ];
        for (text, value) in table {
            assert_eq!(read(text), Ok(vec![("A".to_owned(), value.to_owned())]), "{text:?}");
        }
        assert_eq!(read("A='1\n2'\nB=3\n").unwrap().len(), 2);
        assert_eq!(read("COSHELL_NO_SUCH_VARIABLE\n").unwrap(), []);
        assert_eq!(read("PATH").unwrap()[0].0, "PATH");
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number() {
        for (text, part) in [
            ("A='1\n2'\n1B=2\n", "line 3: no shell can read a variable with the name `1B`"),
            ("# c\nA=\"b\n", "line 2: the value of `A` has no closing `\"`"),
            ("A='b'c\n", "line 1: `c` follows the closing quote of `A`"),
            ("some words\n", "line 1: no shell can read a variable with the name `some words`"),
            ("_HANDLER=x", "line 1: `_HANDLER` is set by Lambda itself"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(part), "{error}");
        }
    }
}
