//! The name of a file in a zip: a path below the top, and nothing that one unpacker takes for something else than another.

use anyhow::{Result, bail};

/// What Linux takes as one name, and what it takes as a path: the place it is unpacked to goes off that.
const PART_BYTES: usize = 255;
const PATH_BYTES: usize = 4_095 - "/var/task/".len();

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
    if name.len() > PATH_BYTES || name.split('/').any(|part| part.len() > PART_BYTES) {
        let start: String = name.chars().take(32).collect();
        bail!(
            "the name `{start}…` is too long to be unpacked: {PART_BYTES} bytes for a name, {PATH_BYTES} with its folders"
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

    #[test]
    fn a_name_is_no_longer_than_a_file_system_takes() {
        let part = |bytes: usize| "a".repeat(bytes);
        assert!(checked(&part(255)).is_ok() && checked(&part(256)).is_err() && checked(&"ü".repeat(128)).is_err());
        let path = |parts: usize| vec![part(200); parts].join("/");
        assert!(checked(&path(20)).is_ok() && checked(&path(21)).is_err());
    }
}
