//! The functions that are served, found by their names.

use std::sync::Arc;

use super::environment::Readiness;
use super::exception::Exception;
use super::function_name::plain_name;
use super::served_function::{ServedFunction, arn_of};

/// All functions, in the order of the command line or of the template.
#[derive(Debug)]
pub(super) struct Registry {
    pub(super) functions: Vec<Arc<ServedFunction>>,
    /// Whether every name means the only function: without a template, clients may use the name that the function has on AWS.
    pub(super) accepts_every_name: bool,
}

impl Registry {
    /// The function that a name, a partial ARN or a full ARN means.
    pub(super) fn find(&self, name: &str) -> Result<&Arc<ServedFunction>, Exception> {
        let name = plain_name(name);
        let is_named = |function: &&Arc<ServedFunction>| {
            self.accepts_every_name || function.name == name || function.logical_id.as_deref() == Some(name)
        };
        self.functions.iter().find(is_named).ok_or_else(|| {
            let names: Vec<String> = self.functions.iter().map(|function| format!("`{}`", function.name)).collect();
            Exception::FunctionNotFound { arn: arn_of(name), served: names.join(", ") }
        })
    }

    /// `Ready` if the last init of every function has succeeded.
    pub(super) fn readiness(&self) -> Readiness {
        let all = || self.functions.iter().map(|function| function.queue.readiness());
        let first = |wanted: Readiness| all().find(|readiness| *readiness == wanted);
        first(Readiness::Failed).or_else(|| first(Readiness::Starting)).unwrap_or(Readiness::Ready)
    }
}
