//! `aws s3 presign`.

use super::objects::split;
use super::options::Options;
use super::store::{Ask, Store, check_bucket, invalid_bucket};
use crate::aws::failure::Failure;
use crate::aws::output::print;

/// One hour.
const DEFAULT_SECONDS: u64 = 3600;

/// Prints a URL with which anyone can get the object.
pub(super) fn run(store: &Store<'_>, options: &Options) -> Result<u8, Failure> {
    let (bucket, key) = split(&options.paths[0]);
    if bucket.is_empty() {
        return Err(invalid_bucket(bucket));
    }
    check_bucket(bucket)?;
    if key.is_empty() {
        let message = "Parameter validation failed:\nInvalid length for parameter Key, value: 0, valid min length: 1";
        return Err(Failure::Usage(message.to_owned()));
    }
    let request = store.request(&Ask::new("GET", bucket, key), &store.region)?;
    let expires = options.number("--expires-in").unwrap_or(DEFAULT_SECONDS);
    let request = store.signer(&store.region).presign(request, std::time::SystemTime::now(), expires);
    print(&format!("{}\n", request.url()))?;
    Ok(0)
}
