//! Asks for page after page, as botocore's paginators do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::call::Caller;
use super::parameters::Call;
use crate::aws::failure::Failure;
use crate::aws::output::is_true;
use crate::aws::query::Query;

/// The pages of one call.
pub(super) struct Pages {
    parameters: Map<String, Value>,
    input_tokens: Vec<String>,
    output_tokens: Vec<Query>,
    more_results: Option<Query>,
    result_keys: Vec<(String, Query)>,
    fixed_keys: Vec<(String, Query)>,
    fixed: Map<String, Value>,
    left: Option<usize>,
    skipped: usize,
    is_started: bool,
    is_done: bool,
    resume: Option<String>,
}

impl Pages {
    /// Reads the rules of a paginator.
    pub(super) fn new(paginator: &Value, call: &Call) -> Result<Pages, Failure> {
        let mut parameters = call.parameters.clone();
        if let (Some(size), Some(limit)) = (call.page_size, paginator["limit_key"].as_str()) {
            parameters.insert(limit.to_owned(), Value::from(size));
        }
        let named = |key: &str| -> Result<Vec<(String, Query)>, Failure> {
            texts(&paginator[key]).into_iter().map(|text| Ok((text.clone(), Query::parse(&text)?))).collect()
        };
        let more = paginator["more_results"].as_str().map(Query::parse).transpose()?;
        let mut pages = Pages {
            parameters,
            input_tokens: texts(&paginator["input_token"]),
            output_tokens: named("output_token")?.into_iter().map(|(_, query)| query).collect(),
            more_results: more,
            result_keys: named("result_key")?,
            fixed_keys: named("non_aggregate_keys")?,
            fixed: Map::new(),
            left: call.max_items,
            skipped: 0,
            is_started: false,
            is_done: false,
            resume: None,
        };
        if let Some(token) = &call.starting_token {
            pages.start_at(token)?;
        }
        Ok(pages)
    }

    /// Continues where an earlier call with `--max-items` ended.
    fn start_at(&mut self, token: &str) -> Result<(), Failure> {
        let bad = || Failure::General(format!("Bad starting token: {token}"));
        let decoded = STANDARD.decode(token).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(Value::Object(mut members)) = decoded else {
            // A service's own token.
            let [name] = self.input_tokens.as_slice() else { return Err(bad()) };
            self.parameters.insert(name.clone(), Value::from(token));
            return Ok(());
        };
        if members.contains_key("boto_encoded_keys") {
            return Err(Failure::Unserved("a starting token with binary values is not served".to_owned()));
        }
        let skipped = members.shift_remove("boto_truncate_amount").and_then(|amount| amount.as_u64()).unwrap_or(0);
        self.skipped = usize::try_from(skipped).map_err(|_| bad())?;
        for (name, value) in members {
            if !self.input_tokens.contains(&name) {
                return Err(bad());
            }
            if !value.is_null() {
                self.parameters.insert(name, value);
            }
        }
        Ok(())
    }

    /// The next page: the keys that hold results, and in the first page the others that the rules name.
    pub(super) fn next_page(&mut self, caller: &Caller<'_>) -> Result<Option<Value>, Failure> {
        if self.is_done {
            return Ok(None);
        }
        let is_first = !self.is_started;
        let mut page = caller.call(&self.parameters, None)?;
        self.is_started = true;
        if is_first {
            for (name, query) in &self.fixed_keys {
                set(&mut self.fixed, name, query.search(&page)?);
            }
        }
        let used = self.parameters.clone();
        self.advance(&page)?;
        if is_first && self.skipped > 0 {
            self.skip(&mut page)?;
        }
        self.truncate(&mut page, &used)?;
        let mut shown = if is_first { self.fixed.clone() } else { Map::new() };
        for (name, query) in &self.result_keys {
            let value = query.search(&page)?;
            set(&mut shown, name, value);
        }
        Ok(Some(Value::Object(shown)))
    }

    /// Puts the tokens of the next page into the parameters, or ends.
    fn advance(&mut self, page: &Value) -> Result<(), Failure> {
        if let Some(more) = &self.more_results
            && !is_true(&more.search(page)?)
        {
            self.is_done = true;
            return Ok(());
        }
        let tokens: Vec<Value> = self.output_tokens.iter().map(|query| query.search(page)).collect::<Result<_, _>>()?;
        if tokens.iter().all(|token| !is_true(token)) {
            self.is_done = true;
            return Ok(());
        }
        let is_same =
            self.input_tokens.iter().zip(&tokens).all(|(name, token)| self.parameters.get(name) == Some(token));
        if is_same {
            return Err(Failure::General(format!(
                "Error during pagination: The same next token was received twice: {tokens:?}"
            )));
        }
        for (name, token) in self.input_tokens.iter().zip(tokens) {
            if is_true(&token) {
                self.parameters.insert(name.clone(), token);
            } else {
                self.parameters.shift_remove(name);
            }
        }
        Ok(())
    }

