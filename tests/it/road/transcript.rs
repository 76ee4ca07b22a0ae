//! What was typed, and what was printed.

use serde_json::Value;

#[derive(Default)]
pub struct Transcript(Vec<(String, String)>);

impl Transcript {
    pub fn add(&mut self, typed: &str, printed: &str) {
        self.0.push((typed.to_owned(), printed.to_owned()));
    }

    /// What the command printed that has these words, of several the one with this index.
    #[track_caller]
    pub fn output(&self, words: &str, index: usize) -> &str {
        let mut found = self.0.iter().filter(|(typed, _)| typed.contains(words));
        &found.nth(index).unwrap_or_else(|| panic!("{words:?} is not typed {} times", index + 1)).1
    }

    #[track_caller]
    pub fn json(&self, words: &str, index: usize) -> Value {
        let output = self.output(words, index);
        serde_json::from_str(output).unwrap_or_else(|error| panic!("{words:?} printed no JSON: {error}: {output}"))
    }

    /// These commands were typed in this order; others may stand between them.
    #[track_caller]
    pub fn has_in_order(&self, commands: &[&str]) {
        let mut typed = self.0.iter();
        for command in commands {
            assert!(typed.any(|(typed, _)| typed.contains(command)), "no {command:?} in its place");
        }
    }
}
