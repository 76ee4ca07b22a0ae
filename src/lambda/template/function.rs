//! Reads one function of a template.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value};

use super::api_event::{self, ApiEvent};
use super::values::Values;
use crate::lambda::function::Function;
use crate::runtime::failure::Failure;
use crate::runtime::handler::Handler;

pub(super) const SERVERLESS: &str = "AWS::Serverless::Function";
pub(super) const PLAIN: &str = "AWS::Lambda::Function";

/// A name, and a value or an expression.
type Pair = (String, String);

/// A function that can run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredFunction {
    pub(crate) logical_id: String,
    /// FunctionName, else the logical id.
    pub(crate) name: String,
    pub(crate) function: Function,
    pub(crate) timeout: Option<Duration>,
    pub(crate) memory_mb: Option<u32>,
    pub(crate) variables: Vec<Pair>,
    /// Variables whose values the template does not give: the name, and the expression.
    pub(crate) unresolved: Vec<Pair>,
    pub(crate) url: Option<InvokeMode>,
    pub(crate) api_events: Vec<ApiEvent>,
    /// Sentences about parts of the function that are not served as on AWS.
    pub(crate) warnings: Vec<String>,
}

/// How a function URL sends the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvokeMode {
    Buffered,
    ResponseStream,
}

/// A function of the template: the logical id, the resource, and its properties together with those of `Globals`.
pub(super) struct Declaration<'a> {
    logical_id: &'a str,
    resource: &'a Value,
    properties: Value,
    pub(super) name: String,
}

impl<'a> Declaration<'a> {
    /// The declaration of a resource, if the resource is a function.
    pub(super) fn of(
        logical_id: &'a str,
        resource: &'a Value,
        globals: &Value,
        values: &Values,
    ) -> Option<Declaration<'a>> {
        let own = &resource["Properties"];
        let properties = match resource["Type"].as_str()? {
            SERVERLESS => merged(globals, own),
            PLAIN => own.clone(),
            _ => return None,
        };
        let name = values.text(&properties["FunctionName"]).unwrap_or_else(|_| logical_id.to_owned());
        Some(Declaration { logical_id, resource, properties, name })
    }

    pub(super) fn logical_id(&self) -> &str {
        self.logical_id
    }

    /// Why coshell does not serve the function, if so.
    pub(super) fn reason_to_skip(&self, values: &Values, folder: &Path) -> Option<String> {
        let properties = &self.properties;
        if properties["PackageType"] == "Image" {
            return Some("it is a container image".to_owned());
        }
        match values.text(&properties["Runtime"]) {
            Ok(runtime) if runtime.starts_with("provided") => {}
            Ok(runtime) => return Some(format!("its runtime is `{runtime}`, and coshell serves `provided.al2023`")),
            Err(_) if properties["Runtime"].is_null() => return Some("it has no Runtime".to_owned()),
            Err(expression) => return Some(format!("the template gives no value for its Runtime `{expression}`")),
        }
        let build = self.resource["Metadata"]["BuildMethod"].as_str().filter(|method| *method != "makefile");
        if let Some(method) = build {
            return Some(format!("it is built by the BuildMethod `{method}`, so it is not a Bash script"));
        }
        if properties["Handler"] == "bootstrap" {
            return Some("its handler is `bootstrap`, so it has its own runtime".to_owned());
        }
        match self.code() {
            Code::Path(path) if path.starts_with("s3://") => Some(format!("its code is in S3: `{path}`")),
            Code::Path(path) if folder.join(path).is_file() => {
                Some(format!("its code is the file `{path}`: name the folder with the script instead"))
            }
            Code::Path(_) => None,
            Code::Elsewhere => Some("its code is not a local folder".to_owned()),
        }
    }

    /// The code: CodeUri, or Code; CDK writes the path into the metadata.
    fn code(&self) -> Code<'_> {
        if !self.properties["InlineCode"].is_null() {
            return Code::Elsewhere;
        }
        let name = if self.resource["Type"] == SERVERLESS { "CodeUri" } else { "Code" };
        let asset = self.resource["Metadata"]["aws:asset:path"].as_str();
        match (&self.properties[name], asset) {
            (_, Some(path)) => Code::Path(path),
            (Value::String(path), None) => Code::Path(path),
            (Value::Null, None) => Code::Path("."),
            (_, None) => Code::Elsewhere,
        }
    }

    /// The function; `folder` is that of the template.
    ///
    /// # Errors
    /// The function's folder or the script of its handler is not there.
    pub(super) fn function(&self, values: &Values, folder: &Path) -> Result<DeclaredFunction> {
        let properties = &self.properties;
        let id = self.logical_id;
        let function = self.located(values, folder).with_context(|| format!("function `{id}`"))?;
        let mut warnings = Vec::new();
        let mut number = |name: &str| match &properties[name] {
            Value::Null => None,
            value => {
                let text = values.text(value);
                let number = text.as_ref().ok().and_then(|text| text.parse::<u32>().ok()).filter(|number| *number > 0);
                if number.is_none() {
                    warnings
                        .push(format!("{name} is not a number: `{}`", text.unwrap_or_else(|expression| expression)));
                }
                number
            }
        };
        let (timeout, memory_mb) = (number("Timeout"), number("MemorySize"));
        let (variables, unresolved) = variables(properties, values);
        let api_events = api_event::of(properties, values, &mut warnings);
        let url = properties["FunctionUrlConfig"].as_object().map(|url| match url.get("InvokeMode") {
            Some(mode) if mode == "RESPONSE_STREAM" => InvokeMode::ResponseStream,
            Some(_) | None => InvokeMode::Buffered,
        });
        let timeout = timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let (logical_id, name) = (id.to_owned(), self.name.clone());
        Ok(DeclaredFunction {
            logical_id,
            name,
            function,
            timeout,
            memory_mb,
            variables,
            unresolved,
            url,
            api_events,
            warnings,
        })
    }

    fn located(&self, values: &Values, folder: &Path) -> Result<Function> {
        let Code::Path(path) = self.code() else { bail!("its code is not a local folder") };
        let folder = folder.join(path);
        let task_root = fs::canonicalize(&folder)
            .with_context(|| format!("cannot find the folder `{}` of its code", folder.display()))?;
        let handler = match values.text(&self.properties["Handler"]) {
            Ok(handler) => handler,
            Err(_) if self.properties["Handler"].is_null() => {
                bail!("it has no Handler; write `Handler: function.handler`")
            }
            Err(expression) => bail!("the template gives no value for its Handler `{expression}`"),
        };
        Handler::resolve(&handler, &task_root).map_err(|failure| match failure {
            Failure::ScriptNotFound { looked_for, .. } => {
                let looked_for = looked_for.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>();
                anyhow!("the script of its Handler `{handler}` is not there: looked for {}", looked_for.join(", "))
            }
            other => anyhow!("{other}"),
        })?;
        Ok(Function { task_root, handler })
    }
}

