//! `aws s3 cp`, `mv`, `rm` and `sync`: runs the transfers of a plan, several at once.

use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use super::files::{leaves_folder, shown};
use super::filter::Filter;
use super::objects::{Listing, split};
use super::options::Options;
use super::plan::{Action, End, Item, Search};
use super::report::{Report, Verbosity};
use super::settings::Settings;
use super::store::Store;
use super::sync::Comparison;
use super::{copy, download, media_type, stream, upload};
use crate::aws::failure::Failure;
use crate::aws::session::Session;

/// Runs a command.
pub(super) fn run(session: &Session, store: &Store<'_>, options: &Options) -> Result<u8, Failure> {
    let paths = normal_paths(options);
    let action = action(options, &paths)?;
    let (source, destination) = (&paths[0], paths.last().unwrap_or(&paths[0]));
    let settings = Settings::new(options, store)?;
    let is_stream = source == "-" || destination == "-";
    let is_directory = options.has("--recursive") || options.command == "sync";
    if is_stream && (options.command != "cp" || is_directory) {
        return Err(Failure::Usage("Streaming currently is only compatible with non-recursive cp commands".to_owned()));
    }
    let report = Report::new(verbosity(options, is_stream));
    if is_stream {
        let result = stream::run(store, &settings, action, source, destination);
        stream::finish(&report, action, source, destination, result);
        return Ok(report.status());
    }
    check_paths(options, action, source, destination, is_directory)?;
    let source_region = options.value("--source-region").filter(|_| action == Action::Copy);
    let source_store = Store::new(session, source_region.map(str::to_owned).or_else(|| session.region.clone()));
    let job = Job { store, source_store: &source_store, settings: &settings, report: &report };
    let search = Search {
        action,
        source: End::new(source, is_directory),
        destination: End::new(destination, is_directory),
        is_directory,
        follows_links: options.follows_links(),
        is_reverse: false,
        page_size: options.number("--page-size"),
        headers: settings.payer_headers.clone(),
    };
    let filter = Filter::new(options, source, destination, is_directory);
    let passes = |item: &Result<Item, Failure>| item.as_ref().map_or(true, |item| filter.passes(&item.source));
    let reverse = Search {
        source: search.destination.clone(),
        destination: search.source.clone(),
        is_reverse: true,
        ..search.clone()
    };
    let found = search.items(&source_store, &report).filter(passes);
    if options.command == "sync" {
        let existing = reverse.items(store, &report).filter(passes);
        job.run(Comparison::new(Box::new(found), Box::new(existing), options), true);
    } else {
        job.run(found, is_directory);
    }
    Ok(report.status())
}

/// Deletes all objects of a bucket and prints them: for `rb --force`.
pub(super) fn empty(store: &Store<'_>, listing: Listing) -> Result<u8, Failure> {
    let report = Report::new(Verbosity::Progress);
    let settings = Settings { parallel: 10, ..Settings::default() };
    let end = End::new(&format!("s3://{}/", listing.bucket), true);
    let search = Search {
        action: Action::Delete,
        source: end.clone(),
        destination: end,
        is_directory: true,
        follows_links: true,
        is_reverse: false,
        page_size: None,
        headers: Vec::new(),
    };
    let job = Job { store, source_store: store, settings: &settings, report: &report };
    job.run(search.items(store, &report), true);
    Ok(report.status())
}

/// A bucket alone gets a slash at its end.
fn normal_paths(options: &Options) -> Vec<String> {
    let normal = |path: &String| {
        let is_bucket = path.strip_prefix("s3://").is_some_and(|rest| !rest.contains('/'));
        if is_bucket { format!("{path}/") } else { path.clone() }
    };
    options.paths.iter().map(normal).collect()
}

fn verbosity(options: &Options, is_stream: bool) -> Verbosity {
    if options.has("--quiet") {
        Verbosity::Nothing
    } else if options.has("--only-show-errors") || is_stream {
        Verbosity::Errors
    } else if options.has("--no-progress") {
        Verbosity::Results
    } else {
        Verbosity::Progress
    }
}

/// What a command does, by the kinds of its paths.
fn action(options: &Options, paths: &[String]) -> Result<Action, Failure> {
    let kinds: Vec<bool> = paths.iter().map(|path| path.starts_with("s3://")).collect();
    match kinds.as_slice() {
        [true] => Ok(Action::Delete),
        [true, true] => Ok(Action::Copy),
        [true, false] => Ok(Action::Download),
        [false, true] => Ok(Action::Upload),
        _ => {
            let form = if options.command == "rm" {
                "<S3Uri>"
            } else {
                "<LocalPath> <S3Uri> or <S3Uri> <LocalPath> or <S3Uri> <S3Uri>"
            };
            Err(Failure::Usage(format!("usage: aws s3 {} {form}\nError: Invalid argument type", options.command)))
        }
    }
}

fn check_paths(
    options: &Options,
    action: Action,
    source: &str,
    destination: &str,
    is_directory: bool,
) -> Result<(), Failure> {
    let is_same = || {
        let name = source.rsplit('/').next().unwrap_or_default();
        source == destination || (destination.ends_with('/') && format!("{destination}{name}") == source)
    };
    if options.command == "mv" && action == Action::Copy && is_same() {
        return Err(Failure::Usage(format!("Cannot mv a file onto itself: {source} - {destination}")));
    }
    if action == Action::Upload && !std::path::Path::new(source).exists() {
        return Err(Failure::General(format!("The user-provided path {source} does not exist.")));
    }
    if action == Action::Download && is_directory && !std::path::Path::new(destination).exists() {
        std::fs::create_dir_all(destination)
            .map_err(|error| Failure::General(format!("{}: '{destination}'", upload::words(&error))))?;
    }
    Ok(())
}

