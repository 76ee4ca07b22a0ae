//! `--query`: evaluates JMESPath expressions.
//!
//! The crate `jmespath` parses; its own values sort the members of objects, so expressions are evaluated here, on values that keep the order
//! in which the AWS CLI prints them.

mod functions;
mod literals;

use jmespath::ast::{Ast, Comparator};
use serde_json::{Map, Value};

use crate::aws::failure::Failure;
use crate::aws::output::is_true;

/// An expression.
#[derive(Debug)]
pub struct Query {
    ast: Ast,
}

type Found = Result<Value, Failure>;

impl Query {
    /// Parses an expression.
    ///
    /// # Errors
    /// Where it is not JMESPath.
    pub fn parse(expression: &str) -> Result<Query, Failure> {
        let bad = |why: String| Failure::Usage(format!("Bad value for --query {expression}: {why}"));
        let ast = jmespath::parse(&literals::with_json(expression)).map_err(|error| bad(error.reason.to_string()))?;
        Ok(Query { ast })
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// Where a function is unknown or gets arguments that it does not take.
    pub fn search(&self, value: &Value) -> Found {
        evaluate(&self.ast, value)
    }
}

fn evaluate(ast: &Ast, value: &Value) -> Found {
    Ok(match ast {
        Ast::Identity { .. } => value.clone(),
        Ast::Field { name, .. } => value.get(name).cloned().unwrap_or_default(),
        Ast::Index { idx, .. } => index(value, *idx),
        Ast::Slice { start, stop, step, .. } => slice(value, *start, *stop, *step)?,
        Ast::Subexpr { lhs, rhs, .. } => evaluate(rhs, &evaluate(lhs, value)?)?,
        Ast::Literal { value, .. } => serde_json::to_value(&**value).unwrap_or_default(),
        Ast::Or { lhs, rhs, .. } => match evaluate(lhs, value)? {
            left if is_true(&left) => left,
            _ => evaluate(rhs, value)?,
        },
        Ast::And { lhs, rhs, .. } => match evaluate(lhs, value)? {
            left if is_true(&left) => evaluate(rhs, value)?,
            left => left,
        },
        Ast::Not { node, .. } => Value::Bool(!is_true(&evaluate(node, value)?)),
        Ast::Comparison { comparator, lhs, rhs, .. } => {
            compare(comparator, &evaluate(lhs, value)?, &evaluate(rhs, value)?)
        }
        Ast::Condition { predicate, then, .. } => {
            if is_true(&evaluate(predicate, value)?) {
                evaluate(then, value)?
            } else {
                Value::Null
            }
        }
        Ast::Flatten { node, .. } => flatten(evaluate(node, value)?),
        Ast::ObjectValues { node, .. } => match evaluate(node, value)? {
            Value::Object(members) => Value::Array(members.into_iter().map(|(_, value)| value).collect()),
            _ => Value::Null,
        },
        Ast::Projection { lhs, rhs, .. } => project(&evaluate(lhs, value)?, rhs)?,
        Ast::MultiList { elements, .. } => {
            if value.is_null() {
                return Ok(Value::Null);
            }
            Value::Array(elements.iter().map(|element| evaluate(element, value)).collect::<Result<_, _>>()?)
        }
        Ast::MultiHash { elements, .. } => {
            if value.is_null() {
                return Ok(Value::Null);
            }
            let mut members = Map::new();
            for pair in elements {
                members.insert(pair.key.clone(), evaluate(&pair.value, value)?);
            }
            Value::Object(members)
        }
        Ast::Function { name, args, .. } => functions::call(name, args, value)?,
        Ast::Expref { .. } => return Err(Failure::Usage("an expression reference is no value".to_owned())),
    })
}

fn index(value: &Value, index: i32) -> Value {
    let Some(items) = value.as_array() else { return Value::Null };
    let position = match usize::try_from(index) {
        Ok(position) => Some(position),
        Err(_) => items.len().checked_sub(index.unsigned_abs() as usize),
    };
    position.and_then(|position| items.get(position)).cloned().unwrap_or_default()
}

/// Python's slices.
fn slice(value: &Value, start: Option<i32>, stop: Option<i32>, step: i32) -> Found {
    let Some(items) = value.as_array() else { return Ok(Value::Null) };
    if step == 0 {
        return Err(Failure::General("invalid slice: the step is 0".to_owned()));
    }
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let step = i64::from(step);
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |bound: Option<i32>, default: i64| {
        let Some(bound) = bound.map(i64::from) else { return default };
        (if bound < 0 { bound + length } else { bound }).clamp(lowest, highest)
    };
    let (mut position, end) =
        if step > 0 { (bound(start, 0), bound(stop, length)) } else { (bound(start, length - 1), bound(stop, -1)) };
    let mut taken = Vec::new();
    while (step > 0 && position < end) || (step < 0 && position > end) {
        taken.extend(usize::try_from(position).ok().and_then(|position| items.get(position)).cloned());
        position += step;
    }
    Ok(Value::Array(taken))
}

fn flatten(value: Value) -> Value {
    let Value::Array(items) = value else { return Value::Null };
    let flat = items.into_iter().flat_map(|item| match item {
        Value::Array(inner) => inner,
        other => vec![other],
    });
    Value::Array(flat.collect())
}

fn project(value: &Value, ast: &Ast) -> Found {
    let Some(items) = value.as_array() else { return Ok(Value::Null) };
    let mut found = Vec::new();
    for item in items {
        let result = evaluate(ast, item)?;
        if !result.is_null() {
            found.push(result);
        }
    }
    Ok(Value::Array(found))
}

fn compare(comparator: &Comparator, left: &Value, right: &Value) -> Value {
    let numbers = left.as_f64().zip(right.as_f64());
    let texts = left.as_str().zip(right.as_str());
    // Python's JMESPath orders numbers and strings.
    let order =
        numbers.map_or_else(|| texts.map(|(left, right)| left.cmp(right)), |(left, right)| left.partial_cmp(&right));
    let is_equal = numbers.map_or_else(|| left == right, |(left, right)| left == right);
    match comparator {
        Comparator::Equal => Value::Bool(is_equal),
        Comparator::NotEqual => Value::Bool(!is_equal),
        Comparator::LessThan => order.map_or(Value::Null, |order| Value::Bool(order.is_lt())),
        Comparator::LessThanEqual => order.map_or(Value::Null, |order| Value::Bool(order.is_le())),
        Comparator::GreaterThan => order.map_or(Value::Null, |order| Value::Bool(order.is_gt())),
        Comparator::GreaterThanEqual => order.map_or(Value::Null, |order| Value::Bool(order.is_ge())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn gives(expression: &str, value: &str, expected: &str) {
        let found = Query::parse(expression).unwrap().search(&serde_json::from_str(value).unwrap()).unwrap();
        assert_eq!(found.to_string(), expected, "{expression}");
    }

    #[test]
    fn expressions_keep_the_order_of_members() {
        gives("{z: a, a: b}", r#"{"a":1,"b":2}"#, r#"{"z":1,"a":2}"#);
        gives("@", r#"{"z":1,"a":2}"#, r#"{"z":1,"a":2}"#);
    }

    #[test]
    fn projections_filters_and_slices_work() {
        let list = r#"{"l":[{"n":"a","v":1},{"n":"b","v":2},{"n":"c"}]}"#;
        gives("l[].n", list, r#"["a","b","c"]"#);
        gives("l[?v > `1`].n | [0]", list, r#""b""#);
        gives("l[?n == 'c'].v", list, "[]");
        gives("l[*].v", list, "[1,2]");
        gives("l[-1].n", list, r#""c""#);
        gives("l[::-1].n", list, r#"["c","b","a"]"#);
        gives("l[1:].n", list, r#"["b","c"]"#);
        gives("l[*].[n,v]", list, r#"[["a",1],["b",2],["c",null]]"#);
        gives("x || l[0].n", list, r#""a""#);
        gives("*[0].n", list, r#"["a"]"#);
    }

    #[test]
    fn functions_work() {
        gives("length(@)", "[1,2]", "2");
        gives("sort_by(@, &a)[*].a", r#"[{"a":2},{"a":1}]"#, "[1,2]");
        gives("join(',', @)", r#"["a","b"]"#, r#""a,b""#);
        gives("max_by(@, &a).a", r#"[{"a":2},{"a":1}]"#, "2");
        gives("reverse(sort(@))", "[3,1,2]", "[3,2,1]");
        gives("[?contains(@, 'x')]", r#"["xy","z"]"#, r#"["xy"]"#);
        gives("to_number('1.5')", "null", "1.5");
    }
}
