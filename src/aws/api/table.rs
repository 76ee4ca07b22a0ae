//! Reads the tables in `src/aws/models/`, which `generate` writes: only the lines that a call needs.

use serde_json::Value;

pub(super) const TABLES: [&str; 15] = [
    include_str!("../models/cloudwatch.tsv"),
    include_str!("../models/dynamodb.tsv"),
    include_str!("../models/events.tsv"),
    include_str!("../models/firehose.tsv"),
    include_str!("../models/kinesis.tsv"),
    include_str!("../models/kms.tsv"),
    include_str!("../models/lambda.tsv"),
    include_str!("../models/logs.tsv"),
    include_str!("../models/s3api.tsv"),
    include_str!("../models/secretsmanager.tsv"),
    include_str!("../models/sns.tsv"),
    include_str!("../models/sqs.tsv"),
    include_str!("../models/ssm.tsv"),
    include_str!("../models/stepfunctions.tsv"),
    include_str!("../models/sts.tsv"),
];

/// The table of one service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    text: &'static str,
    /// The name on the command line.
    pub(super) name: &'static str,
    /// The first part of the host's name.
    pub(super) prefix: &'static str,
    /// `json`, `query`, `rest-json` or `rest-xml`.
    pub(super) protocol: &'static str,
    /// Such as `1.1`.
    pub(super) json_version: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    pub(super) target: &'static str,
    /// The service in the signature.
    pub(super) signing_name: &'static str,
    /// The name in variables, such as `SECRETS_MANAGER`.
    pub(super) id: &'static str,
    /// The version of the API.
    pub(super) version: &'static str,
}

/// An operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// Such as `get-parameter`.
    pub(super) cli_name: &'static str,
    /// Such as `GetParameter`.
    pub(super) name: &'static str,
    /// The shape of the parameters; empty where there are none.
    pub(super) input: &'static str,
    /// The shape of the result; empty where there is none.
    pub(super) output: &'static str,
    /// The HTTP method.
    pub(super) method: &'static str,
    /// The path, with parameters in braces.
    pub(super) uri: &'static str,
    /// The member that is the body of the request.
    pub(super) payload_in: &'static str,
    /// The options.
    pub(super) arguments: Vec<Argument>,
    /// How pages are asked for.
    pub(super) paginator: Option<Value>,
    /// Whether a request carries a checksum: `required`, `optional` or empty.
    pub(super) checksum: &'static str,
}

/// An option.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    /// Without its dashes.
    pub(super) name: &'static str,
    /// The member that it sets.
    pub(super) member: &'static str,
    flags: &'static str,
}

impl Argument {
    /// Whether the option must be there.
    pub(super) fn is_required(&self) -> bool {
        self.flags.contains('r')
    }

    /// Whether the option stops automatic paging.
    pub(super) fn stops_paging(&self) -> bool {
        self.flags.contains('p')
    }

    /// Whether the option is the `--no-` form.
    pub(super) fn is_negative(&self) -> bool {
        self.flags.contains('n')
    }

    /// Whether the option is a part of the first metric of `put-metric-data`.
    pub(super) fn is_part_of_metric(&self) -> bool {
        self.flags.contains('m')
    }

    /// Whether the argument is a file for the body of the answer.
    pub(super) fn is_output_file(&self) -> bool {
        self.name == "outfile"
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Structure,
    List,
    Map,
    Text,
    Integer,
    Float,
    Boolean,
    Timestamp,
    Blob,
    /// Any JSON.
    Document,
}

/// The shape of a value.
#[derive(Debug)]
pub(super) struct Shape {
    /// What the value is.
    pub(super) kind: Kind,
    /// The least length or number.
    pub(super) least: Option<i64>,
    fields: &'static str,
}

/// A member of a structure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    /// The name in parameters and results.
    pub(super) name: &'static str,
    /// The name of its shape.
    pub(super) shape: &'static str,
    /// Whether it must be there.
    pub(super) is_required: bool,
    /// Whether it recognises a request that is sent again, and gets a random value by default.
    pub(super) is_token: bool,
    /// `header`, `headers`, `uri`, `querystring`, `statusCode`; empty for the body.
    pub(super) location: &'static str,
    /// The name on the wire.
    pub(super) wire: &'static str,
}

