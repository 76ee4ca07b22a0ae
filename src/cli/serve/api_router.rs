//! The routes of Lambda's API, and the check of each request's origin.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;

use super::access_log::refuse;
use super::api_request::unknown_operation;
use super::exception::Exception;
use super::registry::Registry;
use super::{function_api, invoke_api, invoke_stream};
use crate::lambda::origin_check::OriginCheck;

/// The routes of Lambda's API: invocations, and questions about functions.
pub(super) fn router(registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke_api::invoke).fallback(unknown_operation))
        .route(
            "/2021-11-15/functions/{name}/response-streaming-invocations",
            post(invoke_stream::invoke).fallback(unknown_operation),
        )
        .merge(function_api::router())
        .fallback(unknown_operation)
        .with_state(registry)
}

/// Puts the check of each request's origin before `router`.
pub(super) fn with_origin_check(router: Router, origin_check: OriginCheck) -> Router {
    router.layer(from_fn_with_state(Arc::new(origin_check), check_origin))
}

async fn check_origin(State(origin_check): State<Arc<OriginCheck>>, request: Request, next: Next) -> Response {
    match origin_check.check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => refuse(format_args!("{} {}", request.method(), request.uri().path()), Exception::AccessDenied(why)),
    }
}
