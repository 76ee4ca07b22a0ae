//! Keeps the text of the driver out of the log: of Bash's half of the runtime no user knows anything.
//!
//! Bash begins a message with the file and line that it executes. In a trap, that is the driver's file, and its line says nothing:
//! such a message begins with `bash: ` here. A script's own `set -x` also shows the driver's traps: those lines are left out.

use std::borrow::Cow;
use std::path::Path;

use memchr::memmem::{find, find_iter};

/// What stands in each first line that `set -x` shows of the driver's traps.
const NAME: &[u8] = b"__coshell";
const BASH: &[u8] = b"bash: ";

/// What lines of the driver's own begin with.
#[derive(Debug, Clone)]
pub(crate) struct DriverText {
    prefix: Vec<u8>,
}

impl DriverText {
    pub(crate) fn of(driver: &Path) -> DriverText {
        DriverText { prefix: [driver.as_os_str().as_encoded_bytes(), b": line "].concat() }
    }

    /// `bytes`, which begin with a line, without the driver's text.
    pub(super) fn removed<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if find(bytes, &self.prefix).is_none() && !may_be_traced(bytes) {
            return Cow::Borrowed(bytes);
        }
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_traced(line));
        Cow::Owned(lines.fold(Vec::with_capacity(bytes.len()), |mut kept, line| {
            match line.strip_prefix(self.prefix.as_slice()).and_then(|rest| find(rest, b": ").map(|at| &rest[at + 2..]))
            {
                Some(message) => kept.extend([BASH, message].concat()),
                None => kept.extend_from_slice(line),
            }
            kept
        }))
    }
}

fn may_be_traced(bytes: &[u8]) -> bool {
    find_iter(bytes, NAME).next().is_some()
}

fn is_traced(line: &[u8]) -> bool {
    line.starts_with(b"+") && may_be_traced(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_path_and_traced_traps_are_removed_and_nothing_else() {
        let text = DriverText::of(Path::new("/proc/7/fd/9"));
        for (from, to) in [
            ("a\n/proc/7/fd/9: line 12: w: unbound variable\nb", "a\nbash: w: unbound variable\nb"),
            ("see /proc/7/fd/9: line 12: x\n", "see /proc/7/fd/9: line 12: x\n"),
            ("+ ls\n++ __coshell_trace failed 2 ls\n+ true\n", "+ ls\n+ true\n"),
            ("my __coshell\n", "my __coshell\n"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&text.removed(from.as_bytes())), to);
        }
    }
}
