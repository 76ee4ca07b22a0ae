//! `aws s3 sync`: compares two lists that are in the order of their keys.

use super::options::Options;
use super::plan::{Action, Item};
use crate::aws::failure::Failure;

/// The items of one end.
type Items<'a> = Box<dyn Iterator<Item = Result<Item, Failure>> + 'a>;

/// Gives the items that must be transferred or deleted.
pub(super) struct Comparison<'a> {
    source: std::iter::Peekable<Items<'a>>,
    destination: std::iter::Peekable<Items<'a>>,
    deletes: bool,
    size_only: bool,
    exact_timestamps: bool,
}

impl<'a> Comparison<'a> {
    /// Compares a source with a destination.
    pub(super) fn new(source: Items<'a>, destination: Items<'a>, options: &Options) -> Comparison<'a> {
        Comparison {
            source: source.peekable(),
            destination: destination.peekable(),
            deletes: options.has("--delete"),
            size_only: options.has("--size-only"),
            exact_timestamps: options.has("--exact-timestamps"),
        }
    }

    /// Whether a file that is at both ends must be transferred.
    fn differs(&self, source: &Item, destination: &Item) -> bool {
        let same_size = source.size == destination.size;
        if self.size_only {
            return !same_size;
        }
        let same_time = match (source.action, source.modified, destination.modified) {
            (Action::Download, Some(ours), Some(theirs)) if self.exact_timestamps => ours == theirs,
            (Action::Download, Some(ours), Some(theirs)) => theirs <= ours,
            (_, Some(ours), Some(theirs)) => theirs >= ours,
            (_, _, _) => false,
        };
        !(same_size && same_time)
    }

    fn surplus(&self, mut item: Item, deletion: Action) -> Option<Item> {
        item.action = deletion;
        self.deletes.then_some(item)
    }
}

impl Iterator for Comparison<'_> {
    type Item = Result<Item, Failure>;

    fn next(&mut self) -> Option<Result<Item, Failure>> {
        loop {
            let order = match (self.source.peek(), self.destination.peek()) {
                (Some(Err(_)), _) | (Some(Ok(_)), None) => std::cmp::Ordering::Less,
                (_, Some(Err(_))) | (None, Some(Ok(_))) => std::cmp::Ordering::Greater,
                (Some(Ok(source)), Some(Ok(destination))) => source.key.cmp(&destination.key),
                (None, None) => return None,
            };
            match order {
                std::cmp::Ordering::Less => return self.source.next(),
                std::cmp::Ordering::Greater => match self.destination.next()? {
                    Err(failure) => return Some(Err(failure)),
                    Ok(item) => {
                        let deletion = if item.object.is_some() { Action::Delete } else { Action::DeleteFile };
                        if let Some(item) = self.surplus(item, deletion) {
                            return Some(Ok(item));
                        }
                    }
                },
                std::cmp::Ordering::Equal => {
                    if let (Some(Ok(source)), Some(Ok(destination))) = (self.source.next(), self.destination.next())
                        && self.differs(&source, &destination)
                    {
                        return Some(Ok(source));
                    }
                }
            }
        }
    }
}
