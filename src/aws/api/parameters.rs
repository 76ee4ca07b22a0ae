//! Turns the options of a command line into the parameters of an operation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::json_fault::python_reason;
use super::metric_data;
use super::parameter_file::{fault, load};
use super::shorthand;
use super::table::{Argument, Kind, Operation, Table};
use super::typed::typed;
use crate::aws::failure::{Failure, unknown_option};
use crate::aws::globals::is_option;

/// What a command line asks for.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// The parameters by the names of the model.
    pub(super) parameters: Map<String, Value>,
    /// Where the body of the answer goes.
    pub(super) output_file: Option<String>,
    /// A file that is the body of the request.
    pub(super) input_file: Option<String>,
    /// `--starting-token`
    pub(super) starting_token: Option<String>,
    /// `--max-items`
    pub(super) max_items: Option<usize>,
    /// `--page-size`
    pub(super) page_size: Option<i64>,
    /// Whether an option stops automatic paging.
    pub(super) stops_paging: bool,
}

/// Reads the options of one operation.
pub(super) struct Reader<'a> {
    pub(super) table: &'a Table,
    pub(super) operation: &'a Operation,
    /// Whether blobs on the command line are raw and not base64.
    pub(super) raw_blobs: bool,
}

impl Reader<'_> {
    /// Reads all options.
    pub(super) fn read(&self, arguments: &[String]) -> Result<Call, Failure> {
        let mut call = Call::default();
        let mut given: Vec<&str> = Vec::new();
        let mut json = None;
        let mut rest = arguments.iter().peekable();
        while let Some(text) = rest.next() {
            let (name, inline) = match text.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                Some(_) | None => (text.as_str(), None),
            };
            let Some(option) = name.strip_prefix("--") else {
                let takes_file = self.operation.arguments.iter().any(Argument::is_output_file);
                if !takes_file || call.output_file.is_some() || is_option(text) {
                    return Err(Failure::Unserved(format!(
                        "the argument `{text}` of `{}` is not served",
                        self.command()
                    )));
                }
                call.output_file = Some(text.clone());
                continue;
            };
            let mut one = || {
                let next = inline.clone().or_else(|| rest.next_if(|value| !is_option(value)).cloned());
                next.ok_or_else(|| Failure::Syntax(format!("argument {name}: expected one argument")))
            };
            match option {
                "cli-input-json" => json = Some(one()?),
                "starting-token" if self.operation.paginator.is_some() => call.starting_token = Some(one()?),
                "max-items" if self.operation.paginator.is_some() => call.max_items = Some(count(&one()?)?),
                "page-size" if self.operation.paginator.is_some() => call.page_size = Some(count(&one()?)?),
                _ => {
                    let argument = self.argument(option)?;
                    given.push(argument.name);
                    if argument.is_part_of_metric() {
                        metric_data::add(&mut call.parameters, argument.name, &self.loaded(argument.name, &one()?)?)?;
                        continue;
                    }
                    call.stops_paging |= argument.stops_paging();
                    let shape = self.shape_of(argument.member);
                    let kind = self.table.shape(shape).kind;
                    let value = match kind {
                        Kind::Boolean => Value::Bool(!argument.is_negative()),
                        Kind::List => {
                            let mut values: Vec<String> = inline.clone().into_iter().collect();
                            while let Some(value) = rest.next_if(|value| inline.is_none() && !is_option(value)) {
                                values.push(value.clone());
                            }
                            self.list(argument.name, shape, values)?
                        }
                        _ => match self.table.shape(shape).is_stream() {
                            true => {
                                call.input_file = Some(one()?);
                                continue;
                            }
                            false => self.single(argument.name, shape, &one()?)?,
                        },
                    };
                    call.parameters.insert(argument.member.to_owned(), value);
                }
            }
        }
        self.check_required(&given, json.is_some(), &call)?;
        self.add_json(&mut call, json.as_deref())?;
        Ok(call)
    }

    fn command(&self) -> String {
        format!("aws {} {}", self.table.name, self.operation.cli_name)
    }

    fn argument(&self, option: &str) -> Result<Argument, Failure> {
        let found =
            self.operation.arguments.iter().find(|argument| argument.name == option && !argument.is_output_file());
        let command = format!("{} {}", self.table.name, self.operation.cli_name);
        found.copied().ok_or_else(|| unknown_option(&format!("--{option}"), &command))
    }

    fn shape_of(&self, member: &str) -> &'static str {
        let shape = self.table.shape(self.operation.input);
        shape.members().find(|found| found.name == member).map_or("", |found| found.shape)
    }

    fn check_required(&self, given: &[&str], has_json: bool, call: &Call) -> Result<(), Failure> {
        let is_part = |name: &&str| self.argument(name).is_ok_and(|argument| argument.is_part_of_metric());
        metric_data::check(given.contains(&"metric-data"), given.iter().any(is_part))?;
        let is_missing = |argument: &&Argument| {
            if argument.is_output_file() {
                call.output_file.is_none()
            } else {
                argument.is_required() && !has_json && !given.contains(&argument.name)
            }
        };
        let missing: Vec<String> = self
            .operation
            .arguments
            .iter()
            .filter(is_missing)
            .map(
                |argument| {
                    if argument.is_output_file() { argument.name.to_owned() } else { format!("--{}", argument.name) }
                },
            )
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::Syntax(format!("the following arguments are required: {}", missing.join(", "))))
    }

    /// Adds the members of `--cli-input-json` that no option has set.
    fn add_json(&self, call: &mut Call, json: Option<&str>) -> Result<(), Failure> {
        let Some(json) = json else { return Ok(()) };
        let text = self.loaded("cli-input-json", json)?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::Usage(format!("Invalid JSON: {error}\nJSON received: {text}")))?;
        let Value::Object(members) = value else {
            return Err(Failure::Usage(format!("Invalid JSON: it is no object\nJSON received: {text}")));
        };
        for (name, value) in members {
            if !call.parameters.contains_key(&name) {
                let shape = self.shape_of(&name);
                let value = if shape.is_empty() { value } else { self.with_blobs(shape, value)? };
                call.parameters.insert(name, value);
            }
        }
        Ok(())
    }

    /// A text, or the text in the file that it names.
    fn loaded(&self, name: &str, text: &str) -> Result<String, Failure> {
        let Some(path) = text.strip_prefix("file://") else {
            if text.starts_with("fileb://") {
                let bytes = load(name, text, "fileb://")?;
                return String::from_utf8(bytes).map_err(|_| fault(name, "the file is not UTF-8"));
            }
            return Ok(text.to_owned());
        };
        let bytes = load(name, text, "file://")?;
        String::from_utf8(bytes).map_err(|_| {
            let why = format!("Unable to load paramfile ({path}), text contents could not be decoded.  If this is a binary file, please use the fileb:// prefix instead of the file:// prefix.");
            fault(name, &why)
        })
    }

    fn single(&self, name: &str, shape: &str, text: &str) -> Result<Value, Failure> {
        let kind = self.table.shape(shape).kind;
        if kind == Kind::Blob && text.starts_with("fileb://") {
            return Ok(Value::from(STANDARD.encode(load(name, text, "fileb://")?)));
        }
        let text = self.loaded(name, text)?;
        match kind {
            Kind::Structure | Kind::Map | Kind::Document => self.complex(name, shape, &text),
            Kind::Integer => {
                let parsed = text.trim().parse::<i64>();
                let message = format!("invalid literal for int() with base 10: '{text}'");
                parsed.map(Value::from).map_err(|_| Failure::General(message))
            }
            Kind::Float => {
                let parsed = text.trim().parse::<f64>();
                parsed
                    .map(Value::from)
                    .map_err(|_| Failure::General(format!("could not convert string to float: '{text}'")))
            }
            Kind::Blob => self.blob(&text).map(Value::from),
            Kind::List | Kind::Boolean | Kind::Text | Kind::Timestamp => Ok(Value::from(text)),
        }
    }

    /// The base64 of a blob that stands on the command line or in JSON.
    fn blob(&self, text: &str) -> Result<String, Failure> {
        if self.raw_blobs {
            return Ok(STANDARD.encode(text));
        }
        let bytes = STANDARD.decode(text).map_err(|_| Failure::Usage(format!("Invalid base64: \"{text}\"")))?;
        Ok(STANDARD.encode(bytes))
    }

    fn complex(&self, name: &str, shape: &str, text: &str) -> Result<Value, Failure> {
        if text.trim_start().starts_with(['{', '[']) || self.table.shape(shape).kind == Kind::Document {
            return self.json(name, shape, text);
        }
        self.short(name, shape, text)
    }

    fn json(&self, name: &str, shape: &str, text: &str) -> Result<Value, Failure> {
        let value = serde_json::from_str(text).map_err(|error| {
            fault(name, &format!("Invalid JSON: {}\nJSON received: {text}", python_reason(text, &error)))
        })?;
        self.with_blobs(shape, value)
    }

    fn short(&self, name: &str, shape: &str, text: &str) -> Result<Value, Failure> {
        let resolve = |text: &str| self.loaded(name, text).map_err(|failure| failure.to_string());
        let parsed = shorthand::parse(text, &resolve).and_then(|value| typed(self.table, shape, value));
        let value = parsed.map_err(|why| fault(name, &why))?;
        self.with_blobs(shape, value)
    }

    fn list(&self, name: &str, shape: &str, values: Vec<String>) -> Result<Value, Failure> {
        let values = match values.as_slice() {
            [one] => vec![self.loaded(name, one)?],
            _ => values,
        };
        if let [one] = values.as_slice()
            && one.trim_start().starts_with('[')
        {
            return self.json(name, shape, one);
        }
        let found = self.table.shape(shape);
        let (inner, ..) = found.item();
        let inner_kind = self.table.shape(inner).kind;
        let mut items = Vec::new();
        for value in &values {
            items.push(match inner_kind {
                Kind::Structure | Kind::Map | Kind::List | Kind::Document => self.complex(name, inner, value)?,
                _ => self.single(name, inner, value)?,
            });
        }
        Ok(Value::Array(items))
    }

    /// Turns the blobs of JSON and shorthand into the base64 of their bytes.
    fn with_blobs(&self, shape: &str, value: Value) -> Result<Value, Failure> {
        let found = self.table.shape(shape);
        Ok(match (found.kind, value) {
            (Kind::Blob, Value::String(text)) => Value::from(self.blob(&text)?),
            (Kind::Structure, Value::Object(members)) => {
                let shapes: Vec<_> = found.members().collect();
                let mut converted = Map::new();
                for (name, value) in members {
                    let member = shapes.iter().find(|member| member.name == name);
                    let value = member.map_or(Ok(value.clone()), |member| self.with_blobs(member.shape, value))?;
                    converted.insert(name, value);
                }
                Value::Object(converted)
            }
            (Kind::Map, Value::Object(members)) => {
                let (_, inner) = found.pair();
                let pairs = members.into_iter().map(|(name, value)| Ok((name, self.with_blobs(inner, value)?)));
                Value::Object(pairs.collect::<Result<_, Failure>>()?)
            }
            (Kind::List, Value::Array(items)) => {
                let (inner, ..) = found.item();
                Value::Array(items.into_iter().map(|item| self.with_blobs(inner, item)).collect::<Result<_, _>>()?)
            }
            (_, other) => other,
        })
    }
}

fn count<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::General(format!("invalid literal for int() with base 10: '{text}'")))
}
