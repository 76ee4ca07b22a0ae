//! `aws s3 mb`, `rb` and `website`.

use std::io::Write;
use std::sync::Arc;

use super::objects::{Listing, split};
use super::options::Options;
use super::store::{Ask, Store};
use super::transfer;
use crate::aws::failure::Failure;
use crate::aws::output::print;
use crate::aws::xml::escape;
use crate::client::request::Body;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Makes a bucket.
pub(super) fn make(store: &Store<'_>, options: &Options) -> Result<u8, Failure> {
    let path = s3_path(options)?;
    let (bucket, _) = split(path);
    if bucket.ends_with("-an") {
        return Err(Failure::Unserved(format!("buckets of an account's own namespace are not served: `{bucket}`")));
    }
    let mut ask = Ask::new("PUT", bucket, "");
    if store.region != "us-east-1" {
        let region = escape(&store.region);
        let text = format!(
            "<CreateBucketConfiguration xmlns=\"{NAMESPACE}\"><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        );
        ask = ask.body(Body::Bytes(Arc::new(text.into_bytes())));
    }
    finish(store.send(&ask, "CreateBucket").map(drop), "make_bucket", bucket, path)
}

/// Removes a bucket, with `--force` after its objects.
pub(super) fn remove(store: &Store<'_>, options: &Options) -> Result<u8, Failure> {
    let path = s3_path(options)?;
    let (bucket, key) = split(path);
    if !key.is_empty() {
        return Err(Failure::Usage(format!("Please specify a valid bucket name only. E.g. s3://{bucket}")));
    }
    if options.has("--force") {
        let listing = Listing { bucket: bucket.to_owned(), ..Listing::default() };
        if transfer::empty(store, listing)? != 0 {
            let message =
                "remove_bucket failed: Unable to delete all objects in the bucket, bucket will not be deleted.";
            return Err(Failure::General(message.to_owned()));
        }
    }
    finish(store.send(&Ask::new("DELETE", bucket, ""), "DeleteBucket").map(drop), "remove_bucket", bucket, path)
}

/// Makes a bucket a website.
pub(super) fn set_website(store: &Store<'_>, options: &Options) -> Result<u8, Failure> {
    let path = options.paths[0].trim_start_matches("s3://");
    let bucket = path.strip_suffix('/').unwrap_or(path);
    let part = |option: &str, outer: &str, inner: &str| {
        let value = options.value(option).map(escape);
        value.map_or_else(String::new, |value| format!("<{outer}><{inner}>{value}</{inner}></{outer}>"))
    };
    let error = part("--error-document", "ErrorDocument", "Key");
    let index = part("--index-document", "IndexDocument", "Suffix");
    let text = format!("<WebsiteConfiguration xmlns=\"{NAMESPACE}\">{error}{index}</WebsiteConfiguration>");
    let ask = Ask::new("PUT", bucket, "").parameter("website", "").body(Body::Bytes(Arc::new(text.into_bytes())));
    store.send(&ask, "PutBucketWebsite")?;
    Ok(0)
}

fn s3_path(options: &Options) -> Result<&str, Failure> {
    let path = &options.paths[0];
    if path.starts_with("s3://") {
        return Ok(path);
    }
    Err(Failure::Usage("<S3Uri>\nError: Invalid argument type".to_owned()))
}

fn finish(result: Result<(), Failure>, what: &str, bucket: &str, path: &str) -> Result<u8, Failure> {
    match result {
        Ok(()) => print(&format!("{what}: {bucket}\n")).map(|()| 0),
        Err(failure) => {
            // Nobody can be told where stderr is closed.
            let _ = std::io::stderr().write_all(format!("{what} failed: {path} {failure}\n").as_bytes());
            Ok(1)
        }
    }
}
