//! Downloads objects to files and to stdout.

use std::fs::{File, FileTimes};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::objects::split;
use super::parallel::in_parallel;
use super::plan::Item;
use super::settings::Settings;
use super::store::{Ask, Store};
use super::upload::words;
use crate::aws::failure::Failure;

/// A read that breaks off is tried so often.
const READS: u32 = 5;

/// Downloads an object to a file; the file appears when the object is complete.
pub(super) fn file(
    store: &Store<'_>,
    settings: &Settings,
    item: &Item,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Failure> {
    let path = &item.destination;
    let failed = |error: std::io::Error| Failure::General(format!("{}: '{path}'", words(&error)));
    if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.exists()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::General(format!(
                "Could not create directory {}: {}: '{}'",
                folder.display(),
                words(&error),
                folder.display()
            ))
        })?;
    }
    let is_special = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if is_special {
        let mut file = File::options().write(true).open(path).map_err(failed)?;
        return copy_whole(store, settings, &item.source, &mut file, progress);
    }
    let temporary = format!("{path}.{:08x}", random());
    let result = fetch(store, settings, item, &temporary, progress).and_then(|file| {
        std::fs::rename(&temporary, path).map_err(failed)?;
        if let Some(time) = item.modified.and_then(|time| u64::try_from(time.as_second()).ok()) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
            // Where the file is another user's, its contents still count.
            let _ = file.set_times(FileTimes::new().set_accessed(time).set_modified(time));
        }
        Ok(())
    });
    if result.is_err() {
        // The first failure counts.
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

fn fetch(
    store: &Store<'_>,
    settings: &Settings,
    item: &Item,
    temporary: &str,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<File, Failure> {
    let failed = |error: std::io::Error| Failure::General(format!("{}: '{temporary}'", words(&error)));
    let file = File::create(temporary).map_err(failed)?;
    let size = item.size.unwrap_or(0);
    let whole = Range { offset: 0, length: size, is_whole: true };
    if size < settings.threshold {
        get_range(store, settings, item, whole, &file, progress)?;
        return Ok(file);
    }
    let step = settings.part_size;
    let ranges = (0..size.div_ceil(step)).map(|index| Range {
        offset: index * step,
        length: step.min(size - index * step),
        is_whole: false,
    });
    in_parallel(settings.parallel, ranges.collect(), |range| get_range(store, settings, item, range, &file, progress))?;
    Ok(file)
}

#[derive(Debug, Clone, Copy)]
struct Range {
    offset: u64,
    length: u64,
    is_whole: bool,
}

/// Gets a range of an object and writes it at its place.
fn get_range(
    store: &Store<'_>,
    settings: &Settings,
    item: &Item,
    range: Range,
    file: &File,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Failure> {
    let (bucket, key) = split(&item.source);
    let mut ask = Ask::new("GET", bucket, key).headers(&settings.payer_headers);
    if !range.is_whole {
        ask = ask.header("range", format!("bytes={}-{}", range.offset, range.offset + range.length - 1));
        if let Some(etag) = item.object.as_ref().and_then(|object| object.etag.as_deref()) {
            ask = ask.header("if-match", etag);
        }
    }
    let mut attempt = 1;
    loop {
        let mut reader = store.send(&ask, "GetObject")?.reader();
        let mut position = range.offset;
        let result = pump(&mut reader, |bytes| {
            file.write_all_at(bytes, position)?;
            position += bytes.len() as u64;
            Ok(())
        });
        let is_complete = range.is_whole || position == range.offset + range.length;
        match result {
            Ok(()) if is_complete => break,
            Ok(()) | Err(_) if attempt < READS => attempt += 1,
            Ok(()) => return Err(Failure::General(format!("the answer for s3://{bucket}/{key} breaks off"))),
            Err(error) => return Err(Failure::General(words(&error))),
        }
    }
    progress(range.length);
    Ok(())
}

fn pump(reader: &mut impl Read, mut take: impl FnMut(&[u8]) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(()),
            length => take(&buffer[..length])?,
        }
    }
}

fn copy_whole(
    store: &Store<'_>,
    settings: &Settings,
    source: &str,
    writer: &mut dyn Write,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Failure> {
    let (bucket, key) = split(source);
    let ask = Ask::new("GET", bucket, key).headers(&settings.payer_headers);
    let mut reader = store.send(&ask, "GetObject")?.reader();
    let mut all = 0;
    pump(&mut reader, |bytes| {
        all += bytes.len() as u64;
        writer.write_all(bytes)
    })
    .and_then(|()| writer.flush())
    .map_err(|error| Failure::General(words(&error)))?;
    progress(all);
    Ok(())
}

/// Writes an object to stdout.
pub(super) fn stream(store: &Store<'_>, settings: &Settings, source: &str) -> Result<(), Failure> {
    let (bucket, key) = split(source);
    // The AWS CLI asks for the size first, so a missing object is an error of HeadObject.
    store.head(bucket, key, &settings.payer_headers)?;
    copy_whole(store, settings, source, &mut std::io::stdout().lock(), &|_| {})
}

fn random() -> u32 {
    let mut bytes = [0; 4];
    let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    if filled.is_ok() { u32::from_ne_bytes(bytes) } else { std::process::id() }
}
