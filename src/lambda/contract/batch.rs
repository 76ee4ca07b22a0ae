//! Checks a response to SQS, Kinesis or DynamoDB streams: `{"batchItemFailures": [{"itemIdentifier": …}]}`. The list is used if the event
//! source mapping has ReportBatchItemFailures; otherwise the service ignores the response.

use serde_json::Value;

use super::{Caller, json, kind};

/// How many unknown identifiers are named one by one.
const MAX_NAMED: usize = 3;

pub(super) fn warnings(caller: Caller, event: &Value, response: &[u8]) -> Vec<String> {
    let records = event["Records"].as_array().map_or(&[][..], Vec::as_slice);
    if response.trim_ascii().is_empty() {
        return missing_failures(caller, "the response is empty", records.len());
    }
    let response = match json(response) {
        Ok(response) => response,
        Err(fault) => {
            return vec![format!("{fault}: with ReportBatchItemFailures the whole batch counts as failed")];
        }
    };
    match &response["batchItemFailures"] {
        Value::Null => missing_failures(caller, "the response has no batchItemFailures", records.len()),
        Value::Array(failures) => unknown_identifiers(caller, records, failures),
        other => vec![format!("`batchItemFailures` is {}, not a list: the whole batch counts as failed", kind(other))],
    }
}

/// The warning for a response without a list. A stream goes on, as intended; a queue deletes its messages.
fn missing_failures(caller: Caller, problem: &str, records: usize) -> Vec<String> {
    if caller != Caller::Sqs {
        return Vec::new();
    }
    let messages = if records == 1 { "the message is".to_owned() } else { format!("all {records} messages are") };
    vec![format!("{problem}, so SQS counts every message as processed: {messages} deleted")]
}

fn unknown_identifiers(caller: Caller, records: &[Value], failures: &[Value]) -> Vec<String> {
    let (field, id): (_, fn(&Value) -> &Value) = match caller {
        Caller::Kinesis => ("kinesis.sequenceNumber", |record| &record["kinesis"]["sequenceNumber"]),
        Caller::DynamoDb => ("dynamodb.SequenceNumber", |record| &record["dynamodb"]["SequenceNumber"]),
        _ => ("messageId", |record| &record["messageId"]),
    };
    let unknown = failures.iter().filter_map(|failure| match &failure["itemIdentifier"] {
        Value::Null => Some("a batch item failure has no `itemIdentifier`: the whole batch counts as failed".to_owned()),
        identifier if records.iter().any(|record| id(record) == identifier) => None,
        identifier => Some(format!(
            "the event has no record whose `{field}` is the itemIdentifier {identifier}: the whole batch may count as failed"
        )),
    });
    let mut warnings: Vec<String> = unknown.collect();
    if warnings.len() > MAX_NAMED {
        let more = warnings.len() - MAX_NAMED;
        warnings.truncate(MAX_NAMED);
        warnings.push(format!("{more} more batch item failures belong to no record of the event"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQS: &str =
        r#"{"Records":[{"eventSource":"aws:sqs","messageId":"a"},{"eventSource":"aws:sqs","messageId":"b"}]}"#;
    const KINESIS: &str =
        r#"{"Records":[{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"7"},"eventID":"s:7"}]}"#;
    const DYNAMODB: &str =
        r#"{"Records":[{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"8"},"eventID":"e"}]}"#;

    fn batch_warnings(event: &str, response: &str) -> Vec<String> {
        crate::lambda::contract::of_bytes(Caller::of(event.as_bytes()), event.as_bytes(), response.as_bytes())
    }

    fn failed(ids: &str) -> String {
        format!(r#"{{"batchItemFailures":[{{"itemIdentifier":{ids}}}]}}"#)
    }

    #[test]
    fn a_response_that_names_records_of_the_event_or_none_has_no_warning() {
        for (event, id) in [(SQS, "\"b\""), (KINESIS, "\"7\""), (DYNAMODB, "\"8\"")] {
            assert_eq!(batch_warnings(event, &failed(id)), [""; 0]);
            assert_eq!(batch_warnings(event, "{\"batchItemFailures\":[]}\n"), [""; 0]);
        }
        for event in [KINESIS, DYNAMODB] {
            assert_eq!(batch_warnings(event, ""), [""; 0]);
            assert_eq!(batch_warnings(event, "{\"state\":{}}"), [""; 0]);
        }
    }

    #[test]
    fn an_identifier_of_no_record_is_named_with_the_field_that_it_should_match() {
        let table = [
            (SQS, "\"c\"", "the event has no record whose `messageId` is the itemIdentifier \"c\""),
            (
                KINESIS,
                "\"s:7\"",
                "the event has no record whose `kinesis.sequenceNumber` is the itemIdentifier \"s:7\"",
            ),
            (DYNAMODB, "8", "the event has no record whose `dynamodb.SequenceNumber` is the itemIdentifier 8"),
            (SQS, "null", "a batch item failure has no `itemIdentifier`"),
        ];
        for (event, id, sentence) in table {
            let found = batch_warnings(event, &failed(id));
            assert!(found.len() == 1 && found[0].starts_with(sentence), "{found:?}");
        }
        let many = r#"{"batchItemFailures":[1,2,3,4,5,6]}"#;
        assert_eq!(batch_warnings(SQS, many).len(), MAX_NAMED + 1);
    }

    #[test]
    fn without_a_list_of_failures_a_queue_deletes_every_message() {
        let deleted = "so SQS counts every message as processed: all 2 messages are deleted";
        assert_eq!(batch_warnings(SQS, "\n"), [format!("the response is empty, {deleted}")]);
        for response in ["{}", "null", "7", r#"{"batchItemFailure":[]}"#] {
            assert_eq!(batch_warnings(SQS, response), [format!("the response has no batchItemFailures, {deleted}")]);
        }
    }

    #[test]
    fn a_response_that_is_not_json_or_has_no_list_fails_the_whole_batch() {
        for event in [SQS, KINESIS, DYNAMODB] {
            assert!(batch_warnings(event, "done")[0].contains("the whole batch counts as failed"));
            assert!(batch_warnings(event, r#"{"batchItemFailures":"a"}"#)[0].contains("is a string, not a list"));
        }
    }
}
