//! The functions of JMESPath.

use std::cmp::Ordering;

use jmespath::ast::Ast;
use serde_json::{Map, Number, Value};

use super::{Found, evaluate};
use crate::aws::failure::Failure;
use crate::aws::output::json_line;

/// Calls a function with arguments that are evaluated on `value`.
pub(super) fn call(name: &str, arguments: &[Ast], value: &Value) -> Found {
    if let "sort_by" | "max_by" | "min_by" | "map" = name {
        return with_expression(name, arguments, value);
    }
    let values: Vec<Value> = arguments.iter().map(|argument| evaluate(argument, value)).collect::<Result<_, _>>()?;
    let result = match values.as_slice() {
        [one] => of_one(name, one),
        [one, two] => of_two(name, one, two),
        _ => None,
    };
    match name {
        "not_null" => Ok(values.into_iter().find(|value| !value.is_null()).unwrap_or_default()),
        "merge" => Ok(merge(values)),
        _ => result.ok_or_else(|| refused(name)),
    }
}

/// The functions of JMESPath.
const NAMES: [&str; 26] = [
    "abs",
    "avg",
    "ceil",
    "contains",
    "ends_with",
    "floor",
    "join",
    "keys",
    "length",
    "map",
    "max",
    "max_by",
    "merge",
    "min",
    "min_by",
    "not_null",
    "reverse",
    "sort",
    "sort_by",
    "starts_with",
    "sum",
    "to_array",
    "to_number",
    "to_string",
    "type",
    "values",
];

fn refused(name: &str) -> Failure {
    Failure::General(match NAMES.contains(&name) {
        true => format!("In function {name}(), invalid type or number of arguments"),
        false => format!("Unknown function: {name}()"),
    })
}

fn merge(values: Vec<Value>) -> Value {
    let mut all = Map::new();
    for value in values {
        if let Value::Object(members) = value {
            all.extend(members);
        }
    }
    Value::Object(all)
}

fn of_one(name: &str, one: &Value) -> Option<Value> {
    let items = one.as_array();
    Some(match name {
        "abs" => number(one.as_f64()?.abs()),
        "ceil" => number(one.as_f64()?.ceil()),
        "floor" => number(one.as_f64()?.floor()),
        "avg" => match items?.len() {
            0 => Value::Null,
            #[expect(clippy::cast_precision_loss, reason = "no list has 2^52 items")]
            length => Value::from(sum(items?)? / length as f64),
        },
        "sum" => number(sum(items?)?),
        "keys" => one.as_object()?.keys().cloned().map(Value::from).collect(),
        "values" => one.as_object()?.values().cloned().collect(),
        "length" => Value::from(match one {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => return None,
        }),
        "max" => extreme(items?, Ordering::Greater)?,
        "min" => extreme(items?, Ordering::Less)?,
        "reverse" => match one {
            Value::String(text) => Value::from(text.chars().rev().collect::<String>()),
            _ => items?.iter().rev().cloned().collect(),
        },
        "sort" => sorted(items?, items?)?,
        "to_array" => items.map_or_else(|| Value::Array(vec![one.clone()]), |items| Value::Array(items.clone())),
        "to_string" => one.as_str().map_or_else(|| Value::from(json_line(one)), Value::from),
        "to_number" => match one {
            Value::Number(_) => one.clone(),
            Value::String(text) => to_number(text),
            _ => Value::Null,
        },
        "type" => Value::from(type_name(one)),
        _ => return None,
    })
}

fn of_two(name: &str, one: &Value, two: &Value) -> Option<Value> {
    Some(match name {
        "contains" => Value::Bool(match one {
            Value::String(text) => text.contains(two.as_str()?),
            _ => one.as_array()?.contains(two),
        }),
        "starts_with" => Value::Bool(one.as_str()?.starts_with(two.as_str()?)),
        "ends_with" => Value::Bool(one.as_str()?.ends_with(two.as_str()?)),
        "join" => {
            let texts: Option<Vec<&str>> = two.as_array()?.iter().map(Value::as_str).collect();
            Value::from(texts?.join(one.as_str()?))
        }
        _ => return None,
    })
}

/// The functions that take an expression, such as `sort_by(@, &Name)`.
fn with_expression(name: &str, arguments: &[Ast], value: &Value) -> Found {
    let (list, Ast::Expref { ast, .. }) = (match arguments {
        [Ast::Expref { .. }, list] if name == "map" => (list, &arguments[0]),
        [list, expression] if name != "map" => (list, expression),
        _ => return Err(refused(name)),
    }) else {
        return Err(refused(name));
    };
    let Value::Array(items) = evaluate(list, value)? else { return Err(refused(name)) };
    let keys: Vec<Value> = items.iter().map(|item| evaluate(ast, item)).collect::<Result<_, _>>()?;
    let result = match name {
        "map" => Some(Value::Array(keys)),
        "sort_by" => sorted(&items, &keys),
        name => {
            let wanted = if name == "max_by" { Ordering::Greater } else { Ordering::Less };
            best(&keys, wanted).map(|position| position.map_or(Value::Null, |position| items[position].clone()))
        }
    };
    result.ok_or_else(|| refused(name))
}

/// A whole number is written without a fraction.
fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked by comparing")]
    let whole = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "checked by comparing")]
    let is_whole = whole as f64 == value;
    if is_whole { Value::from(whole) } else { Value::from(value) }
}

fn to_number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    text.parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

fn sum(items: &[Value]) -> Option<f64> {
    items.iter().map(Value::as_f64).sum()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Numbers by value, strings by code points; nothing else has an order.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn best(keys: &[Value], wanted: Ordering) -> Option<Option<usize>> {
    let mut best: Option<usize> = None;
    for (position, key) in keys.iter().enumerate() {
        let before = best.map_or(key, |best| &keys[best]);
        if order(key, before)? == wanted || best.is_none() {
            best = Some(position);
        }
    }
    Some(best)
}

fn extreme(items: &[Value], wanted: Ordering) -> Option<Value> {
    Some(best(items, wanted)?.map_or(Value::Null, |position| items[position].clone()))
}

fn sorted(items: &[Value], keys: &[Value]) -> Option<Value> {
    let all_comparable = keys.iter().all(|key| keys.first().is_some_and(|first| order(key, first).is_some()));
    if !all_comparable {
        return None;
    }
    let mut positions: Vec<usize> = (0..items.len()).collect();
    positions.sort_by(|left, right| order(&keys[*left], &keys[*right]).unwrap_or(Ordering::Equal));
    Some(positions.into_iter().map(|position| items[position].clone()).collect())
}
