//! The branches of parallel work, and the result that they make.

use serde_json::{Value, json};

use super::context::below;
use super::operation::{ErrorObject, Identity, Kind};
use super::pending::Pending;
use super::verb::{BatchSettings, Verb};

/// Why a batch has ended, in the words of AWS's SDKs.
pub(super) const EXCEEDED: &str = "FAILURE_TOLERANCE_EXCEEDED";

/// One branch.
#[derive(Debug)]
pub(super) enum Item {
    Started { strand: Option<usize> },
    Succeeded(String),
    Failed(ErrorObject),
}

/// Parallel work of one strand.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) pending: Pending,
    /// Whether the result was too large to be kept, so that the work is repeated for it.
    pub(super) is_repeated: bool,
    pub(super) items: Vec<Item>,
}

impl Batch {
    pub(super) fn settings(&self) -> (&BatchSettings, usize, bool, &[String]) {
        match &self.pending.verb {
            Verb::Batch { batch, count, is_map, branch_names, .. } => (batch, *count, *is_map, branch_names),
            _ => (&BatchSettings::NONE, 0, false, &[]),
        }
    }

    pub(super) fn count(&self, is: impl Fn(&Item) -> bool) -> usize {
        self.items.iter().filter(|item| is(item)).count()
    }

    /// Why the work is over, if it is.
    pub(super) fn reason(&self) -> Option<&'static str> {
        let (settings, count, ..) = self.settings();
        let failed = self.count(|item| matches!(item, Item::Failed(_)));
        let succeeded = self.count(|item| matches!(item, Item::Succeeded(_)));
        if settings.is_exceeded_by(failed, count) {
            Some(EXCEEDED)
        } else if succeeded + failed >= count {
            Some("ALL_COMPLETED")
        } else if settings.min_successes.is_some_and(|min| succeeded >= min) {
            Some("MIN_SUCCESSFUL_REACHED")
        } else {
            None
        }
    }

    pub(super) fn result(&self, reason: &str) -> Value {
        let item = |(index, item): (usize, &Item)| match item {
            Item::Started { .. } => json!({"index": index, "status": "STARTED"}),
            Item::Succeeded(text) => json!({"index": index, "status": "SUCCEEDED", "result": text}),
            Item::Failed(error) => {
                let error = json!({"errorType": error.error_type, "errorMessage": error.message});
                json!({"index": index, "status": "FAILED", "error": error})
            }
        };
        let failed = self.count(|item| matches!(item, Item::Failed(_)));
        json!({
            "status": if failed > 0 { "FAILED" } else { "SUCCEEDED" },
            "completionReason": reason,
            "successCount": self.count(|item| matches!(item, Item::Succeeded(_))),
            "failureCount": failed,
            "startedCount": self.count(|item| matches!(item, Item::Started { .. })),
            "totalCount": self.items.len(),
            "all": self.items.iter().enumerate().map(item).collect::<Vec<Value>>(),
        })
    }

    pub(super) fn branch(&self, index: usize) -> Identity {
        let (_, _, is_map, names) = self.settings();
        let of = &self.pending.identity;
        let sub_type = if is_map { "MapIteration" } else { "ParallelBranch" };
        Identity {
            id: below(&of.id, index + 1),
            parent: Some(of.id.clone()),
            name: names.get(index).cloned(),
            kind: Kind::Context,
            sub_type,
        }
    }
}
