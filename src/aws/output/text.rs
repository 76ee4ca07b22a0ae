//! Writes text: one line for the scalars of each object, tabs between them, in the order of their names.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::python;

/// The whole text.
pub(super) fn render(value: &Value) -> String {
    let mut text = String::new();
    put(&mut text, value, None, None);
    text
}

fn put(text: &mut String, value: &Value, name: Option<&str>, keys: Option<&[&String]>) {
    match value {
        Value::Object(members) => put_object(text, members, name, keys),
        Value::Array(items) => put_list(text, items, name),
        scalar => push_line(text, &[python(scalar)]),
    }
}

fn push_line(text: &mut String, fields: &[String]) {
    text.push_str(&fields.join("\t"));
    text.push('\n');
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn put_list(text: &mut String, items: &[Value], name: Option<&str>) {
    if items.is_empty() {
        return;
    }
    if items.iter().any(Value::is_object) {
        let objects = items.iter().filter_map(Value::as_object);
        let keys: BTreeSet<&String> =
            objects.flatten().filter(|(_, value)| is_scalar(value)).map(|(name, _)| name).collect();
        let keys: Vec<&String> = keys.into_iter().collect();
        items.iter().for_each(|item| put(text, item, name, Some(&keys)));
    } else if items.iter().any(Value::is_array) {
        let (scalars, others): (Vec<&Value>, Vec<&Value>) = items.iter().partition(|item| is_scalar(item));
        if !scalars.is_empty() {
            put_scalars(text, &scalars, name);
        }
        others.into_iter().for_each(|item| put(text, item, name, None));
    } else {
        put_scalars(text, &items.iter().collect::<Vec<_>>(), name);
    }
}

fn put_scalars(text: &mut String, items: &[&Value], name: Option<&str>) {
    match name {
        Some(name) => items.iter().for_each(|item| push_line(text, &[name.to_uppercase(), python(item)])),
        None => push_line(text, &items.iter().map(|item| python(item)).collect::<Vec<_>>()),
    }
}

fn put_object(text: &mut String, members: &Map<String, Value>, name: Option<&str>, keys: Option<&[&String]>) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let (mut scalars, others): (Vec<String>, Vec<(&String, &Value)>) = match keys {
        Some(keys) => (
            keys.iter().map(|key| members.get(*key).map_or_else(String::new, python)).collect(),
            sorted.into_iter().filter(|(name, _)| !keys.contains(name)).collect(),
        ),
        None => {
            let (scalars, others): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|(_, value)| is_scalar(value));
            (scalars.into_iter().map(|(_, value)| python(value)).collect(), others)
        }
    };
    if !scalars.is_empty() {
        if let Some(name) = name {
            scalars.insert(0, name.to_uppercase());
        }
        push_line(text, &scalars);
    }
    others.into_iter().for_each(|(name, value)| put(text, value, Some(name), None));
}
