//! Recognizes the event of a durable execution. Every invocation of an execution, first or later, has the same form.

use memchr::memmem;
use serde_json::Value;

use super::operation::Operation;

/// The event of a durable execution.
#[derive(Debug)]
pub(crate) struct DurableEvent {
    /// The ARN of the execution.
    pub(crate) arn: String,
    /// The token that the next checkpoint needs.
    pub(super) token: String,
    /// The history, or the first page of it.
    pub(super) operations: Vec<Operation>,
    /// Where the next page begins, if there is one.
    pub(super) marker: Option<String>,
}

impl DurableEvent {
    /// Reads `event`; `None` for any other event.
    pub(crate) fn of(event: &[u8]) -> Option<DurableEvent> {
        memmem::find(event, b"\"DurableExecutionArn\"")?;
        let value: Value = serde_json::from_slice(event).ok()?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let state = value.get("InitialExecutionState").filter(|state| state.is_object())?;
        Some(DurableEvent {
            arn: text("DurableExecutionArn")?,
            token: text("CheckpointToken")?,
            operations: operations(state),
            marker: marker(state),
        })
    }
}

/// The operations in a page of the history.
pub(super) fn operations(page: &Value) -> Vec<Operation> {
    page["Operations"].as_array().into_iter().flatten().filter_map(Operation::of).collect()
}

/// Where the page after `page` begins.
pub(super) fn marker(page: &Value) -> Option<String> {
    page["NextMarker"].as_str().filter(|marker| !marker.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_all_three_members_is_the_event_of_an_execution() {
        let event = br#"{"DurableExecutionArn":"a/b","CheckpointToken":"t","UpdatedOperationIds":[],"InitialExecutionState":
            {"Operations":[{"Id":"x","Type":"EXECUTION","Status":"STARTED","ExecutionDetails":{"InputPayload":"1"}}],"NextMarker":""}}"#;
        let event = DurableEvent::of(event).unwrap();
        assert_eq!((event.arn.as_str(), event.token.as_str(), event.marker), ("a/b", "t", None));
        assert_eq!(event.operations[0].input.as_deref(), Some("1"));
        for other in [
            &br#"{"DurableExecutionArn":"a"}"#[..],
            br#"["DurableExecutionArn"]"#,
            br#"{"DurableExecutionArn":1,"CheckpointToken":"t","InitialExecutionState":{}}"#,
            b"",
        ] {
            assert!(DurableEvent::of(other).is_none());
        }
    }
}
