//! The tags of an object that is copied in parts: S3 copies them only for a copy in one request.

use std::sync::Arc;

use super::objects::{read_xml, split};
use super::settings::Settings;
use super::store::{Ask, Store};
use crate::aws::crc32::crc32;
use crate::aws::failure::Failure;
use crate::aws::xml::escape;
use crate::client::request::{Body, pair};

/// S3 takes this many bytes of tags in a header.
const MAX_HEADER_BYTES: usize = 2048;

/// The names and values of an object's tags.
#[derive(Debug, Default)]
pub(super) struct Tags(Vec<(String, String)>);

impl Tags {
    /// The tags of the object at `path`, a bucket and a key.
    pub(super) fn read(store: &Store<'_>, settings: &Settings, path: &str) -> Result<Tags, Failure> {
        let (bucket, key) = split(path);
        let ask = Ask::new("GET", bucket, key).parameter("tagging", "").headers(&settings.payer_headers);
        let root = read_xml(store.send(&ask, "GetObjectTagging")?)?;
        let text = |tag: &crate::aws::xml::Element, name: &str| tag.text_of(name).unwrap_or_default().to_owned();
        let tags = root.child("TagSet").into_iter().flat_map(|set| set.all("Tag"));
        Ok(Tags(tags.map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()))
    }

    /// The header that gives a new object the tags; `None` where there are no tags, or too many for a header.
    pub(super) fn header(&self) -> Option<(String, String)> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| pair(name, value)).collect();
        let text = pairs.join("&");
        (!text.is_empty() && text.len() <= MAX_HEADER_BYTES).then(|| ("x-amz-tagging".to_owned(), text))
    }

    /// Gives the tags to the object at `path` where no header could.
    pub(super) fn write(&self, store: &Store<'_>, settings: &Settings, path: &str) -> Result<(), Failure> {
        if self.0.is_empty() || self.header().is_some() {
            return Ok(());
        }
        let tag = |(name, value): &(String, String)| {
            format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", escape(name), escape(value))
        };
        let tags: String = self.0.iter().map(tag).collect();
        let text =
            format!("<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>{tags}</TagSet></Tagging>");
        let body = Body::Bytes(Arc::new(text.into_bytes()));
        let checksum = crc32(&body).map_err(|error| Failure::General(error.to_string()))?;
        let (bucket, key) = split(path);
        let ask = Ask::new("PUT", bucket, key).parameter("tagging", "").headers(&settings.payer_headers);
        let ask = ask.header("x-amz-sdk-checksum-algorithm", "CRC32").header("x-amz-checksum-crc32", checksum);
        store.send(&ask.body(body), "PutObjectTagging").map(drop)
    }
}
