//! Parts that all requests to Lambda's API share: the function's name in the path, and the answer if no route matches.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{Method, Uri};
use axum::response::Response;

use super::access_log::refuse;
use super::exception::Exception;

/// The function's name in the request's path; an error if the name is not UTF-8.
pub(super) type NameInPath = Result<Path<String>, PathRejection>;

/// The function's name.
pub(super) fn name_of(name: NameInPath) -> Result<String, Exception> {
    let Path(name) = name.map_err(|_| Exception::Validation("the function's name is not UTF-8".to_owned()))?;
    Ok(name)
}

/// Refuses a request that no route of Lambda's API matches.
pub(super) async fn unknown_operation(method: Method, uri: Uri) -> Response {
    let request_line = format!("{method} {}", uri.path());
    let why = format!(
        "there is no `{request_line}` on this port: it serves Lambda's Invoke API (`POST /2015-03-31/functions/{{name}}/invocations`). \
         To send HTTP requests as to a function URL, run `coshell serve` with --url-port, and call that port"
    );
    refuse(request_line, Exception::UnknownOperation(why))
}
