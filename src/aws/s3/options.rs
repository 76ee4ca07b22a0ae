//! The command lines of `aws s3 …`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::api::shorthand;
use crate::aws::failure::{Failure, unknown_option};
use crate::aws::globals::is_option;
use crate::aws::time;

/// A command line.
#[derive(Debug)]
pub(super) struct Options {
    /// Such as `cp`.
    pub(super) command: &'static str,
    /// The paths.
    pub(super) paths: Vec<String>,
    /// `--exclude` (false) and `--include` (true) with their patterns, in their order.
    pub(super) filters: Vec<(bool, String)>,
    /// `--metadata`
    pub(super) metadata: Vec<(String, String)>,
    flags: Vec<&'static str>,
    values: BTreeMap<&'static str, String>,
}

const TRANSFER_FLAGS: &[&str] = &[
    "--dryrun",
    "--quiet",
    "--only-show-errors",
    "--no-progress",
    "--follow-symlinks",
    "--no-follow-symlinks",
    "--no-guess-mime-type",
    "--ignore-glacier-warnings",
    "--force-glacier-transfer",
];
const TRANSFER_VALUES: &[&str] = &[
    "--exclude",
    "--include",
    "--acl",
    "--sse",
    "--sse-kms-key-id",
    "--storage-class",
    "--website-redirect",
    "--content-type",
    "--cache-control",
    "--content-disposition",
    "--content-encoding",
    "--content-language",
    "--expires",
    "--source-region",
    "--page-size",
    "--request-payer",
    "--metadata",
    "--metadata-directive",
    "--copy-props",
];

/// The flags and the options with values of a command, and how many paths it takes.
struct Form {
    name: &'static str,
    paths: std::ops::RangeInclusive<usize>,
    flags: &'static [&'static str],
    values: &'static [&'static str],
    transfers: bool,
}

const FORMS: [Form; 9] = [
    Form { name: "cp", paths: 2..=2, flags: &["--recursive"], values: &["--expected-size"], transfers: true },
    Form { name: "mv", paths: 2..=2, flags: &["--recursive"], values: &[], transfers: true },
    Form {
        name: "sync",
        paths: 2..=2,
        flags: &["--delete", "--size-only", "--exact-timestamps"],
        values: &[],
        transfers: true,
    },
    Form {
        name: "rm",
        paths: 1..=1,
        flags: &["--dryrun", "--quiet", "--recursive", "--only-show-errors"],
        values: &["--exclude", "--include", "--page-size", "--request-payer"],
        transfers: false,
    },
    Form {
        name: "ls",
        paths: 0..=1,
        flags: &["--recursive", "--human-readable", "--summarize"],
        values: &["--page-size", "--request-payer", "--bucket-name-prefix", "--bucket-region"],
        transfers: false,
    },
    Form { name: "presign", paths: 1..=1, flags: &[], values: &["--expires-in"], transfers: false },
    Form { name: "mb", paths: 1..=1, flags: &[], values: &[], transfers: false },
    Form { name: "rb", paths: 1..=1, flags: &["--force"], values: &[], transfers: false },
    Form {
        name: "website",
        paths: 1..=1,
        flags: &[],
        values: &["--index-document", "--error-document"],
        transfers: false,
    },
];

const CHOICES: [(&str, &[&str]); 6] = [
    (
        "--acl",
        &[
            "private",
            "public-read",
            "public-read-write",
            "authenticated-read",
            "aws-exec-read",
            "bucket-owner-read",
            "bucket-owner-full-control",
            "log-delivery-write",
        ],
    ),
    ("--sse", &["AES256", "aws:kms"]),
    (
        "--storage-class",
        &[
            "STANDARD",
            "REDUCED_REDUNDANCY",
            "STANDARD_IA",
            "ONEZONE_IA",
            "INTELLIGENT_TIERING",
            "GLACIER",
            "DEEP_ARCHIVE",
            "GLACIER_IR",
        ],
    ),
    ("--metadata-directive", &["COPY", "REPLACE"]),
    ("--copy-props", &["none", "metadata-directive", "default"]),
    ("--request-payer", &["requester"]),
];

/// Options whose value may be left out, and what they mean then.
const DEFAULTS: [(&str, &str); 2] = [("--sse", "AES256"), ("--request-payer", "requester")];

