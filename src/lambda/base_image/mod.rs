//! Looks up which commands Lambda's `provided.al2023` has.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Each file says where its content comes from.
const LACKING: &str = include_str!("lacking.txt");
const PRESENT: &str = include_str!("present.txt");

/// The folders of the image's commands.
const FOLDERS: [&str; 4] = ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"];

/// Whether the image has a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Present,
    /// With the package of Amazon Linux that has the command, if one is known.
    Lacking(Option<&'static str>),
    Unknown,
}

static COMMANDS: LazyLock<BTreeMap<&'static str, Presence>> = LazyLock::new(|| {
    let lines = |text: &'static str| text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let present = lines(PRESENT).flat_map(str::split_whitespace).map(|command| (command, Presence::Present));
    let lacking = lines(LACKING).map(|line| match line.split_once(' ') {
        Some((command, package)) => (command, Presence::Lacking(Some(package))),
        None => (line, Presence::Lacking(None)),
    });
    present.chain(lacking).collect()
});

/// Whether the image has `command`, a name without a slash. Bash's builtin commands count as present.
pub(crate) fn presence(command: &str) -> Presence {
    COMMANDS.get(command).copied().unwrap_or(Presence::Unknown)
}

/// The command that the path names, if the path is one of the image's folders and a name.
pub(crate) fn command_at(path: &str) -> Option<&str> {
    let name = FOLDERS.iter().find_map(|folder| path.strip_prefix(folder))?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_name_what_is_lacking_and_what_is_there() {
        for (command, presence_of_it) in [
            ("find", Presence::Lacking(Some("findutils"))),
            ("flock", Presence::Lacking(Some("util-linux"))),
            ("ffmpeg", Presence::Lacking(None)),
            ("yum", Presence::Unknown),
            ("", Presence::Unknown),
            ("#", Presence::Unknown),
        ] {
            assert_eq!(presence(command), presence_of_it, "{command}");
        }
        let there = "bash curl grep sed awk cat sort date timeout mktemp base64 sha256sum gpg . [ printf local";
        assert!(there.split(' ').all(|command| presence(command) == Presence::Present));
    }

    #[test]
    fn no_command_is_in_both_lists() {
        let words =
            |text: &'static str| text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
        let lacking: Vec<&str> = LACKING.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(words(PRESENT).all(|command| !lacking.contains(&command)));
    }

    #[test]
    fn a_command_of_the_image_is_in_one_of_its_folders() {
        for (path, command) in
            [("/usr/bin/env", Some("env")), ("/bin/sh", Some("sh")), ("/opt/bin/jq", None), ("/bin/", None)]
        {
            assert_eq!(command_at(path), command);
        }
    }
}
