//! Which path leads where. A route is registered once: path, method, handler, and what the document says of
//! it.

use std::sync::Arc;

use axum::Router;
use http::Uri;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApiError, App,
    error::Kind,
    openapi::{self, Contract},
    routes::{beeminder, groq, meta, narrator, records, reminder, silences, usage},
};

/// All paths. Tokens, limits and the shape of errors are the gate's business.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = all().split_for_parts();
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

/// The OpenAPI document of all paths.
pub(super) fn contract() -> Contract {
    Contract::new(all().into_openapi())
}

/// Every route, with its part of the document.
pub(super) fn all() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::Common::openapi())
        .routes(routes!(meta::health))
        .routes(routes!(meta::ready))
        .routes(routes!(meta::version))
        .routes(routes!(meta::metrics))
        .routes(routes!(meta::openapi))
        .routes(routes!(narrator::context))
        .routes(routes!(beeminder::status))
        .routes(routes!(beeminder::emergency))
        .routes(routes!(beeminder::alert))
        .routes(routes!(beeminder::walk_activity))
        .routes(routes!(beeminder::goal_activity))
        .routes(routes!(usage::usage))
        .routes(routes!(usage::summary))
        .routes(routes!(usage::recent))
        .routes(routes!(usage::record))
        .routes(routes!(usage::update_budget))
        .routes(routes!(groq::record))
        .routes(routes!(groq::status))
        .routes(routes!(groq::context))
        .routes(routes!(reminder::trigger))
        .routes(routes!(records::runs))
        .routes(routes!(records::decisions))
        .routes(routes!(records::notifications))
        .routes(routes!(records::notification))
        .routes(routes!(records::acknowledge))
        .routes(routes!(silences::list, silences::create))
        .routes(routes!(silences::remove))
}

async fn no_such_path(uri: Uri) -> ApiError {
    ApiError::not_found(format!(
        "there is no {}; GET /openapi.json lists what there is",
        uri.path()
    ))
}

async fn wrong_method() -> ApiError {
    ApiError::new(
        Kind::MethodNotAllowed,
        "this path does not take this method; the allow header says which it takes",
    )
}
