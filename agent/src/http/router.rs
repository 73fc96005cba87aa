//! Which path leads where. A route is registered once: path, method, handler, and what `docs/openapi.json` says
//! of it.

use std::sync::Arc;

use axum::{
    Router,
    routing::{MethodFilter, on},
};
use http::Uri;
use utoipa::openapi::HttpMethod;
use utoipa_axum::PathItemExt as _;

use super::{
    ApiError, App,
    error::Kind,
    routes::{beeminder, groq, meta, narrator, records, reminder, silences, usage},
};

/// Makes [`paths`] and, for the tests, [`document`] from one list of handlers. Path and method are those that
/// `utoipa::path` beside the handler names.
macro_rules! register {
    ($($room:ident :: $handler:ident),+ $(,)?) => {
        /// Every route.
        fn paths() -> Router<Arc<App>> {
            Router::new()$(.route(
                &utoipa_axum::paste!(<$room::[<__path_ $handler>] as utoipa::Path>::path()),
                on(
                    any_of(utoipa_axum::paste!(<$room::[<__path_ $handler>] as utoipa::Path>::methods())),
                    $room::$handler,
                ),
            ))+
        }

        /// What is said of every route.
        #[cfg(test)]
        pub(super) fn document() -> utoipa::openapi::OpenApi {
            use utoipa_axum::{router::OpenApiRouter, routes};

            OpenApiRouter::<Arc<App>>::with_openapi(super::openapi::common())
                $(.routes(routes!($room::$handler)))+
                .into_openapi()
        }
    };
}

register![
    meta::health,
    meta::ready,
    meta::version,
    meta::metrics,
    meta::openapi,
    narrator::context,
    beeminder::status,
    beeminder::emergency,
    beeminder::alert,
    beeminder::walk_activity,
    beeminder::goal_activity,
    usage::usage,
    usage::summary,
    usage::recent,
    usage::record,
    usage::record_many,
    usage::take_back,
    usage::update_budget,
    usage::complete,
    groq::record,
    groq::take_back,
    groq::status,
    groq::context,
    reminder::trigger,
    records::runs,
    records::decisions,
    records::notifications,
    records::notification,
    records::acknowledge,
    silences::list,
    silences::create,
    silences::remove,
];

/// All paths. Tokens, limits and the shape of errors are the gate's business.
pub fn router(app: Arc<App>) -> Router {
    paths()
        .fallback(no_such_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

/// The filter that lets these methods through.
///
/// # Panics
/// If there is none: `utoipa::path` always names one.
fn any_of(methods: Vec<HttpMethod>) -> MethodFilter {
    let filters = methods.into_iter().map(|method| method.to_method_filter());
    filters.reduce(MethodFilter::or).expect("a handler has a method")
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
