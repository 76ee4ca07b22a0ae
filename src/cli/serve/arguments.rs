//! The command line of `coshell serve`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::invoke::arguments::seconds;
use crate::cli::variables::VariableOptions;
use crate::lambda::contract::Caller;

const EXAMPLES: &str = "\
Examples:
  coshell serve handlers/echo                          Lambda's Invoke API on http://127.0.0.1:9000
  coshell serve handlers/page --url-port 8000          and a function URL on http://127.0.0.1:8000/
  coshell serve handlers/page --url-port 8000 --url-as rest-api
                                                       the same with the events of a REST API of API Gateway
  coshell serve src/orders.create --concurrency 4      up to four events at a time
  coshell serve handlers/echo --watch --env STAGE=test

Call it from another terminal (the commands to paste are printed at start):
  curl http://127.0.0.1:9000/2015-03-31/functions/echo/invocations -d '{\"text\":\"Hello\"}'
  aws lambda invoke --endpoint-url http://127.0.0.1:9000 --no-sign-request --region us-east-1 \\
    --function-name echo --payload fileb://event.json /dev/stdout

What scripts ask before they invoke is answered: get-function, get-function-configuration, list-functions, `aws lambda wait`.
For probes: GET /_coshell/health answers 200 as soon as the port is open, GET /_coshell/ready once the init has succeeded.

Ctrl-C ends it and every process of the function.";

/// The arguments, checked as far as each can be by itself.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The function: a folder with function.sh (its function `handler`), a script, or `dir/file.function`
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// The port of Lambda's Invoke API; 0 takes a free one and prints it
    #[arg(long, value_name = "PORT", default_value = "9000")]
    pub port: u16,

    /// Offers the function as a function URL too, on this port; 0 takes a free one and prints it
    #[arg(long, value_name = "PORT")]
    pub url_port: Option<u16>,

    /// Who stands before the function on that port: function-url, http-api, rest-api or alb. It decides what the event is like, which
    /// responses are taken and what becomes of their headers
    #[arg(long, value_name = "NAME", default_value = "function-url", value_parser = http_callers(), hide_default_value = true, requires = "url_port")]
    pub url_as: Caller,

    /// The address to listen on; others than this machine can call the function with 0.0.0.0
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// So many events at a time, each in an environment of its own; more wait for their turn
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,

    /// Sources an edited script anew before the next event, and says at once what is wrong with it: the function's script,
    /// what it sources, and all *.sh and *.bash in its folder
    #[arg(long)]
    pub watch: bool,

    /// The function's time limit, at most 5400; 3 is Lambda's own default
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub timeout: Duration,

    /// What sets variables.
    #[command(flatten)]
    pub variables: VariableOptions,

    /// The memory size that the function is told, in MB; it is not enforced
    #[arg(long, value_name = "MB", default_value = "128", value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: u32,

    /// Writes every command of the handler to the log: sets COSHELL_TRACE=1
    #[arg(long)]
    pub trace: bool,

    /// Another runtime than coshell's own
    #[arg(long, value_name = "FILE", hide = true)]
    pub bootstrap: Option<PathBuf>,
}

fn http_callers() -> impl TypedValueParser<Value = Caller> {
    PossibleValuesParser::new(["function-url", "http-api", "rest-api", "alb"])
        .try_map(|name| <Caller as clap::ValueEnum>::from_str(&name, false))
}
