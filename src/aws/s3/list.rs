//! `aws s3 ls`.

use super::objects::{Listing, Object, Page, read_xml, split};
use super::options::Options;
use super::report::human_size;
use super::store::{Ask, Store};
use crate::aws::failure::Failure;
use crate::aws::output::print;
use crate::aws::time;

/// Lists buckets or objects.
pub(super) fn run(store: &Store<'_>, options: &Options) -> Result<u8, Failure> {
    let (bucket, key) = split(options.paths.first().map_or("", String::as_str));
    if bucket.is_empty() {
        list_buckets(store, options)?;
        if options.has("--summarize") {
            print_summary(options, 0, 0)?;
        }
        return Ok(0);
    }
    let listing = Listing {
        bucket: bucket.to_owned(),
        prefix: key.to_owned(),
        is_shallow: !options.has("--recursive"),
        page_size: options.number("--page-size"),
        requester_pays: options.value("--request-payer").is_some(),
    };
    let mut token = None;
    let (mut count, mut bytes, mut is_empty) = (0, 0, true);
    loop {
        let page = store.list(&listing, token.as_deref())?;
        is_empty &= page.objects.is_empty() && page.prefixes.is_empty();
        count += page.objects.len() as u64;
        bytes += page.objects.iter().map(|object| object.size).sum::<u64>();
        print(&lines(&page, options))?;
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    if options.has("--summarize") {
        print_summary(options, count, bytes)?;
    }
    Ok(u8::from(is_empty && !key.is_empty()))
}

fn lines(page: &Page, options: &Options) -> String {
    let is_recursive = options.has("--recursive");
    let prefixes = page.prefixes.iter().map(|prefix| {
        let name = prefix.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        // `a//` has the empty name between its two slashes.
        let name = if prefix.ends_with("//") { "" } else { name };
        format!("{:>30} {name}/\n", "PRE")
    });
    let objects = page.objects.iter().map(|object| {
        let name = if is_recursive { &object.key } else { object.key.rsplit('/').next().unwrap_or_default() };
        format!("{} {:>10} {name}\n", date(object), size(object.size, options))
    });
    prefixes.chain(objects).collect()
}

fn date(object: &Object) -> String {
    object.modified.map_or_else(String::new, time::listed)
}

fn size(bytes: u64, options: &Options) -> String {
    if options.has("--human-readable") { human_size(bytes) } else { bytes.to_string() }
}

fn print_summary(options: &Options, count: u64, bytes: u64) -> Result<(), Failure> {
    print(&format!("\nTotal Objects: {count}\n   Total Size: {}\n", size(bytes, options)))
}

fn list_buckets(store: &Store<'_>, options: &Options) -> Result<(), Failure> {
    let mut token: Option<String> = None;
    loop {
        let mut ask = Ask::new("GET", "", "");
        for (name, value) in [
            ("max-buckets", options.value("--page-size")),
            ("prefix", options.value("--bucket-name-prefix")),
            ("bucket-region", options.value("--bucket-region")),
            ("continuation-token", token.as_deref()),
        ] {
            ask = value.into_iter().fold(ask, |ask, value| ask.parameter(name, value));
        }
        let root = read_xml(store.send(&ask, "ListBuckets")?)?;
        for bucket in root.child("Buckets").into_iter().flat_map(|buckets| buckets.all("Bucket")) {
            let created = bucket.text_of("CreationDate").and_then(time::parse).map_or_else(String::new, time::listed);
            print(&format!("{created} {}\n", bucket.text_of("Name").unwrap_or_default()))?;
        }
        token = root.text_of("ContinuationToken").filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(());
        }
    }
}
