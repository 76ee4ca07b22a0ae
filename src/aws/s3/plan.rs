//! Which files and objects a command is about, and where each one goes.

use std::collections::VecDeque;
use std::path::Path;

use jiff::Timestamp;

use super::files::{self, absolute};
use super::objects::{Listing, Object, split};
use super::report::Report;
use super::store::Store;
use crate::aws::failure::Failure;

/// What is done with one file or object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// A file goes to S3.
    Upload,
    /// An object goes to a file.
    Download,
    /// An object goes to another key.
    Copy,
    /// An object is deleted.
    Delete,
    /// A file is deleted.
    DeleteFile,
}

impl Action {
    /// The word in results.
    pub(super) fn word(self) -> &'static str {
        match self {
            Action::Upload => "upload",
            Action::Download => "download",
            Action::Copy => "copy",
            Action::Delete | Action::DeleteFile => "delete",
        }
    }
}

/// One file or object. Paths are absolute, or a bucket and a key.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// What is done.
    pub(super) action: Action,
    /// Where it is.
    pub(super) source: String,
    /// Where it goes.
    pub(super) destination: String,
    /// The path below the source.
    pub(super) key: String,
    /// How many bytes it has.
    pub(super) size: Option<u64>,
    /// When it was changed.
    pub(super) modified: Option<Timestamp>,
    /// The object.
    pub(super) object: Option<Object>,
}

/// One end of a command.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// The path: absolute, or a bucket and a key.
    pub(super) path: String,
    /// Whether the path is in S3.
    pub(super) is_s3: bool,
    /// Whether a destination takes the name of its source.
    takes_name: bool,
}

impl End {
    /// The end that a path on the command line stands for.
    pub(super) fn new(path: &str, is_directory: bool) -> End {
        if let Some(path) = path.strip_prefix("s3://") {
            let adds_slash = is_directory && !path.ends_with('/');
            let path = if adds_slash { format!("{path}/") } else { path.to_owned() };
            return End { takes_name: path.ends_with('/'), path, is_s3: true };
        }
        let full = absolute(path);
        let is_folder = is_directory || Path::new(&full).is_dir() || path.ends_with('/');
        let path = if is_folder && full != "/" { format!("{full}/") } else { full };
        End { path, is_s3: false, takes_name: is_folder }
    }
}

/// How to find the items of one end.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// What is done with them.
    pub(super) action: Action,
    /// Where they are.
    pub(super) source: End,
    /// Where they go.
    pub(super) destination: End,
    /// Whether the source is a folder or a prefix.
    pub(super) is_directory: bool,
    /// Whether symbolic links are followed.
    pub(super) follows_links: bool,
    /// Whether only a size and a time are wanted: the other end of a sync.
    pub(super) is_reverse: bool,
    /// How many keys a page of a list has.
    pub(super) page_size: Option<u64>,
    /// Headers of requests for objects: who pays.
    pub(super) headers: Vec<(String, String)>,
}

impl Search {
    /// All items in the order of their keys.
    pub(super) fn items<'a>(
        self,
        store: &'a Store<'a>,
        report: &'a Report,
    ) -> Box<dyn Iterator<Item = Result<Item, Failure>> + 'a> {
        if !self.source.is_s3 {
            let found = files::list(&self.source.path, self.is_directory, self.follows_links, report);
            return Box::new(found.into_iter().map(move |file| {
                Ok(Item { size: Some(file.size), modified: file.modified, ..self.item(file.path, None) })
            }));
        }
        let (bucket, key) = split(&self.source.path);
        if !self.is_directory && !key.is_empty() {
            return Box::new(std::iter::once(self.single(store)));
        }
        let listing = Listing {
            bucket: bucket.to_owned(),
            prefix: key.to_owned(),
            is_shallow: false,
            page_size: self.page_size,
            requester_pays: !self.headers.is_empty(),
        };
        let objects = Objects { store, listing, ready: VecDeque::new(), token: None, is_done: false };
        Box::new(objects.filter_map(move |object| object.map(|object| self.listed(object)).transpose()))
    }

    fn item(&self, source: String, object: Option<Object>) -> Item {
        let relative = if self.is_directory {
            source.get(self.source.path.len()..).unwrap_or_default().to_owned()
        } else {
            source.rsplit('/').next().unwrap_or_default().to_owned()
        };
        let destination = &self.destination;
        let destination =
            if destination.takes_name { format!("{}{relative}", destination.path) } else { destination.path.clone() };
        let (size, modified) = object.as_ref().map_or((None, None), |object| (Some(object.size), object.modified));
        Item { action: self.action, source, destination, key: relative, size, modified, object }
    }

    /// An object of a list; `None` where the command leaves the object out.
    fn listed(&self, object: Object) -> Option<Item> {
        let (bucket, _) = split(&self.source.path);
        let source = format!("{bucket}/{}", object.key);
        let is_folder = object.size == 0 && source.ends_with('/');
        if is_folder && (self.action != Action::Delete || self.is_reverse) {
            return None;
        }
        if !is_folder && !self.is_directory && source != self.source.path {
            return None;
        }
        Some(self.item(source, Some(object)))
    }

    /// The object that the command line names.
    fn single(&self, store: &Store<'_>) -> Result<Item, Failure> {
        if self.action == Action::Delete {
            return Ok(self.item(self.source.path.clone(), None));
        }
        let (bucket, key) = split(&self.source.path);
        let (object, _) = store.head(bucket, key, &self.headers).map_err(|failure| match failure {
            Failure::Service(mut error) if error.code == "404" => {
                error.message = format!("Key \"{key}\" does not exist");
                Failure::Service(error)
            }
            other => other,
        })?;
        Ok(self.item(self.source.path.clone(), Some(object)))
    }
}

/// The objects of a list, page after page.
struct Objects<'a> {
    store: &'a Store<'a>,
    listing: Listing,
    ready: VecDeque<Object>,
    token: Option<String>,
    is_done: bool,
}

impl Iterator for Objects<'_> {
    type Item = Result<Object, Failure>;

    fn next(&mut self) -> Option<Result<Object, Failure>> {
        while self.ready.is_empty() && !self.is_done {
            match self.store.list(&self.listing, self.token.as_deref()) {
                Ok(page) => {
                    self.ready = page.objects.into();
                    self.is_done = page.next.is_none();
                    self.token = page.next;
                }
                Err(failure) => {
                    self.is_done = true;
                    return Some(Err(failure));
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }
}
