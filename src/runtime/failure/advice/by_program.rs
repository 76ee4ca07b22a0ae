//! Gives advice by the program that failed.

use super::Circumstances;
use crate::runtime::failure::ending::Ending;
use crate::runtime::failure::message::BashMessage;

/// Programs that install software, or that need root.
const FOR_ROOT: [&str; 8] = ["sudo", "su", "yum", "dnf", "microdnf", "apt-get", "apt", "apk"];
/// Words that may stand before the name of a program.
const BEFORE_A_PROGRAM: [&str; 8] = ["exec", "command", "time", "nohup", "!", "if", "while", "local"];
/// Exit statuses of curl. Source: its manual page.
const OF_CURL: [(i32, &str); 9] = [
    (6, "the name of the host cannot be resolved: is the name right, and can the function's VPC reach a name server?"),
    (
        7,
        "no connection to the host and port: does the server listen there, and does the function's VPC have a route to the server?",
    ),
    (22, "the server answered with an HTTP status of 400 or more, which `-f` makes a failure"),
    (23, "the output cannot be written: only /tmp can be written on Lambda"),
    (
        28,
        "the time limit passed, that of `--max-time`, `--connect-timeout` or the system: a function in a VPC needs a NAT gateway to \
          reach the internet",
    ),
    (35, "the TLS handshake failed: does the port speak TLS, and do both sides share a version and a cipher?"),
    (52, "the server closed the connection and answered nothing"),
    (56, "the connection broke while data was received"),
    (
        60,
        "the certificate of the server cannot be verified: give its authority with `--cacert`, or install `ca-certificates`",
    ),
];

pub(super) fn advice(of: &Circumstances) -> Option<String> {
    let Ending::Status(status) = of.ending else { return None };
    needs_root(of).or_else(|| empty_environment(status, of.command)).map(str::to_owned).or_else(|| curl(status, of))
}

fn needs_root(of: &Circumstances) -> Option<&'static str> {
    let missing = BashMessage::parse(of.reason()).and_then(|message| message.text.strip_suffix(": command not found"));
    let named = [program(of.command), missing];
    named.iter().flatten().any(|name| FOR_ROOT.contains(name)).then_some(
        "a handler on Lambda cannot become root or install packages: install the software when you build the zip, layer or container image",
    )
}

fn empty_environment(status: i32, command: &str) -> Option<&'static str> {
    let mut words = command.split_whitespace();
    let is_empty = words.next() == Some("env")
        && words.clone().any(|word| ["-i", "-", "--ignore-environment"].contains(&word))
        && !words.any(|word| word.starts_with("PATH="));
    (status == 127 && is_empty).then_some(
        "`env -i` starts a program without PATH, so that only /bin and /usr/bin are searched: add `PATH=\"$PATH\"` after `-i`, or \
        name the program by its path",
    )
}

fn curl(status: i32, of: &Circumstances) -> Option<String> {
    let said = of.reason().strip_prefix("curl: (").and_then(|rest| rest.split_once(')')?.0.parse().ok());
    if program(of.command) != Some("curl") && said != Some(status) {
        return None;
    }
    let meaning = OF_CURL
        .iter()
        .find(|(known, _)| *known == status)
        .map(|(_, meaning)| format!("curl's status {status}: {meaning}"));
    let silent = (said.is_none() && is_silent(of.command))
        .then(|| "`curl -sS` prints the error message that `-s` hides".to_owned());
    let advice: Vec<String> = meaning.into_iter().chain(silent).collect();
    (!advice.is_empty()).then(|| advice.join("; "))
}

/// Whether an option of curl hides error messages.
fn is_silent(command: &str) -> bool {
    let is_short =
        |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('s') && !word.contains('S');
    command.split_whitespace().any(|word| word == "--silent" || is_short(word))
}

/// The name of the program that a command starts: `curl` of `body=$(/usr/bin/curl -s "$url")`.
fn program(command: &str) -> Option<&str> {
    let is_before = |word: &str| BEFORE_A_PROGRAM.contains(&word) || word.contains('=') || word.is_empty();
    let mut words = command.split_whitespace().map(|word| word.rsplit_once("$(").map_or(word, |(_, inner)| inner));
    let word = words.find(|word| !is_before(word))?;
    Some(word.rsplit('/').next().unwrap_or(word))
}
