//! Finds literal secrets in a text, by the words around them: `--password x`, `-u me:x`, `Authorization: Bearer x`, `API_KEY=x`,
//! `https://me:x@host`.
//!
//! A reference such as `$TOKEN` is not a secret: the reader of a report needs its name.

use std::ops::Range;

use super::{MASK, WORDS, password};

/// Further suffixes of secret names, in capitals. Not every `_KEY` is a secret: handlers have `object_key=photos/1.jpg`.
const ENDS: [&str; 11] = [
    "API_KEY",
    "ACCESS_KEY",
    "ACCESS_KEY_ID",
    "AUTH_KEY",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "SIGNING_KEY",
    "_AUTH",
    "_PASS",
    "_PWD",
    "SECRET_STRING",
];
/// Suffixes of names that hold the place or another property of a secret.
const OTHER_ENDS: [&str; 10] =
    ["_ARN", "_FILE", "_FILENAME", "_JAR", "_NAME", "_PATH", "_STDIN", "_TYPE", "_URL", "TOKENS"];
/// Options of curl whose value is `USER:PASSWORD`.
const USER_OPTIONS: [&str; 4] = ["-u", "-U", "--user", "--proxy-user"];
/// Header fields with secrets, in lower case.
const HEADERS: [&str; 7] = [
    "authorization",
    "cookie",
    "private-token",
    "proxy-authorization",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
];
/// The schemes before the secret of an `Authorization` header.
const SCHEMES: [&str; 4] = ["Bearer ", "Basic ", "Token ", "token "];
/// A shorter number is not masked: it is a count or a switch.
const MIN_DIGITS: usize = 6;

/// Masks the literal secrets in `text`; `None` if there are none.
pub(super) fn without_literals(text: &str) -> Option<String> {
    let mut found: Vec<Range<usize>> =
        assignments(text).chain(options(text)).chain(fields(text)).chain(urls(text)).collect();
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|range| range.start);
    let (mut masked, mut end) = (String::with_capacity(text.len()), 0);
    for range in found.into_iter().filter(|range| text.get(range.clone()).is_some_and(is_literal)) {
        if range.start >= end {
            masked.push_str(&text[end..range.start]);
            masked.push_str(MASK);
        }
        end = end.max(range.end);
    }
    masked.push_str(&text[end..]);
    Some(masked)
}

/// `NAME=VALUE`, `--name=value` and `?name=value`.
fn assignments(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_secret = |at: usize| is_name_of_secret(name_before(text, at)) && !text[at + 1..].starts_with([' ', '\t']);
    text.match_indices('=').filter(move |(at, _)| is_secret(*at)).map(|(at, _)| value(text, at + 1))
}

/// `--password VALUE`, `-u USER:VALUE`, `mysql -pVALUE` and `sshpass -p VALUE`.
fn options(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_option = |at: usize| at == 0 || text[..at].ends_with([' ', '\t', '\n']);
    text.match_indices('-').filter(move |(at, _)| is_option(*at)).filter_map(|(at, _)| of_option(text, at))
}

fn of_option(text: &str, at: usize) -> Option<Range<usize>> {
    let word = text[at..].split_whitespace().next()?;
    let next = at + word.len();
    let starts = |program: &str| text[..at].contains(program);
    if USER_OPTIONS.contains(&word) && (word.starts_with("--") || starts("curl ")) {
        return after_user(text, value(text, next));
    }
    if word.starts_with("-u") && word.contains(':') && starts("curl ") {
        return after_user(text, at + 2..at + word.len());
    }
    if word.len() > 2 && word.starts_with("-p") && (starts("mysql") || starts("mariadb")) {
        return Some(value(text, at + 2));
    }
    let is_secret = word.strip_prefix("--").is_some_and(|name| !name.contains('=') && is_name_of_secret(name))
        || word == "-p" && starts("sshpass ");
    is_secret
        .then(|| value(text, next))
        .filter(|range| text.get(range.clone()).is_some_and(|value| !value.starts_with('-')))
}

