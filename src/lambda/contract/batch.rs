//! SQS, Kinesis and DynamoDB streams: `{"batchItemFailures": [{"itemIdentifier": …}]}`, which counts where the event source has
//! ReportBatchItemFailures. Where it has not, a response says nothing.

use serde_json::Value;

use super::{Caller, json, kind};

/// So many unknown identifiers are named one by one.
const NAMED: usize = 3;

pub(super) fn warnings(caller: Caller, event: &Value, response: &[u8]) -> Vec<String> {
    let records = event["Records"].as_array().map_or(&[][..], Vec::as_slice);
    if response.trim_ascii().is_empty() {
        return nothing_said(caller, "the response is empty", records.len());
    }
    let response = match json(response) {
        Ok(response) => response,
        Err(fault) => {
            return vec![format!("{fault}: with ReportBatchItemFailures the whole batch counts as failed")];
        }
    };
    match &response["batchItemFailures"] {
        Value::Null => nothing_said(caller, "the response has no batchItemFailures", records.len()),
        Value::Array(failures) => unknown(caller, records, failures),
        other => vec![format!("`batchItemFailures` is {}, not a list: the whole batch counts as failed", kind(other))],
    }
}

/// A stream goes on where nothing is said, which is what is meant; a queue forgets.
fn nothing_said(caller: Caller, what: &str, records: usize) -> Vec<String> {
    if caller != Caller::Sqs {
        return Vec::new();
    }
    let messages = if records == 1 { "the message is".to_owned() } else { format!("all {records} messages are") };
    vec![format!("{what}, by which SQS is told that every message went well: {messages} deleted")]
}

fn unknown(caller: Caller, records: &[Value], failures: &[Value]) -> Vec<String> {
    let (what, id): (_, fn(&Value) -> &Value) = match caller {
        Caller::Kinesis => ("kinesis.sequenceNumber", |record| &record["kinesis"]["sequenceNumber"]),
        Caller::DynamoDb => ("dynamodb.SequenceNumber", |record| &record["dynamodb"]["SequenceNumber"]),
        _ => ("messageId", |record| &record["messageId"]),
    };
    let unknown = failures.iter().filter_map(|failure| match &failure["itemIdentifier"] {
        Value::Null => Some("a batch item failure has no `itemIdentifier`: the whole batch counts as failed".to_owned()),
        identifier if records.iter().any(|record| id(record) == identifier) => None,
        identifier => Some(format!(
            "the itemIdentifier {identifier} is the `{what}` of no record in the event: the whole batch may count as failed"
        )),
    });
    let mut warnings: Vec<String> = unknown.collect();
    if warnings.len() > NAMED {
        let more = warnings.len() - NAMED;
        warnings.truncate(NAMED);
        warnings.push(format!("{more} more batch item failures are of no record in the event"));
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

    fn told(event: &str, response: &str) -> Vec<String> {
        crate::lambda::contract::of_bytes(Caller::of(event.as_bytes()), event.as_bytes(), response.as_bytes())
    }

    fn failed(ids: &str) -> String {
        format!(r#"{{"batchItemFailures":[{{"itemIdentifier":{ids}}}]}}"#)
    }

    #[test]
    fn what_names_records_of_the_event_or_none_is_well() {
        for (event, id) in [(SQS, "\"b\""), (KINESIS, "\"7\""), (DYNAMODB, "\"8\"")] {
            assert_eq!(told(event, &failed(id)), [""; 0]);
            assert_eq!(told(event, "{\"batchItemFailures\":[]}\n"), [""; 0]);
        }
        for event in [KINESIS, DYNAMODB] {
            assert_eq!(told(event, ""), [""; 0]);
            assert_eq!(told(event, "{\"state\":{}}"), [""; 0]);
        }
    }

    #[test]
    fn an_identifier_of_no_record_is_named_with_what_it_should_be() {
        let table = [
            (SQS, "\"c\"", "the itemIdentifier \"c\" is the `messageId` of no record in the event"),
            (KINESIS, "\"s:7\"", "the itemIdentifier \"s:7\" is the `kinesis.sequenceNumber` of no record"),
            (DYNAMODB, "8", "the itemIdentifier 8 is the `dynamodb.SequenceNumber` of no record"),
            (SQS, "null", "a batch item failure has no `itemIdentifier`"),
        ];
        for (event, id, sentence) in table {
            let told = told(event, &failed(id));
            assert!(told.len() == 1 && told[0].starts_with(sentence), "{told:?}");
        }
        let many = r#"{"batchItemFailures":[1,2,3,4,5,6]}"#;
        assert_eq!(told(SQS, many).len(), NAMED + 1);
    }

    #[test]
    fn a_queue_that_is_told_nothing_deletes_every_message() {
        let deleted = "by which SQS is told that every message went well: all 2 messages are deleted";
        assert_eq!(told(SQS, "\n"), [format!("the response is empty, {deleted}")]);
        for response in ["{}", "null", "7", r#"{"batchItemFailure":[]}"#] {
            assert_eq!(told(SQS, response), [format!("the response has no batchItemFailures, {deleted}")]);
        }
    }

    #[test]
    fn what_is_no_json_or_no_list_fails_the_whole_batch() {
        for event in [SQS, KINESIS, DYNAMODB] {
            assert!(told(event, "done")[0].contains("the whole batch counts as failed"));
            assert!(told(event, r#"{"batchItemFailures":"a"}"#)[0].contains("is a string, not a list"));
        }
    }
}
