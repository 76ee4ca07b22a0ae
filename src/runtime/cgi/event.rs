//! Reads an HTTP event, whatever its format: payload format 2.0 (function URLs, HTTP APIs), 1.0 (REST APIs), and load balancers.
//!
//! Sources: AWS Lambda Developer Guide, "Invoking Lambda function URLs"; Amazon API Gateway Developer Guide, "Input format of a Lambda
//! function for proxy integration" and "Working with AWS Lambda proxy integrations for HTTP APIs"; Elastic Load Balancing guide, "Lambda
//! functions as targets".

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::Form;
use crate::runtime::failure::Failure;
use crate::runtime::payload::Payload;

/// The characters of a decoded parameter that must be encoded in a query.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The characters that no URL may contain.
const ILLEGAL: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');
/// The host of an API without a domain of its own: its paths begin with the stage.
const API_GATEWAY_HOST: &str = ".execute-api.";
/// How many member names of an event a message shows.
const SHOWN_MEMBERS: usize = 5;

/// An HTTP event.
#[derive(Debug)]
pub(super) struct Event {
    value: Value,
    pub(super) form: Form,
}

/// The two parts of a request's path, as the event has them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    /// The stage, where it is part of the URL: `/prod`; or nothing.
    pub(super) prefix: &'a str,
    pub(super) rest: &'a str,
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// [`Failure::NotHttp`].
    pub(super) fn parse(event: &[u8]) -> Result<Event, Failure> {
        let value = serde_json::from_slice(event).map_err(|error| not_http(format!("it is not JSON ({error})")))?;
        let form = form(&value).ok_or_else(|| not_http(sender(&value)))?;
        Ok(Event { value, form })
    }

    /// The text at a JSON pointer.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.value.pointer(pointer)?.as_str()
    }

    /// Takes the body out of the event, decoded.
    ///
    /// # Errors
    /// [`Failure::NotHttp`].
    pub(super) fn take_body(&mut self) -> Result<Payload, Failure> {
        let in_base64 = self.value["isBase64Encoded"] == true;
        match self.value.get_mut("body").map(Value::take) {
            None | Some(Value::Null) => Ok(Payload::default()),
            Some(Value::String(text)) if in_base64 => {
                let text = Payload::from(text.into_bytes());
                let decoded = BASE64_STANDARD.decode(text.as_slice());
                decoded.map(Payload::from).map_err(|error| {
                    not_http(format!("its `isBase64Encoded` is true, but its `body` is not base64 ({error})"))
                })
            }
            Some(Value::String(text)) => Ok(text.into_bytes().into()),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(not_http("its `body` is not a string".to_owned()))
            }
        }
    }

    pub(super) fn method(&self) -> &str {
        let pointer = match self.form {
            Form::Version2 => "/requestContext/http/method",
            Form::Version1 | Form::LoadBalancer { .. } => "/httpMethod",
        };
        self.text(pointer).unwrap_or_default()
    }

    pub(super) fn path(&self) -> Path<'_> {
        match self.form {
            Form::Version2 => self.path_with_stage(),
            Form::Version1 => {
                let rest = self.text("/path").unwrap_or("/");
                let whole = self.text("/requestContext/path").unwrap_or(rest);
                Path { prefix: whole.strip_suffix(rest).unwrap_or_default(), rest }
            }
            Form::LoadBalancer { .. } => Path { prefix: "", rest: self.text("/path").unwrap_or("/") },
        }
    }

    /// A path of an HTTP API with a stage other than `$default` begins with the stage, unless the API has a domain of its own.
    fn path_with_stage(&self) -> Path<'_> {
        let whole = self.text("/rawPath").or_else(|| self.text("/requestContext/http/path")).unwrap_or("/");
        let stage = self.text("/requestContext/stage").unwrap_or("$default");
        let has_stage = stage != "$default" && self.text("/requestContext/domainName").is_none_or(is_of_api_gateway);
        let rest = whole.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
        match rest.filter(|rest| has_stage && (rest.is_empty() || rest.starts_with('/'))) {
            Some(rest) => Path { prefix: &whole[..whole.len() - rest.len()], rest },
            None => Path { prefix: "", rest: whole },
        }
    }

    /// The query as the client sent it, or one that means the same.
    pub(super) fn query(&self) -> String {
        let raw = Some(self.form).filter(|form| *form == Form::Version2).and_then(|_| self.text("/rawQueryString"));
        match (raw, self.form) {
            (Some(raw), _) => legal(raw),
            // A load balancer does not decode them.
            (None, Form::LoadBalancer { .. }) => self.joined_parameters(legal),
            (None, Form::Version1 | Form::Version2) => {
                self.joined_parameters(|text| utf8_percent_encode(text, PARAMETER).to_string())
            }
        }
    }

    fn joined_parameters(&self, encoded: impl Fn(&str) -> String) -> String {
        let lists = self.value.get("multiValueQueryStringParameters").filter(|lists| lists.is_object());
        let parameters = lists.or_else(|| self.value.get("queryStringParameters")).and_then(Value::as_object);
        let pairs = parameters.into_iter().flatten().flat_map(|(name, values)| {
            texts(values).map(|value| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>()
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Every header with its values; the names are in any case.
    pub(super) fn headers(&self) -> Vec<(&str, Vec<&str>)> {
        let of = |member: &str| self.value.get(member).and_then(Value::as_object).into_iter().flatten();
        let lists: Vec<_> =
            of("multiValueHeaders").map(|(name, values)| (name.as_str(), texts(values).collect())).collect();
        if !lists.is_empty() {
            return lists;
        }
        of("headers").map(|(name, value)| (name.as_str(), texts(value).collect())).collect()
    }

    /// The cookies of payload format 2.0.
    pub(super) fn cookies(&self) -> Vec<&str> {
        self.value.get("cookies").into_iter().flat_map(texts).collect()
    }
}

/// A string, or the strings of a list. Parameters without a value are null in some events.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let one = if value.is_null() { Some("") } else { value.as_str() };
    one.into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// `text` as part of a URL: characters that no URL may contain are encoded, all others stay.
pub(super) fn legal(text: &str) -> String {
    utf8_percent_encode(text, ILLEGAL).to_string()
}

fn is_of_api_gateway(domain: &str) -> bool {
    domain.contains(API_GATEWAY_HOST)
}

fn form(event: &Value) -> Option<Form> {
    let context = &event["requestContext"];
    // An authorizer gets the request too, but its response is a policy.
    if event.get("methodArn").is_some() || event.get("routeArn").is_some() {
        return None;
    }
    if context["http"]["method"].is_string() {
        return Some(Form::Version2);
    }
    if !event["httpMethod"].is_string() || !event["path"].is_string() {
        return None;
    }
    if context["elb"].is_object() {
        return Some(Form::LoadBalancer { multi_value: event["multiValueHeaders"].is_object() });
    }
    Some(Form::Version1)
}

/// A clause that says what kind of event this is, if it is not an HTTP request.
fn sender(event: &Value) -> String {
    let record = &event["Records"][0];
    let source = record["eventSource"].as_str().or(record["EventSource"].as_str()).or(event["source"].as_str());
    let Value::Object(members) = event else { return "it is not a JSON object".to_owned() };
    if event.get("methodArn").is_some() || event.get("routeArn").is_some() {
        return "it asks an authorizer, whose answer is a policy".to_owned();
    }
    if event["requestContext"]["connectionId"].is_string() {
        return "it comes from a WebSocket".to_owned();
    }
    if let Some(source) = source {
        return format!("it comes from `{}`", source.escape_debug());
    }
    let names: Vec<String> =
        members.keys().take(SHOWN_MEMBERS).map(|name| format!("`{}`", name.escape_debug())).collect();
    let has = if names.is_empty() { "it is empty".to_owned() } else { format!("it has {}", names.join(", ")) };
    format!("{has}, and neither `requestContext.http` nor `httpMethod` and `path`")
}

fn not_http(reason: String) -> Failure {
    Failure::NotHttp { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(value: Value) -> Event {
        Event::parse(value.to_string().as_bytes()).unwrap()
    }

    fn refused(event: &str) -> String {
        Event::parse(event.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn an_event_that_is_no_http_request_is_refused_with_its_sender() {
        for (event, message) in [
            ("no JSON", "it is not JSON (expected ident"),
            ("[1]", "it is not a JSON object"),
            ("{}", "it is empty, and neither"),
            (r#"{"a":1,"b\n":2}"#, r"it has `a`, `b\n`, and neither `requestContext.http` nor"),
            (r#"{"Records":[{"eventSource":"aws:sqs"}]}"#, "it comes from `aws:sqs`"),
            (r#"{"Records":[{"EventSource":"aws:sns"}]}"#, "it comes from `aws:sns`"),
            (r#"{"source":"aws.events","detail":{}}"#, "it comes from `aws.events`"),
            (r#"{"requestContext":{"connectionId":"x"}}"#, "it comes from a WebSocket"),
            (r#"{"methodArn":"x","httpMethod":"GET","path":"/"}"#, "it asks an authorizer"),
        ] {
            let sentence = refused(event);
            assert!(sentence.contains(message), "{event}: {sentence}");
        }
    }

    #[test]
    fn the_stage_is_a_prefix_only_where_the_url_has_it() {
        let path = |stage: &str, domain: &str, path: &str| {
            let context = json!({ "http": { "method": "GET" }, "stage": stage, "domainName": domain });
            let event = event(json!({ "version": "2.0", "rawPath": path, "requestContext": context }));
            let Path { prefix, rest } = event.path();
            (prefix.to_owned(), rest.to_owned())
        };
        let host = "abc.execute-api.eu-west-1.amazonaws.com";
        let pair = |prefix: &str, rest: &str| (prefix.to_owned(), rest.to_owned());
        assert_eq!(path("prod", host, "/prod/a"), pair("/prod", "/a"));
        assert_eq!(path("prod", host, "/prod"), pair("/prod", ""));
        assert_eq!(path("prod", host, "/product"), pair("", "/product"));
        assert_eq!(path("prod", "example.com", "/prod/a"), pair("", "/prod/a"));
        assert_eq!(path("$default", host, "/$default/a"), pair("", "/$default/a"));
        let rest = json!({ "httpMethod": "GET", "path": "/a", "requestContext": { "path": "/prod/a" } });
        assert_eq!(event(rest).path(), Path { prefix: "/prod", rest: "/a" });
    }

    #[test]
    fn a_query_is_encoded_where_the_event_has_it_decoded_and_only_there() {
        let lists = json!({ "a b": ["1", "x&y=%2F"], "é": [""] });
        let mut value = json!({ "httpMethod": "GET", "path": "/", "multiValueQueryStringParameters": lists });
        assert_eq!(event(value.clone()).query(), "a%20b=1&a%20b=x%26y%3D%252F&%C3%A9=");
        value["requestContext"] = json!({ "elb": {} });
        value["multiValueQueryStringParameters"] = json!({ "a": ["1", "x%26y"], "b+c": [""] });
        assert_eq!(event(value).query(), "a=1&a=x%26y&b+c=");
        let context = json!({ "http": { "method": "GET" } });
        let event_2 = event(json!({ "rawQueryString": "a;b=%zz&c=\n \u{0}é", "requestContext": context }));
        assert_eq!(event_2.query(), "a;b=%zz&c=%0A%20%00%C3%A9");
    }

    #[test]
    fn a_body_is_decoded_where_the_event_says_so() {
        let body = |body: Value, flag: Value| {
            let context = json!({ "http": { "method": "POST" } });
            event(json!({ "body": body, "isBase64Encoded": flag, "requestContext": context })).take_body()
        };
        assert_eq!(*body(json!("aGk="), json!(true)).unwrap(), b"hi");
        assert_eq!(*body(json!("aGk="), json!(false)).unwrap(), b"aGk=");
        assert_eq!(*body(Value::Null, json!(true)).unwrap(), b"");
        for (wrong, message) in [(json!("-"), "is not base64"), (json!({}), "is not a string")] {
            let sentence = body(wrong, json!(true)).unwrap_err().to_string();
            assert!(sentence.contains(message), "{sentence}");
        }
    }
}
