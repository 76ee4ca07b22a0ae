//! Turns answers into results: the members of the model in its order, with timestamps as the AWS CLI prints them.

use serde_json::{Map, Number, Value};

use super::table::{Kind, Table};
use crate::aws::time;
use crate::aws::xml::Element;

/// A value from JSON.
pub(super) fn from_json(table: &Table, shape: &str, value: &Value) -> Value {
    let found = table.shape(shape);
    match (found.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            let known = found.members().filter(|member| member.location.is_empty()).filter_map(|member| {
                let value = members.get(member.wire).filter(|value| !value.is_null())?;
                Some((member.name.to_owned(), from_json(table, member.shape, value)))
            });
            Value::Object(known.collect())
        }
        (Kind::Map, Value::Object(members)) => {
            let (_, inner) = found.pair();
            Value::Object(members.iter().map(|(name, value)| (name.clone(), from_json(table, inner, value))).collect())
        }
        (Kind::List, Value::Array(items)) => {
            let (inner, ..) = found.item();
            items.iter().map(|item| from_json(table, inner, item)).collect()
        }
        (Kind::Timestamp, value) => timestamp(value),
        (_, value) => value.clone(),
    }
}

/// A timestamp: seconds are shown in the machine's time zone, text in its own.
fn timestamp(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let time = number.as_f64().and_then(time::from_seconds);
            time.map_or_else(|| value.clone(), |time| Value::from(time::iso(&time::local(time))))
        }
        Value::String(text) => Value::from(timestamp_text(text)),
        other => other.clone(),
    }
}

/// A timestamp in text.
pub(super) fn timestamp_text(text: &str) -> String {
    use jiff::tz::TimeZone;
    let zone = if text.parse::<f64>().is_ok() { TimeZone::system() } else { TimeZone::UTC };
    time::parse(text).map_or_else(|| text.to_owned(), |time| time::iso(&time.to_zoned_datetime(zone)))
}

/// The members of a structure from XML.
pub(super) fn from_xml_members(table: &Table, shape: &str, element: &Element) -> Map<String, Value> {
    let members = table.shape(shape).members().filter(|member| member.location.is_empty());
    let found = members.filter_map(|member| {
        let inner = table.shape(member.shape);
        let (_, is_flat, _) = inner.item();
        if inner.kind == Kind::List && is_flat {
            let items: Vec<Value> =
                element.all(member.wire).map(|child| list_item(table, member.shape, child)).collect();
            return (!items.is_empty()).then(|| (member.name.to_owned(), Value::Array(items)));
        }
        // The answer of GetBucketLocation is its only member.
        let child =
            element.child(member.wire).or_else(|| Some(element).filter(|element| element.name == member.wire))?;
        Some((member.name.to_owned(), from_xml(table, member.shape, child)))
    });
    found.collect()
}

fn list_item(table: &Table, list: &str, element: &Element) -> Value {
    let (inner, ..) = table.shape(list).item();
    from_xml(table, inner, element)
}

fn from_xml(table: &Table, shape: &str, element: &Element) -> Value {
    let found = table.shape(shape);
    match found.kind {
        Kind::Structure => Value::Object(from_xml_members(table, shape, element)),
        Kind::List => element.children.iter().map(|child| list_item(table, shape, child)).collect(),
        Kind::Map => {
            let (_, inner) = found.pair();
            let pairs = element.children.iter().filter_map(|entry| {
                let key = entry.text_of("key").or_else(|| entry.text_of("Name"))?;
                let value = entry.child("value").or_else(|| entry.child("Value"))?;
                Some((key.to_owned(), from_xml(table, inner, value)))
            });
            Value::Object(pairs.collect())
        }
        kind => scalar(kind, &element.text),
    }
}

/// A scalar that came as text.
pub(super) fn scalar(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Integer => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        Kind::Float => text.parse().ok().and_then(Number::from_f64).map_or_else(|| Value::from(text), Value::Number),
        Kind::Boolean => Value::Bool(text == "true"),
        Kind::Timestamp => Value::from(timestamp_text(text)),
        Kind::Structure | Kind::List | Kind::Map | Kind::Text | Kind::Blob | Kind::Document => Value::from(text),
    }
}
