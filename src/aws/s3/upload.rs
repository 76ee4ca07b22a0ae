//! Uploads files and streams: small ones in one request, others in parts.

use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex};

use super::objects::{read_xml, split};
use super::parallel::in_parallel;
use super::settings::Settings;
use super::store::{Ask, Store};
use crate::aws::crc32::crc32;
use crate::aws::failure::Failure;
use crate::aws::xml::escape;
use crate::client::request::Body;

const MOST_PARTS: u64 = 10_000;

/// A part that has arrived: its number, entity tag and checksum.
pub(super) type Part = (u64, String, Option<String>);

/// Uploads a file. `progress` is called with the bytes that have arrived.
pub(super) fn file(
    store: &Store<'_>,
    settings: &Settings,
    path: &str,
    destination: &str,
    content_type: Option<String>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::General(format!("{}: '{path}'", words(&error)));
    let file = Arc::new(File::open(path).map_err(failed)?);
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(std::io::Error::from_raw_os_error(nix::libc::EISDIR)));
    }
    let length = metadata.len();
    let headers = headers(settings, content_type);
    if length < settings.threshold {
        put(store, settings, destination, &headers, Body::Part { file, offset: 0, length })?;
        progress(length);
        return Ok(());
    }
    let size = part_size(settings.part_size, length);
    let upload = Multipart::start(store, settings, destination, &headers)?;
    let ranges: Vec<(u64, u64, u64)> =
        (0..length.div_ceil(size)).map(|index| (index + 1, index * size, size.min(length - index * size))).collect();
    let result = in_parallel(settings.parallel, ranges, |(number, offset, length)| {
        let part = upload.send(number, Body::Part { file: Arc::clone(&file), offset, length })?;
        progress(length);
        Ok(part)
    });
    upload.finish(result)
}

/// Uploads what can be read from a stream.
pub(super) fn stream(
    store: &Store<'_>,
    settings: &Settings,
    stream: &mut (dyn Read + Send),
    destination: &str,
) -> Result<(), Failure> {
    let size = part_size(settings.part_size, settings.expected_size.unwrap_or(0));
    let headers = headers(settings, None);
    let first = chunk(stream, size)?;
    if (first.len() as u64) < size {
        return put(store, settings, destination, &headers, Body::Bytes(Arc::new(first)));
    }
    let upload = Multipart::start(store, settings, destination, &headers)?;
    // Two parts at once: each is in memory.
    let source = Mutex::new((stream, Some(first), 0_u64));
    let next = || -> Result<Option<(u64, Vec<u8>)>, Failure> {
        let Ok(mut source) = source.lock() else { return Ok(None) };
        let (stream, first, number) = &mut *source;
        let bytes = match first.take() {
            Some(first) => first,
            None => chunk(*stream, size)?,
        };
        *number += 1;
        Ok((!bytes.is_empty()).then_some((*number, bytes)))
    };
    let send_all = || -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        while let Some((number, bytes)) = next()? {
            parts.push(upload.send(number, Body::Bytes(Arc::new(bytes)))?);
        }
        Ok(parts)
    };
    let result = std::thread::scope(|scope| {
        let other = scope.spawn(send_all);
        let mut parts = send_all()?;
        parts.extend(other.join().map_err(|_| Failure::General("a part could not be sent".to_owned()))??);
        Ok(parts)
    });
    upload.finish(result)
}

/// Reads as many bytes as a part has, less at the end of the stream.
fn chunk(stream: &mut (dyn Read + Send), size: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = stream.take(size).read_to_end(&mut bytes);
    read.map_err(|error| Failure::General(format!("cannot read stdin: {}", words(&error))))?;
    Ok(bytes)
}

/// Large enough for at most 10,000 parts.
pub(super) fn part_size(wanted: u64, length: u64) -> u64 {
    let mut size = wanted;
    while length.div_ceil(size) > MOST_PARTS {
        size *= 2;
    }
    size
}

fn headers(settings: &Settings, content_type: Option<String>) -> Vec<(String, String)> {
    let mut headers = settings.object_headers.clone();
    headers.extend(content_type.map(|content_type| ("content-type".to_owned(), content_type)));
    headers
}

/// An error of the operating system in Python's words.
pub(super) fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    error.raw_os_error().map_or_else(|| text.to_owned(), |number| format!("[Errno {number}] {text}"))
}

fn put(
    store: &Store<'_>,
    settings: &Settings,
    destination: &str,
    headers: &[(String, String)],
    body: Body,
) -> Result<(), Failure> {
    let (bucket, key) = split(destination);
    let mut ask = Ask::new("PUT", bucket, key).headers(headers);
    if let Some(checksum) = checksum(settings, &body)? {
        ask = ask.header("x-amz-sdk-checksum-algorithm", "CRC32").header("x-amz-checksum-crc32", checksum);
    }
    store.send(&ask.body(body), "PutObject").map(drop)
}

