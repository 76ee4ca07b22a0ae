//! The right answer of a case. An engineer writes it by hand, from the script alone, as lines in the head of the case's file:
//!
//! | line | what it says |
//! | --- | --- |
//! | `command: ls /nosuch` | the command that failed, as in the script or as Bash prints it; of several lines the first; or `none` |
//! | `at: function.sh:4` | its file and line; or `none` where no line can be right |
//! | `in: fetch` | its function; `top level` of a sourced file; `EXIT trap`; or `none` |
//! | `status: 2` or `killed: SIGKILL` | how that command ended; may be left out |
//! | `message: TEXT` | a part of the sentence that must be there; may stand several times |
//! | `never: TEXT` | a text that must stand nowhere in the report, the log or the response; may stand several times |
//! | `response: TEXT` | the handler does not fail: this is its response, without line ends at its end |
//!
//! A second `command:` begins a second answer that is right as well; it has the `at:` and `in:` of the first unless it gives its own.
//! `at-5.1:` and so on hold for that version of Bash alone, in place of the line before.

/// One right answer to the question which command failed, and where.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// `None` where no command failed.
    pub command: Option<String>,
    /// File and line; `None` where no line can be right.
    pub at: Option<(String, u32)>,
    /// The function, `top level` or `EXIT trap`; `None` where none can be right.
    pub function: Option<String>,
}

/// All that a case says about its failure.
#[derive(Debug, Default)]
pub struct Truth {
    /// The answers that are right, the best one first.
    pub answers: Vec<Answer>,
    /// `status 2` or `SIGKILL`.
    pub ending: Option<String>,
    /// Parts of the sentence.
    pub messages: Vec<String>,
    /// Texts that must stand nowhere.
    pub never: Vec<String>,
    /// The response of a handler that does not fail.
    pub response: Option<String>,
}

const NAMES: [&str; 8] = ["command", "at", "in", "status", "killed", "message", "never", "response"];

/// Whether a line of a case's head with this name belongs to its truth.
pub fn is_truth(name: &str) -> bool {
    NAMES.contains(&split_version(name).0)
}

/// `at-5.1` is `at` for Bash 5.1.
fn split_version(name: &str) -> (&str, Option<&str>) {
    name.split_once('-').map_or((name, None), |(name, version)| (name, Some(version)))
}

impl Truth {
    /// What `lines`, names and values, say for Bash `version`, such as `5.2.15(1)-release`.
    pub fn of_lines(lines: &[(String, String)], version: &str) -> Truth {
        let mut truth = Truth::default();
        for (name, value) in lines {
            match split_version(name) {
                (name, None) => truth.set(name, value, false),
                (name, Some(only)) if version.starts_with(&format!("{only}.")) => truth.set(name, value, true),
                _ => {}
            }
        }
        truth
    }

    fn set(&mut self, name: &str, value: &str, replace: bool) {
        let given = (value != "none").then(|| value.to_owned());
        match name {
            "command" if !replace => {
                let before = self.answers.last().cloned().unwrap_or_default();
                self.answers.push(Answer { command: given, ..before });
            }
            "command" => self.last_answer().command = given,
            "at" => self.last_answer().at = given.map(|at| file_and_line(&at)),
            "in" => self.last_answer().function = given,
            "status" => self.ending = Some(format!("status {value}")),
            "killed" => self.ending = Some(value.to_owned()),
            "message" => self.messages.push(value.to_owned()),
            "never" => self.never.push(value.to_owned()),
            "response" => self.response = Some(value.to_owned()),
            other => panic!("`{other}` is no line of a truth"),
        }
    }

    fn last_answer(&mut self) -> &mut Answer {
        self.answers.last_mut().expect("`command:` comes first")
    }
}

fn file_and_line(at: &str) -> (String, u32) {
    let (file, line) = at.rsplit_once(':').unwrap_or_else(|| panic!("`at: {at}` is not FILE:LINE"));
    (file.to_owned(), line.parse().unwrap_or_else(|error| panic!("`at: {at}`: {error}")))
}
