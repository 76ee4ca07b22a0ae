//! Copies objects inside S3.

use super::objects::split;
use super::parallel::in_parallel;
use super::plan::Item;
use super::settings::Settings;
use super::store::{Ask, Store};
use super::tags::Tags;
use super::upload::{Multipart, check_late_error, part_size};
use crate::aws::failure::Failure;
use crate::client::request::encode;

/// Headers of an object that a copy in parts takes along, as the AWS CLI version 2 does.
const PROPERTIES: [&str; 6] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/// Copies an object; `source` is where it is.
pub(super) fn object(
    store: &Store<'_>,
    source: &Store<'_>,
    settings: &Settings,
    item: &Item,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Failure> {
    let (bucket, key) = split(&item.destination);
    let from = vec![("x-amz-copy-source".to_owned(), encode(&item.source, true))];
    let size = item.size.unwrap_or(0);
    if size < settings.threshold {
        let ask = Ask::new("PUT", bucket, key)
            .headers(&from)
            .headers(&settings.object_headers)
            .headers(&settings.copy_headers);
        check_late_error(store.send(&ask, "CopyObject")?, "CopyObject")?;
        progress(size);
        return Ok(());
    }
    let tags = if settings.copies_tags { Tags::read(source, settings, &item.source)? } else { Tags::default() };
    let mut headers = properties(source, settings, item)?;
    headers.extend(tags.header());
    let step = part_size(settings.part_size, size);
    let upload = Multipart::start(store, settings, &item.destination, &headers)?;
    let ranges: Vec<(u64, u64, u64)> =
        (0..size.div_ceil(step)).map(|index| (index + 1, index * step, step.min(size - index * step))).collect();
    let result = in_parallel(settings.parallel, ranges, |(number, offset, length)| {
        let range = format!("bytes={offset}-{}", offset + length - 1);
        let headers = [from.clone(), vec![("x-amz-copy-source-range".to_owned(), range)]].concat();
        let part = upload.copy(number, &headers)?;
        progress(length);
        Ok(part)
    });
    upload.finish(result)?;
    tags.write(store, settings, &item.destination)
}

/// The headers of the new object: the command's, and those of the source unless they are replaced.
fn properties(source: &Store<'_>, settings: &Settings, item: &Item) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = settings.object_headers.clone();
    if !settings.copies_metadata {
        return Ok(headers);
    }
    let (bucket, key) = split(&item.source);
    let (_, response) = source.head(bucket, key, &settings.payer_headers)?;
    let kept = response.headers().filter(|(name, _)| PROPERTIES.contains(name) || name.starts_with("x-amz-meta-"));
    let kept: Vec<(String, String)> = kept.map(|(name, value)| (name.to_owned(), value)).collect();
    for (name, value) in kept {
        if !headers.iter().any(|(given, _)| *given == name) {
            headers.push((name, value));
        }
    }
    Ok(headers)
}
