//! Registers the internal extensions of a runtime. Every refusal has the same text as in Lambda's emulator.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::lambda::identifiers::random_uuid;

/// The extensions that were registered.
#[derive(Debug, Default)]
pub(super) struct Extensions(Mutex<Vec<Extension>>);

#[derive(Debug)]
struct Extension {
    name: String,
    identifier: String,
}

pub(super) type Refusal = (&'static str, String);

impl Extensions {
    /// The names of the extensions, in the order of registration.
    pub(super) fn names(&self) -> Vec<String> {
        self.with(|extensions| extensions.iter().map(|extension| extension.name.clone()).collect())
    }

    fn with<T>(&self, operation: impl FnOnce(&mut Vec<Extension>) -> T) -> T {
        operation(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Registers an extension and returns its identifier.
    pub(super) fn register(&self, name: String, body: &[u8]) -> Result<String, Refusal> {
        if name.is_empty() {
            return Err(("Extension.InvalidExtensionName", "Empty extension name".into()));
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| ("InvalidRequestFormat", error.to_string()))?;
        let events = body["events"].as_array().into_iter().flatten().map(|event| event.as_str().unwrap_or_default());
        for event in events {
            let reason = match event {
                "INVOKE" => continue,
                "SHUTDOWN" => "ShutdownEventNotSupportedForInternalExtension",
                _ => "ErrorInvalidEventType",
            };
            return Err(("Extension.InvalidEventType", format!("{event}: {reason}")));
        }
        let identifier = random_uuid();
        self.with(|extensions| {
            if extensions.iter().any(|extension| extension.name == name) {
                let message = "Extension with this name already registered";
                return Err(("Extension.InvalidExtensionState", message.to_owned()));
            }
            extensions.push(Extension { name, identifier: identifier.clone() });
            Ok(identifier)
        })
    }

    pub(super) fn check(&self, identifier: Option<String>) -> Result<(), Refusal> {
        let Some(identifier) = identifier else {
            return Err(("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header".into()));
        };
        if self.with(|extensions| extensions.iter().any(|extension| extension.identifier == identifier)) {
            return Ok(());
        }
        Err(("Extension.UnknownExtensionIdentifier", format!("Unknown extension {identifier}")))
    }
}
