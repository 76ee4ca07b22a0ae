//! The name of a file in a zip: a path below the top, and nothing that one unpacker takes for something else than another.

use anyhow::{Result, bail};

/// Refuses a name that leads out of the folder it is unpacked in, or is not the same everywhere.
pub(crate) fn checked(name: &str) -> Result<()> {
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        bail!(
            "`{name}` is no name in a zip: write NAME=PATH, where NAME is a path below its top, as `bin/jq`, without `.` or `..`"
        );
    }
    if let Some(odd) = name.chars().find(|letter| letter.is_control() || *letter == '\\') {
        bail!(
            "the name `{}` has the character {odd:?}, which unpackers do not agree on: rename the file",
            name.escape_debug()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_below_the_top_is_a_name() {
        for name in ["bootstrap", "bin/jq", "lib/a b/ü…", "..a", "a..", ".env"] {
            assert!(checked(name).is_ok(), "{name}");
        }
        for name in ["", "/etc/passwd", "../a", "a/../../b", "a/..", "./a", "a//b", "a/", "a\\b", "a\nb", "\u{7f}"] {
            assert!(checked(name).is_err(), "{name:?}");
        }
    }
}
