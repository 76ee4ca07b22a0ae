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
                                                       the same with the events of a REST API
  coshell serve src/orders.create --concurrency 4      up to four events at a time
  coshell serve handlers/echo --watch --env STAGE=test
  coshell serve --template template.yaml --url-port 8000
                                                       all Bash functions of a template, and their APIs

Invoke the function from another terminal (the program prints these commands when it starts):
  curl http://127.0.0.1:9000/2015-03-31/functions/echo/invocations -d '{\"text\":\"Hello\"}'
  aws lambda invoke --endpoint-url http://127.0.0.1:9000 --no-sign-request --region us-east-1 \\
    --function-name echo --payload fileb://event.json /dev/stdout

The AWS CLI's get-function, get-function-configuration, list-functions and `aws lambda wait` work too.
For probes, GET /_coshell/health answers 200 as soon as the port is open, and GET /_coshell/ready once the init has succeeded.

Ctrl-C ends the server and every process of the function.";

/// The arguments; clap has checked each value by itself.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A function: a folder with function.sh (its function `handler`), a script, or `dir/file.function`. Each of several functions is
    /// invoked by the name of its folder
    #[arg(value_name = "PATH", required_unless_present = "template")]
    pub paths: Vec<PathBuf>,

    /// Serves the functions of an AWS SAM or CloudFormation template, YAML or JSON, with the settings of the template
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "url_as"])]
    pub template: Option<PathBuf>,

    /// The port of Lambda's Invoke API; 0 takes a free port and prints it
    #[arg(long, value_name = "PORT", default_value = "9000")]
    pub port: u16,

    /// Also offers a function URL on this port; 0 takes a free port and prints it. With --template, the port serves the paths of the Api
    /// and HttpApi events, and the function URLs follow on the next ports
    #[arg(long, value_name = "PORT")]
    pub url_port: Option<u16>,

    /// The service to imitate on that port: function-url, http-api, rest-api or alb. It decides the format of the events, and how responses
    /// and their headers are treated
    #[arg(long, value_name = "NAME", default_value = "function-url", value_parser = http_callers(), hide_default_value = true, requires = "url_port")]
    pub url_as: Caller,

    /// The address to listen on; with 0.0.0.0 other machines can call the function too
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// The most events that each function runs at a time, each in its own environment; further events wait
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,

    /// Sources an edited script again before the next event, and reports its errors at once. Watches the function's script, the files that
    /// the script sources, and all *.sh and *.bash in its folder
    #[arg(long)]
    pub watch: bool,

    /// The time limit, at most 5400 [default: the template's, or 3 as on Lambda]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,

    /// The variables of the function.
    #[command(flatten)]
    pub variables: VariableOptions,

    /// The memory size in MB, for AWS_LAMBDA_FUNCTION_MEMORY_SIZE; coshell does not enforce the size [default: the
    /// template's, or 128 as on Lambda]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: Option<u32>,

    /// Writes every command of the handler to the log: sets COSHELL_TRACE=1
    #[arg(long)]
    pub trace: bool,

    /// Starts each environment as with SnapStart: init, the functions in LAMBDA_BEFORE_SNAPSHOT, the restore, the functions in
    /// LAMBDA_AFTER_RESTORE. Prints each step on stderr
    #[arg(long)]
    pub snap_start: bool,

    /// Runs another runtime than coshell's own
    #[arg(long, value_name = "FILE", hide = true)]
    pub bootstrap: Option<PathBuf>,
}

fn http_callers() -> impl TypedValueParser<Value = Caller> {
    PossibleValuesParser::new(["function-url", "http-api", "rest-api", "alb"])
        .try_map(|name| <Caller as clap::ValueEnum>::from_str(&name, false))
}
