//! Reads the files that `file://` and `fileb://` name.

use crate::aws::failure::Failure;

/// The failure of a parameter that cannot be read.
pub(super) fn fault(name: &str, why: &str) -> Failure {
    Failure::Usage(format!("Error parsing parameter '--{name}': {why}"))
}

/// The bytes of the file that a text names after its prefix.
pub(super) fn load(name: &str, text: &str, prefix: &str) -> Result<Vec<u8>, Failure> {
    let path = text.strip_prefix(prefix).unwrap_or(text);
    let home = || std::env::var("HOME").unwrap_or_default();
    let expanded = path.strip_prefix("~/").map_or_else(|| path.to_owned(), |rest| format!("{}/{rest}", home()));
    std::fs::read(&expanded).map_err(|error| {
        let number = error.raw_os_error().unwrap_or(0);
        let words = error.to_string();
        let words = words.split(" (os error").next().unwrap_or(&words);
        fault(name, &format!("Unable to load paramfile {text}: [Errno {number}] {words}: '{expanded}'"))
    })
}
