//! Encodes the messages of InvokeWithResponseStream's answer: `application/vnd.amazon.eventstream`.
//!
//! Source: AWS SDK documentation, "Event stream encoding" (Smithy, `amazon.eventstream`): the length of the message, the length of
//! its headers, a CRC of both lengths, the headers, the payload, and a CRC of the whole message. Numbers are in network order. Each header
//! has a name, the type 7 (a string) and a value.
//!
//! The crate `aws-smithy-eventstream` encodes these messages too. Its releases that build with this crate's `rust-version` are no longer
//! updated, and it would bring 25 crates for the 20 lines of `message`. boto3 decodes these messages in tests/it/serve/streaming.rs.

use axum::body::Bytes;
use crc32fast::hash;
use serde_json::{Value, json};

use super::job::Answer;

/// The media type.
pub(super) const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";
const STRING: u8 = 7;
/// The size of the lengths and checksums of a message.
const FRAME_BYTES: usize = 16;

/// The message for a part of the response.
pub(super) fn payload_chunk(bytes: Bytes) -> Bytes {
    message("PayloadChunk", "application/octet-stream", &bytes)
}

/// The last messages: a response that was not streamed, and the end with the error and the log tail, if there are any.
pub(super) fn complete(answer: Answer, log_result: Option<String>) -> Vec<Bytes> {
    let mut end = serde_json::Map::new();
    let mut messages = Vec::new();
    match answer.outcome {
        Ok(response) if response.bytes.is_empty() => {}
        Ok(response) => messages.push(payload_chunk(response.bytes)),
        Err(error) => {
            end.insert("ErrorCode".to_owned(), error.error_type.into());
            end.insert("ErrorDetails".to_owned(), String::from_utf8_lossy(&error.body).into());
        }
    }
    if let Some(log_result) = log_result {
        end.insert("LogResult".to_owned(), json!(log_result));
    }
    messages.push(message("InvokeComplete", "application/json", Value::Object(end).to_string().as_bytes()));
    messages
}

fn message(event_type: &str, content_type: &str, payload: &[u8]) -> Bytes {
    let mut headers = Vec::new();
    for (name, value) in [(":event-type", event_type), (":content-type", content_type), (":message-type", "event")] {
        headers.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        headers.extend_from_slice(name.as_bytes());
        headers.push(STRING);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let mut message = Vec::with_capacity(FRAME_BYTES + headers.len() + payload.len());
    for length in [FRAME_BYTES + headers.len() + payload.len(), headers.len()] {
        message.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
    message.extend_from_slice(&hash(&message).to_be_bytes());
    message.extend_from_slice(&headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&hash(&message).to_be_bytes());
    message.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_lengths_and_checksums() {
        let message = payload_chunk(Bytes::from_static(b"abc"));
        let number = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().unwrap());
        assert_eq!(number(0) as usize, message.len());
        assert_eq!(number(8), hash(&message[..8]));
        assert_eq!(number(message.len() - 4), hash(&message[..message.len() - 4]));
        let payload = 12 + number(4) as usize;
        assert_eq!(&message[payload..message.len() - 4], b"abc");
    }
}
