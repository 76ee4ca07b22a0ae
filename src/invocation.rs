//! One event and its context, as the Runtime API delivered them; no I/O.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::payload::Payload;

/// One invocation of the function. Source: AWS Lambda Developer Guide, "Runtime API, Next invocation".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Lambda-Runtime-Aws-Request-Id.
    pub request_id: String,
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
}

impl Invocation {
    /// The variables that the handler sees, those that are present only.
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
        all.into_iter().filter_map(|(name, value)| Some((name, value?.clone()))).collect()
    }

    /// How long the event may still take; `None` without a deadline. Zero when it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Duration::from_millis(self.deadline_ms?).saturating_sub(now))
    }
}
