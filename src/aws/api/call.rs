//! Sends one operation and reads its answer.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::table::{Operation, Table};
use super::wire::on_wire;
use super::{checksum, query_protocol, rest, result};
use crate::aws::error_body;
use crate::aws::failure::Failure;
use crate::aws::session::Session;
use crate::aws::xml;
use crate::client::endpoint;
use crate::client::request::{Body, Request};
use crate::client::response::Response;
use crate::client::signing::Signer;

/// Calls one operation at one endpoint.
pub(super) struct Caller<'a> {
    session: &'a Session,
    table: &'a Table,
    operation: &'a Operation,
    endpoint: String,
    signer: Signer,
}

impl<'a> Caller<'a> {
    /// Finds the endpoint.
    pub(super) fn new(session: &'a Session, table: &'a Table, operation: &'a Operation) -> Result<Caller<'a>, Failure> {
        let option = session.globals.endpoint_url.as_deref();
        let configured = endpoint::configured(option, table.id, &session.profile);
        // S3 alone has a region by default.
        let default = (table.protocol == "rest-xml").then(|| "us-east-1".to_owned());
        let region = session.region.clone().or(default).ok_or_else(endpoint::no_region)?;
        let endpoint = match configured {
            Some(endpoint) => endpoint,
            None => format!("https://{}.{region}.{}", table.prefix, endpoint::domain(&region)?),
        };
        let signer = session.signer(&region, table.signing_name);
        Ok(Caller { session, table, operation, endpoint, signer })
    }

    /// Calls the operation.
    pub(super) fn call(&self, parameters: &Map<String, Value>, file: Option<&str>) -> Result<Value, Failure> {
        self.call_with_status(parameters, file).map(|(_, result)| result)
    }

    /// Calls the operation, and gives the HTTP status of the answer beside the result.
    pub(super) fn call_with_status(
        &self,
        parameters: &Map<String, Value>,
        file: Option<&str>,
    ) -> Result<(u16, Value), Failure> {
        let response = self.send(parameters, file)?;
        let headers = rest::header_members(self.table, self.operation, &response);
        let status = response.status;
        let body = response.bytes().map_err(|error| Failure::General(format!("the answer breaks off: {error}")))?;
        Ok((status, self.read(&body, headers)?))
    }

    /// Calls the operation; the body of the answer is not part of the result.
    pub(super) fn call_with_body(
        &self,
        parameters: &Map<String, Value>,
        file: Option<&str>,
    ) -> Result<(Value, impl Read + use<>), Failure> {
        let response = self.send(parameters, file)?;
        let headers = rest::header_members(self.table, self.operation, &response);
        Ok((Value::Object(headers), response.reader()))
    }

    fn send(&self, parameters: &Map<String, Value>, file: Option<&str>) -> Result<Response, Failure> {
        let request = self.request(parameters, file)?;
        let response = self.session.client.send(&request, &self.signer)?;
        if response.status >= 300 {
            return Err(Failure::Service(error_body::read(&response, self.operation.name)));
        }
        Ok(response)
    }

    fn request(&self, parameters: &Map<String, Value>, file: Option<&str>) -> Result<Request, Failure> {
        let wire =
            |value: &Map<String, Value>| on_wire(self.table, self.operation.input, &Value::Object(value.clone()));
        let request = Request::new("POST", &self.endpoint, "/".to_owned());
        let table = self.table;
        Ok(match table.protocol {
            "json" => request
                .header("content-type", format!("application/x-amz-json-{}", table.json_version))
                .header("x-amz-target", format!("{}.{}", table.target, self.operation.name))
                .body(Body::Bytes(Arc::new(wire(parameters).to_string().into_bytes()))),
            "query" => {
                let text = query_protocol::encode(table, self.operation, parameters);
                request
                    .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
                    .body(Body::Bytes(Arc::new(text.into_bytes())))
            }
            _ => {
                let stream = file.map(open).transpose()?;
                let mut request = rest::request(table, self.operation, &self.endpoint, parameters, stream)?;
                checksum::add(self.operation, parameters, self.session.sends_checksums(), &mut request)?;
                request
            }
        })
    }

    fn read(&self, body: &[u8], headers: Map<String, Value>) -> Result<Value, Failure> {
        let no_answer =
            || Failure::General("Unable to parse response: the service's answer is not as it should be".into());
        if self.operation.output.is_empty() {
            return Ok(Value::Object(headers));
        }
        let mut members = match self.table.protocol {
            "json" | "rest-json" if body.is_empty() => Map::new(),
            "json" | "rest-json" => {
                let value: Value = serde_json::from_slice(body).map_err(|_| no_answer())?;
                match result::from_json(self.table, self.operation.output, &value) {
                    Value::Object(members) => members,
                    _ => Map::new(),
                }
            }
            protocol => match xml::parse(body) {
                Some(root) => {
                    let wrapper = format!("{}Result", self.operation.name);
                    let root = if protocol == "query" { root.child(&wrapper).unwrap_or(&root) } else { &root };
                    result::from_xml_members(self.table, self.operation.output, root)
                }
                None => Map::new(),
            },
        };
        if headers.is_empty() {
            return Ok(Value::Object(members));
        }
        // The members in the order of the model, wherever they came from.
        members.extend(headers);
        let shape = self.table.shape(self.operation.output);
        let ordered =
            shape.members().filter_map(|member| Some((member.name.to_owned(), members.shift_remove(member.name)?)));
        Ok(Value::Object(ordered.collect()))
    }
}

fn open(path: &str) -> Result<Body, Failure> {
    let failed =
        |_| Failure::Usage("Error parsing parameter '--body': Blob values must be a path to a file.".to_owned());
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    Ok(Body::Part { file: Arc::new(file), offset: 0, length })
}
