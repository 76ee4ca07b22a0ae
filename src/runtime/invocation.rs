//! Defines an invocation: one event and its context, as the Runtime API delivered them. This module does no I/O.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::payload::Payload;

/// The longest invocation id that is sent back. Ids of Lambda have 36 characters. With the largest X-Ray cause (64 KiB) the head
/// of a request still fits into the 128 KiB of the connection's buffer.
const MAX_INVOCATION_ID_BYTES: usize = 16 * 1024;

/// Lambda-Runtime-Invocation-Id names one attempt to run an event. The request id names the event, and a retry has the same
/// request id. The answer carries the invocation id back, so that Lambda never takes a late answer to one attempt for the answer
/// to another. Source: AWS Lambda Developer Guide, "Using the Lambda runtime API".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum InvocationId {
    /// Lambda sent no id, or an empty one.
    #[default]
    Absent,
    /// Sent back with the answer, byte for byte.
    Echoed(String),
    /// The id has bytes other than visible ASCII, or is too long for a header. The answer is sent without an id.
    Unusable,
}

impl InvocationId {
    /// Takes the id from the header's value, unchanged.
    pub fn received(value: &[u8]) -> InvocationId {
        let sendable = value.len() <= MAX_INVOCATION_ID_BYTES && value.iter().all(u8::is_ascii_graphic);
        match std::str::from_utf8(value) {
            Ok("") => InvocationId::Absent,
            Ok(id) if sendable => InvocationId::Echoed(id.to_owned()),
            Ok(_) | Err(_) => InvocationId::Unusable,
        }
    }

    /// The id that the answer carries back.
    pub fn echo(&self) -> Option<&str> {
        match self {
            InvocationId::Echoed(id) => Some(id),
            InvocationId::Absent | InvocationId::Unusable => None,
        }
    }
}

/// One invocation of the function. Source: AWS Lambda Developer Guide, "Runtime API, Next invocation".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Lambda-Runtime-Aws-Request-Id.
    pub request_id: String,
    /// Lambda-Runtime-Invocation-Id.
    pub invocation_id: InvocationId,
    /// Lambda-Runtime-Deadline-Ms: when the time limit ends, in milliseconds since 1970; `None` when absent or malformed.
    pub deadline_ms: Option<u64>,
    /// Lambda-Runtime-Invoked-Function-Arn.
    pub function_arn: Option<String>,
    /// Lambda-Runtime-Trace-Id, for X-Ray.
    pub trace_id: Option<String>,
    /// Lambda-Runtime-Client-Context: JSON of the AWS Mobile SDK.
    pub client_context: Option<String>,
    /// Lambda-Runtime-Cognito-Identity: JSON.
    pub cognito_identity: Option<String>,
    /// Lambda-Runtime-Aws-Tenant-Id.
    pub tenant_id: Option<String>,
    /// The answer's status line and all of its headers, as `curl --dump-header` writes them.
    pub headers: Vec<u8>,
    /// The event's bytes.
    pub event: Payload,
    /// More variables for the handler: those of a durable execution.
    pub more_variables: Vec<(&'static str, String)>,
}

impl Invocation {
    /// The context variables of the handler; absent values are left out.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let deadline = self.deadline_ms.map(|ms| ms.to_string());
        let all = [
            ("LAMBDA_RUNTIME_AWS_REQUEST_ID", Some(&self.request_id)),
            ("LAMBDA_RUNTIME_DEADLINE_MS", deadline.as_ref()),
            ("LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN", self.function_arn.as_ref()),
            ("LAMBDA_RUNTIME_TRACE_ID", self.trace_id.as_ref()),
            ("LAMBDA_RUNTIME_CLIENT_CONTEXT", self.client_context.as_ref()),
            ("LAMBDA_RUNTIME_COGNITO_IDENTITY", self.cognito_identity.as_ref()),
            ("LAMBDA_RUNTIME_AWS_TENANT_ID", self.tenant_id.as_ref()),
            ("_X_AMZN_TRACE_ID", self.trace_id.as_ref()),
        ];
        let of_execution = self.more_variables.iter().cloned();
        all.into_iter().filter_map(|(name, value)| Some((name, value?.clone()))).chain(of_execution).collect()
    }

    /// The same invocation with another event, and with more variables.
    pub(crate) fn with_event(&self, event: Vec<u8>, more_variables: Vec<(&'static str, String)>) -> Invocation {
        Invocation {
            request_id: self.request_id.clone(),
            invocation_id: self.invocation_id.clone(),
            deadline_ms: self.deadline_ms,
            function_arn: self.function_arn.clone(),
            trace_id: self.trace_id.clone(),
            client_context: self.client_context.clone(),
            cognito_identity: self.cognito_identity.clone(),
            tenant_id: self.tenant_id.clone(),
            headers: self.headers.clone(),
            event: event.into(),
            more_variables,
        }
    }

    /// The time that is left for the event; `None` without a deadline, zero after the deadline.
    pub fn remaining(&self) -> Option<Duration> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Duration::from_millis(self.deadline_ms?).saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_id_of_visible_ascii_is_sent_back_byte_for_byte_and_no_other_is() {
        let longest = "x".repeat(16 * 1024);
        for id in
            ["6f6c9e0c-8f5e-4d8c-9e57-0b7f3f2f0d11", "UPPER-lower", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", &longest]
        {
            assert_eq!(InvocationId::received(id.as_bytes()).echo(), Some(id));
        }
        for id in ["a b", "a\tb", "\u{e9}", "a\u{7f}", &format!("{longest}x")] {
            assert_eq!(InvocationId::received(id.as_bytes()), InvocationId::Unusable, "{id:?}");
        }
        assert_eq!(InvocationId::received(b"\xff"), InvocationId::Unusable);
        assert_eq!(InvocationId::received(b""), InvocationId::Absent);
    }
}