fn checksum(settings: &Settings, body: &Body) -> Result<Option<String>, Failure> {
    if !settings.checksums {
        return Ok(None);
    }
    crc32(body).map(Some).map_err(|error| Failure::General(words(&error)))
}

/// An upload in parts.
pub(super) struct Multipart<'a> {
    store: &'a Store<'a>,
    settings: &'a Settings,
    bucket: String,
    key: String,
    id: String,
}

impl<'a> Multipart<'a> {
    /// Starts an upload.
    pub(super) fn start(
        store: &'a Store<'a>,
        settings: &'a Settings,
        destination: &str,
        headers: &[(String, String)],
    ) -> Result<Multipart<'a>, Failure> {
        let (bucket, key) = split(destination);
        let mut ask = Ask::new("POST", bucket, key).parameter("uploads", "").headers(headers);
        if settings.checksums {
            ask = ask.header("x-amz-checksum-algorithm", "CRC32");
        }
        let root = read_xml(store.send(&ask, "CreateMultipartUpload")?)?;
        let id = root.text_of("UploadId").unwrap_or_default().to_owned();
        Ok(Multipart { store, settings, bucket: bucket.to_owned(), key: key.to_owned(), id })
    }

    fn part(&self, number: u64) -> Ask {
        let ask = Ask::new("PUT", &self.bucket, &self.key).headers(&self.settings.payer_headers);
        ask.parameter("partNumber", number.to_string()).parameter("uploadId", self.id.as_str())
    }

    /// Sends one part.
    pub(super) fn send(&self, number: u64, body: Body) -> Result<Part, Failure> {
        let checksum = checksum(self.settings, &body)?;
        let mut ask = self.part(number);
        if let Some(checksum) = &checksum {
            ask = ask.header("x-amz-sdk-checksum-algorithm", "CRC32").header("x-amz-checksum-crc32", checksum.as_str());
        }
        let response = self.store.send(&ask.body(body), "UploadPart")?;
        Ok((number, response.header("etag").unwrap_or_default(), checksum))
    }

    /// Has S3 copy one part from another object.
    pub(super) fn copy(&self, number: u64, headers: &[(String, String)]) -> Result<Part, Failure> {
        let root = read_xml(self.store.send(&self.part(number).headers(headers), "UploadPartCopy")?)?;
        let checksum = root.text_of("ChecksumCRC32").map(str::to_owned);
        Ok((number, root.text_of("ETag").unwrap_or_default().to_owned(), checksum))
    }

    /// Makes the object of its parts, or removes the parts where one has failed.
    pub(super) fn finish(&self, parts: Result<Vec<Part>, Failure>) -> Result<(), Failure> {
        let ask = |method| {
            let ask = Ask::new(method, &self.bucket, &self.key).headers(&self.settings.payer_headers);
            ask.parameter("uploadId", self.id.as_str())
        };
        let complete = parts.and_then(|parts| {
            let body = Body::Bytes(Arc::new(part_list(parts).into_bytes()));
            let ask = ask("POST").header("content-type", "application/xml").body(body);
            check_late_error(self.store.send(&ask, "CompleteMultipartUpload")?, "CompleteMultipartUpload")
        });
        if complete.is_err() {
            // The first failure counts.
            let _ = self.store.send(&ask("DELETE"), "AbortMultipartUpload");
        }
        complete
    }
}

fn part_list(mut parts: Vec<Part>) -> String {
    parts.sort();
    let parts: String = parts
        .into_iter()
        .map(|(number, etag, checksum)| {
            let checksum =
                checksum.map_or_else(String::new, |checksum| format!("<ChecksumCRC32>{checksum}</ChecksumCRC32>"));
            format!("<Part><ETag>{}</ETag>{checksum}<PartNumber>{number}</PartNumber></Part>", escape(&etag))
        })
        .collect();
    let space = "http://s3.amazonaws.com/doc/2006-03-01/";
    format!("<CompleteMultipartUpload xmlns=\"{space}\">{parts}</CompleteMultipartUpload>")
}

/// S3 can send an error after the status 200.
pub(super) fn check_late_error(response: crate::client::response::Response, operation: &str) -> Result<(), Failure> {
    let status = response.status;
    let root = read_xml(response)?;
    if root.name != "Error" {
        return Ok(());
    }
    let text = |name: &str| root.text_of(name).unwrap_or_default().to_owned();
    let (code, message, operation) = (text("Code"), text("Message"), operation.to_owned());
    Err(Failure::Service(crate::aws::failure::ServiceError { code, message, operation, status }))
}
