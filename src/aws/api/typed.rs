//! Gives the strings of shorthand the types of the model.

use serde_json::Value;

use super::shorthand::Reason;
use super::table::{Kind, Table};

/// Gives the strings of shorthand the types of a shape; one value becomes a list where a list is wanted.
pub(super) fn typed(table: &Table, shape: &str, value: Value) -> Result<Value, Reason> {
    let found = table.shape(shape);
    Ok(match (found.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            let shapes: Vec<_> = found.members().collect();
            let typed_member = |(name, value): (String, Value)| {
                let member = shapes.iter().find(|member| member.name == name);
                let value = member.map_or(Ok(value.clone()), |member| typed(table, member.shape, value))?;
                Ok((name, value))
            };
            Value::Object(members.into_iter().map(typed_member).collect::<Result<_, Reason>>()?)
        }
        (Kind::Map, Value::Object(members)) => {
            let (_, inner) = found.pair();
            let pairs = members.into_iter().map(|(name, value)| Ok((name, typed(table, inner, value)?)));
            Value::Object(pairs.collect::<Result<_, Reason>>()?)
        }
        (Kind::List, Value::Array(items)) => {
            let (inner, ..) = found.item();
            Value::Array(items.into_iter().map(|item| typed(table, inner, item)).collect::<Result<_, _>>()?)
        }
        (Kind::List, other) => Value::Array(vec![other]),
        (Kind::Integer, Value::String(text)) => Value::from(
            text.trim().parse::<i64>().map_err(|_| format!("invalid literal for int() with base 10: '{text}'"))?,
        ),
        (Kind::Float, Value::String(text)) => {
            Value::from(text.trim().parse::<f64>().map_err(|_| format!("could not convert string to float: '{text}'"))?)
        }
        (Kind::Boolean, Value::String(text)) => match text.to_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::String(text),
        },
        (Kind::Document, _) => return Err("Shorthand syntax does not support document types.".to_owned()),
        (_, other) => other,
    })
}
