//! The examples that a function can begin with: those of handlers/ that need nothing but their own files.

use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::json;

const GITIGNORE: &str = "# What coshell package and coshell layer write\n*.zip\n";

/// A handler to begin with.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// A command that provided.al2023 lacks.
    pub(super) needs: Option<&'static str>,
    script: &'static str,
    event: &'static str,
    answer: Answer,
    /// What else belongs to it.
    more: &'static [(&'static str, &'static str)],
}

/// What the handler answers to the event.
enum Answer {
    Response(&'static str),
    /// The error's type, on the first line.
    Failure(&'static str),
}

macro_rules! file {
    ($name:literal, $file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/", $name, "/", $file))
    };
}

macro_rules! example {
    ($name:literal, $about:literal, $needs:expr, $kind:ident $answer:literal, $($more:literal),*) => {
        Example {
            name: $name,
            about: $about,
            needs: $needs,
            script: file!($name, "function.sh"),
            event: file!($name, "event.json"),
            answer: Answer::$kind(file!($name, $answer)),
            more: &[$(($more, file!($name, $more))),*],
        }
    };
}

const JQ: Option<&str> = Some("jq");

const ALL: [Example; 11] = [
    example!("echo", "the smallest handler: event in, response out, log", None, Response "response",),
    example!("helper", "functions in a second file of the package", None, Response "response", "words.sh"),
    example!("warm", "costly work done once, at start", None, Response "response", "rates.csv"),
    example!("failing", "what a failure looks like", None, Failure "error",),
    example!("http", "a function URL", JQ, Response "response",),
    example!("routes", "an HTTP API with routes and proper statuses", JQ, Response "response", "items.json"),
    example!("s3", "S3 notifications, with decoded keys", JQ, Response "response",),
    example!("sqs", "a batch of messages of which some fail", JQ, Response "response",),
    example!("dynamodb", "a stream of changes, in order", JQ, Response "response", "plain.jq"),
    example!("schedule", "work by the day of the event, not of the clock", JQ, Response "response",),
    example!("step-functions", "error types of one's own, for Retry and Catch", JQ, Failure "error",),
];

/// For the command line: a wrong name is told with the nearest.
pub(super) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(ALL.iter().map(|example| PossibleValue::new(example.name).help(example.about)))
}

impl Example {
    pub(super) fn named(name: &str) -> Option<&'static Example> {
        ALL.iter().find(|example| example.name == name)
    }

    /// The files of a new function's folder: their paths in it, and what is in them.
    pub(super) fn files(&self) -> Vec<(&'static str, String)> {
        let answer = match self.answer {
            Answer::Response(text) => ("events/example.response", text.to_owned()),
            Answer::Failure(text) => {
                let error_type = text.lines().next().unwrap_or_default();
                ("events/example.error", format!("{:#}\n", json!({ "errorType": error_type })))
            }
        };
        let own = [
            ("function.sh", self.script.to_owned()),
            ("event.json", self.event.to_owned()),
            ("events/example.json", self.event.to_owned()),
            answer,
            (".gitignore", GITIGNORE.to_owned()),
        ];
        let more = self.more.iter().map(|(name, text)| (*name, (*text).to_owned()));
        own.into_iter().chain(more).collect()
    }
}
