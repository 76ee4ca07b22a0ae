//! Resolves intrinsic functions, as far as the template alone gives their values: parameters with a default, pseudo parameters, and names
//! and ARNs of functions.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lambda::identifiers::region;

/// The account id that AWS uses in its examples.
const ACCOUNT: &str = "123456789012";
/// The values of pseudo parameters, apart from AWS::Region.
const PSEUDO_PARAMETERS: [(&str, &str); 4] = [
    ("AWS::AccountId", ACCOUNT),
    ("AWS::Partition", "aws"),
    ("AWS::StackName", "local"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

/// The values that the template gives, by the name that `Ref` and `${…}` use.
#[derive(Debug)]
pub(super) struct Values(BTreeMap<String, String>);

impl Values {
    /// The pseudo parameters, and the parameters that have a default.
    pub(super) fn of_parameters(document: &Value) -> Values {
        let pseudo = PSEUDO_PARAMETERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut values: BTreeMap<String, String> = pseudo.into_iter().collect();
        values.insert("AWS::Region".to_owned(), region());
        for (name, parameter) in document["Parameters"].as_object().into_iter().flatten() {
            // The default of such a parameter is the name of a value in Parameter Store.
            let is_stored =
                parameter["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::Value"));
            if let Some(default) = plain_text(&parameter["Default"]).filter(|_| !is_stored) {
                values.insert(name.clone(), default);
            }
        }
        Values(values)
    }

    /// Adds the name and the ARN of a function, which other functions may refer to.
    pub(super) fn add_function(&mut self, logical_id: &str, name: &str) {
        let arn = format!("arn:aws:lambda:{}:{ACCOUNT}:function:{name}", region());
        self.0.insert(logical_id.to_owned(), name.to_owned());
        self.0.insert(format!("{logical_id}.Arn"), arn);
    }

    /// The text of a value.
    ///
    /// # Errors
    /// The expression that the template does not give a value for, such as `!Ref Table`.
    pub(super) fn text(&self, value: &Value) -> Result<String, String> {
        if let Some(text) = plain_text(value) {
            return Ok(text);
        }
        let call = value.as_object().filter(|call| call.len() == 1).and_then(|call| call.iter().next());
        let resolved = call.and_then(|(function, argument)| match function.as_str() {
            "Ref" => self.0.get(argument.as_str()?).cloned(),
            "Fn::GetAtt" => self.attribute(argument),
            "Fn::Sub" => self.substituted(argument),
            "Fn::Join" => self.joined(argument),
            _ => None,
        });
        resolved.ok_or_else(|| match call {
            Some((function, argument)) => {
                let argument = plain_text(argument).unwrap_or_else(|| argument.to_string());
                format!("!{} {argument}", function.trim_start_matches("Fn::"))
            }
            None => value.to_string(),
        })
    }

    fn attribute(&self, argument: &Value) -> Option<String> {
        let name = match argument {
            Value::Array(parts) => parts.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join("."),
            other => other.as_str()?.to_owned(),
        };
        self.0.get(&name).cloned()
    }

    /// `text`, or `[text, {name: value}]`, with a value in place of each `${name}`. `${!name}` stands for the text `${name}`.
    fn substituted(&self, argument: &Value) -> Option<String> {
        let (text, own) = match argument {
            Value::Array(parts) => (parts.first()?.as_str()?, parts.get(1).and_then(Value::as_object)),
            other => (other.as_str()?, None),
        };
        let mut parts = text.split("${");
        let mut substituted = parts.next()?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            match name.strip_prefix('!') {
                Some(literal) => substituted.push_str(&format!("${{{literal}}}")),
                None => match own.and_then(|own| own.get(name)) {
                    Some(value) => substituted.push_str(&self.text(value).ok()?),
                    None => substituted.push_str(self.0.get(name)?),
                },
            }
            substituted.push_str(rest);
        }
        Some(substituted)
    }

    /// `[separator, [value, …]]`.
    fn joined(&self, argument: &Value) -> Option<String> {
        let separator = argument.get(0)?.as_str()?;
        let values = argument.get(1)?.as_array()?.iter().map(|value| self.text(value).ok());
        Some(values.collect::<Option<Vec<_>>>()?.join(separator))
    }
}

/// The text of a string, a number or a Boolean.
fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values() -> Values {
        let mut values = Values::of_parameters(&json!({ "Parameters": {
            "Stage": { "Type": "String", "Default": "dev" },
            "Size": { "Type": "Number", "Default": 3 },
            "Secret": { "Type": "String" },
            "Stored": { "Type": "AWS::SSM::Parameter::Value<String>", "Default": "/path" },
        } }));
        values.add_function("Orders", "orders-dev");
        values
    }

    #[test]
    fn an_expression_whose_parts_are_known_has_a_value() {
        for (value, text) in [
            (json!("a"), "a"),
            (json!(1), "1"),
            (json!(true), "true"),
            (json!({ "Ref": "Stage" }), "dev"),
            (json!({ "Ref": "Size" }), "3"),
            (json!({ "Ref": "Orders" }), "orders-dev"),
            (json!({ "Ref": "AWS::AccountId" }), ACCOUNT),
            (json!({ "Fn::Sub": "${Stage}/${!Stage}/x" }), "dev/${Stage}/x"),
            (json!({ "Fn::Sub": ["${a}-${Size}", { "a": { "Ref": "Stage" } }] }), "dev-3"),
            (json!({ "Fn::Join": ["-", ["a", { "Ref": "Stage" }]] }), "a-dev"),
        ] {
            assert_eq!(values().text(&value).as_deref(), Ok(text), "{value}");
        }
        for argument in [json!("Orders.Arn"), json!(["Orders", "Arn"])] {
            assert!(values().text(&json!({ "Fn::GetAtt": argument })).unwrap().ends_with(":function:orders-dev"));
        }
    }

    #[test]
    fn an_expression_without_a_value_is_named() {
        for (value, expression) in [
            (json!({ "Ref": "Table" }), "!Ref Table"),
            (json!({ "Ref": "Secret" }), "!Ref Secret"),
            (json!({ "Ref": "Stored" }), "!Ref Stored"),
            (json!({ "Fn::GetAtt": "Table.Arn" }), "!GetAtt Table.Arn"),
            (json!({ "Fn::Sub": "${Table}-x" }), "!Sub ${Table}-x"),
            (json!({ "Fn::If": ["a", 1, 2] }), "!If [\"a\",1,2]"),
            (json!(["a"]), "[\"a\"]"),
        ] {
            assert_eq!(values().text(&value), Err(expression.to_owned()));
        }
    }
}
