//! The arguments of a POST, described as the body that carries them.
//!
//! A handler names its arguments once, as parameters of the query. OpenAPI can forbid unknown names and state
//! which arguments need or exclude each other, but only for a body, not for a query. So the document describes
//! the body. Its first paragraph says that the query takes the same names.

use serde_json::{Map, Value, json};

/// Moves the query parameters of each POST into a schema of its body. Those of the path stay.
pub(super) fn describe(document: &mut Value) {
    let mut schemas = Map::new();
    for item in document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        let Some(operation) = item.get_mut("post").and_then(Value::as_object_mut) else {
            continue;
        };
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let Some(arguments) = take_arguments(operation) else {
            continue;
        };
        let name = format!("{}Arguments", capitalised(&id));
        let reference = format!("#/components/schemas/{name}");
        let some_required = arguments.iter().any(is_required);
        operation.insert(
            "requestBody".to_owned(),
            json!({
                "content": { "application/json": { "schema": { "$ref": reference } } },
                "required": some_required || refuses_an_empty_body(&id),
            }),
        );
        schemas.insert(name, schema(&id, arguments));
    }
    if let Some(all) = document["components"]["schemas"].as_object_mut() {
        all.append(&mut schemas);
        all.sort_keys();
    }
}

/// Takes the parameters of the query out of an operation. `None`: it has none.
fn take_arguments(operation: &mut Map<String, Value>) -> Option<Vec<Value>> {
    let parameters = operation.get_mut("parameters")?.as_array_mut()?;
    let (arguments, others): (Vec<Value>, Vec<Value>) = std::mem::take(parameters)
        .into_iter()
        .partition(|parameter| parameter["in"] == "query");
    if others.is_empty() {
        operation.remove("parameters");
    } else {
        *parameters = others;
    }
    (!arguments.is_empty()).then_some(arguments)
}

fn schema(id: &str, arguments: Vec<Value>) -> Value {
    let required: Vec<Value> = arguments
        .iter()
        .filter(|argument| is_required(argument))
        .map(|argument| argument["name"].clone())
        .collect();
    let properties: Map<String, Value> = arguments
        .into_iter()
        .map(|mut argument| {
            let mut property = argument["schema"].take();
            property["description"] = argument["description"].take();
            (argument["name"].as_str().unwrap_or_default().to_owned(), property)
        })
        .collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if let (Some(schema), Value::Object(mut rules)) = (schema.as_object_mut(), rules(id)) {
        schema.append(&mut rules);
    }
    schema
}

/// Which arguments of an operation need or exclude each other.
fn rules(id: &str) -> Value {
    // A schema that no value satisfies, so the argument must be left out. (`false` means the same, but client
    // generators trip over it.)
    let never = json!({ "not": {} });
    match id {
        "usage_update_budget" => json!({
            "description": "At least one of `remaining_budget`, `total_budget` and `period_end`.",
            "not": {
                "properties": { "remaining_budget": never, "total_budget": never, "period_end": never },
            },
        }),
        "silences_create" => json!({
            "description": "A `subject` and the end of a silence; or a vacation and its end. The end is either \
                `until` or `for`. Only a vacation has a `from`, and its only `subject` is `*`.",
            "if": { "required": ["until"] },
            "then": { "properties": { "for": never } },
            "else": { "required": ["for"] },
            "not": { "properties": { "subject": never, "vacation": { "const": false } } },
            "dependentSchemas": {
                "from": { "properties": { "vacation": { "const": true } }, "required": ["vacation"] },
                "subject": {
                    "if": { "properties": { "vacation": { "const": true } }, "required": ["vacation"] },
                    "then": { "properties": { "subject": { "pattern": "^ *\\* *$" } } },
                },
            },
        }),
        _ => json!({}),
    }
}

/// Whether an operation refuses an empty body, although no single argument is required.
fn refuses_an_empty_body(id: &str) -> bool {
    rules(id).as_object().is_some_and(|rules| !rules.is_empty())
}

fn is_required(argument: &Value) -> bool {
    argument["required"] == true
}

/// `usage_record` as `UsageRecord`.
fn capitalised(id: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    id.split('_').map(word).collect()
}
