//! What the figures were taken on.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

/// The machine and its programs, in words.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    facts: Vec<(&'static str, String)>,
}

impl Machine {
    /// Looks around. What cannot be found out is left empty.
    pub(crate) fn describe(accounting: &str) -> Machine {
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        let facts = vec![
            ("date", first_line("date", &["--utc", "+%Y-%m-%d %H:%M UTC"])),
            ("commit", first_line("git", &["describe", "--always", "--dirty", "--abbrev=12"])),
            ("processor", format!("{processors} × {}", after_colon("/proc/cpuinfo", "model name"))),
            ("memory", after_colon("/proc/meminfo", "MemTotal")),
            ("kernel", first_line("uname", &["-srm"])),
            ("system", quoted(&file("/etc/os-release"), "PRETTY_NAME=")),
            ("bash", first_line("bash", &["--version"])),
            ("curl", first_line("curl", &["--version"]).split(" (").next().unwrap_or_default().to_owned()),
            ("load before", file("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")),
            ("processor time from", accounting.to_owned()),
        ];
        Machine { facts }
    }

    /// A list.
    pub(crate) fn markdown(&self) -> String {
        self.facts.iter().map(|(name, fact)| format!("- {name}: {fact}\n")).collect()
    }

    /// An object.
    pub(crate) fn json(&self) -> Value {
        self.facts.iter().map(|(name, fact)| ((*name).to_owned(), json!(fact))).collect()
    }
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

fn file(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn after_colon(path: &str, name: &str) -> String {
    let text = file(path);
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_once(':').map_or("", |(_, value)| value.trim()).to_owned()
}

fn quoted(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim_matches('"').to_owned()
}
