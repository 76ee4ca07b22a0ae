//! The options of `cloudwatch put-metric-data` that describe one metric: they make the first item of `MetricData`.

use serde_json::{Map, Value, json};

use crate::aws::failure::Failure;

/// Adds the option `name` with its text to the first metric.
pub(super) fn add(parameters: &mut Map<String, Value>, name: &str, text: &str) -> Result<(), Failure> {
    let (member, value) = match name {
        "metric-name" => ("MetricName", Value::from(text)),
        "unit" => ("Unit", Value::from(text)),
        "timestamp" => ("Timestamp", Value::from(text)),
        "value" => ("Value", number(text)?),
        "dimensions" => {
            let dimension = |(name, value)| Ok(json!({ "Name": name, "Value": value }));
            ("Dimensions", pairs(text)?.into_iter().map(dimension).collect::<Result<_, Failure>>()?)
        }
        "statistic-values" => {
            let statistic = |(name, value): (&str, &str)| Ok((name.to_owned(), number(value)?));
            let members: Map<String, Value> =
                pairs(text)?.into_iter().map(statistic).collect::<Result<_, Failure>>()?;
            ("StatisticValues", Value::Object(members))
        }
        _ => {
            let resolution = text.trim().parse::<i64>();
            let wrong = |_| Failure::General(format!("invalid literal for int() with base 10: '{text}'"));
            ("StorageResolution", Value::from(resolution.map_err(wrong)?))
        }
    };
    let metrics = parameters.entry("MetricData").or_insert_with(|| json!([{}]));
    metrics[0][member] = value;
    Ok(())
}

/// The AWS CLI refuses the options of one metric beside `--metric-data`, in words that differ between its versions.
pub(super) fn check(has_list: bool, has_part: bool) -> Result<(), Failure> {
    if has_list && has_part {
        return Err(Failure::Unserved("`--metric-data` beside options of one metric is not served".to_owned()));
    }
    Ok(())
}

/// `NAME=VALUE,NAME=VALUE`
fn pairs(text: &str) -> Result<Vec<(&str, &str)>, Failure> {
    text.split(',')
        .map(|part| match part.split('=').collect::<Vec<_>>().as_slice() {
            [name, value] => Ok((*name, *value)),
            parts if parts.len() < 2 => {
                Err(Failure::General("not enough values to unpack (expected 2, got 1)".to_owned()))
            }
            _ => Err(Failure::General("too many values to unpack (expected 2)".to_owned())),
        })
        .collect()
}

/// A number as the text has it, without a loss of digits where it is one.
fn number(text: &str) -> Result<Value, Failure> {
    let number = text.trim().parse::<i64>().map(Value::from).or_else(|_| text.trim().parse::<f64>().map(Value::from));
    number.map_err(|_| Failure::General("[<class 'decimal.ConversionSyntax'>]".to_owned()))
}
