//! The readers of arguments, for `fuzz/fuzz_targets/http_arguments.rs`.

use axum::{
    body::Body,
    extract::{FromRequest as _, Request},
};
use http::StatusCode;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::{
    ApiError,
    args::{Args, NoArguments},
    routes::{records, silences, usage},
};
use crate::budget::{NewReading, NewSession, UpdateBudget};

/// How many kinds of arguments there are.
pub const KINDS: u8 = 12;

/// Reads the arguments of a request that takes the `kind`th kind. Returns the names that this kind knows.
///
/// # Errors
/// As the endpoint answers: the status, and the sentence for the caller.
pub async fn read(kind: u8, request: Request<Body>) -> Result<Vec<String>, (StatusCode, String)> {
    let read = match kind % KINDS {
        0 => as_a::<NoArguments>(request).await,
        1 => as_a::<usage::Days>(request).await,
        2 => as_a::<usage::Recent>(request).await,
        3 => as_a::<NewSession>(request).await,
        4 => as_a::<UpdateBudget>(request).await,
        5 => as_a::<NewReading>(request).await,
        6 => as_a::<silences::NewSilence>(request).await,
        7 => as_a::<silences::Which>(request).await,
        8 => as_a::<silences::Removal>(request).await,
        9 => as_a::<records::Page>(request).await,
        10 => as_a::<records::DecisionPage>(request).await,
        _ => as_a::<records::MessagePage>(request).await,
    };
    read.map_err(|error| (error.kind().status(), error.detail().to_owned()))
}

async fn as_a<T: DeserializeOwned + IntoParams>(request: Request<Body>) -> Result<Vec<String>, ApiError> {
    let Args::<T>(_) = Args::from_request(request, &()).await?;
    let known = T::into_params(|| None);
    Ok(known.into_iter().map(|parameter| parameter.name).collect())
}