impl Options {
    /// Reads the command line of a command.
    pub(super) fn read(command: &str, arguments: &[String]) -> Result<Options, Failure> {
        let form = FORMS.iter().find(|form| form.name == command);
        let form = form.ok_or_else(|| Failure::Unserved(format!("the command `aws s3 {command}` is not served")))?;
        let mut options = Options {
            command: form.name,
            paths: Vec::new(),
            filters: Vec::new(),
            metadata: Vec::new(),
            flags: Vec::new(),
            values: BTreeMap::new(),
        };
        let mut rest = arguments.iter().peekable();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                options.paths.extend(rest.by_ref().cloned());
                break;
            }
            if !is_option(argument) {
                options.paths.push(argument.clone());
                continue;
            }
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            if let Some(flag) = form.flag(name).filter(|_| inline.is_none()) {
                options.flags.push(flag);
                continue;
            }
            let option = form.value(name).ok_or_else(|| unknown_option(name, &format!("s3 {command}")))?;
            let default = DEFAULTS.iter().find(|(name, _)| *name == option).map(|(_, value)| (*value).to_owned());
            let value = inline.or_else(|| rest.next_if(|value| !is_option(value)).cloned()).or(default);
            let value = value.ok_or_else(|| Failure::Syntax(format!("argument {option}: expected one argument")))?;
            options.set(option, value)?;
        }
        options.check_paths(form)?;
        Ok(options)
    }

    fn set(&mut self, option: &'static str, value: String) -> Result<(), Failure> {
        let is_wrong = |(name, choices): &&(&str, &[&str])| *name == option && !choices.contains(&value.as_str());
        if CHOICES.iter().any(|choice| is_wrong(&choice)) {
            return Err(Failure::Unserved(format!("the value `{value}` of `{option}` is not served")));
        }
        match option {
            "--exclude" => self.filters.push((false, value)),
            "--include" => self.filters.push((true, value)),
            "--metadata" => self.metadata = metadata(&value)?,
            "--page-size" | "--expires-in" | "--expected-size" if value.parse::<u64>().is_err() => {
                return Err(Failure::General(format!("invalid literal for int() with base 10: '{value}'")));
            }
            "--expires" if time::parse(&value).is_none() => {
                return Err(Failure::Unserved(format!("the time `{value}` of `--expires` is not served")));
            }
            _ => drop(self.values.insert(option, value)),
        }
        Ok(())
    }

    fn check_paths(&self, form: &Form) -> Result<(), Failure> {
        let count = self.paths.len();
        if count < *form.paths.start() {
            let name = if matches!(form.name, "mb" | "rb" | "presign") { "path" } else { "paths" };
            return Err(Failure::Syntax(format!("the following arguments are required: {name}")));
        }
        if count > *form.paths.end() {
            let unknown = self.paths[*form.paths.end()..].join(", ");
            return Err(Failure::Usage(format!("Unknown options: {unknown}")));
        }
        let is_special = |path: &&String| {
            let bucket = path.strip_prefix("s3://").unwrap_or_default().split('/').next().unwrap_or_default();
            bucket.starts_with("arn:") || bucket.ends_with("--x-s3") || bucket.ends_with(".mrap")
        };
        match self.paths.iter().find(is_special) {
            Some(path) => {
                Err(Failure::Unserved(format!("access points and directory buckets are not served: `{path}`")))
            }
            None => Ok(()),
        }
    }

    /// Whether a flag is there.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// The value of an option.
    pub(super) fn value(&self, option: &str) -> Option<&str> {
        self.values.get(option).map(String::as_str)
    }

    /// The number that an option has.
    pub(super) fn number(&self, option: &str) -> Option<u64> {
        self.value(option)?.parse().ok()
    }

    /// Whether symbolic links are followed: the last of the two options counts.
    pub(super) fn follows_links(&self) -> bool {
        let last = self.flags.iter().rfind(|flag| matches!(**flag, "--follow-symlinks" | "--no-follow-symlinks"));
        last != Some(&"--no-follow-symlinks")
    }
}

impl Form {
    fn flag(&self, name: &str) -> Option<&'static str> {
        let shared = if self.transfers { TRANSFER_FLAGS } else { &[] };
        self.flags.iter().chain(shared).copied().find(|flag| *flag == name)
    }

    fn value(&self, name: &str) -> Option<&'static str> {
        let shared = if self.transfers { TRANSFER_VALUES } else { &[] };
        self.values.iter().chain(shared).copied().find(|option| *option == name)
    }
}

/// The commands with the names of their options, for the list of served calls.
#[cfg(test)]
pub(in crate::aws) fn served() -> Vec<(String, Vec<String>)> {
    let names = |form: &Form| {
        let shared = [TRANSFER_FLAGS, TRANSFER_VALUES].into_iter().flatten().filter(|_| form.transfers);
        shared.chain(form.flags).chain(form.values).map(|name| name.trim_start_matches('-').to_owned()).collect()
    };
    FORMS.iter().map(|form| (format!("s3 {}", form.name), names(form))).collect()
}

/// Names and values, by JSON or shorthand.
fn metadata(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let error = |why: String| Failure::Usage(format!("Error parsing parameter '--metadata': {why}"));
    let value: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|why| error(format!("Invalid JSON: {why}\nJSON received: {text}")))?
    } else {
        shorthand::parse(text, &|text| Ok(text.to_owned())).map_err(error)?
    };
    let pairs = value.as_object().into_iter().flatten().map(|(name, value)| {
        let value = value.as_str().ok_or_else(|| error(format!("the value of {name} is no text")))?;
        if !(name.is_ascii() && value.is_ascii()) {
            return Err(Failure::Usage(format!(
                "Parameter validation failed:\nNon ascii characters found in S3 metadata for key \"{name}\", value: \"{value}\".  \nS3 metadata can only contain ASCII characters. "
            )));
        }
        Ok((name.clone(), value.to_owned()))
    });
    pairs.collect()
}
