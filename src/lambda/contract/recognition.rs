//! Recognises the caller from fields that only the events of this caller have.

use serde_json::Value;

use super::Caller;

/// The hosts of function URLs: `<id>.lambda-url.<region>.on.aws`.
const FUNCTION_URL_HOST: &str = ".lambda-url.";

pub(super) fn caller_of(event: &Value) -> Caller {
    match event["Records"][0]["eventSource"].as_str() {
        Some("aws:sqs") => Caller::Sqs,
        Some("aws:kinesis") => Caller::Kinesis,
        Some("aws:dynamodb") => Caller::DynamoDb,
        Some(_) => Caller::None,
        None => http(event),
    }
}

fn http(event: &Value) -> Caller {
    // An authorizer gets the request as well, but answers with a policy.
    if event.get("methodArn").is_some() || event.get("routeArn").is_some() {
        return Caller::None;
    }
    let context = &event["requestContext"];
    if context["elb"].is_object() {
        return Caller::Alb;
    }
    if context["http"].is_object() && event["version"] == "2.0" {
        let hosts = [&context["domainName"], &event["headers"]["host"]];
        let of_url = hosts.iter().filter_map(|host| host.as_str()).any(|host| host.contains(FUNCTION_URL_HOST));
        return if of_url { Caller::FunctionUrl } else { Caller::HttpApi };
    }
    if context.is_object() && event["httpMethod"].is_string() { Caller::RestApi } else { Caller::None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_caller_is_known_by_its_events_and_an_authorizer_is_none_of_them() {
        let http = json!({ "http": { "method": "GET" }, "domainName": "abc.execute-api.eu-west-1.amazonaws.com" });
        let url = json!({ "http": { "method": "GET" }, "domainName": "abc.lambda-url.eu-west-1.on.aws" });
        let table = [
            (json!({ "version": "2.0", "requestContext": http }), Caller::HttpApi),
            (json!({ "version": "2.0", "requestContext": url }), Caller::FunctionUrl),
            (json!({ "version": "1.0", "httpMethod": "GET", "requestContext": {} }), Caller::RestApi),
            (json!({ "httpMethod": "GET", "requestContext": { "elb": {} } }), Caller::Alb),
            (json!({ "Records": [{ "eventSource": "aws:sqs" }] }), Caller::Sqs),
            (json!({ "Records": [{ "eventSource": "aws:kinesis" }] }), Caller::Kinesis),
            (json!({ "Records": [{ "eventSource": "aws:dynamodb" }] }), Caller::DynamoDb),
            (json!({ "Records": [{ "EventSource": "aws:sns" }] }), Caller::None),
            (json!({ "version": "2.0", "routeArn": "arn", "requestContext": http }), Caller::None),
            (json!({ "methodArn": "arn", "httpMethod": "GET", "requestContext": {} }), Caller::None),
            (json!({ "requestContext": { "eventType": "MESSAGE", "connectionId": "x" } }), Caller::None),
        ];
        for (event, caller) in table {
            assert_eq!(caller_of(&event), caller, "{event}");
        }
    }
}