/// The part after the colon of `USER:PASSWORD`.
fn after_user(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let colon = text.get(range.clone())?.find(':')?;
    Some(range.start + colon + 1..range.end)
}

/// The header `Authorization: VALUE`, and `"password": "VALUE"` in JSON.
fn fields(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(':').filter_map(|(at, _)| header(text, at).or_else(|| member(text, at)))
}

/// The value of a header. It ends with the word, or with the quotes around the whole header.
fn header(text: &str, colon: usize) -> Option<Range<usize>> {
    let name = name_before(text, colon);
    if !HEADERS.contains(&name.to_lowercase().as_str()) {
        return None;
    }
    let before = &text[..colon - name.len()];
    let mut start = colon + 1 + (text[colon + 1..].len() - text[colon + 1..].trim_start_matches(' ').len());
    start += SCHEMES.iter().find(|scheme| text[start..].starts_with(**scheme)).map_or(0, |scheme| scheme.len());
    let is_end = |c: char| match before.chars().next_back() {
        Some(quote @ ('"' | '\'')) => c == quote,
        _ => c.is_whitespace() || is_quote(c),
    };
    Some(start..start + text[start..].find(is_end).unwrap_or(text[start..].len()))
}

fn member(text: &str, colon: usize) -> Option<Range<usize>> {
    let quoted = text[..colon].trim_end_matches(' ').strip_suffix('"')?;
    let name = name_before(text, quoted.trim_end_matches('\\').len());
    let start = text.len() - text[colon + 1..].trim_start_matches([' ', '\\']).len();
    (is_name_of_secret(name) && text[start..].starts_with('"')).then(|| value(text, start))
}

/// The password of `scheme://user:password@host`.
fn urls(text: &str) -> impl Iterator<Item = Range<usize>> {
    let url_at = |at: usize, mark: &str| {
        let authority = &text[at + mark.len()..];
        let end = authority.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(authority.len());
        &text[at..at + mark.len() + end]
    };
    text.match_indices("://").filter_map(move |(at, mark)| {
        let url = url_at(at, mark);
        let password = password(url)?;
        let start = at + url.find(&format!(":{password}@"))? + 1;
        Some(start..start + password.len())
    })
}

/// The word at `start`, or the text between quotes there.
fn value(text: &str, start: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let inner = rest.trim_start_matches(' ');
    let begin = start + rest.len() - inner.len();
    match inner.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let is_end = |c: char| c == quote || c == '\\';
            begin + 1..begin + 1 + inner[1..].find(is_end).unwrap_or(inner.len() - 1)
        }
        _ => {
            begin
                ..begin
                    + inner
                        .find(|c: char| c.is_whitespace() || is_quote(c) || ";&|)".contains(c))
                        .unwrap_or(inner.len())
        }
    }
}

