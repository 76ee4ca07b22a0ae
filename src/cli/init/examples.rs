//! The examples that a function can begin with: those of handlers/ that need nothing but their own files.

use clap::builder::{PossibleValue, PossibleValuesParser};

const GITIGNORE: &str = "# What coshell package and coshell layer write\n*.zip\n";

/// A handler to begin with.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// A command that provided.al2023 lacks.
    pub(super) needs: Option<&'static str>,
    script: &'static str,
    event: &'static str,
    /// The file of the answer to the event, and what is in it.
    pub(super) answer: (&'static str, &'static str),
    /// What else belongs to it.
    more: &'static [(&'static str, &'static str)],
}

macro_rules! file {
    ($name:literal, $file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/", $name, "/", $file))
    };
}

macro_rules! example {
    ($name:literal, $about:literal, $needs:expr, $ending:literal, $($more:literal),*) => {
        Example {
            name: $name,
            about: $about,
            needs: $needs,
            script: file!($name, "function.sh"),
            event: file!($name, "events/example.json"),
            answer: (
                concat!("events/example.", $ending),
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/", $name, "/events/example.", $ending)),
            ),
            more: &[$(($more, file!($name, $more))),*],
        }
    };
}

const JQ: Option<&str> = Some("jq");

const ALL: [Example; 11] = [
    example!("echo", "the smallest handler: event in, response out, log", None, "response",),
    example!("helper", "functions in a second file of the package", None, "response", "words.sh"),
    example!("warm", "costly work done once, at start", None, "response", "rates.csv"),
    example!("failing", "what a failure looks like", None, "error",),
    example!("http", "a function URL", JQ, "response",),
    example!("routes", "an HTTP API with routes and proper statuses", JQ, "response", "items.json"),
    example!("s3", "S3 notifications, with decoded keys", JQ, "response",),
    example!("sqs", "a batch of messages of which some fail", JQ, "response",),
    example!("dynamodb", "a stream of changes, in order", JQ, "response", "plain.jq"),
    example!("schedule", "work by the day of the event, not of the clock", JQ, "response",),
    example!("step-functions", "error types of one's own, for Retry and Catch", JQ, "error",),
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
        let own = [
            ("function.sh", self.script.to_owned()),
            ("events/example.json", self.event.to_owned()),
            (self.answer.0, self.answer.1.to_owned()),
            (".gitignore", GITIGNORE.to_owned()),
        ];
        let more = self.more.iter().map(|(name, text)| (*name, (*text).to_owned()));
        own.into_iter().chain(more).collect()
    }
}
