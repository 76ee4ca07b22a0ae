//! Checks parameters against their shapes before they are sent, and says what is wrong in botocore's words.

use serde_json::{Map, Value};

use super::table::{Kind, Shape, Table};
use crate::aws::failure::Failure;
use crate::aws::time;

/// Checks all parameters of an operation.
pub(super) fn check(table: &Table, shape: &str, value: &Value) -> Result<(), Failure> {
    let mut faults = Vec::new();
    visit(table, shape, value, "", &mut faults);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(format!("Parameter validation failed:\n{}", faults.join("\n"))))
}

fn visit(table: &Table, shape: &str, value: &Value, name: &str, faults: &mut Vec<String>) {
    let shape = table.shape(shape);
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(members)) => visit_structure(table, &shape, members, name, faults),
        (Kind::Map, Value::Object(members)) => {
            let (key_shape, value_shape) = shape.pair();
            for (key, value) in members {
                visit(table, key_shape, &Value::from(key.as_str()), &format!("{name} (key: {key})"), faults);
                visit(table, value_shape, value, &format!("{name}.{key}"), faults);
            }
        }
        (Kind::List, Value::Array(items)) => {
            check_least(&shape, items.len(), "length", name, faults);
            let (inner, ..) = shape.item();
            for (position, item) in items.iter().enumerate() {
                visit(table, inner, item, &format!("{name}[{position}]"), faults);
            }
        }
        (Kind::Text, Value::String(text)) => check_least(&shape, text.chars().count(), "length", name, faults),
        (Kind::Integer, Value::Number(number)) if !number.is_f64() => {
            check_least(&shape, number, "value", name, faults);
        }
        (Kind::Float, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) | (Kind::Blob, Value::String(_)) => {}
        (Kind::Timestamp, Value::Number(_)) | (Kind::Document, _) => {}
        (Kind::Timestamp, Value::String(text)) if time::parse(text).is_some() => {}
        (kind, value) => faults.push(wrong_type(kind, value, name)),
    }
}

fn short(name: &str) -> &str {
    if name.is_empty() { "input" } else { name.strip_prefix('.').unwrap_or(name) }
}

fn visit_structure(table: &Table, shape: &Shape, members: &Map<String, Value>, name: &str, faults: &mut Vec<String>) {
    let known: Vec<_> = shape.members().collect();
    for member in known.iter().filter(|member| member.is_required && !members.contains_key(member.name)) {
        faults.push(format!("Missing required parameter in {}: \"{}\"", short(name), member.name));
    }
    for unknown in members.keys().filter(|key| !known.iter().any(|member| member.name == **key)) {
        let names: Vec<&str> = known.iter().map(|member| member.name).collect();
        faults.push(format!(
            "Unknown parameter in {}: \"{unknown}\", must be one of: {}",
            short(name),
            names.join(", ")
        ));
    }
    for (key, value) in members {
        if let Some(member) = known.iter().find(|member| member.name == key) {
            visit(table, member.shape, value, &format!("{name}.{key}"), faults);
        }
    }
}

fn check_least(shape: &Shape, value: impl ToString, what: &str, name: &str, faults: &mut Vec<String>) {
    let value = value.to_string();
    let is_below = |least: &i64| value.parse::<i64>().is_ok_and(|value| value < *least);
    if let Some(least) = shape.least.filter(is_below) {
        let bound = if what == "length" { "valid min length" } else { "valid min value" };
        faults.push(format!("Invalid {what} for parameter {}, value: {value}, {bound}: {least}", short(name)));
    }
}

fn wrong_type(kind: Kind, value: &Value, name: &str) -> String {
    let valid = match kind {
        Kind::Structure | Kind::Map => "<class 'dict'>",
        Kind::List => "<class 'list'>, <class 'tuple'>",
        Kind::Text => "<class 'str'>",
        Kind::Integer => "<class 'int'>",
        Kind::Float => "<class 'float'>, <class 'decimal.Decimal'>, <class 'int'>",
        Kind::Boolean => "<class 'bool'>",
        Kind::Timestamp => "<class 'datetime.datetime'>, timestamp-string",
        Kind::Blob => "<class 'bytes'>, <class 'bytearray'>, file-like object",
        Kind::Document => "",
    };
    let class = match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    };
    let value = crate::aws::output::python(value);
    format!("Invalid type for parameter {}, value: {value}, type: <class '{class}'>, valid types: {valid}", short(name))
}
