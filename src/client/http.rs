//! Sends signed requests over HTTP and HTTPS.

use std::time::{Duration, SystemTime};

use ureq::http::{Method, Request as HttpRequest, Response as HttpResponse, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, Body as ResponseBody, SendBody};

use super::failure::Failure;
use super::profile::variable;
use super::request::{Body, Request};
use super::response::Response;
use super::retry::{Attempts, ErrorCode};
use super::signing::Signer;

/// How connections are made.
#[derive(Debug, Clone)]
pub struct Connections {
    /// The program that asks, such as `aws-cli/2 coshell-aws/1.0`.
    pub user_agent: &'static str,
    /// Whether certificates are checked.
    pub verifies: bool,
    /// A file with the certificates of authorities, in place of Mozilla's.
    pub authorities: Option<String>,
    /// How long to wait for a connection; `None` is for ever.
    pub connect_timeout: Option<Duration>,
    /// How long to wait for bytes; `None` is for ever.
    pub read_timeout: Option<Duration>,
}

/// Sends requests, and sends them again where that can help.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    attempts: Attempts,
    error_code: ErrorCode,
    trace: Option<String>,
}

impl Client {
    /// A client with no connection yet.
    ///
    /// # Errors
    /// Where the file of certificates cannot be read.
    pub fn new(connections: &Connections, attempts: Attempts, error_code: ErrorCode) -> Result<Client, Failure> {
        let mut tls = TlsConfig::builder().disable_verification(!connections.verifies);
        if let Some(path) = &connections.authorities {
            tls = tls.root_certs(authorities(path)?);
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(connections.user_agent)
            .accept("*/*")
            .accept_encoding("identity")
            .tls_config(tls.build())
            .timeout_connect(connections.connect_timeout)
            .timeout_recv_response(connections.read_timeout)
            .max_idle_connections_per_host(16)
            .build();
        Ok(Client { agent: Agent::new_with_config(config), attempts, error_code, trace: trace_header() })
    }

    /// Signs and sends a request, at most as often as the attempts allow. An answer of any status is a success.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn send(&self, request: &Request, signer: &Signer) -> Result<Response, Failure> {
        let mut attempt = 1;
        loop {
            let result = self.send_once(request, signer);
            let is_last = attempt >= self.attempts.most;
            let retry = match &result {
                Ok(response) => Attempts::helps(response, self.error_code),
                Err(failure) => matches!(failure, Failure::General(_)),
            };
            if is_last || !retry {
                return result;
            }
            Attempts::wait(attempt);
            attempt += 1;
        }
    }

    fn send_once(&self, request: &Request, signer: &Signer) -> Result<Response, Failure> {
        let mut request = request.clone();
        if let Some(trace) = &self.trace {
            request.headers.push(("x-amzn-trace-id".to_owned(), trace.clone()));
        }
        signer.sign(&mut request, SystemTime::now())?;
        let url = request.url();
        let uri: Uri = url.parse().map_err(|_| Failure::General(format!("Invalid endpoint: {}", request.endpoint)))?;
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET);
        let mut builder = HttpRequest::builder().method(method).uri(uri);
        for (name, value) in &request.headers {
            builder = builder.header(name, value.as_bytes());
        }
        let failed = |error: ureq::Error| connection_failure(&error, &url);
        let bodiless = request.body.length() == 0 && matches!(request.method, "GET" | "HEAD" | "DELETE");
        let answer = if bodiless {
            self.run(builder, ())
        } else {
            match &request.body {
                Body::Bytes(bytes) => self.run(builder, bytes.as_slice()),
                Body::Part { length, .. } => {
                    let mut reader = request.body.reader();
                    self.run(builder.header("content-length", *length), SendBody::from_reader(&mut reader))
                }
            }
        };
        Ok(Response::new(answer.map_err(failed)?))
    }

    fn run(
        &self,
        builder: ureq::http::request::Builder,
        body: impl AsSendBody,
    ) -> Result<HttpResponse<ResponseBody>, ureq::Error> {
        self.agent.run(builder.body(body)?)
    }
}

/// Lambda's trace id, for requests made by a function.
fn trace_header() -> Option<String> {
    variable("AWS_LAMBDA_FUNCTION_NAME")?;
    variable("_X_AMZN_TRACE_ID")
}

fn authorities(path: &str) -> Result<RootCerts, Failure> {
    let failed = |why: String| Failure::General(format!("Could not read the certificates of {path}: {why}"));
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| failed(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    Ok(certificates.into())
}

/// The AWS CLI's sentence for a connection that failed.
fn connection_failure(error: &ureq::Error, url: &str) -> Failure {
    use ureq::Timeout::{Connect, Resolve};
    Failure::General(match error {
        ureq::Error::Timeout(Connect | Resolve) => format!("Connect timeout on endpoint URL: \"{url}\""),
        ureq::Error::Timeout(_) => format!("Read timeout on endpoint URL: \"{url}\""),
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            format!("Could not connect to the endpoint URL: \"{url}\"")
        }
        ureq::Error::Io(cause) if is_refused(cause) => format!("Could not connect to the endpoint URL: \"{url}\""),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => format!("SSL validation failed for {url} {error}"),
        ureq::Error::Io(cause) if cause.to_string().contains("certificate") => {
            format!("SSL validation failed for {url} {cause}")
        }
        other => {
            format!("Connection was closed before we received a valid response from endpoint URL: \"{url}\". ({other})")
        }
    })
}

fn is_refused(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, NotFound};
    let is_name = error.to_string().contains("failed to lookup address");
    is_name || matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable | NotFound)
}
