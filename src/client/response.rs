//! The answer to a request.

use std::io::Read;

use ureq::Body as ResponseBody;
use ureq::http::Response as HttpResponse;

/// An answer; its body is not read yet.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    inner: HttpResponse<ResponseBody>,
    /// The body of an error, which is read at once.
    error: Vec<u8>,
}

/// An error's body is small.
const LARGEST_ERROR_BYTES: u64 = 1024 * 1024;

impl Response {
    /// Reads the body at once where it is an error's.
    pub(super) fn new(mut inner: HttpResponse<ResponseBody>) -> Response {
        let status = inner.status().as_u16();
        let mut error = Vec::new();
        if status >= 300 {
            // What came of a body that breaks off still says more than nothing.
            let _ = inner.body_mut().as_reader().take(LARGEST_ERROR_BYTES).read_to_end(&mut error);
        }
        Response { status, inner, error }
    }

    /// A header, in the words that were sent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let value = self.inner.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// All headers: names in lower case, and values.
    pub fn headers(&self) -> impl Iterator<Item = (&str, String)> {
        let headers = self.inner.headers().iter();
        headers.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    /// The body of an answer with a status of 300 or more.
    #[must_use]
    pub fn error_body(&self) -> &[u8] {
        &self.error
    }

    /// The words that belong to the status, such as `Not Found`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.inner.status().canonical_reason().unwrap_or("Unknown")
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub fn bytes(self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The body.
    #[must_use]
    pub fn reader(self) -> impl Read {
        self.inner.into_body().into_reader()
    }
}
