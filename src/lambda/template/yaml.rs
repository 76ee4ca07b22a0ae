//! Parses the text of a template, YAML or JSON, into one JSON value.
//!
//! The short form of an intrinsic function becomes its long form: `!Ref Name` becomes `{"Ref": "Name"}`, and `!Sub text` becomes
//! `{"Fn::Sub": "text"}`. The other modules then know only one form.

use anyhow::{Context, Result, anyhow};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// The intrinsic functions whose long form has no `Fn::`.
const WITHOUT_PREFIX: [&str; 2] = ["Ref", "Condition"];

/// Parses the text of a template.
///
/// # Errors
/// The line and the column of a syntax error.
pub(super) fn parse(text: &str) -> Result<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        // JSON may be indented by tabs, and YAML may not.
        return serde_json::from_str(text).context("the template is not valid JSON");
    }
    let documents = Yaml::load_from_str(text).map_err(|error| {
        let at = error.marker();
        anyhow!("the template is not valid YAML: line {}, column {}: {}", at.line(), at.col() + 1, error.info())
    })?;
    Ok(documents.into_iter().next().map_or(Value::Null, json))
}

fn json(node: Yaml) -> Value {
    match node {
        Yaml::Value(scalar) => of_scalar(&scalar),
        Yaml::Sequence(items) => items.into_iter().map(json).collect(),
        Yaml::Mapping(entries) => {
            let entries = entries.into_iter().map(|(name, value)| (key(name), json(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tag, node) => {
            let function = if WITHOUT_PREFIX.contains(&tag.suffix.as_str()) {
                tag.suffix.clone()
            } else {
                format!("Fn::{}", tag.suffix)
            };
            Value::Object(Map::from_iter([(function, json(*node))]))
        }
        Yaml::Representation(text, ..) => text.into_owned().into(),
        Yaml::Alias(_) | Yaml::BadValue => Value::Null,
    }
}

fn of_scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => (*value).into(),
        Scalar::Integer(value) => (*value).into(),
        Scalar::FloatingPoint(value) => value.into_inner().into(),
        Scalar::String(text) => text.as_ref().into(),
    }
}

/// The name of an entry; YAML allows other types of names than text.
fn key(name: Yaml) -> String {
    match json(name) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_forms_become_long_forms() {
        let yaml = "a: !Ref B\nb: !GetAtt C.Arn\nc: !Sub '${D}-x'\nd: !If [e, !Ref F, 1]\ne:\n  Fn::Join: ['-', [x, y]]\nf: !Sub\n  - a\n  - {b: 1}\n";
        let expected = json!({
            "a": { "Ref": "B" },
            "b": { "Fn::GetAtt": "C.Arn" },
            "c": { "Fn::Sub": "${D}-x" },
            "d": { "Fn::If": ["e", { "Ref": "F" }, 1] },
            "e": { "Fn::Join": ["-", ["x", "y"]] },
            "f": { "Fn::Sub": ["a", { "b": 1 }] },
        });
        assert_eq!(parse(yaml).unwrap(), expected);
    }

    #[test]
    fn json_with_tabs_anchors_and_scalars_are_read() {
        assert_eq!(parse("\n{\n\t\"a\": 1\n}").unwrap(), json!({ "a": 1 }));
        let yaml = "a: &x {b: true, c: ~, d: 1.5, e: '012'}\nf: *x\n200: g\n";
        let a = json!({ "b": true, "c": null, "d": 1.5, "e": "012" });
        assert_eq!(parse(yaml).unwrap(), json!({ "a": a, "f": a, "200": "g" }));
        assert_eq!(parse("").unwrap(), Value::Null);
    }

    #[test]
    fn a_syntax_error_has_its_line_and_column() {
        let error = parse("a: 1\nb: [1, 2\nc: 3\n").unwrap_err().to_string();
        assert!(error.starts_with("the template is not valid YAML: line 3, column 2: "), "{error}");
        let error = format!("{:#}", parse("{\"a\": 1,\n}").unwrap_err());
        assert!(error.contains("line 2 column 1"), "{error}");
    }
}
