//! Finds the user whom an authorizer has identified. Headers do not count, because a client can send any header.

use super::Form;
use super::event::Event;

/// Who sent a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity<'a> {
    /// AUTH_TYPE.
    pub(super) auth_type: &'static str,
    /// REMOTE_USER.
    pub(super) user: &'a str,
}

const VERSION_2: [(&str, &str); 3] = [
    ("AWS_IAM", "/requestContext/authorizer/iam/userArn"),
    ("Bearer", "/requestContext/authorizer/jwt/claims/sub"),
    ("CUSTOM", "/requestContext/authorizer/lambda/principalId"),
];
const VERSION_1: [(&str, &str); 4] = [
    ("Bearer", "/requestContext/authorizer/claims/sub"),
    ("Bearer", "/requestContext/authorizer/jwt/claims/sub"),
    ("CUSTOM", "/requestContext/authorizer/principalId"),
    ("AWS_IAM", "/requestContext/identity/userArn"),
];

impl Identity<'_> {
    pub(super) fn of(event: &Event) -> Option<Identity<'_>> {
        let places: &[(&'static str, &str)] = match event.form {
            Form::Version2 => &VERSION_2,
            Form::Version1 => &VERSION_1,
            Form::LoadBalancer { .. } => &[],
        };
        let found = places.iter().filter_map(|(auth_type, pointer)| Some((*auth_type, event.text(pointer)?)));
        found.map(|(auth_type, user)| Identity { auth_type, user }).find(|identity| !identity.user.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn identity(value: &Value) -> Option<(&'static str, String)> {
        let event = Event::parse(value.to_string().as_bytes()).unwrap();
        Identity::of(&event).map(|identity| (identity.auth_type, identity.user.to_owned()))
    }

    #[test]
    fn the_user_is_the_authorizers_and_never_a_headers() {
        let version_2 = |authorizer: Value| {
            let context = json!({ "http": { "method": "GET" }, "authorizer": authorizer });
            identity(&json!({ "requestContext": context, "headers": { "remote-user": "eve" } }))
        };
        let found = |auth_type, user: &str| Some((auth_type, user.to_owned()));
        assert_eq!(version_2(json!({ "iam": { "userArn": "arn:1" } })), found("AWS_IAM", "arn:1"));
        assert_eq!(version_2(json!({ "jwt": { "claims": { "sub": "ann" } } })), found("Bearer", "ann"));
        assert_eq!(version_2(json!({ "lambda": { "principalId": "bob" } })), found("CUSTOM", "bob"));
        assert_eq!(version_2(Value::Null), None);
        let version_1 =
            |context: Value| identity(&json!({ "httpMethod": "GET", "path": "/", "requestContext": context }));
        assert_eq!(version_1(json!({ "authorizer": { "claims": { "sub": "ann" } } })), found("Bearer", "ann"));
        assert_eq!(version_1(json!({ "authorizer": { "principalId": "bob" } })), found("CUSTOM", "bob"));
        assert_eq!(version_1(json!({ "identity": { "userArn": "arn:1" } })), found("AWS_IAM", "arn:1"));
        assert_eq!(version_1(json!({ "identity": { "userArn": null } })), None);
        assert_eq!(version_1(json!({ "elb": {}, "identity": { "userArn": "arn:1" } })), None);
    }
}
