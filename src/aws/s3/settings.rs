//! What all transfers of a command have in common: sizes, headers and how many run at once.

use super::options::Options;
use super::store::Store;
use crate::aws::failure::Failure;
use crate::aws::time;

/// What all transfers of a command have in common.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// From this size on, objects go in parts.
    pub(super) threshold: u64,
    /// The size of a part.
    pub(super) part_size: u64,
    /// How many requests are made at once.
    pub(super) parallel: usize,
    /// The size of a stream, if the command line gives it.
    pub(super) expected_size: Option<u64>,
    /// Headers of new objects.
    pub(super) object_headers: Vec<(String, String)>,
    /// Headers of copies alone.
    pub(super) copy_headers: Vec<(String, String)>,
    /// Whether a copy in parts takes the metadata of its source along.
    pub(super) copies_metadata: bool,
    /// Whether a copy in parts takes the tags of its source along.
    pub(super) copies_tags: bool,
    /// Who pays.
    pub(super) payer_headers: Vec<(String, String)>,
    /// Whether checksums are sent.
    pub(super) checksums: bool,
    /// Whether sources are deleted afterwards.
    pub(super) moves: bool,
    /// Whether nothing is transferred.
    pub(super) is_dry_run: bool,
    /// Whether media types are guessed.
    pub(super) guesses_type: bool,
    /// Whether there are no warnings of archived objects.
    pub(super) ignores_archive_warnings: bool,
    /// Whether archived objects are asked for all the same.
    pub(super) forces_archive: bool,
}

const MIB: u64 = 1024 * 1024;

impl Settings {
    /// The settings of a command line and a profile.
    pub(super) fn new(options: &Options, store: &Store<'_>) -> Result<Settings, Failure> {
        let size = |name: &str| store.setting(name).map_or(Ok(8 * MIB), bytes);
        let parallel = store.setting("max_concurrent_requests").and_then(|text| text.parse().ok()).unwrap_or(10);
        let copies = |but: &str| {
            options.value("--metadata-directive").is_none()
                && options.value("--copy-props").is_none_or(|props| props != but)
        };
        Ok(Settings {
            threshold: size("multipart_threshold")?,
            part_size: size("multipart_chunksize")?.max(5 * MIB),
            parallel,
            expected_size: options.number("--expected-size"),
            object_headers: object_headers(options),
            copy_headers: copy_headers(options),
            copies_metadata: copies("none") && options.metadata.is_empty(),
            copies_tags: copies("none") && copies("metadata-directive"),
            payer_headers: payer_headers(options),
            checksums: store.sends_checksums(),
            moves: options.command == "mv",
            is_dry_run: options.has("--dryrun"),
            guesses_type: !options.has("--no-guess-mime-type") && options.value("--content-type").is_none(),
            ignores_archive_warnings: options.has("--ignore-glacier-warnings"),
            forces_archive: options.has("--force-glacier-transfer"),
        })
    }
}

/// `8MB` and the like.
fn bytes(text: &str) -> Result<u64, Failure> {
    let lower = text.to_lowercase();
    let (digits, unit) =
        lower.split_at(lower.find(|character: char| !character.is_ascii_digit()).unwrap_or(lower.len()));
    let factor = match unit {
        "" => Some(1),
        "kb" | "kib" => Some(1024),
        "mb" | "mib" => Some(MIB),
        "gb" | "gib" => Some(1024 * MIB),
        _ => None,
    };
    let value = digits.parse::<u64>().ok().zip(factor).map(|(number, factor)| number * factor);
    value.filter(|value| *value > 0).ok_or_else(|| Failure::General(format!("Invalid size value: {text}")))
}

fn object_headers(options: &Options) -> Vec<(String, String)> {
    const HEADERS: [(&str, &str); 10] = [
        ("--acl", "x-amz-acl"),
        ("--storage-class", "x-amz-storage-class"),
        ("--website-redirect", "x-amz-website-redirect-location"),
        ("--content-type", "content-type"),
        ("--cache-control", "cache-control"),
        ("--content-disposition", "content-disposition"),
        ("--content-encoding", "content-encoding"),
        ("--content-language", "content-language"),
        ("--sse", "x-amz-server-side-encryption"),
        ("--sse-kms-key-id", "x-amz-server-side-encryption-aws-kms-key-id"),
    ];
    let given =
        HEADERS.iter().filter_map(|(option, header)| Some(((*header).to_owned(), options.value(option)?.to_owned())));
    let mut headers: Vec<(String, String)> = given.filter(|(_, value)| !value.is_empty()).collect();
    if let Some(time) = options.value("--expires").and_then(time::parse) {
        headers.push(("expires".to_owned(), time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
    }
    headers.extend(
        options.metadata.iter().map(|(name, value)| (format!("x-amz-meta-{}", name.to_lowercase()), value.clone())),
    );
    headers.extend(payer_headers(options));
    headers
}

fn copy_headers(options: &Options) -> Vec<(String, String)> {
    let given = options.value("--metadata-directive");
    let properties = options.value("--copy-props").filter(|_| given.is_none());
    let replaces = !options.metadata.is_empty() || properties == Some("none");
    let metadata = given.or(replaces.then_some("REPLACE")).map(|value| ("x-amz-metadata-directive", value));
    let tags = properties.filter(|props| *props != "default").map(|_| ("x-amz-tagging-directive", "REPLACE"));
    metadata.into_iter().chain(tags).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn payer_headers(options: &Options) -> Vec<(String, String)> {
    options
        .value("--request-payer")
        .map(|payer| ("x-amz-request-payer".to_owned(), payer.to_owned()))
        .into_iter()
        .collect()
}