enum Code<'a> {
    /// A path relative to the template.
    Path(&'a str),
    Elsewhere,
}

/// The variables with a value, and those whose expression has no value here.
fn variables(properties: &Value, values: &Values) -> (Vec<Pair>, Vec<Pair>) {
    let (mut known, mut unresolved) = (Vec::new(), Vec::new());
    for (name, value) in properties["Environment"]["Variables"].as_object().into_iter().flatten() {
        match values.text(value) {
            Ok(text) => known.push((name.clone(), text)),
            Err(expression) => unresolved.push((name.clone(), expression)),
        }
    }
    (known, unresolved)
}

/// The properties of `Globals` together with the function's own: maps are merged, lists are joined, and other values are replaced.
fn merged(globals: &Value, own: &Value) -> Value {
    match (globals, own) {
        (Value::Object(globals), Value::Object(own)) if !is_intrinsic(own) => {
            let mut all = globals.clone();
            for (name, value) in own {
                let value = merged(globals.get(name).unwrap_or(&Value::Null), value);
                all.insert(name.clone(), value);
            }
            Value::Object(all)
        }
        (Value::Array(globals), Value::Array(own)) => globals.iter().chain(own).cloned().collect(),
        (globals, Value::Null) => globals.clone(),
        (_, own) => own.clone(),
    }
}

fn is_intrinsic(value: &Map<String, Value>) -> bool {
    value.len() == 1 && value.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn globals_are_merged_as_sam_does() {
        let globals = json!({ "Timeout": 3, "Layers": ["a"], "Environment": { "Variables": { "A": "1", "B": "1" } } });
        let own = json!({ "Timeout": { "Ref": "T" }, "Layers": ["b"], "Environment": { "Variables": { "B": "2" } } });
        let expected = json!({
            "Timeout": { "Ref": "T" },
            "Layers": ["a", "b"],
            "Environment": { "Variables": { "A": "1", "B": "2" } },
        });
        assert_eq!(merged(&globals, &own), expected);
    }
}
