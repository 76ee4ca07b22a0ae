//! Reads the events of a function that come from API Gateway: which method and path lead to the function.

use serde_json::Value;

use super::values::Values;

/// The type of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    /// An HTTP API: an event of type `HttpApi`, with payload format 2.0.
    Http,
    /// A REST API: an event of type `Api`, with payload format 1.0.
    Rest,
}

/// One event of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiEvent {
    pub(crate) api: Api,
    /// In capitals; `None` for any method.
    pub(crate) method: Option<String>,
    /// A path with parameters, such as `/orders/{id}` and `/{proxy+}`; `None` for `$default`, which takes every path.
    pub(crate) path: Option<String>,
}

/// The events of type `Api` and `HttpApi` of a function with these properties; expressions without a value are left out, with a warning.
pub(super) fn of(properties: &Value, values: &Values, warnings: &mut Vec<String>) -> Vec<ApiEvent> {
    let events = properties["Events"].as_object().into_iter().flatten();
    events
        .filter_map(|(name, event)| {
            let api = match event["Type"].as_str()? {
                "HttpApi" => Api::Http,
                "Api" => Api::Rest,
                _ => return None,
            };
            let properties = &event["Properties"];
            if api == Api::Http && properties["PayloadFormatVersion"] == "1.0" {
                warnings.push(format!("the event `{name}` has PayloadFormatVersion 1.0: coshell sends the format 2.0"));
            }
            match api_event(api, properties, values) {
                Ok(event) => Some(event),
                Err(expression) => {
                    warnings.push(format!(
                        "the event `{name}` is not served: the template gives no value for `{expression}`"
                    ));
                    None
                }
            }
        })
        .collect()
}

fn api_event(api: Api, properties: &Value, values: &Values) -> Result<ApiEvent, String> {
    let text = |name: &str| match &properties[name] {
        Value::Null => Ok(None),
        value => values.text(value).map(Some),
    };
    let method = text("Method")?.map(|method| method.to_ascii_uppercase());
    let method = method.filter(|method| !matches!(method.as_str(), "ANY" | "X-AMAZON-APIGATEWAY-ANY-METHOD" | "*"));
    Ok(ApiEvent { api, method, path: text("Path")?.filter(|path| path != "$default") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_of_apis_are_read_and_others_are_not() {
        let properties = json!({ "Events": {
            "A": { "Type": "Api", "Properties": { "Path": "/a/{id}", "Method": "get" } },
            "B": { "Type": "HttpApi", "Properties": { "Path": "/{proxy+}", "Method": "ANY" } },
            "C": { "Type": "HttpApi" },
            "D": { "Type": "Schedule", "Properties": { "Schedule": "rate(1 hour)" } },
            "E": { "Type": "Api", "Properties": { "Path": { "Ref": "Unknown" }, "Method": "get" } },
        } });
        let mut warnings = Vec::new();
        let found = of(&properties, &Values::of_parameters(&json!({})), &mut warnings);
        let event = |api, method: Option<&str>, path: Option<&str>| {
            let (method, path) = (method.map(str::to_owned), path.map(str::to_owned));
            ApiEvent { api, method, path }
        };
        let expected = [
            event(Api::Rest, Some("GET"), Some("/a/{id}")),
            event(Api::Http, None, Some("/{proxy+}")),
            event(Api::Http, None, None),
        ];
        assert_eq!(found, expected);
        assert_eq!(warnings, ["the event `E` is not served: the template gives no value for `!Ref Unknown`"]);
    }
}
