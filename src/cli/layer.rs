//! `coshell layer`: makes the zip of a layer with the runtime, with programs for functions, or with both.
//!
//! Lambda unpacks a layer to /opt. Its `bin/` is then on the function's PATH, and the loader looks for libraries in its `lib/`. The zip contains
//! only the files that the user names.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{ArgGroup, Args};

use super::bundle::{Architecture, Bundle, Exclusion, Exclusions, ExtraFile, Runtime, Summary, Tools};
use super::exit_status::ExitStatus;
use super::terminal;

const EXAMPLES: &str = "\
Examples:
  coshell layer -o runtime.zip                                        the runtime, for functions on x86_64
  coshell layer -o tools.zip --no-runtime --tools                     jq and the small `aws`, for functions on x86_64
  coshell layer -o runtime.zip --tools --arch arm64                   the runtime, jq and the small `aws`, on arm64
  coshell layer -o git.zip --no-runtime --add bin/git=git --add lib=/tmp/libraries --exclude '*.a'

A function can call a file that is added as bin/NAME by its NAME. A program for another architecture, or one that needs a newer glibc than
Amazon Linux 2023 has, is an error. A script whose interpreter (`#!…`) Lambda lacks is a warning.

Exit status:
  0 the zip is written   1 a file was refused, or the zip cannot be written: there is no new file   2 wrong usage";

/// The arguments of `coshell layer`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("content").args(["add", "tools"]).multiple(true))]
pub struct Arguments {
    /// The zip to write; an existing file is replaced; `-` writes the zip to stdout
    #[arg(short, long, value_name = "FILE", default_value = "runtime.zip")]
    pub output: PathBuf,

    /// The processor that the functions run on
    #[arg(long, value_name = "ARCHITECTURE", default_value = "x86_64")]
    pub arch: Architecture,

    /// Adds jq and the small `aws` of a coshell release as bin/jq and bin/aws, with their licences
    #[arg(long)]
    pub tools: bool,

    /// Adds a file or folder, named NAME in the zip: bin/NAME for a command; without NAME the path is the name; can be repeated
    #[arg(long, value_name = "[NAME=]PATH", value_parser = ExtraFile::parse)]
    pub add: Vec<ExtraFile>,

    /// Leaves out files and folders of added folders that match: a name, or a path from the top, with `*`, `?`, `[…]`, `[^…]` and `**`; can be repeated
    #[arg(long, value_name = "GLOB", value_parser = Exclusion::parse)]
    pub exclude: Vec<Exclusion>,

    /// A command that another layer contains; can be repeated
    #[arg(long, value_name = "COMMAND")]
    pub have: Vec<String>,

    /// The runtime to add: a program, or a script that begins with `#!` [default: the runtime of a coshell release, for the architecture]
    #[arg(long, value_name = "FILE")]
    pub bootstrap: Option<PathBuf>,

    /// Leaves out the runtime, for a layer of tools only
    #[arg(long, requires = "content", conflicts_with = "bootstrap")]
    pub no_runtime: bool,

    /// Prints one JSON object: path, architecture, runtime, codeSize, unzippedBytes, files, codeSha256 and sha256
    #[arg(long)]
    pub json: bool,
}

/// Runs the command. Errors are printed to stderr.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    match layer(arguments) {
        Ok(()) => ExitStatus::Success,
        Err(error) => ExitStatus::Failed.with_error(&error),
    }
}

fn layer(arguments: &Arguments) -> Result<()> {
    let exclusions = Exclusions::new(&arguments.exclude, &arguments.output);
    let mut bundle = Bundle::default();
    bundle.set_external_commands(&arguments.have);
    for extra_file in &arguments.add {
        let name = extra_file.name.as_deref().or_else(|| extra_file.path.to_str());
        let Some(name) = name else {
            bail!("the name of `{}` is not UTF-8: write NAME=PATH", extra_file.path.display())
        };
        bundle.add(name, &extra_file.path, &exclusions)?;
    }
    let tools = if arguments.tools { Some(Tools::find(arguments.arch)?) } else { None }; // until the zip is written
    if let Some(tools) = &tools {
        tools.add_to(&mut bundle, &exclusions)?;
    }
    exclusions.warnings().iter().for_each(|warning| terminal::warn(warning));
    if !arguments.no_runtime {
        bundle.add_runtime(Runtime::find(arguments.bootstrap.as_deref(), arguments.arch)?)?;
    }
    Summary::write_zip(&bundle, arguments.arch, &arguments.output, None)?.print(arguments.json)
}