/// Does the work of a command.
struct Job<'a> {
    store: &'a Store<'a>,
    source_store: &'a Store<'a>,
    settings: &'a Settings,
    report: &'a Report,
}

impl Job<'_> {
    /// Runs all transfers; several at once where there can be several.
    fn run(&self, items: impl Iterator<Item = Result<Item, Failure>>, are_many: bool) {
        let workers = if are_many { self.settings.parallel.max(1) } else { 0 };
        let (sender, receiver) = sync_channel::<Item>(1000);
        let receiver = Mutex::new(receiver);
        let failure = std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some(item) = receiver.lock().ok().and_then(|receiver| receiver.recv().ok()) {
                        self.transfer(&item);
                    }
                });
            }
            let mut ready = Vec::new();
            for item in items {
                let item = match item {
                    Ok(item) => item,
                    Err(failure) => {
                        drop(sender);
                        return Some(failure);
                    }
                };
                if self.is_left_out(&item) {
                    continue;
                }
                if self.settings.is_dry_run {
                    self.report.dry_run(&self.line(&item));
                    continue;
                }
                self.report.expect(if matches!(item.action, Action::Delete | Action::DeleteFile) {
                    0
                } else {
                    item.size.unwrap_or(0)
                });
                if are_many { drop(sender.send(item)) } else { ready.push(item) }
            }
            self.report.all_expected();
            ready.iter().for_each(|item| self.transfer(item));
            drop(sender);
            None
        });
        if let Some(failure) = failure {
            self.report.fatal(&failure.to_string());
        }
    }

    /// Warns of objects in archives, and of keys that lead out of the destination.
    fn is_left_out(&self, item: &Item) -> bool {
        let word = item.action.word();
        if let (Action::Download | Action::Copy, Some(object)) = (item.action, &item.object) {
            let is_archived = matches!(object.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"));
            let is_restored =
                object.restore.as_deref().is_some_and(|restore| restore.contains("ongoing-request=\"false\""));
            if is_archived && !is_restored && !self.settings.forces_archive {
                if !self.settings.ignores_archive_warnings {
                    self.report.warn(&format!(
                        "Skipping file s3://{}. Object is of storage class GLACIER. Unable to perform {word} operations on GLACIER objects. You must restore the object to be able to perform the operation. See aws s3 {word} help for additional parameter options to ignore or force these transfers.",
                        item.source
                    ));
                }
                return true;
            }
        }
        if item.action == Action::Download && leaves_folder(&item.key) {
            self.report.warn(&format!("Skipping file {}. File references a parent directory.", item.key));
            return true;
        }
        false
    }

    fn word(&self, item: &Item) -> &'static str {
        if self.settings.moves { "move" } else { item.action.word() }
    }

    /// The source and the destination as they are printed.
    fn ends(&self, item: &Item) -> String {
        let s3 = |path: &str| format!("s3://{path}");
        match item.action {
            Action::Upload => format!("{} to {}", shown(&item.source), s3(&item.destination)),
            Action::Download => format!("{} to {}", s3(&item.source), shown(&item.destination)),
            Action::Copy => format!("{} to {}", s3(&item.source), s3(&item.destination)),
            Action::Delete => s3(&item.source),
            Action::DeleteFile => shown(&item.source),
        }
    }

    fn line(&self, item: &Item) -> String {
        format!("{}: {}", self.word(item), self.ends(item))
    }

    fn transfer(&self, item: &Item) {
        let result =
            self.perform(item).and_then(|()| if self.settings.moves { self.delete_source(item) } else { Ok(()) });
        match result {
            Ok(()) => self.report.success(&self.line(item)),
            Err(failure) => {
                let line = format!("{} failed: {} {failure}", self.word(item), self.ends(item));
                self.report.failure(&line, item.size.unwrap_or(0));
            }
        }
    }

    fn perform(&self, item: &Item) -> Result<(), Failure> {
        let progress = |bytes| self.report.progress(bytes);
        let settings = self.settings;
        match item.action {
            Action::Upload => {
                let content_type = if settings.guesses_type { media_type::guess(&item.source) } else { None };
                upload::file(self.store, settings, &item.source, &item.destination, content_type, &progress)
            }
            Action::Download => download::file(self.store, settings, item, &progress),
            Action::Copy => copy::object(self.store, self.source_store, settings, item, &progress),
            Action::Delete => {
                let (bucket, key) = split(&item.source);
                self.store.delete(bucket, key, &settings.payer_headers)
            }
            Action::DeleteFile => std::fs::remove_file(&item.source)
                .map_err(|error| Failure::General(format!("{}: '{}'", upload::words(&error), item.source))),
        }
    }

    fn delete_source(&self, item: &Item) -> Result<(), Failure> {
        if item.action == Action::Upload {
            let failed =
                |error: std::io::Error| Failure::General(format!("{}: '{}'", upload::words(&error), item.source));
            return std::fs::remove_file(&item.source).map_err(failed);
        }
        let (bucket, key) = split(&item.source);
        self.source_store.delete(bucket, key, &self.settings.payer_headers)
    }
}
