//! Writes parameters as the protocols send them.

use jiff::Timestamp;
use serde_json::Value;

use super::table::{Kind, Table};
use crate::aws::output::python;
use crate::aws::time;

/// A value as the JSON protocols send it: timestamps are numbers unless the model wants another format.
pub(super) fn on_wire(table: &Table, shape: &str, value: &Value) -> Value {
    let found = table.shape(shape);
    match (found.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            let shapes: Vec<_> = found.members().collect();
            let wired = members.iter().map(|(name, value)| {
                let member = shapes.iter().find(|member| member.name == name);
                member.map_or_else(
                    || (name.clone(), value.clone()),
                    |member| (member.wire.to_owned(), on_wire(table, member.shape, value)),
                )
            });
            Value::Object(wired.collect())
        }
        (Kind::Map, Value::Object(members)) => {
            let (_, inner) = found.pair();
            Value::Object(members.iter().map(|(name, value)| (name.clone(), on_wire(table, inner, value))).collect())
        }
        (Kind::List, Value::Array(items)) => {
            let (inner, ..) = found.item();
            items.iter().map(|item| on_wire(table, inner, item)).collect()
        }
        (Kind::Timestamp, value) => {
            let Some(time) = parse(value) else { return value.clone() };
            match found.format() {
                "iso8601" => Value::from(iso8601(value)),
                _ => Value::from(time.as_second()),
            }
        }
        (_, value) => value.clone(),
    }
}

fn parse(timestamp: &Value) -> Option<Timestamp> {
    let text = timestamp.as_str().map_or_else(|| timestamp.to_string(), str::to_owned);
    time::parse(&text)
}

/// A timestamp as the XML protocols and the query protocol send it, in whole seconds.
pub(super) fn iso8601(timestamp: &Value) -> String {
    let time = parse(timestamp);
    time.map_or_else(|| python(timestamp), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
