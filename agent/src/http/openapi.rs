//! The contract: `/openapi.json`, put together from the annotations beside the handlers. It is under
//! snapshot.

use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        ContentBuilder, Ref, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::routes::{beeminder, groq, meta, narrator, records, reminder, silences, usage};

/// Every error, whatever its status.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: the gate writes the JSON")]
struct Error {
    /// One sentence for a person.
    detail: String,
    /// A stable word for a program.
    code: String,
    /// What to look for in the log; also in `x-request-id`.
    request_id: String,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Mecris", description = "Recorded state as JSON, and the few things that may be asked of Mecris. \
        Arguments of POST requests come in the query or as a JSON body. Every error is an `Error`."),
    paths(
        meta::health, meta::ready, meta::version, meta::metrics, meta::openapi, narrator::context, beeminder::status,
        beeminder::emergency, beeminder::alert, beeminder::walk_activity, beeminder::goal_activity, usage::usage,
        usage::summary, usage::recent, usage::record, usage::update_budget, groq::record, groq::status, groq::context,
        reminder::trigger, records::runs, records::decisions, records::notifications, records::notification,
        records::acknowledge, silences::create, silences::list, silences::remove,
    ),
    components(schemas(Error)),
    security(("token" = [])),
    modifiers(&Common),
)]
struct Document;

/// What all operations have in common: the bearer token, the shape of errors, ids that name the topic too.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", scheme);
        for item in document.paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post, &mut item.delete]
                .into_iter()
                .flatten()
            {
                complete(operation);
            }
        }
    }
}

fn complete(operation: &mut Operation) {
    let topic = operation
        .tags
        .iter()
        .flatten()
        .next()
        .cloned()
        .unwrap_or_default();
    operation.operation_id = operation
        .operation_id
        .take()
        .map(|name| format!("{topic}_{name}"));
    let error = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Error")))
        .build();
    let response = ResponseBuilder::new()
        .description("Any error")
        .content("application/json", error)
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), response.into());
}

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let document = super::document();
        let operations = document
            .paths
            .paths
            .values()
            .flat_map(|item| [&item.get, &item.post, &item.delete])
            .flatten();
        let ids: Vec<_> = operations
            .map(|operation| operation.operation_id.clone().unwrap())
            .collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{ids:?}");
    }

    #[test]
    fn the_contract_is_as_it_was() {
        let mut document = super::document();
        document.info.version = "[version]".to_owned();
        insta::assert_json_snapshot!(document);
    }
}
