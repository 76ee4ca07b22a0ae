//! The options of `coshell invoke` for durable executions.

use std::path::PathBuf;

use clap::Args;

/// The options.
#[derive(Args, Clone, Debug, Default)]
pub struct DurableOptions {
    /// Runs the function as a durable function: invokes it until its execution has ended, and prints the history on stderr. EVENT is the
    /// input of the execution. Waits and retries pass at once
    #[arg(long, conflicts_with_all = ["shell", "repeat", "profile", "caller"])]
    pub durable: bool,

    /// Lets waits and retries take their time
    #[arg(long, requires = "durable")]
    pub real_time: bool,

    /// Answers the callback NAME with RESULT as soon as it waits; can be repeated
    #[arg(long, value_name = "NAME=RESULT", requires = "durable", value_parser = pair)]
    pub callback: Vec<(String, String)>,

    /// Fails the callback NAME with an error: a message, or JSON with ErrorType and ErrorMessage; can be repeated
    #[arg(long, value_name = "NAME=ERROR", requires = "durable", value_parser = pair)]
    pub callback_failure: Vec<(String, String)>,

    /// The function that `durable invoke` calls as NAME; can be repeated
    #[arg(long, value_name = "NAME=PATH", requires = "durable", value_parser = function)]
    pub function: Vec<(String, PathBuf)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "give NAME=VALUE".to_owned())
}

fn function(text: &str) -> Result<(String, PathBuf), String> {
    pair(text).map(|(name, path)| (name, path.into()))
}
