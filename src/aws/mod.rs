//! The small AWS CLI: serves the calls that handlers make, exactly as the AWS CLI version 2 does, and starts in milliseconds.
//!
//! A call that this program does not serve goes to the next `aws` on PATH ([`fallback`]), or is refused with status 252. It never guesses.
//!
//! | module | what it does |
//! | --- | --- |
//! | `crate::client` | credentials, region, endpoints, signatures, HTTPS, retries |
//! | [`s3`] | `aws s3 …` |
//! | [`api`] | `aws SERVICE OPERATION`, by the tables in `models/` |
//! | [`query`], [`output`] | `--query`, `--output` |

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

pub mod api;
mod configure;
pub mod crc32;
pub mod error_body;
pub mod failure;
pub mod fallback;
pub mod globals;
pub mod output;
pub mod query;
pub mod s3;
pub mod session;
pub mod time;
pub mod xml;

use failure::Failure;
use globals::Globals;

const USAGE: &str = "usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
";

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&arguments) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            if matches!(failure, Failure::Unserved(_) | Failure::NoCredentials) {
                fallback::hand_over(&arguments);
            }
            report(&failure);
            ExitCode::from(failure.status())
        }
    }
}

fn run(arguments: &[OsString]) -> Result<u8, Failure> {
    let not_text = |_| Failure::Unserved("arguments that are not UTF-8 are not served".to_owned());
    let texts: Result<Vec<String>, OsString> = arguments.iter().map(|text| text.clone().into_string()).collect();
    let (globals, rest) = Globals::take(&texts.map_err(not_text)?)?;
    if globals.version {
        return print_version();
    }
    let Some((service, rest)) = rest.split_first() else {
        return Err(Failure::Syntax("the following arguments are required: command".to_owned()));
    };
    if service == "help" || rest.iter().any(|argument| argument == "help") {
        return Err(Failure::Unserved("`help` is not served".to_owned()));
    }
    match service.as_str() {
        "s3" => s3::run(globals, rest),
        "configure" => configure::run(&globals, rest),
        service => api::run(globals, service, rest),
    }
}

/// `aws --version`: the AWS CLI's form, with this program's name where that has Python's.
fn print_version() -> Result<u8, Failure> {
    let machine = std::env::consts::ARCH;
    let version = env!("CARGO_PKG_VERSION");
    output::print(&format!("aws-cli/2 coshell-aws/{version} Linux exe/{machine}\n"))?;
    Ok(0)
}

/// Writes a failure to stderr as the AWS CLI does.
fn report(failure: &Failure) {
    let text = match failure {
        Failure::Reported(_) => return,
        Failure::Unserved(message) => format!("\naws: {message}. {}\n", fallback::advice()),
        Failure::Syntax(message) => format!("\n{USAGE}\naws: error: {message}\n"),
        Failure::Usage(_)
        | Failure::Configuration(_)
        | Failure::Service(_)
        | Failure::General(_)
        | Failure::NoCredentials => format!("\n{failure}\n"),
    };
    // Nobody can be told where stderr is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
