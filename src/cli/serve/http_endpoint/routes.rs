//! Finds the function for a request to an API of API Gateway, by the request's method and path.
//!
//! Sources: Amazon API Gateway Developer Guide, "Create routes for HTTP APIs" and "Methods for REST APIs". A slash at the end of a path is
//! ignored, as by `sam local start-api`.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::cli::serve::served_function::ServedFunction;
use crate::lambda::template::{Api, ApiEvent};

/// The routes of all functions, the most specific first.
#[derive(Clone, Debug, Default)]
pub(in crate::cli::serve) struct Routes(Vec<Route>);

/// Which requests lead to a function.
#[derive(Clone, Debug)]
pub(in crate::cli::serve) struct Route {
    pub(in crate::cli::serve) event: ApiEvent,
    pub(in crate::cli::serve) function: Arc<ServedFunction>,
}

/// A part of a route's path, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Literal(&'a str),
    /// `{id}`: any one part.
    Parameter(&'a str),
    /// `{proxy+}`: the rest of the path, one part at least.
    Greedy(&'a str),
}

impl Routes {
    pub(in crate::cli::serve) fn new(mut routes: Vec<Route>) -> Routes {
        routes.sort_by_key(|route| (precedence(&route.event), route.event.method.is_none()));
        Routes(routes)
    }

    pub(in crate::cli::serve) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// The APIs that have routes.
    pub(in crate::cli::serve) fn has(&self, api: Api) -> bool {
        self.0.iter().any(|route| route.event.api == api)
    }

    /// The route of a request, and the values of the parameters in its path.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(&Route, Map<String, Value>)> {
        let of_method = self.0.iter().filter(|route| route.event.method.as_deref().is_none_or(|own| own == method));
        of_method.filter_map(|route| Some((route, parameters(&route.event, path)?))).next()
    }
}

/// The kinds of the segments; `$default` comes last.
fn precedence(event: &ApiEvent) -> Vec<u8> {
    let Some(path) = &event.path else { return vec![3] };
    let kind = |segment| match segment {
        Segment::Literal(_) => 0,
        Segment::Parameter(_) => 1,
        Segment::Greedy(_) => 2,
    };
    segments(path).map(kind).collect()
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('/').trim_end_matches('/').split('/')
}

fn segments(path: &str) -> impl Iterator<Item = Segment<'_>> {
    parts(path).map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => name.strip_suffix('+').map_or(Segment::Parameter(name), Segment::Greedy),
        None => Segment::Literal(part),
    })
}

/// The decoded values of the parameters; `None` if the path does not match.
fn parameters(event: &ApiEvent, path: &str) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    let Some(route) = &event.path else { return Some(found) };
    let mut rest = parts(path);
    let decoded = |text: &str| Value::from(percent_decode_str(text).decode_utf8_lossy());
    for segment in segments(route) {
        let part = rest.next()?;
        match segment {
            Segment::Literal(literal) if literal == part => {}
            Segment::Parameter(name) if !part.is_empty() => drop(found.insert(name.to_owned(), decoded(part))),
            Segment::Greedy(name) if !part.is_empty() => {
                let all = std::iter::once(part).chain(rest).collect::<Vec<_>>().join("/");
                found.insert(name.to_owned(), decoded(&all));
                return Some(found);
            }
            Segment::Literal(_) | Segment::Parameter(_) | Segment::Greedy(_) => return None,
        }
    }
    rest.next().is_none().then_some(found)
}

impl Route {
    /// The route as events name it: `GET /orders/{id}`.
    pub(in crate::cli::serve) fn key(&self) -> String {
        let ApiEvent { method, path, .. } = &self.event;
        match path {
            Some(path) => format!("{} {path}", method.as_deref().unwrap_or("ANY")),
            None => "$default".to_owned(),
        }
    }

    /// Puts the route and the parameters of the path into an event.
    pub(super) fn complete(&self, event: &mut Value, parameters: Map<String, Value>) {
        match self.event.api {
            Api::Http => {
                event["routeKey"] = self.key().into();
                event["requestContext"]["routeKey"] = self.key().into();
                if !parameters.is_empty() {
                    event["pathParameters"] = parameters.into();
                }
            }
            Api::Rest => {
                let resource = self.event.path.as_deref().unwrap_or("/{proxy+}");
                event["resource"] = resource.into();
                event["requestContext"]["resourcePath"] = resource.into();
                event["pathParameters"] = if parameters.is_empty() { Value::Null } else { parameters.into() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(method: Option<&str>, path: Option<&str>) -> ApiEvent {
        ApiEvent { api: Api::Http, method: method.map(str::to_owned), path: path.map(str::to_owned) }
    }

    #[test]
    fn a_path_matches_its_parts_and_gives_decoded_parameters() {
        for (route, path, expected) in [
            ("/", "/", Some(json!({}))),
            ("/orders", "/orders/", Some(json!({}))),
            ("/orders", "/orders/1", None),
            ("/orders/{id}", "/orders/a%20b", Some(json!({ "id": "a b" }))),
            ("/orders/{id}", "/orders/", None),
            ("/orders/{id}/items", "/orders/1/items", Some(json!({ "id": "1" }))),
            ("/{proxy+}", "/a/b%2Fc", Some(json!({ "proxy": "a/b/c" }))),
            ("/{proxy+}", "/", None),
            ("/a/{rest+}", "/b/c", None),
        ] {
            let found = parameters(&event(None, Some(route)), path).map(Value::Object);
            assert_eq!(found, expected, "{route} {path}");
        }
    }

    #[test]
    fn a_more_specific_route_comes_first() {
        let mut events = [
            event(None, None),
            event(None, Some("/{proxy+}")),
            event(None, Some("/orders/{id}")),
            event(Some("GET"), Some("/orders/{id}")),
            event(None, Some("/orders/new")),
        ];
        let expected: Vec<ApiEvent> = [4, 3, 2, 1, 0].map(|at: usize| events[at].clone()).to_vec();
        events.sort_by_key(|event| (precedence(event), event.method.is_none()));
        assert_eq!(events.to_vec(), expected);
    }
}
