//! The REST protocols: parameters in the path, the query, headers and the body.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::result::scalar;
use super::table::{Kind, Member, Operation, Table};
use super::wire::{iso8601, on_wire};
use crate::aws::failure::Failure;
use crate::aws::output::python;
use crate::aws::time;
use crate::aws::xml::escape;
use crate::client::request::{Body, Request, encode};
use crate::client::response::Response;

/// Builds the request of an operation. `stream` is the body where a file is one.
pub(super) fn request(
    table: &Table,
    operation: &Operation,
    endpoint: &str,
    parameters: &Map<String, Value>,
    stream: Option<Body>,
) -> Result<Request, Failure> {
    let (path, fixed) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
    let mut request = Request::new(method(operation.method), endpoint, String::new());
    request.query = fixed
        .split('&')
        .filter(|text| !text.is_empty())
        .map(|text| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.to_owned(), value.to_owned())
        })
        .collect();
    let mut path = path.to_owned();
    let mut body = Map::new();
    for member in table.shape(operation.input).members() {
        let Some(value) = parameters.get(member.name) else { continue };
        match member.location {
            "uri" => {
                let text = python(value);
                path = path.replace(&format!("{{{}+}}", member.wire), &encode(&text, true));
                path = path.replace(&format!("{{{}}}", member.wire), &encode(&text, false));
            }
            "querystring" => add_query(table, &member, value, &mut request),
            "header" => request.headers.push((member.wire.to_lowercase(), header_text(table, &member, value))),
            "headers" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    request.headers.push((format!("{}{}", member.wire, name).to_lowercase(), python(value)));
                }
            }
            _ => drop(body.insert(member.name.to_owned(), value.clone())),
        }
    }
    if operation.name == "GetObject" && !parameters.contains_key("ChecksumMode") {
        // As the AWS CLI does, so that the answer has the checksum.
        request.headers.push(("x-amz-checksum-mode".to_owned(), "ENABLED".to_owned()));
    }
    request.path = path;
    request.body = match stream {
        Some(stream) => stream,
        None => payload(table, operation, &body, &mut request)?,
    };
    Ok(request)
}

fn method(text: &str) -> &'static str {
    ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"].into_iter().find(|method| *method == text).unwrap_or("POST")
}

fn add_query(table: &Table, member: &Member, value: &Value, request: &mut Request) {
    let mut add = |value: &Value| {
        let text = header_text(table, member, value);
        request.query.push((member.wire.to_owned(), text));
    };
    match value {
        Value::Array(items) => items.iter().for_each(add),
        other => add(other),
    }
}

fn header_text(table: &Table, member: &Member, value: &Value) -> String {
    let shape = table.shape(member.shape);
    match (shape.kind, value) {
        (_, Value::Bool(value)) => value.to_string(),
        (Kind::Timestamp, value) => {
            let text = python(value);
            time::parse(&text).map_or(text, |time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
        (Kind::List, Value::Array(items)) => items.iter().map(python).collect::<Vec<_>>().join(","),
        _ => python(value),
    }
}

fn payload(
    table: &Table,
    operation: &Operation,
    body: &Map<String, Value>,
    request: &mut Request,
) -> Result<Body, Failure> {
    let bytes = |text: String| Body::Bytes(Arc::new(text.into_bytes()));
    if !operation.payload_in.is_empty() {
        let Some(value) = body.get(operation.payload_in) else { return Ok(Body::empty()) };
        let member = table.shape(operation.input).members().find(|member| member.name == operation.payload_in);
        let (shape, name) = member.map_or(("", ""), |member| (member.shape, member.wire));
        return Ok(match (table.shape(shape).kind, value) {
            (Kind::Blob, Value::String(text)) => {
                let decoded =
                    STANDARD.decode(text).map_err(|_| Failure::Usage(format!("Invalid base64: \"{text}\"")))?;
                Body::Bytes(Arc::new(decoded))
            }
            (Kind::Structure, value) if table.protocol == "rest-xml" => bytes(xml(table, shape, name, value, true)),
            (_, value) => bytes(on_wire(table, shape, value).to_string()),
        });
    }
    if table.protocol != "rest-json" || (body.is_empty() && request.method == "GET") {
        return Ok(Body::empty());
    }
    if body.is_empty() {
        return Ok(Body::empty());
    }
    request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Ok(bytes(on_wire(table, operation.input, &Value::Object(body.clone())).to_string()))
}

fn xml(table: &Table, shape: &str, name: &str, value: &Value, is_root: bool) -> String {
    let found = table.shape(shape);
    let space = if is_root { " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"" } else { "" };
    match (found.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            let inner: String = found
                .members()
                .filter_map(|member| Some(xml(table, member.shape, member.wire, members.get(member.name)?, false)))
                .collect();
            format!("<{name}{space}>{inner}</{name}>")
        }
        (Kind::List, Value::Array(items)) => {
            let (inner, is_flat, wire) = found.item();
            let wire = if is_flat { name } else { wire };
            let items: String = items.iter().map(|item| xml(table, inner, wire, item, false)).collect();
            if is_flat { items } else { format!("<{name}>{items}</{name}>") }
        }
        (_, Value::Bool(value)) => format!("<{name}>{value}</{name}>"),
        (Kind::Timestamp, value) => format!("<{name}>{}</{name}>", escape(&iso8601(value))),
        (_, value) => format!("<{name}>{}</{name}>", escape(&python(value))),
    }
}

/// The members of a result that come in headers or in the status.
pub(super) fn header_members(table: &Table, operation: &Operation, response: &Response) -> Map<String, Value> {
    let mut found = Map::new();
    if operation.output.is_empty() {
        return found;
    }
    for member in table.shape(operation.output).members() {
        match member.location {
            "statusCode" => drop(found.insert(member.name.to_owned(), Value::from(response.status))),
            "header" => {
                if let Some(text) = response.header(&member.wire.to_lowercase()) {
                    found.insert(member.name.to_owned(), scalar(table.shape(member.shape).kind, &text));
                }
            }
            "headers" => {
                let prefix = member.wire.to_lowercase();
                let pairs = response
                    .headers()
                    .filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?.to_owned(), Value::from(value))));
                found.insert(member.name.to_owned(), Value::Object(pairs.collect()));
            }
            _ => {}
        }
    }
    found
}