    /// Drops what an earlier call has shown of the first page.
    fn skip(&mut self, page: &mut Value) -> Result<(), Failure> {
        let Some((name, query)) = self.result_keys.first() else { return Ok(()) };
        if let Value::Array(items) = query.search(page)? {
            let rest: Vec<Value> = items.into_iter().skip(self.skipped).collect();
            set_in(page, name, Value::Array(rest));
        }
        for (name, query) in self.result_keys.iter().skip(1) {
            let empty = match query.search(page)? {
                Value::Array(_) => json!([]),
                Value::Number(_) => json!(0),
                Value::String(_) => json!(""),
                _ => Value::Null,
            };
            set_in(page, name, empty);
        }
        Ok(())
    }

    /// Cuts the page at `--max-items` and remembers where to continue.
    fn truncate(&mut self, page: &mut Value, used: &Map<String, Value>) -> Result<(), Failure> {
        let Some(left) = self.left else { return Ok(()) };
        let Some((name, query)) = self.result_keys.first() else { return Ok(()) };
        let Value::Array(items) = query.search(page)? else { return Ok(()) };
        if items.len() > left {
            let skipped = std::mem::take(&mut self.skipped);
            let tokens = if self.resume.is_none() { used } else { &self.parameters };
            self.resume = Some(self.token(tokens, left + skipped));
            set_in(page, name, Value::Array(items.into_iter().take(left).collect()));
            self.is_done = true;
            return Ok(());
        }
        self.skipped = 0;
        self.left = Some(left - items.len());
        if left == items.len() && !self.is_done {
            self.resume = Some(self.token(&self.parameters, 0));
            self.is_done = true;
        }
        Ok(())
    }

    /// A token as botocore writes it.
    fn token(&self, parameters: &Map<String, Value>, skipped: usize) -> String {
        let pairs = self.input_tokens.iter().map(|name| (name, parameters.get(name).cloned().unwrap_or_default()));
        let mut texts: Vec<String> = pairs.map(|(name, value)| format!("\"{name}\": {value}")).collect();
        if skipped > 0 {
            texts.push(format!("\"boto_truncate_amount\": {skipped}"));
        }
        STANDARD.encode(format!("{{{}}}", texts.join(", ")))
    }

    /// All pages as one result.
    pub(super) fn all(&mut self, caller: &Caller<'_>) -> Result<Value, Failure> {
        let mut complete = Map::new();
        while let Some(page) = self.next_page(caller)? {
            for (name, query) in &self.result_keys {
                let found = query.search(&page)?;
                if found.is_null() {
                    continue;
                }
                let before = query.search(&Value::Object(complete.clone()))?;
                set(&mut complete, name, joined(before, found));
            }
        }
        for (name, value) in &self.fixed {
            complete.entry(name.clone()).or_insert_with(|| value.clone());
        }
        if let Some(token) = &self.resume {
            complete.insert("NextToken".to_owned(), Value::from(token.as_str()));
        }
        Ok(Value::Object(complete))
    }

    /// Where `--starting-token` continues after `--max-items`.
    pub(super) fn resume_token(&self) -> Option<&str> {
        self.resume.as_deref()
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Lists are joined, numbers added, texts put one after the other.
fn joined(before: Value, found: Value) -> Value {
    match (before, found) {
        (Value::Array(mut items), Value::Array(more)) => {
            items.extend(more);
            Value::Array(items)
        }
        (Value::Number(left), Value::Number(right)) => match left.as_i64().zip(right.as_i64()) {
            Some((left, right)) => Value::from(left + right),
            None => Value::from(left.as_f64().unwrap_or(0.0) + right.as_f64().unwrap_or(0.0)),
        },
        (Value::String(left), Value::String(right)) => Value::from(left + &right),
        (Value::Null, found) => found,
        (before, _) => before,
    }
}

/// Sets a member that a path of names leads to. `None` is set as well, as botocore does.
fn set(members: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(members.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            let inner = members.entry(name.to_owned()).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

fn set_in(page: &mut Value, path: &str, value: Value) {
    if let Value::Object(members) = page {
        set(members, path, value);
    }
}
