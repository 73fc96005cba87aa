//! The body of an answer.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderValue, header::CONTENT_TYPE};
use serde::Serialize;

use super::ApiError;

/// Most answers fit, and a buffer that does not grow is not copied.
const USUAL_BYTES: usize = 4 * 1024;

/// An answer as JSON: `axum::Json`, but for the size of the buffer and our own error.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> Json<T> {
    /// The body as it is sent.
    ///
    /// # Errors
    /// If the value is not JSON, for example a map with a key that is no text.
    pub(super) fn render(&self) -> Result<Bytes, ApiError> {
        let mut body = BytesMut::with_capacity(USUAL_BYTES).writer();
        serde_json::to_writer(&mut body, &self.0).map_err(|error| ApiError::internal(error.to_string()))?;
        Ok(body.into_inner().freeze())
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        self.render().map(RenderedJson).into_response()
    }
}

/// An answer that is rendered already.
#[derive(Debug)]
pub(super) struct RenderedJson(pub(super) Bytes);

impl IntoResponse for RenderedJson {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}
