//! The body of an answer.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::{BufMut as _, BytesMut};
use http::{HeaderValue, header::CONTENT_TYPE};
use serde::Serialize;

use super::ApiError;

/// Most answers fit, and a buffer that does not grow is not copied.
const USUAL_BYTES: usize = 4 * 1024;

/// An answer as JSON: `axum::Json`, but for the size of the buffer and our own error.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = BytesMut::with_capacity(USUAL_BYTES).writer();
        if let Err(error) = serde_json::to_writer(&mut body, &self.0) {
            return ApiError::internal(error.to_string()).into_response();
        }
        let mut response = Response::new(Body::from(body.into_inner().freeze()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}
