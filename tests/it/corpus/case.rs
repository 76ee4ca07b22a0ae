//! Reads the cases: text files with `=== title`, a few settings, and the handler's script.
//!
//! The settings, one a line, before the script:
//! - `why: TEXT`: ours differs from the original, for this reason. A case that differs without a reason fails, and so does a case that
//!   has a reason and does not differ.
//! - `may: TEXT`: ours differs with some versions of Bash, for this reason.
//! - `ours: TEXT`: what ours gives for both events contains this text.
//! - `handler: NAME`: the value of `_HANDLER`; without it, `function.handler`. A name without a dot is a program.
//! - `file PATH: LINE`: one line of a further file in the task root; more of them make a longer file. `helper: LINE` is short for
//!   `file helper.sh: LINE`.
//! - `event: BYTES`: both events have this size.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/corpus/cases");

/// The same two events for every case: what tempts quoting, globbing, word splitting and locale.
const FIRST: &str = r#"{"name":"Ada  Lovelace","n":1,"list":[1, 2],"path":"C:\\temp\\* ?","said":"it's `$HOME` \t%s"}"#;
const SECOND: &str = "{\n  \"name\": \"Zoë\u{a0}🐚\",\n  \"n\": 2, \"-e\": \"~ \\\\n !! <a&b>\"\n}\n\n";

/// A handler for one behaviour.
#[derive(Clone, Default)]
pub struct Case {
    pub title: String,
    /// Why ours differs from the original, where it must.
    pub why: Option<String>,
    /// Why ours may differ, with some versions of Bash.
    pub may: Option<String>,
    /// What ours gives for both events, where it differs: a part of it.
    pub ours: Option<String>,
    /// The value of `_HANDLER`.
    pub handler: String,
    pub script: String,
    /// More files of the task root: their paths and texts.
    pub files: BTreeMap<String, String>,
    pub events: [Vec<u8>; 2],
}

impl Case {
    pub fn all_of(file: &str) -> Vec<Case> {
        let path = Path::new(FOLDER).join(file).with_extension("txt");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let parts = text.strip_prefix("=== ").unwrap().split("\n=== ");
        parts.map(|part| Case::read(file, part)).collect()
    }

    fn read(file: &str, text: &str) -> Case {
        let (title, mut rest) = text.split_once('\n').unwrap();
        let mut case = Case {
            title: format!("{file}: {title}"),
            handler: "function.handler".to_owned(),
            events: [FIRST, SECOND].map(|event| event.as_bytes().to_vec()),
            ..Case::default()
        };
        while let Some((line, after)) = rest.split_once('\n')
            && case.set(line)
        {
            rest = after;
        }
        case.script = format!("{}\n", rest.trim_end_matches('\n'));
        case
    }

    /// Whether the line is a setting.
    fn set(&mut self, line: &str) -> bool {
        let Some((name, value)) = line.split_once(": ") else { return false };
        match name {
            "why" => self.why = Some(value.to_owned()),
            "may" => self.may = Some(value.to_owned()),
            "ours" => self.ours = Some(value.to_owned()),
            "handler" => value.clone_into(&mut self.handler),
            "helper" => self.add_line("helper.sh", value),
            "event" => self.events = [1, 2].map(|number| padded(number, value.parse().unwrap())),
            _ => match name.strip_prefix("file ") {
                Some(path) => self.add_line(path, value),
                None => return false,
            },
        }
        true
    }

    /// Adds a line to one of the further files.
    fn add_line(&mut self, path: &str, line: &str) {
        let text = self.files.entry(path.to_owned()).or_default();
        text.push_str(line);
        text.push('\n');
    }
}

/// An event of this many bytes.
fn padded(number: u32, bytes: usize) -> Vec<u8> {
    let head = format!("{{\"n\":{number},\"pad\":\"");
    let pad = "0123456789 \\\\ ".repeat(bytes / 14 + 1);
    format!("{head}{}\"}}", &pad[..bytes - head.len() - 2]).into_bytes()
}
