//! Puts the document together, from the annotations beside the handlers.

use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::bodies;
use crate::http::{error::Error, router};

/// What the document says before any path.
#[derive(OpenApi)]
#[openapi(
    info(title = "Mecris", description = "Recorded state as JSON, and the few things that may be asked of Mecris. \
        The arguments of a POST come as a JSON object in the body, as shown, or under the same names in the query, but \
        not in both. A name that is not listed is refused. Every error is an `Error`. Status 422: the arguments are not \
        what this document allows. Status 409: they are, but what is on record, the configuration or the time is against \
        it. Status 403: a web page of another site sent the request, or, without tokens, it came by \
        a name that is not this machine's."),
    components(schemas(Error)),
    security(("token" = [])),
    modifiers(&Token),
)]
struct Common;

/// The bearer token.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", scheme);
    }
}

/// What the document says before any path.
pub(in crate::http) fn common() -> utoipa::openapi::OpenApi {
    Common::openapi()
}

/// The whole document.
pub(super) fn document() -> Value {
    complete(router::document())
}

/// What all operations have in common: the shape of errors, ids that name the topic too, and a sentence for
/// each response.
fn complete(mut document: utoipa::openapi::OpenApi) -> Value {
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.delete]
            .into_iter()
            .flatten()
        {
            complete_operation(operation);
        }
    }
    let mut document = serde_json::to_value(document).expect("text, numbers and lists are JSON");
    bodies::describe(&mut document);
    join_lines(&mut document);
    document
}

fn complete_operation(operation: &mut Operation) {
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
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        if response.content.is_empty() {
            response
                .content
                .insert("application/json".to_owned(), error.clone().into());
        }
        if response.description.is_empty() {
            "The answer".clone_into(&mut response.description);
        }
    }
    let response = ResponseBuilder::new()
        .description("Any error")
        .content("application/json", error)
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), response.into());
}

/// Doc comments are wrapped for the editor; in the document a paragraph is one line.
fn join_lines(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if matches!(name.as_str(), "description" | "summary") => {
                        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
                        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
                    }
                    value => join_lines(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(join_lines),
        _ => {}
    }
}
