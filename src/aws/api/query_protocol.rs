//! The query protocol: parameters as a form.

use serde_json::{Map, Value};

use super::table::{Kind, Operation, Table};
use super::wire::iso8601;
use crate::aws::output::python;
use crate::client::request::pair;

/// The body of a request.
pub(super) fn encode(table: &Table, operation: &Operation, parameters: &Map<String, Value>) -> String {
    let mut pairs = vec![pair("Action", operation.name), pair("Version", table.version)];
    if !operation.input.is_empty() {
        put(table, operation.input, &Value::Object(parameters.clone()), "", &mut pairs);
    }
    pairs.join("&")
}

fn put(table: &Table, shape: &str, value: &Value, name: &str, pairs: &mut Vec<String>) {
    let found = table.shape(shape);
    let inner_name = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match (found.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            for member in found.members() {
                if let Some(value) = members.get(member.name) {
                    put(table, member.shape, value, &inner_name(member.wire), pairs);
                }
            }
        }
        (Kind::List, Value::Array(items)) => {
            let (inner, is_flat, wire) = found.item();
            if items.is_empty() {
                pairs.push(pair(name, ""));
            }
            for (position, item) in items.iter().enumerate() {
                let number = position + 1;
                let part = if is_flat { format!("{name}.{number}") } else { format!("{name}.{wire}.{number}") };
                put(table, inner, item, &part, pairs);
            }
        }
        (Kind::Map, Value::Object(members)) => {
            let (_, inner) = found.pair();
            for (position, (key, value)) in members.iter().enumerate() {
                let entry = format!("{name}.entry.{}", position + 1);
                // SNS calls the parts of its maps Name and Value; `Attributes` alone keeps the protocol's own names.
                let (key_name, value_name) =
                    if name.ends_with("MessageAttributes") { ("Name", "Value") } else { ("key", "value") };
                pairs.push(pair(&format!("{entry}.{key_name}"), key));
                put(table, inner, value, &format!("{entry}.{value_name}"), pairs);
            }
        }
        (Kind::Boolean, Value::Bool(value)) => pairs.push(pair(name, if *value { "true" } else { "false" })),
        (Kind::Timestamp, value) => pairs.push(pair(name, &iso8601(value))),
        (_, value) => pairs.push(pair(name, &python(value))),
    }
}
