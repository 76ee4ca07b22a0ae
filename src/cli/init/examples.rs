//! The examples that `coshell init` copies: the handlers of handlers/ that need only their own files.

use clap::builder::{PossibleValue, PossibleValuesParser};

const GITIGNORE: &str = "# The zips of coshell package and coshell layer\n*.zip\n";

/// An example of handlers/.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// A command that the example needs and provided.al2023 lacks.
    pub(super) needs: Option<&'static str>,
    /// Options that `coshell invoke` needs.
    pub(super) options: &'static str,
    script: &'static str,
    event: &'static str,
    /// The file with the expected response or error: its path and its content.
    pub(super) expected: (&'static str, &'static str),
    /// Further files of the example: their paths and contents.
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
            options: "",
            script: file!($name, "function.sh"),
            event: file!($name, "events/example.json"),
            expected: (
                concat!("events/example.", $ending),
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/", $name, "/events/example.", $ending)),
            ),
            more: &[$(($more, file!($name, $more))),*],
        }
    };
}

const JQ: Option<&str> = Some("jq");

const ALL: [Example; 12] = [
    example!("echo", "the smallest handler: event in, response out, log", None, "response",),
    example!("helper", "functions in a second file of the package", None, "response", "words.sh"),
    example!("warm", "slow work, done once at start", None, "response", "rates.csv"),
    example!("failing", "what a failure looks like", None, "error",),
    example!("http", "a function URL", None, "response",),
    example!("routes", "an HTTP API with routes and proper statuses", JQ, "response", "items.json"),
    example!("s3", "S3 notifications, with decoded keys", None, "response",),
    example!("sqs", "a batch of messages, some of which fail", JQ, "response",),
    example!("dynamodb", "a stream of changes, in order", JQ, "response", "plain.jq"),
    example!("schedule", "scheduled work: takes the day from the event, not from the clock", None, "response",),
    example!("step-functions", "the handler's own error types, for Retry and Catch", None, "error",),
    Example {
        options: " --durable --callback approval=Grace",
        ..example!(
            "order",
            "a durable function: steps, a wait, an approval, and what to undo when a step fails",
            None,
            "response",
            "shop.sh",
            "events/example.callbacks",
            "events/example.history",
            "events/no-money.json",
            "events/no-money.callbacks",
            "events/no-money.error",
            "events/no-money.history",
            "events/not-approved.json",
            "events/not-approved.callbacks",
            "events/not-approved.error",
            "events/not-approved.history"
        )
    },
];

/// The names for the command line. For a wrong name, clap suggests the nearest one.
pub(super) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(ALL.iter().map(|example| PossibleValue::new(example.name).help(example.about)))
}

impl Example {
    pub(super) fn named(name: &str) -> Option<&'static Example> {
        ALL.iter().find(|example| example.name == name)
    }

    /// The files of a new function's folder: their paths in the folder, and their contents.
    pub(super) fn files(&self) -> Vec<(&'static str, String)> {
        let own = [
            ("function.sh", self.script.to_owned()),
            ("events/example.json", self.event.to_owned()),
            (self.expected.0, self.expected.1.to_owned()),
            (".gitignore", GITIGNORE.to_owned()),
        ];
        let more = self.more.iter().map(|(name, text)| (*name, (*text).to_owned()));
        own.into_iter().chain(more).collect()
    }
}
