//! Reads the event of `coshell invoke` (JSON text, `@file`, or `-` for stdin) and checks the event as Lambda does. At most one byte more than
//! Lambda's limit is read, because a file can be endless.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::lambda::event::{LIMIT_BYTES, check};
use anyhow::{Context, Result, bail};

/// The event if the command line names no event and there is no event file: an empty object.
const NO_EVENT: &[u8] = b"{}";
/// The event file beside the script, for `coshell invoke` only.
const FILE: &str = "event.json";
/// The folder beside the script with the events of `coshell test`.
pub(super) const FOLDER: &str = "events";

/// Reads the event that `given` names; without a name, `event.json` or the first of `events/*.json` in `folder`; else `{}`. The bytes are not
/// changed.
///
/// # Errors
/// When the event cannot be read, is not JSON (with line and column), or is over 6 MiB.
pub fn read(given: Option<&str>, folder: &Path) -> Result<Vec<u8>> {
    let (name, bytes) = match given {
        None => match default_file(folder) {
            Some(file) => (format!("the event in `{}`", file.display()), file_bytes(&file)?),
            None => ("the event".to_owned(), NO_EVENT.to_vec()),
        },
        Some("-") => ("the event from stdin".to_owned(), stdin()?),
        Some(text) => match text.strip_prefix('@') {
            Some(file) => {
                let bytes = file_bytes(Path::new(file));
                (
                    format!("the event in `{file}`"),
                    bytes.with_context(|| format!("no event was sent{}", near(file, folder)))?,
                )
            }
            None => ("the event".to_owned(), text.as_bytes().to_vec()),
        },
    };
    check(&bytes).with_context(|| format!("{name} cannot be sent{}", hint(given, folder)))?;
    Ok(bytes)
}

/// Reads the event in a regular file. Other files are rejected, because reading from a pipe could wait forever.
///
/// # Errors
/// When the file is not a regular file, cannot be read, is not JSON, or is over 6 MiB.
pub fn read_file(file: &Path) -> Result<Vec<u8>> {
    let kind = fs::metadata(file).with_context(|| format!("cannot read the event from `{}`", file.display()))?;
    if !kind.is_file() {
        bail!("cannot read the event from `{}`: it is not a regular file", file.display());
    }
    let bytes = file_bytes(file)?;
    check(&bytes).with_context(|| format!("the event in `{}` cannot be sent", file.display()))?;
    Ok(bytes)
}

/// The default event: `event.json` in `folder`, else the first of `events/*.json` by name.
pub(super) fn default_file(folder: &Path) -> Option<PathBuf> {
    let file = folder.join(FILE);
    if file.exists() {
        return Some(file);
    }
    let entries = fs::read_dir(folder.join(FOLDER)).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_event(path)).min()
}

/// Whether the name of `path` is that of an event: `NAME.json`, not hidden.
pub(super) fn is_event(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    path.extension().is_some_and(|extension| extension == "json") && !name.starts_with(b".")
}

fn stdin() -> Result<Vec<u8>> {
    limited(io::stdin()).context("cannot read the event from stdin")
}

fn file_bytes(file: &Path) -> Result<Vec<u8>> {
    File::open(file).and_then(limited).with_context(|| format!("cannot read the event from `{}`", file.display()))
}

/// Reads at most one byte more than the limit; this byte shows that the event is too large.
fn limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LIMIT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Advice if the text of the event is the name of a file, or seems to be one. `folder` is the function's.
fn hint(given: Option<&str>, folder: &Path) -> String {
    if given.is_some_and(|text| text.starts_with('{') && text.len() > 2 && !text.contains('"')) {
        return " (the shell removes double quotes: put the event into single quotes, as in '{\"name\":\"Ada\"}')"
            .to_owned();
    }
    let is_name =
        |text: &&str| !text.is_empty() && !text.starts_with('@') && !text.contains(['{', '[', '"', '\n', ' ']);
    let Some(name) = given.filter(is_name) else { return String::new() };
    if Path::new(name).is_file() {
        return format!(" (to send the file of that name, write `@{name}`)");
    }
    match near(name, folder) {
        near if near.is_empty() && (name.contains('/') || name.ends_with(".json")) => {
            format!(" (`{name}` is no JSON, and no file of that name exists; an event in a file is written `@FILE`)")
        }
        near => near,
    }
}

/// Advice if the function's folder has an event of that name.
fn near(name: &str, folder: &Path) -> String {
    let events = folder.join(FOLDER);
    let candidates = [folder.join(name), events.join(name), events.join(format!("{name}.json"))];
    let found = candidates.iter().find(|file| file.is_file()).map(|file| shortest(file));
    found.map_or_else(String::new, |file| format!(" (to send the file `{0}`, write `@{0}`)", file.display()))
}

/// The path, relative to the current folder if the file is in it.
fn shortest(file: &Path) -> PathBuf {
    let current = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(current).unwrap_or(file).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_json_is_rejected_with_line_and_column() {
        let error = read(Some("{\"a\": 1,\n \"b\" 2}"), Path::new("/")).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "the event cannot be sent: it is not valid JSON: expected `:` at line 2 column 6"
        );
    }

    #[test]
    fn the_default_is_the_event_beside_the_script_or_an_empty_object() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(None, folder.path()).unwrap(), b"{}");
        fs::create_dir(folder.path().join("events")).unwrap();
        for (name, text) in [("b.json", "2"), ("a.json", "1"), (".0.json", "0"), ("a.response", "x")] {
            fs::write(folder.path().join("events").join(name), text).unwrap();
        }
        assert_eq!(read(None, folder.path()).unwrap(), b"1");
        fs::write(folder.path().join("event.json"), " {\"a\" : 1}\n").unwrap();
        assert_eq!(read(None, folder.path()).unwrap(), b" {\"a\" : 1}\n");
    }

    #[test]
    fn a_file_named_without_its_at_sign_gets_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event.json");
        fs::write(&file, "{}").unwrap();
        let error = read(file.to_str(), folder.path()).unwrap_err();
        assert!(error.to_string().contains(&format!("write `@{}`", file.display())), "{error}");
    }

    #[test]
    fn the_name_of_a_file_that_is_elsewhere_or_nowhere_gets_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("events")).unwrap();
        let file = folder.path().join("events/order.json");
        fs::write(&file, "{}").unwrap();
        for name in ["order", "order.json", "events/order.json"] {
            let error = read(Some(name), folder.path()).unwrap_err().to_string();
            assert!(error.contains(&format!("write `@{}`", file.display())), "{name}: {error}");
        }
        let error = format!("{:#}", read(Some("@order.json"), folder.path()).unwrap_err());
        assert!(error.contains(&format!("write `@{}`", file.display())) && error.contains("No such file"), "{error}");
        for name in ["other.json", "events/other"] {
            let error = read(Some(name), folder.path()).unwrap_err().to_string();
            assert!(error.contains("no file of that name exists; an event in a file is written `@FILE`"), "{error}");
        }
        let error = read(Some("{name:Ada}"), folder.path()).unwrap_err().to_string();
        assert!(error.contains("put the event into single quotes, as in '{\"name\":\"Ada\"}'"), "{error}");
        for text in ["hello", "{\"a\": 1,}", "[x/y]", "it is 1/2"] {
            let error = read(Some(text), folder.path()).unwrap_err().to_string();
            assert!(!error.contains('@'), "{text}: {error}");
        }
    }
}
