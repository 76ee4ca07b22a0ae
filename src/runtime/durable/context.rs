//! Counts the operations of each context, and knows which part of the handler is repeated.

use std::collections::{HashMap, HashSet};

use super::operation::Operation;

/// The longest id that Lambda takes. A longer one is replaced by its hash.
const MAX_ID_BYTES: usize = 64;

/// The handler itself, or a child context.
#[derive(Debug, Default)]
struct Context {
    /// How many operations were begun.
    count: u32,
    /// The parent that operations of this context name.
    parent: Option<String>,
    /// The operations of the history that were not met yet.
    to_meet: HashSet<String>,
    /// Whether the commands were run by an earlier invocation.
    is_repeated: bool,
    /// Whether all of the context is repeated, because its result was too large to be kept.
    is_whole_repeated: bool,
}

/// All contexts, by their ids; the handler's own is empty.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    contexts: HashMap<String, Context>,
}

impl Contexts {
    /// Begins the context `id` anew. Its operations name `parent`.
    pub(super) fn begin<'a>(
        &mut self,
        id: &str,
        parent: Option<String>,
        is_whole_repeated: bool,
        operations: impl Iterator<Item = &'a Operation>,
    ) {
        let prefix = format!("{id}-");
        let is_of_this = |operation: &&Operation| {
            let is_below = if id.is_empty() { operation.parent().is_none() } else { operation.id.starts_with(&prefix) };
            is_below && !operation.is_execution() && operation.parent() == parent.as_deref()
        };
        let (mut to_meet, mut is_repeated) = (HashSet::new(), is_whole_repeated);
        for operation in operations.filter(is_of_this) {
            is_repeated = true;
            to_meet.insert(operation.id.clone());
        }
        let context = Context { count: 0, parent, to_meet, is_repeated, is_whole_repeated };
        self.contexts.insert(id.to_owned(), context);
    }

    /// The id of the next operation in context `id`, and the parent that it names. The same for every invocation of the execution.
    pub(super) fn next_operation(&mut self, id: &str) -> (String, Option<String>) {
        let context = self.contexts.entry(id.to_owned()).or_default();
        context.count += 1;
        (below(id, context.count as usize), context.parent.clone())
    }

    /// Notes that operation `operation` of context `id` was met. The repeated part ends with the last operation of the history.
    pub(super) fn meet(&mut self, id: &str, operation: &str) {
        if let Some(context) = self.contexts.get_mut(id) {
            context.to_meet.remove(operation);
            context.is_repeated &= !context.to_meet.is_empty();
        }
    }

    /// Whether the commands of context `id` repeat what an earlier invocation did.
    pub(super) fn is_repeated(&self, id: &str) -> bool {
        self.contexts.get(id).is_some_and(|context| context.is_repeated || context.is_whole_repeated)
    }
}

/// The id of what has number `number` in `id`.
pub(super) fn below(id: &str, number: usize) -> String {
    let readable = if id.is_empty() { number.to_string() } else { format!("{id}-{number}") };
    if readable.len() > MAX_ID_BYTES {
        crate::client::sha256_hex(readable.as_bytes())[..32].to_owned()
    } else {
        readable
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operation(id: &str, status: &str) -> Operation {
        Operation::of(&json!({"Id": id, "Type": "STEP", "Status": status})).unwrap()
    }

    #[test]
    fn ids_are_places_and_long_ones_are_hashed() {
        let mut contexts = Contexts::default();
        contexts.begin("", None, false, std::iter::empty());
        contexts.begin("2", Some("2".to_owned()), false, std::iter::empty());
        assert_eq!(contexts.next_operation("").0, "1");
        assert_eq!(contexts.next_operation("").0, "2");
        assert_eq!(contexts.next_operation("2"), ("2-1".to_owned(), Some("2".to_owned())));
        assert_eq!(below(&"1-".repeat(40), 7).len(), 32);
    }

    #[test]
    fn the_repeated_part_ends_with_the_last_operation_of_the_history() {
        let mut contexts = Contexts::default();
        let history = [operation("1", "SUCCEEDED"), operation("2", "READY")];
        contexts.begin("", None, false, history.iter());
        assert!(contexts.is_repeated(""));
        contexts.meet("", "1");
        assert!(contexts.is_repeated(""), "what comes before the step that is tried again was done before");
        contexts.meet("", "2");
        assert!(!contexts.is_repeated(""));
    }
}
