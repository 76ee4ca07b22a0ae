//! The response of a CGI handler as the JSON that function URLs, API Gateway and load balancers take.

use std::io::Write as _;

use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::header_block::{self, HeaderBlock, invalid};
use super::{Form, Reply};
use crate::runtime::api::MAX_RESPONSE_BYTES;
use crate::runtime::failure::Failure;
use crate::runtime::payload::Payload;

/// What a load balancer takes from a function: 1 MB.
const MAX_LOAD_BALANCER_BYTES: usize = 1024 * 1024;
/// Types of `application/` that are text.
const TEXTS: [&str; 5] = ["json", "javascript", "xml", "x-www-form-urlencoded", "x-ndjson"];

/// The CGI response with which a request is refused.
pub(crate) fn bad_request(reason: &str) -> String {
    format!("Status: 400 Bad Request\nContent-Type: text/plain\n\nBad request: {reason}\n")
}

/// The JSON of `output`, all that a handler wrote; `total` is its size where `output` is only the beginning.
///
/// # Errors
/// [`Failure::InvalidCgiResponse`], [`Failure::ResponseTooLarge`].
pub(crate) fn lambda_response(output: &[u8], total: u64, reply: Reply) -> Result<Payload, Failure> {
    let beginning = &output[..output.len().min(header_block::MAX_BYTES + 1)];
    let (block, begin) = header_block::end(beginning, 0).ok_or_else(|| header_block::without_end(beginning))?;
    let headers = HeaderBlock::parse(&output[..block])?;
    let body = if has_body(&headers, reply) { checked_body(&headers, &output[begin..])? } else { &[] };
    let fields = fields(&headers, reply)?;
    if total > output.len() as u64 {
        return Err(too_large(total, reply));
    }
    let response = json_of(fields, body, is_text(&headers, body));
    if response.len() > max_bytes(reply) { Err(too_large(response.len() as u64, reply)) } else { Ok(response) }
}

/// Whether HTTP allows a body in the response; where it does not, what the handler prints is dropped.
pub(super) fn has_body(headers: &HeaderBlock, reply: Reply) -> bool {
    !reply.is_head && !matches!(headers.status_code(), 204 | 304)
}

/// The body, or nothing where it has no type and is blank: a redirect may end with one newline too many.
///
/// # Errors
/// [`Failure::InvalidCgiResponse`].
pub(super) fn checked_body<'a>(headers: &HeaderBlock, body: &'a [u8]) -> Result<&'a [u8], Failure> {
    match &headers.content_type {
        Some(_) => Ok(body),
        None if body.iter().all(u8::is_ascii_whitespace) => Ok(&[]),
        None => Err(invalid(
            "it has a body and no Content-Type; print `Content-Type: text/html`, for instance, among the headers"
                .to_owned(),
        )),
    }
}

/// The response without its body.
///
/// # Errors
/// [`Failure::InvalidCgiResponse`] where a load balancer cannot take the headers.
pub(super) fn fields(headers: &HeaderBlock, reply: Reply) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    fields.insert("statusCode".to_owned(), headers.status_code().into());
    let by_name = by_name(headers);
    match reply.form {
        Form::Version2 => add_version_2(&mut fields, by_name),
        Form::Version1 => add_version_1(&mut fields, by_name),
        Form::LoadBalancer { multi_value } => {
            if let Some((code, reason)) = headers.status.as_ref().filter(|(_, reason)| !reason.is_empty()) {
                fields.insert("statusDescription".to_owned(), format!("{code} {reason}").into());
            }
            if multi_value {
                let lists = by_name.into_iter().map(|(name, values)| (name, values.into()));
                fields.insert("multiValueHeaders".to_owned(), lists.collect::<Map<_, _>>().into());
            } else {
                fields.insert("headers".to_owned(), single_values(by_name)?.into());
            }
        }
    }
    Ok(fields)
}

/// Each header once, with all of its values.
fn by_name(headers: &HeaderBlock) -> Vec<(String, Vec<String>)> {
    let single = [("Content-Type", &headers.content_type), ("Location", &headers.location)];
    let single = single.into_iter().filter_map(|(name, value)| Some((name.to_owned(), vec![value.clone()?])));
    let mut by_name: Vec<(String, Vec<String>)> = single.collect();
    for (name, value) in &headers.others {
        match by_name.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, values)) => values.push(value.clone()),
            None => by_name.push((name.clone(), vec![value.clone()])),
        }
    }
    by_name
}

