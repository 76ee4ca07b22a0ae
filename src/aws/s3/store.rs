//! Sends requests to S3: the addresses of buckets and objects, and the region of a bucket.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::aws::error_body;
use crate::aws::failure::Failure;
use crate::aws::session::Session;
use crate::client::endpoint;
use crate::client::request::{Body, Request, encode};
use crate::client::response::Response;
use crate::client::signing::Signer;

/// S3 in one region.
pub(super) struct Store<'a> {
    session: &'a Session,
    /// The region that is set; us-east-1 where none is.
    pub(super) region: String,
    endpoint: Option<String>,
    is_virtual: Option<bool>,
    /// The regions of buckets that are elsewhere.
    moved: Mutex<BTreeMap<String, String>>,
}

/// A request to S3 before it has an address.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    /// The HTTP method.
    pub(super) method: &'static str,
    /// The bucket; empty for the list of buckets.
    pub(super) bucket: String,
    /// The key; empty for the bucket itself.
    pub(super) key: String,
    /// The query.
    pub(super) query: Vec<(String, String)>,
    /// Headers: names in lower case, and values.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: Body,
}

impl Ask {
    /// A request without query, headers and body.
    pub(super) fn new(method: &'static str, bucket: &str, key: &str) -> Ask {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        Ask { method, bucket, key, query: Vec::new(), headers: Vec::new(), body: Body::empty() }
    }

    /// The same with one more name and value in the query.
    pub(super) fn parameter(mut self, name: &str, value: impl Into<String>) -> Ask {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// The same with one more header.
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Ask {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with these headers too.
    pub(super) fn headers(mut self, headers: &[(String, String)]) -> Ask {
        self.headers.extend_from_slice(headers);
        self
    }

    /// The same with this body.
    pub(super) fn body(mut self, body: Body) -> Ask {
        self.body = body;
        self
    }
}

impl<'a> Store<'a> {
    /// S3 in a region.
    pub(super) fn new(session: &'a Session, region: Option<String>) -> Store<'a> {
        let option = session.globals.endpoint_url.as_deref();
        let is_virtual = session.profile.setting("s3.addressing_style").and_then(|style| match style {
            "virtual" => Some(true),
            "path" => Some(false),
            _ => None,
        });
        Store {
            session,
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            endpoint: endpoint::configured(option, "S3", &session.profile),
            is_virtual,
            moved: Mutex::default(),
        }
    }

    /// The setting of the profile's section `s3`.
    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        self.session.profile.setting(&format!("s3.{name}"))
    }

    /// Whether requests carry checksums.
    pub(super) fn sends_checksums(&self) -> bool {
        self.session.sends_checksums()
    }

    /// Sends a request; `operation` is its name in errors.
    pub(super) fn send(&self, ask: &Ask, operation: &str) -> Result<Response, Failure> {
        let region = self.region_of(&ask.bucket);
        let response = self.send_to(ask, &region)?;
        if response.status < 300 {
            return Ok(response);
        }
        let elsewhere = response.header("x-amz-bucket-region").filter(|found| *found != region);
        if let Some(elsewhere) = elsewhere.filter(|_| matches!(response.status, 301 | 307 | 400)) {
            if let Ok(mut moved) = self.moved.lock() {
                moved.insert(ask.bucket.clone(), elsewhere.clone());
            }
            let response = self.send_to(ask, &elsewhere)?;
            if response.status < 300 {
                return Ok(response);
            }
            return Err(Failure::Service(error_body::read(&response, operation)));
        }
        Err(Failure::Service(error_body::read(&response, operation)))
    }

    fn region_of(&self, bucket: &str) -> String {
        let moved = self.moved.lock().ok().and_then(|moved| moved.get(bucket).cloned());
        moved.unwrap_or_else(|| self.region.clone())
    }

    fn send_to(&self, ask: &Ask, region: &str) -> Result<Response, Failure> {
        check_bucket(&ask.bucket)?;
        Ok(self.session.client.send(&self.request(ask, region)?, &self.signer(region))?)
    }

    /// The signer for a region.
    pub(super) fn signer(&self, region: &str) -> Signer {
        self.session.signer(region, "s3")
    }

    /// The request with its address.
    pub(super) fn request(&self, ask: &Ask, region: &str) -> Result<Request, Failure> {
        let (endpoint, is_virtual) = match &self.endpoint {
            Some(endpoint) => (endpoint.clone(), self.is_virtual.unwrap_or(false)),
            None => {
                let endpoint = format!("https://s3.{region}.{}", endpoint::domain(region)?);
                (endpoint, self.is_virtual.unwrap_or(true) && is_host_label(&ask.bucket))
            }
        };
        let key = encode(&ask.key, true);
        let (endpoint, path) = match endpoint.split_once("://") {
            Some((scheme, host)) if is_virtual && !ask.bucket.is_empty() => {
                (format!("{scheme}://{}.{host}", ask.bucket), format!("/{key}"))
            }
            _ if ask.bucket.is_empty() => (endpoint, "/".to_owned()),
            _ if ask.key.is_empty() => (endpoint, format!("/{}", encode(&ask.bucket, false))),
            _ => (endpoint, format!("/{}/{key}", encode(&ask.bucket, false))),
        };
        let request = Request::new(ask.method, &endpoint, path).body(ask.body.clone());
        Ok(Request { query: ask.query.clone(), headers: ask.headers.clone(), ..request })
    }
}

/// Whether a bucket can be the first part of a host's name under a wildcard certificate.
fn is_host_label(bucket: &str) -> bool {
    (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !bucket.starts_with('-')
        && !bucket.ends_with('-')
}

/// botocore's rule for the names of buckets. An empty name stands for the list of buckets.
pub(super) fn check_bucket(bucket: &str) -> Result<(), Failure> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if bucket.len() <= 255 && bucket.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(invalid_bucket(bucket))
}

/// The failure for a name that no bucket can have.
pub(super) fn invalid_bucket(bucket: &str) -> Failure {
    Failure::Usage(format!(
        "Parameter validation failed:\nInvalid bucket name \"{bucket}\": Bucket name must match the regex \"^[a-zA-Z0-9.\\-_]{{1,255}}$\" or be an ARN matching the regex \"^arn:(aws).*:(s3|s3-object-lambda):[a-z\\-0-9]*:[0-9]{{12}}:accesspoint[/:][a-zA-Z0-9\\-.]{{1,63}}$|^arn:(aws).*:s3-outposts:[a-z\\-0-9]+:[0-9]{{12}}:outpost[/:][a-zA-Z0-9\\-]{{1,63}}[/:]accesspoint[/:][a-zA-Z0-9\\-]{{1,63}}$\""
    ))
}
