//! `aws s3 …`: copies, moves, deletes and lists objects and buckets.
//!
//! | module | what it does |
//! | --- | --- |
//! | `options` | the command line |
//! | `store`, `objects` | requests to S3 |
//! | `plan`, `files`, `filter`, `sync` | which files and objects a command is about |
//! | `transfer`, `upload`, `download`, `copy` | the transfers, several at once |
//! | `report` | the lines that a command prints |

mod buckets;
mod copy;
mod download;
mod files;
mod filter;
mod list;
mod media_type;
mod objects;
mod options;
mod parallel;
mod plan;
mod presign;
mod report;
mod settings;
mod store;
mod stream;
mod sync;
mod tags;
mod transfer;
mod upload;

use crate::aws::failure::Failure;
use crate::aws::globals::Globals;
use crate::aws::session::Session;
use options::Options;
#[cfg(test)]
pub(super) use options::served;
use store::Store;

/// Runs one command.
///
/// # Errors
/// Where the call is not served, is wrong or fails.
pub fn run(globals: Globals, arguments: &[String]) -> Result<u8, Failure> {
    let Some((command, arguments)) = arguments.split_first() else {
        return Err(Failure::Syntax("the following arguments are required: subcommand".to_owned()));
    };
    let options = Options::read(command, arguments)?;
    let session = Session::start(globals)?;
    let store = Store::new(&session, session.region.clone());
    match options.command {
        "ls" => list::run(&store, &options),
        "presign" => presign::run(&store, &options),
        "mb" => buckets::make(&store, &options),
        "rb" => buckets::remove(&store, &options),
        "website" => buckets::set_website(&store, &options),
        _ => transfer::run(&session, &store, &options),
    }
}
