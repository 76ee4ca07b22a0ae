//! `aws SERVICE OPERATION`: serves the operations of the tables.

mod call;
mod checksum;
mod idempotency;
mod json_fault;
mod metric_data;
mod paging;
mod parameter_file;
mod parameters;
mod query_protocol;
mod rest;
mod result;
#[cfg(test)]
mod served;
pub mod shorthand;
mod table;
mod typed;
mod validation;
mod wait;
mod wire;

use std::io::Write;

use serde_json::Value;

use crate::aws::failure::Failure;
use crate::aws::globals::Globals;
use crate::aws::output;
use crate::aws::query::Query;
use crate::aws::session::Session;
use crate::client::profile::variable;
use call::Caller;
use paging::Pages;
use parameters::{Call, Reader};
use table::Table;

/// Runs one operation.
///
/// # Errors
/// Where the call is not served, is wrong or fails.
pub fn run(globals: Globals, service: &str, arguments: &[String]) -> Result<u8, Failure> {
    let table =
        Table::find(service).ok_or_else(|| Failure::Unserved(format!("the service `{service}` is not served")))?;
    let Some((operation, arguments)) = arguments.split_first() else {
        return Err(Failure::Syntax("the following arguments are required: operation".to_owned()));
    };
    if operation == "wait" {
        return wait::run(globals, &table, arguments);
    }
    let operation = table
        .operation(operation)
        .ok_or_else(|| Failure::Unserved(format!("the operation `aws {service} {operation}` is not served")))?;
    let query = globals.query.as_deref().map(Query::parse).transpose()?;
    let raw_blobs = reads_raw_blobs(&globals)?;
    let mut call = Reader { table: &table, operation: &operation, raw_blobs }.read(arguments)?;
    idempotency::add_tokens(&table, &operation, &mut call.parameters)?;
    validation::check(&table, operation.input, &Value::Object(call.parameters.clone()))?;
    let session = Session::start(globals)?;
    let format = session.output()?;
    let caller = Caller::new(&session, &table, &operation)?;
    let show = |result: &Value| -> Result<(), Failure> {
        let result = query.as_ref().map_or_else(|| Ok(result.clone()), |query| query.search(result))?;
        output::write(&format, operation.name, &result)
    };
    let pages = operation.paginator.as_ref().filter(|_| !call.stops_paging && !session.globals.no_paginate);
    let Some(paginator) = pages else {
        show(&run_once(&caller, &call)?)?;
        return Ok(0);
    };
    let mut pages = Pages::new(paginator, &call)?;
    if format == "text" {
        while let Some(page) = pages.next_page(&caller)? {
            show(&page)?;
        }
        if let Some(token) = pages.resume_token() {
            show(&serde_json::json!({ "NextToken": { "NextToken": token } }))?;
        }
    } else {
        show(&pages.all(&caller)?)?;
    }
    Ok(0)
}

/// One request. The body of the answer goes to the file that the command line names, if it names one.
fn run_once(caller: &Caller<'_>, call: &Call) -> Result<Value, Failure> {
    let Some(path) = &call.output_file else {
        return caller.call(&call.parameters, call.input_file.as_deref());
    };
    let (result, mut body) = caller.call_with_body(&call.parameters, call.input_file.as_deref())?;
    let failed = |error: std::io::Error| {
        let words = error.to_string();
        let words = words.split(" (os error").next().unwrap_or(&words).to_owned();
        Failure::General(format!("[Errno {}] {words}: '{path}'", error.raw_os_error().unwrap_or(0)))
    };
    let mut file = std::fs::File::create(path).map_err(failed)?;
    std::io::copy(&mut body, &mut file).and_then(|_| file.flush()).map_err(failed)?;
    Ok(result)
}

/// Whether blobs on the command line are raw: the option, the profile's `cli_binary_format`, else they are base64.
fn reads_raw_blobs(globals: &Globals) -> Result<bool, Failure> {
    let format = match globals.binary_format.clone().or_else(|| variable("AWS_CLI_BINARY_FORMAT")) {
        Some(format) => Some(format),
        None => {
            let profile = crate::client::profile::Profile::read(globals.profile.as_deref())?;
            profile.setting("cli_binary_format").map(str::to_owned)
        }
    };
    Ok(format.as_deref() == Some("raw-in-base64-out"))
}
