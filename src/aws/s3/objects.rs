//! The requests about objects.

use jiff::Timestamp;

use super::store::{Ask, Store};
use crate::aws::failure::Failure;
use crate::aws::time;
use crate::aws::xml::{self, Element};
use crate::client::response::Response;

/// An object as lists and HEAD requests describe it.
#[derive(Debug, Clone)]
pub(super) struct Object {
    /// The key.
    pub(super) key: String,
    /// How many bytes it has.
    pub(super) size: u64,
    /// When it was changed.
    pub(super) modified: Option<Timestamp>,
    /// Its entity tag.
    pub(super) etag: Option<String>,
    /// Its storage class, where that is not STANDARD.
    pub(super) storage_class: Option<String>,
    /// The state of a restore from an archive.
    pub(super) restore: Option<String>,
}

/// One page of a list.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The objects.
    pub(super) objects: Vec<Object>,
    /// The common prefixes.
    pub(super) prefixes: Vec<String>,
    /// The token of the next page.
    pub(super) next: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    /// The bucket.
    pub(super) bucket: String,
    /// What keys start with.
    pub(super) prefix: String,
    /// Whether keys are shown up to the next slash.
    pub(super) is_shallow: bool,
    /// How many keys a page has.
    pub(super) page_size: Option<u64>,
    /// Whether the requester pays.
    pub(super) requester_pays: bool,
}

impl Store<'_> {
    /// Asks for one page of objects.
    pub(super) fn list(&self, listing: &Listing, token: Option<&str>) -> Result<Page, Failure> {
        let mut ask = Ask::new("GET", &listing.bucket, "")
            .parameter("list-type", "2")
            .parameter("prefix", listing.prefix.as_str());
        if listing.is_shallow {
            ask = ask.parameter("delimiter", "/");
        }
        ask = ask.parameter("encoding-type", "url");
        if let Some(size) = listing.page_size {
            ask = ask.parameter("max-keys", size.to_string());
        }
        if let Some(token) = token {
            ask = ask.parameter("continuation-token", token);
        }
        if listing.requester_pays {
            ask = ask.header("x-amz-request-payer", "requester");
        }
        let root = read_xml(self.send(&ask, "ListObjectsV2")?)?;
        let is_encoded = root.text_of("EncodingType") == Some("url");
        let decoded = |text: &str| if is_encoded { decode(text) } else { text.to_owned() };
        let objects = root.all("Contents").map(|entry| Object {
            key: decoded(entry.text_of("Key").unwrap_or_default()),
            size: entry.text_of("Size").and_then(|size| size.parse().ok()).unwrap_or(0),
            modified: entry.text_of("LastModified").and_then(time::parse),
            etag: entry.text_of("ETag").map(str::to_owned),
            storage_class: entry.text_of("StorageClass").map(str::to_owned),
            restore: None,
        });
        let prefixes = root.all("CommonPrefixes").map(|entry| decoded(entry.text_of("Prefix").unwrap_or_default()));
        let is_truncated = root.text_of("IsTruncated") == Some("true");
        let next = root.text_of("NextContinuationToken").filter(|_| is_truncated).map(str::to_owned);
        Ok(Page { objects: objects.collect(), prefixes: prefixes.collect(), next })
    }

    /// Asks for the headers of an object.
    pub(super) fn head(
        &self,
        bucket: &str,
        key: &str,
        headers: &[(String, String)],
    ) -> Result<(Object, Response), Failure> {
        let response = self.send(&Ask::new("HEAD", bucket, key).headers(headers), "HeadObject")?;
        let object = Object {
            key: key.to_owned(),
            size: response.header("content-length").and_then(|size| size.parse().ok()).unwrap_or(0),
            modified: response.header("last-modified").as_deref().and_then(time::parse),
            etag: response.header("etag"),
            storage_class: response.header("x-amz-storage-class"),
            restore: response.header("x-amz-restore"),
        };
        Ok((object, response))
    }

    /// Deletes an object.
    pub(super) fn delete(&self, bucket: &str, key: &str, headers: &[(String, String)]) -> Result<(), Failure> {
        self.send(&Ask::new("DELETE", bucket, key).headers(headers), "DeleteObject").map(drop)
    }
}

/// Reads an answer that is XML.
pub(super) fn read_xml(response: Response) -> Result<Element, Failure> {
    let failed = |why: String| Failure::General(format!("Unable to parse response ({why}), invalid XML received"));
    let bytes = response.bytes().map_err(|error| failed(error.to_string()))?;
    xml::parse(&bytes).ok_or_else(|| failed("syntax error".to_owned()))
}

/// Undoes percent-encoding; a plus is a blank.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let hex = bytes.get(position + 1..position + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match (bytes[position], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                position += 3;
            }
            (b'+', _) => {
                decoded.push(b' ');
                position += 1;
            }
            (byte, _) => {
                decoded.push(byte);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The bucket and the key of a path, with or without `s3://`.
pub(super) fn split(path: &str) -> (&str, &str) {
    let path = path.strip_prefix("s3://").unwrap_or(path);
    path.split_once('/').unwrap_or((path, ""))
}
