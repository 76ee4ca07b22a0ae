//! Recognises common mistakes in the line at which Bash stopped.

/// The words after which a blank must stand.
const BEFORE_A_TEST: [&str; 4] = ["if", "elif", "while", "until"];

/// Advice on a mistake in `line` of `text`, for which Bash wrote `message`.
pub(super) fn advice(text: &str, line: u32, message: &str) -> Option<String> {
    let before = text.lines().nth((line as usize).checked_sub(2).unwrap_or(usize::MAX)).unwrap_or_default();
    let code = text.lines().nth((line as usize).checked_sub(1)?).unwrap_or_default();
    here_document(message)
        .or_else(|| conditional(code, message))
        .or_else(|| list_of_parameters(code))
        .or_else(|| [code, before].into_iter().find_map(|code| glued_test(code, message)))
        .or_else(|| apostrophe(code, message))
        .or_else(|| call_with_parentheses(code, message))
}

/// A here-document without its last line.
fn here_document(message: &str) -> Option<String> {
    let wanted = message.split_once("delimited by end-of-file (wanted `")?.1.split('\'').next()?;
    Some(format!(
        "the here-document needs a last line that is only `{wanted}`, without blanks before or after it (after `<<-{wanted}`, tabs may stand \
         before it)"
    ))
}

/// `[[ $x == y]]`
fn conditional(code: &str, message: &str) -> Option<String> {
    let is_glued = code.match_indices("]]").any(|(at, _)| !code[..at].ends_with([' ', '\t', ']', ';']) && at > 0);
    (message.contains("conditional expression") && is_glued).then(|| "a blank is missing before `]]`".to_owned())
}

/// `function handler(event) {` and Python's `def handler(event):`
fn list_of_parameters(code: &str) -> Option<String> {
    let code = code.trim_start();
    let definition = code.strip_prefix("function ").or_else(|| code.strip_prefix("def "))?;
    let (name, parameters) = definition.trim_start().split_once('(')?;
    let is_python = code.starts_with("def ");
    (is_python || !parameters.trim_start().starts_with(')')).then(|| {
        format!(
            "a function of Bash has no list of parameters: write `{}() {{` and `}}`; its first argument is `$1`",
            name.trim_end()
        )
    })
}

/// `if[ -z "$x" ]; then`
fn glued_test(code: &str, message: &str) -> Option<String> {
    if !message.contains("near unexpected token") {
        return None;
    }
    let words = code.split([' ', '\t', ';', '&', '|']);
    let glued = words.filter_map(|word| {
        let keyword = BEFORE_A_TEST.into_iter().find(|keyword| word.starts_with(keyword))?;
        let rest = &word[keyword.len()..];
        let opening = ["[[", "[", "(("].into_iter().find(|opening| rest.starts_with(opening))?;
        Some(format!("a blank is missing: write `{keyword} {opening}`"))
    });
    { glued }.next()
}

/// `'it's'`
fn apostrophe(code: &str, message: &str) -> Option<String> {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let is_inside = |at: usize| is_letter(code[..at].chars().next_back()) && is_letter(code[at + 1..].chars().next());
    let found = code.match_indices('\'').any(|(at, _)| is_inside(at));
    (found && message.contains("looking for matching `'")).then(|| {
        "an apostrophe ends a text in `'…'`: put the text into `\"…\"`, or write the apostrophe as `'\\''`".to_owned()
    })
}

/// `greet("$1")`
fn call_with_parentheses(code: &str, message: &str) -> Option<String> {
    let token = message.split_once("near unexpected token `")?.1.strip_suffix('\'')?;
    let (before, _) = code.split_once(&format!("({token}"))?;
    let name: String = before.chars().rev().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    let name: String = name.chars().rev().collect();
    (!name.is_empty()).then(|| format!("Bash calls a function without parentheses: `{name} {token}`"))
}

#[cfg(test)]
mod tests {
    use super::super::advice_on_syntax_error;

    #[test]
    fn a_common_mistake_is_named() {
        for (text, line, message, expected) in [
            ("f() {\n  if[ -z x ]; then a; fi\n}\n", 2, "near unexpected token `then'", "write `if [`"),
            ("f() {\n  while((n > 0))\n  do a; done\n}\n", 3, "near unexpected token `do'", "write `while ((`"),
            ("[[ $1 == x]]; a\n", 1, "syntax error in conditional expression: unexpected token `;'", "before `]]`"),
            ("echo 'it's fine'\n", 1, "unexpected EOF while looking for matching `''", "write the apostrophe as"),
            ("g() { :; }\nh() { g($1); }\n", 2, "syntax error near unexpected token `$1'", "`g $1`"),
            ("function h(event) { echo; }\n", 1, "syntax error near unexpected token `{'", "write `h() {`"),
            ("def h(event):\n  echo\n", 1, "syntax error near unexpected token `('", "write `h() {`"),
            (
                "cat <<EOF\nx\n  EOF\n",
                3,
                "warning: here-document at line 1 delimited by end-of-file (wanted `EOF')",
                "a last line that is only `EOF`",
            ),
        ] {
            let advice = advice_on_syntax_error(text, line, message).unwrap_or_default();
            assert!(advice.contains(expected), "{text}: {advice:?}");
        }
    }

    #[test]
    fn other_lines_get_no_such_advice() {
        for (text, message) in [
            ("ifconfig [a] | )\n", "syntax error near unexpected token `)'"),
            ("echo 'a' '\n", "unexpected EOF while looking for matching `''"),
            ("[[ a == ]]\n", "syntax error in conditional expression: unexpected token `]]'"),
            ("echo a; )\n", "syntax error near unexpected token `)'"),
        ] {
            assert_eq!(advice_on_syntax_error(text, 1, message), None, "{text}");
        }
    }
}
