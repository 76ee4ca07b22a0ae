//! What a script does that the driver has to step aside for, judged by its text before it is sourced.

use std::io;
use std::path::Path;

/// What the script's text speaks of, where the driver has to step aside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    /// ERR traps or errtrace: a trap of ours, with errtrace, would change when the script's own one fires.
    pub(super) err_traps: bool,
    /// xtrace or DEBUG traps: what the driver does after the handler's call would show in them.
    pub(super) traces: bool,
    /// Other files: the driver is to look at the functions for both of the above, once they are known.
    pub(super) sources: bool,
    /// Which of the tutorial's globals EVENT_DATA and REQUEST_ID it speaks of; both where it reads other files. A copy of a large
    /// event that nobody reads would cost as much as its hand-over.
    pub(super) globals: Vec<&'static str>,
    /// A function that takes the name of `builtin`, without which the driver can do nothing.
    pub(super) builtin: bool,
    /// The tutorial's global HEADERS, a file that is made only then.
    pub(super) headers: bool,
}

impl Habits {
    pub(super) fn of(script: &Path) -> io::Result<Habits> {
        let text = String::from_utf8_lossy(&std::fs::read(script)?).into_owned();
        let speaks_of = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let (sources, headers) = (speaks_of(&["source", ". ", "eval"]), speaks_of(&["HEADERS"]));
        let globals = ["EVENT_DATA", "REQUEST_ID"].into_iter().filter(|name| sources || speaks_of(&[*name])).collect();
        let mut habits = Habits { sources, headers, globals, ..Habits::default() };
        habits.builtin = speaks_of(&["builtin()", "builtin ()", "function builtin"]);
        text.lines().for_each(|line| habits.note(line));
        Ok(habits)
    }

    fn note(&mut self, line: &str) {
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '+'));
        let mut after_set = false;
        for word in words {
            after_set |= word == "set";
            let option = after_set && word.starts_with(['-', '+']);
            self.err_traps |= matches!(word, "ERR" | "errtrace" | "extdebug") || (option && word.contains('E'));
            self.traces |=
                matches!(word, "DEBUG" | "xtrace" | "verbose" | "extdebug") || (option && word.contains(['v', 'x']));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_own_traps_and_traces_are_seen_in_its_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, err_traps, traces, sources) in [
            ("handler() { echo; }", false, false, false),
            ("trap 'oops' ERR\n", true, false, false),
            ("set -Eeuo pipefail", true, false, false),
            ("set -o errtrace; set -o xtrace", true, true, false),
            ("echo PERR DEBUGGING; grep -E -x x; set -e", false, false, false),
            ("set -x; trap x DEBUG", false, true, false),
            ("source lib.sh", false, false, true),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let habits = Habits::of(file.path()).unwrap();
            assert_eq!((habits.err_traps, habits.traces, habits.sources), (err_traps, traces, sources), "{text}");
            assert_eq!(habits.globals.len(), if sources { 2 } else { 0 }, "{text}");
        }
    }
}
