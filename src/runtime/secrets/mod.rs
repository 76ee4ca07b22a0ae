//! Masks secrets in the runtime's own log lines and reports.
//!
//! The runtime repeats text that it has not written: traced commands with their expanded arguments, command lines of processes,
//! and the end of a handler's stderr in a report that goes to the caller. In such text, the value of each environment variable
//! with the name of a secret is masked, and so are secrets that are recognized by the words around them. This does not find every
//! secret: one that the handler has fetched itself or has encoded is not masked. The handler's own output is not changed.

mod literals;

use std::borrow::Cow;
use std::env;
use std::sync::OnceLock;

/// Shorter values are not masked, because they occur in ordinary words.
const MIN_BYTES: usize = 8;
const MASK: &str = "***";
/// Parts of names, in capitals.
const WORDS: [&str; 10] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "PRIVATE",
    "APIKEY",
    "AUTHORIZATION",
    "COOKIE",
];
const ENDS: [&str; 5] = ["_KEY", "_KEY_ID", "_PASS", "_PWD", "_AUTH"];

/// The value of the variable `name`, masked for printing.
pub(crate) fn shown<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    match password(value) {
        _ if is_secret(name) => MASK.into(),
        Some(password) => value.replacen(password, MASK, 1).into(),
        None => value.into(),
    }
}

/// Masks the secrets of this process's environment in `text`, and those that are recognized by the words around them.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    static SECRETS: OnceLock<Vec<String>> = OnceLock::new();
    let of_environment = || {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        };
        secrets(env::vars_os().map(text))
    };
    let text = without(SECRETS.get_or_init(of_environment), text);
    literals::without_literals(&text).map_or(text, Cow::Owned)
}

fn without<'a>(secrets: &[String], text: &'a str) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for secret in secrets {
        if text.contains(secret) {
            text = text.replace(secret, MASK).into();
        }
    }
    text
}

/// The lines of all secret values, because they are compared with single lines. Longer ones come first, because they may contain
/// shorter ones.
fn secrets(variables: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let mut secrets = Vec::new();
    for (name, value) in variables {
        if is_secret(&name) {
            secrets.extend(value.lines().map(str::to_owned));
        } else {
            secrets.extend(password(&value).map(str::to_owned));
        }
    }
    secrets.retain(|secret| secret.len() >= MIN_BYTES);
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    WORDS.iter().any(|word| name.contains(word)) || ENDS.iter().any(|end| name.ends_with(end))
}

/// The password of a URL: `scheme://user:password@host`.
fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_speak_of_a_secret_are_known() {
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "AWS_SESSION_TOKEN",
            "db_password",
            "DB_PASS",
            "SIGNING_KEY",
            "MYSQL_PWD",
        ] {
            assert_eq!(shown(name, "value"), "***", "{name}");
        }
        for name in ["PWD", "PATH", "KEYBOARD", "COMPASS", "AWS_REGION"] {
            assert_eq!(shown(name, "value"), "value", "{name}");
        }
    }

    #[test]
    fn the_password_of_a_url_is_masked_and_the_rest_of_it_is_shown() {
        assert_eq!(shown("DATABASE_URL", "postgres://me:p@ss:w@db:5432/x"), "postgres://me:***@db:5432/x");
        for url in ["https://example.com/a:b@c", "https://me@host/", "https://me:@host/", "no url"] {
            assert_eq!(shown("X_URL", url), url);
        }
    }

    #[test]
    fn values_are_masked_in_a_text_the_longest_first_and_short_ones_not() {
        let variables =
            [("A_TOKEN", "12345678"), ("B_KEY", "123456789\nabcdefgh"), ("C_PASS", "short"), ("D", "visible!")];
        let secrets = secrets(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter());
        let text = without(&secrets, "123456789 12345678 abcdefgh short visible!");
        assert_eq!(text, "*** *** *** short visible!");
    }
}
