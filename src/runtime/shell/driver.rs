//! Puts the text of the driver together: only the parts that a handler needs.
//!
//! The driver forks a subshell for each event. Each page of memory that Bash writes in the subshell is copied, and executing a command writes
//! to its parsed form. So parts that do nothing for a handler would still cost time in each event.

use std::ffi::OsString;

use crate::runtime::functions;

const DRIVER: &str = include_str!("driver.bash");

/// The driver for a script that calls `called` of the runtime's functions. `arguments` are the driver's arguments, each with its value.
pub(super) fn text(called: &[&str], arguments: &[(&str, OsString)]) -> String {
    let is_set = |name: &str| arguments.iter().any(|(argument, value)| *argument == name && !value.is_empty());
    functions::definitions(called) + &parts(DRIVER, is_set)
}

/// Leaves out the parts of `text` between `#: if NAME` and `#: end` whose setting is not set, and those after `#: unless NAME` whose setting
/// is set. Parts can be nested.
fn parts(text: &str, is_set: impl Fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut open = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.trim().strip_prefix("#: ").map(|mark| mark.split_once(' ')) {
            Some(Some(("if", name))) => open.push(is_set(name)),
            Some(Some(("unless", name))) => open.push(!is_set(name)),
            Some(_) => drop(open.pop()),
            None if open.iter().all(|is_kept| *is_kept) => kept.push_str(line),
            None => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_kept_if_its_setting_says_so() {
        let text = "a\n  #: if x\nb\n#: unless y\nc\n#: end\n#: end\n# : if z\nd";
        assert_eq!(parts(text, |name| name == "x"), "a\nb\nc\n# : if z\nd");
        assert_eq!(parts(text, |name| name == "y"), "a\n# : if z\nd");
        assert_eq!(parts(text, |_| true), "a\nb\n# : if z\nd");
    }

    #[test]
    fn every_part_of_the_driver_has_an_end() {
        let marks = DRIVER.lines().filter_map(|line| line.trim().strip_prefix("#: "));
        let depth = marks.fold(0, |depth, mark| {
            let begins = mark.starts_with("if ") || mark.starts_with("unless ");
            assert!(begins || (mark == "end" && depth > 0), "{mark}");
            if begins { depth + 1 } else { depth - 1 }
        });
        assert_eq!(depth, 0);
    }
}