fn is_set_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("set-cookie")
}

/// Payload format 2.0 has cookies of its own, and one value for each header.
fn add_version_2(fields: &mut Map<String, Value>, by_name: Vec<(String, Vec<String>)>) {
    let (cookies, headers): (Vec<_>, Vec<_>) = by_name.into_iter().partition(|(name, _)| is_set_cookie(name));
    let headers: Map<String, Value> =
        headers.into_iter().map(|(name, values)| (name, values.join(", ").into())).collect();
    fields.insert("headers".to_owned(), headers.into());
    if let Some((_, cookies)) = cookies.into_iter().next() {
        fields.insert("cookies".to_owned(), cookies.into());
    }
}

fn add_version_1(fields: &mut Map<String, Value>, by_name: Vec<(String, Vec<String>)>) {
    let is_list = |(name, values): &(String, Vec<String>)| values.len() > 1 || is_set_cookie(name);
    let (lists, single): (Vec<_>, Vec<_>) = by_name.into_iter().partition(is_list);
    let headers: Map<String, Value> =
        single.into_iter().map(|(name, values)| (name, values.join(", ").into())).collect();
    fields.insert("headers".to_owned(), headers.into());
    if !lists.is_empty() {
        let lists: Map<String, Value> = lists.into_iter().map(|(name, values)| (name, values.into())).collect();
        fields.insert("multiValueHeaders".to_owned(), lists.into());
    }
}

fn single_values(by_name: Vec<(String, Vec<String>)>) -> Result<Map<String, Value>, Failure> {
    if by_name.iter().any(|(name, values)| is_set_cookie(name) && values.len() > 1) {
        return Err(invalid(
            "it sets several cookies, and this target group takes one value for each header; turn on its attribute \
             `lambda.multi_value_headers.enabled`"
                .to_owned(),
        ));
    }
    Ok(by_name.into_iter().map(|(name, values)| (name, values.join(", ").into())).collect())
}

/// Whether the body goes into the JSON as it is: where its type is a text's and its bytes are UTF-8.
fn is_text(headers: &HeaderBlock, body: &[u8]) -> bool {
    let is_encoded = headers.others.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
    let content_type = headers.content_type.as_deref().unwrap_or("text/plain").to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = match essence.split_once('/') {
        Some(("text", _)) => true,
        Some((_, subtype)) if subtype.ends_with("+json") || subtype.ends_with("+xml") => true,
        Some(("application", subtype)) => TEXTS.contains(&subtype),
        Some(_) | None => false,
    };
    body.is_empty() || (is_text && !is_encoded && str::from_utf8(body).is_ok())
}

/// `fields` with the body. The body is written where it goes: it may have 6 MB.
fn json_of(fields: Map<String, Value>, body: &[u8], is_text: bool) -> Payload {
    let mut json = Payload::from(json!(fields).to_string().into_bytes());
    json.pop();
    // Writing to memory does not fail.
    let _ = match str::from_utf8(body) {
        Ok(text) if is_text => {
            json.extend_from_slice(b",\"body\":");
            serde_json::to_writer(&mut *json, text).map_err(Into::into)
        }
        Ok(_) | Err(_) => write!(json, ",\"body\":\"{}\"", Base64Display::new(body, &BASE64_STANDARD)),
    };
    let flag: &[u8] = if is_text { b",\"isBase64Encoded\":false}" } else { b",\"isBase64Encoded\":true}" };
    json.extend_from_slice(flag);
    json
}

fn max_bytes(reply: Reply) -> usize {
    match reply.form {
        Form::Version1 | Form::Version2 => MAX_RESPONSE_BYTES,
        Form::LoadBalancer { .. } => MAX_LOAD_BALANCER_BYTES,
    }
}

fn too_large(bytes: u64, reply: Reply) -> Failure {
    let limit = match reply.form {
        Form::Version1 | Form::Version2 => {
            "Lambda takes at most 6 MiB and 100 bytes; redirect to a presigned URL of S3, or stream with COSHELL_RESPONSE=http-stream"
        }
        Form::LoadBalancer { .. } => "a load balancer takes at most 1 MiB; redirect to a presigned URL of S3",
    };
    Failure::ResponseTooLarge { reason: format!("the response has {bytes} bytes as JSON or more, and {limit}") }
}

#[cfg(test)]
mod tests;