/// The name that ends before `end`, without the dashes of an option.
fn name_before(text: &str, end: usize) -> &str {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let start =
        text[..end].rfind(|c| !is_of_name(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    text[start..end].trim_start_matches('-')
}

fn is_name_of_secret(name: &str) -> bool {
    let name = name.to_uppercase().replace('-', "_");
    let named =
        name == "PASS" || WORDS.iter().any(|word| name.contains(word)) || ENDS.iter().any(|end| name.ends_with(end));
    let is_id = name.ends_with("_ID") && !name.ends_with("KEY_ID");
    named && !is_id && !OTHER_ENDS.iter().any(|end| name.ends_with(end))
}

fn is_quote(c: char) -> bool {
    ['"', '\'', '`'].contains(&c)
}

/// Whether `value` is a literal value, and not a reference, a mask, an operator or a small number.
fn is_literal(value: &str) -> bool {
    let is_number = value.len() < MIN_DIGITS && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_other = ["$", MASK, "=", "~", "//", "("].iter().any(|start| value.starts_with(start));
    !value.is_empty() && !is_number && !is_other && !["true", "false"].contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        without_literals(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn secrets_in_options_are_masked() {
        for (text, right) in [
            ("curl -s -u me:secret https://x", "curl -s -u me:*** https://x"),
            ("curl -ume:secret x", "curl -ume:*** x"),
            ("curl --user 'me:se cret' x", "curl --user 'me:***' x"),
            ("curl --proxy-user \"me:secret\" x", "curl --proxy-user \"me:***\" x"),
            ("tool --password x --host h", "tool --password *** --host h"),
            ("tool --db-password=x", "tool --db-password=***"),
            ("tool --api-key 'a b'", "tool --api-key '***'"),
            (
                "aws secretsmanager put-secret-value --secret-id prod/db --secret-string hunter2",
                "aws secretsmanager put-secret-value --secret-id prod/db --secret-string ***",
            ),
            ("mysql -u me -psecret db", "mysql -u me -p*** db"),
            ("sshpass -p secret ssh host", "sshpass -p *** ssh host"),
            ("`curl -u me:secret`: failed", "`curl -u me:***`: failed"),
        ] {
            assert_eq!(masked(text), right);
        }
    }

    #[test]
    fn secrets_in_headers_json_and_urls_are_masked() {
        for (text, right) in [
            ("curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: Bearer ***' x"),
            ("curl -H \"authorization: abc\" x", "curl -H \"authorization: ***\" x"),
            ("curl -H Authorization: Basic bWU6eA== https://x", "curl -H Authorization: Basic *** https://x"),
            ("curl -H 'Cookie: a=1; b=2' x", "curl -H 'Cookie: ***' x"),
            ("curl -H \"X-Api-Key: abc\" x", "curl -H \"X-Api-Key: ***\" x"),
            (
                "curl -d '{\"user\":\"me\",\"password\": \"abc\"}' x",
                "curl -d '{\"user\":\"me\",\"password\": \"***\"}' x",
            ),
            ("curl -d \"{\\\"token\\\":\\\"abc\\\"}\" x", "curl -d \"{\\\"token\\\":\\\"***\\\"}\" x"),
            ("git clone https://me:ghp_abc@github.com/x/y", "git clone https://me:***@github.com/x/y"),
            ("curl 'https://x/?a=1&api_key=abc&b=2'", "curl 'https://x/?a=1&api_key=***&b=2'"),
        ] {
            assert_eq!(masked(text), right);
        }
    }

    #[test]
    fn secrets_in_assignments_are_masked() {
        for (text, right) in [
            (
                "AWS_SECRET_ACCESS_KEY=abc AWS_REGION=eu-west-1 aws s3 ls",
                "AWS_SECRET_ACCESS_KEY=*** AWS_REGION=eu-west-1 aws s3 ls",
            ),
            ("export DB_PASS='a b' X=1", "export DB_PASS='***' X=1"),
            ("é_TOKEN=abcé; next", "é_TOKEN=***; next"),
            ("token=123456", "token=***"),
        ] {
            assert_eq!(masked(text), right);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "curl -u \"me:$PASSWORD\" -H \"Authorization: Bearer $TOKEN\" \"$url\"",
            "tool --password \"$PASSWORD\" --token=${TOKEN}",
            "token=$(aws ssm get-parameter --name x)",
            "date -u +%H:%M",
            "aws secretsmanager get-secret-value --secret-id prod/db",
            "docker login --password-stdin --username me",
            "curl --cookie-jar jar.txt -u me https://example.com:8443/a:b@c",
            "object_key=photos/1.jpg --key photos/1.jpg --max-tokens 4096",
            "jq: error: syntax error, unexpected token: x at line 1",
            "[[ $token == abc ]] && (( passes = 1, token = 1 ))",
            "TOKEN=*** PASSWORD= x",
            "--password",
            "a: \"b\": -",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn any_text_can_be_masked() {
        let parts = ["-", "u", " ", "\"", ":", "=", "é", "//", "@", "\\", "--token", "Cookie"];
        let count = u32::try_from(parts.len()).unwrap();
        for number in 0..count.pow(5) {
            let text: String = (0..5).map(|place| parts[(number / count.pow(place) % count) as usize]).collect();
            without_literals(&format!("curl {text}"));
        }
    }
}
