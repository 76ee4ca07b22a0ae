//! Signs requests with Signature Version 4: in headers, or in the query of a presigned URL.

use std::time::SystemTime;

use ring::digest;

use super::credentials::Credentials;
use super::failure::Failure;
use super::hash::{hex, hmac, sha256_hex};
use super::request::{Request, encode, pair};

/// Whose requests are signed, and for what.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Keys; none with `--no-sign-request`.
    pub credentials: Option<Credentials>,
    /// The region in the signature's scope.
    pub region: String,
    /// The service in the signature's scope.
    pub service: String,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What a payload's hash is where the payload is not signed.
pub const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

impl Signer {
    /// Adds the headers of the signature.
    ///
    /// # Errors
    /// Where the body cannot be read.
    pub fn sign(&self, request: &mut Request, now: SystemTime) -> Result<(), Failure> {
        let Some(credentials) = &self.credentials else { return Ok(()) };
        let date = date(now);
        let hash = self.payload_hash(request)?;
        request.headers.push(("x-amz-date".to_owned(), date.clone()));
        if let Some(token) = &credentials.token {
            request.headers.push(("x-amz-security-token".to_owned(), token.clone()));
        }
        if self.service == "s3" {
            request.headers.push(("x-amz-content-sha256".to_owned(), hash.clone()));
        }
        let mut headers: Vec<(String, String)> =
            request.headers.iter().filter(|(name, _)| is_signed(name)).cloned().collect();
        headers.push(("host".to_owned(), request.host().to_owned()));
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let canonical = self.canonical(request, &headers, &names, &hash);
        let signature = self.signature(credentials, &date, &canonical);
        let scope = self.scope(&date);
        let value = format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            credentials.access_key
        );
        request.headers.push(("authorization".to_owned(), value));
        Ok(())
    }

    /// Adds the signature to the query. `expires` is in seconds.
    #[must_use]
    pub fn presign(&self, mut request: Request, now: SystemTime, expires: u64) -> Request {
        let Some(credentials) = &self.credentials else { return request };
        let date = date(now);
        let mut add = |name: &str, value: String| request.query.push((name.to_owned(), value));
        add("X-Amz-Algorithm", ALGORITHM.to_owned());
        add("X-Amz-Credential", format!("{}/{}", credentials.access_key, self.scope(&date)));
        add("X-Amz-Date", date.clone());
        add("X-Amz-Expires", expires.to_string());
        add("X-Amz-SignedHeaders", "host".to_owned());
        if let Some(token) = &credentials.token {
            add("X-Amz-Security-Token", token.clone());
        }
        let headers = [("host".to_owned(), request.host().to_owned())];
        let canonical = self.canonical(&request, &headers, "host", UNSIGNED);
        request.query.push(("X-Amz-Signature".to_owned(), self.signature(credentials, &date, &canonical)));
        request
    }

    /// For S3 over HTTPS the payload of an upload is not signed, as the AWS CLI does.
    fn payload_hash(&self, request: &Request) -> Result<String, Failure> {
        if self.service == "s3" && request.is_secure() && request.body.length() > 0 {
            return Ok(UNSIGNED.to_owned());
        }
        let mut context = digest::Context::new(&digest::SHA256);
        let read = request.body.each_piece(|piece| context.update(piece));
        read.map_err(|error| Failure::General(format!("cannot read the body of the request: {error}")))?;
        Ok(hex(context.finish().as_ref()))
    }

    fn canonical(&self, request: &Request, headers: &[(String, String)], names: &str, hash: &str) -> String {
        // S3 signs the path as it is sent; the other services sign the path encoded once more.
        let path = if self.service == "s3" { request.path.clone() } else { encode(&request.path, true) };
        let mut pairs: Vec<String> = request.query.iter().map(|(name, value)| pair(name, value)).collect();
        pairs.sort();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", squeezed(value))).collect();
        format!("{}\n{path}\n{}\n{lines}\n{names}\n{hash}", request.method, pairs.join("&"))
    }

    fn scope(&self, date: &str) -> String {
        format!("{}/{}/{}/aws4_request", &date[..8], self.region, self.service)
    }

    fn signature(&self, credentials: &Credentials, date: &str, canonical: &str) -> String {
        let text = format!("{ALGORITHM}\n{date}\n{}\n{}", self.scope(date), sha256_hex(canonical.as_bytes()));
        let key = format!("AWS4{}", credentials.secret_key);
        let parts = [&date[..8], &self.region, &self.service, "aws4_request"];
        let key = parts.iter().fold(key.into_bytes(), |key, part| hmac(&key, part));
        hex(&hmac(&key, &text))
    }
}

/// A point in time as `20260102T030405Z`.
fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string().replace(['-', ':'], "")
}

/// Whether a header is part of the signature: proxies may change the others.
fn is_signed(name: &str) -> bool {
    !matches!(name, "user-agent" | "x-amzn-trace-id" | "expect" | "transfer-encoding" | "connection" | "content-length")
}

/// A header's value with single blanks.
fn squeezed(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}