impl Shape {
    /// The members of a structure.
    pub(super) fn members(&self) -> impl Iterator<Item = Member> + use<> {
        self.fields.split(' ').filter(|text| text.contains(':')).map(|text| {
            let mut parts = text.split(':');
            let mut next = || parts.next().unwrap_or_default();
            let (name, shape, flags, location, wire) = (next(), next(), next(), next(), next());
            let wire = if wire.is_empty() { name } else { wire };
            let (is_required, is_token) = (flags.contains('r'), flags.contains('t'));
            Member { name, shape, is_required, is_token, location, wire }
        })
    }

    /// The shape of a list's items, whether the list has no element of its own in XML, and the name of an item there.
    pub(super) fn item(&self) -> (&'static str, bool, &'static str) {
        let mut parts = self.fields.split(':');
        let mut next = || parts.next().unwrap_or_default();
        let (shape, flags, wire) = (next(), next(), next());
        (shape, flags.contains('f'), if wire.is_empty() { "member" } else { wire })
    }

    /// The shapes of a map's keys and values.
    pub(super) fn pair(&self) -> (&'static str, &'static str) {
        self.fields.split_once(' ').unwrap_or_default()
    }

    /// The format of a timestamp, where the model names one.
    pub(super) fn format(&self) -> &'static str {
        self.fields
    }

    /// Whether a blob is the body of a request or an answer, and is a file on the command line.
    pub(super) fn is_stream(&self) -> bool {
        self.fields == "streaming"
    }
}

impl Table {
    /// The table of a service.
    pub(super) fn find(service: &str) -> Option<Table> {
        TABLES.into_iter().find_map(|text| {
            let mut fields = text.lines().next()?.split('\t').skip(1);
            let mut next = || fields.next().unwrap_or_default();
            let name = next();
            (name == service).then(|| Table {
                text,
                name,
                prefix: next(),
                protocol: next(),
                json_version: next(),
                target: next(),
                signing_name: next(),
                id: next(),
                version: next(),
            })
        })
    }

    /// The fields after the name in the line of one kind that has this name.
    pub(super) fn line(&self, kind: &str, name: &str) -> Option<&'static str> {
        let start = format!("\n{kind}\t{name}\t");
        let position = self.text.find(&start)? + start.len();
        self.text[position..].lines().next()
    }

    /// An operation by its name on the command line.
    pub(super) fn operation(&self, name: &str) -> Option<Operation> {
        let line = self.line("operation", name)?;
        let start = self.text.find(&format!("\noperation\t{name}\t"))? + "\noperation\t".len();
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        Some(Operation {
            cli_name: &self.text[start..start + name.len()],
            name: next(),
            input: next(),
            output: next(),
            method: next(),
            uri: next(),
            payload_in: next(),
            arguments: next().split(' ').filter(|text| !text.is_empty()).map(argument).collect(),
            paginator: serde_json::from_str(next()).ok(),
            checksum: next(),
        })
    }

    /// A shape by its name; the model names no other shape.
    pub(super) fn shape(&self, name: &str) -> Shape {
        let mut fields = self.line("shape", name).unwrap_or("s\t\t").split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let kind = match next() {
            "S" => Kind::Structure,
            "L" => Kind::List,
            "M" => Kind::Map,
            "i" | "l" => Kind::Integer,
            "f" | "d" => Kind::Float,
            "b" => Kind::Boolean,
            "t" => Kind::Timestamp,
            "B" => Kind::Blob,
            "D" => Kind::Document,
            _ => Kind::Text,
        };
        Shape { kind, least: next().parse().ok(), fields: next() }
    }
}

fn argument(text: &'static str) -> Argument {
    let mut parts = text.split(':');
    let mut next = || parts.next().unwrap_or_default();
    Argument { name: next(), member: next(), flags: next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_operations_with_shapes() {
        for text in TABLES {
            let name = text.split('\t').nth(1).unwrap();
            let table = Table::find(name).unwrap();
            for line in text.lines().filter(|line| line.starts_with("operation\t")) {
                let operation = table.operation(line.split('\t').nth(1).unwrap()).unwrap();
                for argument in operation.arguments.iter().filter(|argument| !argument.is_output_file()) {
                    let members: Vec<_> = table.shape(operation.input).members().collect();
                    let member = members.iter().find(|member| member.name == argument.member);
                    assert!(member.is_some_and(|member| table.line("shape", member.shape).is_some()), "{argument:?}");
                }
            }
        }
    }
}
