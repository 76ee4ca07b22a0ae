//! `coshell layer`: the zip of a layer, which Lambda unpacks to /opt: the runtime, programs for bin/, or both.
//!
//! Of a layer only what is named goes in; there is no folder whose content is taken as it is. `bin/` of a layer is on a function's PATH
//! (/opt/bin), `lib/` is where its loader looks.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::bundle::{Addition, Architecture, Bundle, Exclusion, LeftOut, Runtime, Written};
use super::exit_status::ExitStatus;
use super::terminal;

const EXAMPLES: &str = "\
Examples:
  coshell layer -o runtime.zip                                        the runtime, for functions on x86_64
  coshell layer -o runtime.zip --arch arm64 --add bin/jq=jq-arm64     the runtime and jq, on arm64
  coshell layer -o tools.zip --no-runtime --add bin/jq=jq --add lib=/tmp/libraries --exclude '*.a'

What is added as bin/NAME is on PATH in the function as NAME. A program is refused if it is for another architecture, or needs a newer
glibc than Amazon Linux 2023 has. A script whose interpreter (`#!…`) Lambda lacks is a warning.

Exit status:
  0 the zip is written   1 it was refused, or could not be written: there is no new file   2 wrong usage";

/// The arguments of `coshell layer`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zip to write, which is replaced; `-` writes it to stdout
    #[arg(short, long, value_name = "FILE", default_value = "runtime.zip")]
    pub output: PathBuf,

    /// What its functions run on
    #[arg(long, value_name = "ARCHITECTURE", default_value = "x86_64")]
    pub arch: Architecture,

    /// A file or folder to put in under NAME, bin/NAME for a command; a path alone is its own name; can be given again
    #[arg(long, value_name = "[NAME=]PATH", value_parser = Addition::parse)]
    pub add: Vec<Addition>,

    /// What to leave out of added folders: a name, or a path from the top, with `*`, `?`, `[…]`, `[^…]` and `**`; can be given again
    #[arg(long, value_name = "GLOB", value_parser = Exclusion::parse)]
    pub exclude: Vec<Exclusion>,

    /// A command that another layer brings; can be given again
    #[arg(long, value_name = "COMMAND")]
    pub have: Vec<String>,

    /// The runtime to put in: a program, or a script that begins with `#!` [default: the one that a release of coshell has for the architecture]
    #[arg(long, value_name = "FILE")]
    pub bootstrap: Option<PathBuf>,

    /// Leaves the runtime out: for a layer of tools only
    #[arg(long, requires = "add", conflicts_with = "bootstrap")]
    pub no_runtime: bool,

    /// Prints one JSON object: path, architecture, runtime, codeSize, unzippedBytes, files, codeSha256 and sha256
    #[arg(long)]
    pub json: bool,
}

/// Runs the command to its end. What goes wrong has been said on stderr when it returns.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    match layer(arguments) {
        Ok(()) => ExitStatus::Success,
        Err(error) => ExitStatus::Failed.with_error(&error),
    }
}

fn layer(arguments: &Arguments) -> Result<()> {
    let left_out = LeftOut::new(&arguments.exclude, &arguments.output);
    let mut bundle = Bundle::default();
    bundle.relies_on(&arguments.have);
    for addition in &arguments.add {
        let name = addition.name.as_deref().or_else(|| addition.path.to_str());
        let Some(name) = name else { bail!("the name of `{}` is not UTF-8", addition.path.display()) };
        bundle.add(name, &addition.path, &left_out)?;
    }
    left_out.unmatched().iter().for_each(|warning| terminal::warn(warning));
    if !arguments.no_runtime {
        bundle.put_runtime(Runtime::find(arguments.bootstrap.as_deref(), arguments.arch)?)?;
    }
    Written::new(&bundle, arguments.arch, &arguments.output, None)?.tell(arguments.json)
}
