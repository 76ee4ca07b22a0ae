//! Removes the text of the driver from the log, because users know nothing of this part of the runtime.
//!
//! Bash begins a message with the file and line that it executes. In a trap, that is the file of the driver, and its line means
//! nothing to the user. Such a message begins with `bash: ` here, and is left out if it shows a command of the driver. In other
//! places, such as the output of `caller`, the path of the driver is replaced by `bootstrap`, as under AWS's tutorial. A script's
//! own `set -x` also shows the traps of the driver: those lines are left out.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use memchr::memmem::find;

/// The text that each first line of the driver's traps contains when `set -x` shows the traps.
const NAME: &[u8] = b"__coshell";
const BASH: &[u8] = b"bash: ";

/// The text by which lines of the driver are recognized.
#[derive(Debug, Clone)]
pub(crate) struct DriverText {
    path: Vec<u8>,
    prefix: Vec<u8>,
    /// `$0`.
    program: Vec<u8>,
}

impl DriverText {
    pub(crate) fn of(driver: &Path, program: &OsStr) -> DriverText {
        let path = driver.as_os_str().as_encoded_bytes().to_vec();
        DriverText { prefix: [&path, &b": line "[..]].concat(), path, program: program.as_encoded_bytes().to_vec() }
    }

    /// Removes the driver's text from `bytes`, which start at the beginning of a line.
    pub(super) fn remove_from<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if find(bytes, &self.path).is_none() && !names_driver(bytes) {
            return Cow::Borrowed(bytes);
        }
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_traced(line));
        Cow::Owned(lines.fold(Vec::with_capacity(bytes.len()), |mut kept, line| {
            let rest = line.strip_prefix(self.prefix.as_slice());
            match rest.and_then(|rest| find(rest, b": ").map(|at| &rest[at + 2..])) {
                Some(message) if names_driver(message) => {}
                Some(message) => kept.extend([BASH, message].concat()),
                None => kept.extend(self.with_program_name(line)),
            }
            kept
        }))
    }

    fn with_program_name(&self, line: &[u8]) -> Vec<u8> {
        let mut renamed = Vec::with_capacity(line.len());
        let mut rest = line;
        while let Some(at) = find(rest, &self.path) {
            renamed.extend_from_slice(&rest[..at]);
            renamed.extend_from_slice(&self.program);
            rest = &rest[at + self.path.len()..];
        }
        renamed.extend_from_slice(rest);
        renamed
    }
}

/// Whether `bytes` contain names of the driver.
fn names_driver(bytes: &[u8]) -> bool {
    find(bytes, NAME).is_some()
}

fn is_traced(line: &[u8]) -> bool {
    line.starts_with(b"+") && names_driver(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_path_and_traced_traps_are_removed_and_nothing_else() {
        let text = DriverText::of(Path::new("/proc/7/fd/9"), OsStr::new("/var/task/bootstrap"));
        for (from, to) in [
            ("a\n/proc/7/fd/9: line 12: w: unbound variable\nb", "a\nbash: w: unbound variable\nb"),
            ("310 main /proc/7/fd/9 0\n", "310 main /var/task/bootstrap 0\n"),
            ("/proc/7/fd/9: line 1: 77 Killed  builtin exit \"$__coshell_code\"\nx\n", "x\n"),
            ("+ ls\n++ __coshell_trace failed 2 ls\n+ true\n", "+ ls\n+ true\n"),
            ("my __coshell\n", "my __coshell\n"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&text.remove_from(from.as_bytes())), to);
        }
    }
}
