//! The HTTP client of every AWS service, with a bound for every answer. The SDK reads the whole of an answer into
//! memory before it looks at it.

use std::{error::Error, io};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connector_metadata::ConnectorMetadata,
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
    shared::IntoShared as _,
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use http_body_util::{BodyExt as _, Limited};

/// The largest answer, in bytes. A secret has 64 KiB at most, a parameter 8 KiB, and the other answers that are read
/// are short.
pub(super) const LARGEST_ANSWER: usize = 1024 * 1024;

/// A client that reads no more than [`LARGEST_ANSWER`] of an answer.
pub(super) fn bounded(client: SharedHttpClient) -> SharedHttpClient {
    Bounded(client).into_shared()
}

#[derive(Debug)]
struct Bounded(SharedHttpClient);

impl HttpClient for Bounded {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(BoundedConnector(self.0.http_connector(settings, components)))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[derive(Debug)]
struct BoundedConnector(SharedHttpConnector);

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let bound = |body| SdkBody::from_body_1_x(Limited::new(body, LARGEST_ANSWER).map_err(too_large));
            Ok(answer.await?.map(bound))
        })
    }
}

/// The client's own error as it was, or that of the bound.
fn too_large(error: Box<dyn Error + Send + Sync>) -> Box<dyn Error + Send + Sync> {
    if error.is::<http_body_util::LengthLimitError>() {
        return io::Error::other(format!("the answer has more than {LARGEST_ANSWER} bytes")).into();
    }
    error
}

#[cfg(test)]
mod tests;
