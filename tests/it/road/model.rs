//! AWS's own description of its API, as botocore ships it: whether a request is one that AWS would understand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::recorder::Request;
use crate::support::skip::skip;

/// Where tests/run puts the models; AWS_DATA_PATH for the AWS CLI.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/botocore-models");

/// The models of services, by their names in the AWS CLI.
pub struct Models(BTreeMap<&'static str, Service>);

struct Service {
    model: Value,
    waiters: Value,
}

impl Models {
    /// `None` where tests/run did not bring them; says so.
    pub fn load() -> Option<Models> {
        if !Path::new(FOLDER).join("from").is_file() {
            skip(&format!("`{FOLDER}` is not there: tests/run --with-aws brings it"));
            return None;
        }
        let read = |file: &str| {
            let text =
                fs::read_to_string(Path::new(FOLDER).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let service = |folder: &str| Service {
            model: read(&format!("{folder}/service-2.json")),
            waiters: read(&format!("{folder}/waiters-2.json")),
        };
        let services = [("lambda", service("lambda/2015-03-31")), ("lambda-core", service("lambda-core/2026-04-30"))];
        Some(Models(services.into()))
    }

    /// The operation that a command of the AWS CLI calls: `create-runtime` calls `CreateRuntime`; a waiter, the one that it waits by.
    #[track_caller]
    pub fn operation(&self, service: &str, command: &str) -> String {
        let service = &self.0[service];
        let name = in_camel_case(command.trim_start_matches("wait "));
        if !command.starts_with("wait ") {
            return name;
        }
        let waiter = &service.waiters["waiters"][&name]["operation"];
        waiter.as_str().unwrap_or_else(|| panic!("no waiter {name}")).to_owned()
    }

    /// Whether the request is this operation's, with all that it requires and nothing that it does not know.
    pub fn check(&self, service: &str, operation: &str, request: &Request) -> Result<(), String> {
        check(&self.0[service].model, operation, request)
    }
}

fn in_camel_case(command: &str) -> String {
    let capitalized = |word: &str| word[..1].to_uppercase() + &word[1..];
    command.split('-').map(capitalized).collect()
}

fn check(model: &Value, operation: &str, request: &Request) -> Result<(), String> {
    let http = &model["operations"][operation]["http"];
    let method = http["method"].as_str().ok_or_else(|| format!("no operation {operation}"))?;
    if request.method != method {
        return Err(format!("{operation} is a {method}, and a {} was sent", request.method));
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let template = http["requestUri"].as_str().unwrap_or_default();
    let labels = labels(template, path).ok_or_else(|| format!("{path} is not {template}"))?;
    let mut query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let input = &model["shapes"][model["operations"][operation]["input"]["shape"].as_str().unwrap_or_default()];
    let mut body = match &request.body[..] {
        // The whole body is one member of the input, and no JSON for Lambda.
        _ if input["payload"].is_string() => Map::new(),
        [] => Map::new(),
        json => serde_json::from_slice(json).map_err(|error| format!("the body is no JSON object: {error}"))?,
    };
    for (name, member) in input["members"].as_object().into_iter().flatten() {
        let sent_as = member["locationName"].as_str().unwrap_or(name);
        let value = match member["location"].as_str() {
            Some("uri") => labels.get(sent_as).cloned().map(Value::from),
            Some("querystring") => query.remove(sent_as).map(Value::from),
            Some("header") => request.header(sent_as).map(Value::from),
            _ => body.remove(sent_as),
        };
        let shape = member["shape"].as_str().unwrap_or_default();
        let in_text = member["location"].is_string();
        match value {
            Some(value) => fits(model, shape, &value, in_text).map_err(|error| format!("{name}: {error}"))?,
            None if requires(input, name) => return Err(format!("{name} is required")),
            None => {}
        }
    }
    let unknown: Vec<&String> = query.keys().chain(body.keys()).collect();
    if unknown.is_empty() { Ok(()) } else { Err(format!("{operation} does not know {unknown:?}")) }
}

fn requires(shape: &Value, member: &str) -> bool {
    shape["required"].as_array().into_iter().flatten().any(|name| name == member)
}

/// The decoded values of the template's `{NAME}`s in the path, if the path is one of the template's.
fn labels(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (names, parts): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if names.len() != parts.len() {
        return None;
    }
    let mut labels = BTreeMap::new();
    for (name, part) in names.into_iter().zip(parts) {
        match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(label) if !part.is_empty() => {
                let pair = format!("x={}", part.replace('+', "%2B"));
                let (_, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
                labels.insert(label.to_owned(), value.into_owned());
            }
            _ if name == part => {}
            _ => return None,
        }
    }
    Some(labels)
}

/// Whether a value is of this shape; in a header and in the query, numbers and booleans are text.
fn fits(model: &Value, name: &str, value: &Value, in_text: bool) -> Result<(), String> {
    let shape = &model["shapes"][name];
    let is = |fits: bool| if fits { Ok(()) } else { Err(format!("{value} is no {name}")) };
    let between = |size: usize| {
        let bound = |bound: &str| shape[bound].as_u64().and_then(|bound| usize::try_from(bound).ok());
        is(bound("min").is_none_or(|min| size >= min) && bound("max").is_none_or(|max| size <= max))
    };
    match (shape["type"].as_str().unwrap_or_default(), value) {
        ("structure", Value::Object(members)) => members_fit(model, shape, members),
        ("list", Value::Array(items)) => {
            let item = shape["member"]["shape"].as_str().unwrap_or_default();
            items.iter().try_for_each(|value| fits(model, item, value, in_text)).and_then(|()| between(items.len()))
        }
        ("map", Value::Object(members)) => {
            let kind = shape["value"]["shape"].as_str().unwrap_or_default();
            members.values().try_for_each(|value| fits(model, kind, value, in_text))
        }
        ("string", Value::String(text)) => {
            is(shape["enum"].as_array().is_none_or(|known| known.contains(value)))?;
            between(text.chars().count())
        }
        ("blob", Value::String(_)) | ("boolean", Value::Bool(_)) => Ok(()),
        ("boolean", Value::String(text)) if in_text => is(text == "true" || text == "false"),
        ("integer" | "long", Value::Number(number)) => {
            between(number.as_u64().and_then(|it| it.try_into().ok()).unwrap_or(0))
        }
        ("integer" | "long", Value::String(text)) if in_text => {
            between(text.parse().map_err(|_| format!("{text} is no {name}"))?)
        }
        _ => is(false),
    }
}

fn members_fit(model: &Value, shape: &Value, members: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in members {
        let kind = shape["members"][name]["shape"].as_str().ok_or_else(|| format!("{name} is not known"))?;
        fits(model, kind, value, false).map_err(|error| format!("{name}: {error}"))?;
    }
    let required = shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match required.into_iter().find(|name| !members.contains_key(*name)) {
        Some(name) => Err(format!("{name} is required")),
        None => Ok(()),
    }
}

/// A request without headers.
fn request(method: &str, target: &str, body: &str) -> Request {
    Request { method: method.into(), target: target.into(), headers: Vec::new(), body: body.into() }
}

#[test]
fn a_request_that_aws_would_refuse_is_seen() {
    let Some(models) = Models::load() else { return };
    let runtime =
        r#""RuntimeConfig":{"RuntimeArn":"arn:aws:lambda:us-west-2:123456789012:runtime/coshell","RuntimeAlias":"a"}"#;
    let function =
        format!(r#"{{"FunctionName":"f","Role":"r","Code":{{"ZipFile":"UEs="}},"Runtime":"custom",{runtime}}}"#);
    let table = [
        ("CreateRuntime", request("POST", "/2026-10-01/runtimes", r#"{"Name":"coshell"}"#), ""),
        ("CreateRuntime", request("POST", "/2026-10-01/runtimes", "{}"), "Name is required"),
        ("CreateRuntime", request("POST", "/2026-10-01/runtimes", r#"{"Name":"c"}"#), "Name: \"c\" is no RuntimeName"),
        ("CreateRuntime", request("PUT", "/2026-10-01/runtimes", "{}"), "CreateRuntime is a POST, and a PUT was sent"),
        (
            "CreateRuntime",
            request("POST", "/2026-10-01/runtime", "{}"),
            "/2026-10-01/runtime is not /2026-10-01/runtimes",
        ),
        (
            "CreateRuntime",
            request("POST", "/2026-10-01/runtimes", r#"{"Name":"coshell","Image":"i"}"#),
            "CreateRuntime does not know [\"Image\"]",
        ),
        ("GetRuntime", request("GET", "/2026-10-01/runtimes/co%2Bshell", ""), ""),
        ("GetRuntime", request("GET", "/2026-10-01/runtimes/c?x=1", ""), "RuntimeName: \"c\" is no RuntimeIdentifier"),
        ("GetRuntime", request("GET", "/2026-10-01/runtimes/coshell?x=1", ""), "GetRuntime does not know [\"x\"]"),
        ("MakeRuntime", request("GET", "/", ""), "no operation MakeRuntime"),
    ];
    for (operation, request, expected) in table {
        let checked = models.check("lambda-core", operation, &request);
        assert_eq!(checked.err().unwrap_or_default(), expected, "{request:?}");
    }
    for (body, expected) in [
        (function.clone(), ""),
        (
            function.replace(r#""RuntimeAlias":"a""#, r#""RuntimeAlias":"""#),
            "RuntimeConfig: RuntimeAlias: \"\" is no FunctionRuntimeAlias",
        ),
        (function.replace(r#","RuntimeAlias":"a""#, ""), "RuntimeConfig: RuntimeAlias is required"),
        (function.replace("RuntimeAlias", "RuntimeVersion"), "RuntimeConfig: RuntimeVersion is not known"),
        (function.replace("custom", "bash"), "Runtime: \"bash\" is no Runtime"),
    ] {
        let checked = models.check("lambda", "CreateFunction", &request("POST", "/2015-03-31/functions", &body));
        assert_eq!(checked.err().unwrap_or_default(), expected, "{body}");
    }
}
