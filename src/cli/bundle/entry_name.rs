//! Checks the name of a file in a zip: a relative path that every program unpacks in the same way.

use anyhow::{Result, bail};

/// The longest file name, and the longest path below /var/task, that Linux accepts.
const PART_BYTES: usize = 255;
const PATH_BYTES: usize = 4_095 - "/var/task/".len();

/// Refuses a name that leads out of the folder that the zip is unpacked to, or that not every program unpacks in the same way.
pub(crate) fn check(name: &str) -> Result<()> {
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        bail!(
            "`{name}` cannot be a name in a zip: write NAME=PATH, where NAME is a relative path such as `bin/jq`, without `.` and `..`"
        );
    }
    if let Some(odd) = name.chars().find(|letter| letter.is_control() || *letter == '\\') {
        bail!(
            "the name `{}` contains the character {odd:?}, which some programs change when they unpack a zip: rename the file",
            name.escape_debug()
        );
    }
    if name.len() > PATH_BYTES || name.split('/').any(|part| part.len() > PART_BYTES) {
        let start: String = name.chars().take(32).collect();
        bail!(
            "the name `{start}…` is too long to be unpacked: a file name has at most {PART_BYTES} bytes, and a path {PATH_BYTES}; rename the file"
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
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", "/etc/passwd", "../a", "a/../../b", "a/..", "./a", "a//b", "a/", "a\\b", "a\nb", "\u{7f}"] {
            assert!(check(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_name_is_no_longer_than_a_file_system_takes() {
        let part = |bytes: usize| "a".repeat(bytes);
        assert!(check(&part(255)).is_ok() && check(&part(256)).is_err() && check(&"ü".repeat(128)).is_err());
        let path = |parts: usize| vec![part(200); parts].join("/");
        assert!(check(&path(20)).is_ok() && check(&path(21)).is_err());
    }
}
