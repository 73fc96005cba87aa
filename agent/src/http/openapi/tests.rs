use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::{DOCUMENT, made::document};

const METHODS: [&str; 3] = ["get", "post", "delete"];

/// Every operation of the document, with its method and path.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            METHODS
                .iter()
                .filter_map(move |method| Some((*method, path.as_str(), item.get(method)?)))
        })
        .collect()
}

#[test]
fn every_operation_has_an_id_of_its_own() {
    let document = document();
    let operations = operations(&document);
    let ids: BTreeSet<_> = operations
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len(), "{ids:?}");
}

#[test]
fn the_document_that_is_sent_says_what_the_annotations_say() {
    let made = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        fs::write(file, &made).unwrap();
        return;
    }
    assert!(
        DOCUMENT == made,
        "docs/openapi.json is not what the annotations say: look at the change that \
         `UPDATE_OPENAPI=1 cargo test --workspace --lib openapi` makes, and commit it"
    );
}

#[test]
fn every_answer_is_typed() {
    let document = document();
    let mut untyped = Vec::new();
    for (method, path, operation) in operations(&document) {
        if path == "/openapi.json" {
            continue;
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let at = format!("{method} {path} {status}");
            match response["content"].as_object() {
                Some(content) if !content.is_empty() => {
                    for content in content.values() {
                        find_untyped(
                            &content["schema"],
                            &document,
                            &at,
                            &mut BTreeSet::new(),
                            &mut untyped,
                        );
                    }
                }
                _ => untyped.push(format!("{at}: no schema")),
            }
        }
    }
    assert!(untyped.is_empty(), "{untyped:#?}");
}

/// Adds to `untyped` each schema, `schema` itself or one below it, from which a client generator could make no
/// type.
fn find_untyped(
    schema: &Value,
    document: &Value,
    at: &str,
    seen: &mut BTreeSet<String>,
    untyped: &mut Vec<String>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        if seen.insert(name.to_owned()) {
            find_untyped(
                &document["components"]["schemas"][name],
                document,
                name,
                seen,
                untyped,
            );
        }
        return;
    }
    let parts: Vec<&Value> = ["allOf", "oneOf", "anyOf"]
        .iter()
        .filter_map(|of| schema[of].as_array())
        .flatten()
        .collect();
    for part in &parts {
        find_untyped(part, document, at, seen, untyped);
    }
    if !parts.is_empty() || schema.get("enum").is_some() || schema.get("const").is_some() {
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if types.is_empty() {
        untyped.push(format!("{at}: an empty schema"));
    }
    if types.contains(&"array") {
        find_untyped(&schema["items"], document, &format!("{at}[]"), seen, untyped);
    }
    if types.contains(&"object") {
        let properties = schema["properties"].as_object();
        for (name, property) in properties.into_iter().flatten() {
            find_untyped(property, document, &format!("{at}.{name}"), seen, untyped);
        }
        match &schema["additionalProperties"] {
            values @ Value::Object(_) => {
                find_untyped(values, document, &format!("{at}.*"), seen, untyped);
            }
            _ if properties.is_none_or(serde_json::Map::is_empty) => {
                untyped.push(format!("{at}: a bare object"));
            }
            _ => {}
        }
    }
}

#[test]
fn a_bare_object_is_found_behind_a_reference_and_in_a_list() {
    let document = serde_json::json!({ "components": { "schemas": {
        "Row": { "type": "object", "properties": { "any": {}, "bare": { "type": "object" } } },
        "Rows": { "type": "array", "items": { "$ref": "#/components/schemas/Row" } },
    } } });
    let mut untyped = Vec::new();
    let rows = serde_json::json!({ "oneOf": [{ "$ref": "#/components/schemas/Rows" }, { "type": "null" }] });
    find_untyped(&rows, &document, "get /rows", &mut BTreeSet::new(), &mut untyped);
    assert_eq!(untyped, ["Row.any: an empty schema", "Row.bare: a bare object"]);
}

#[test]
fn every_schema_is_used_by_some_operation() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut used = BTreeSet::new();
    references(&document["paths"], &document, &mut used);
    let unused: Vec<_> = schemas.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

fn references(value: &Value, document: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value
                    .as_str()
                    .and_then(|text| text.strip_prefix("#/components/schemas/"))
                {
                    Some(schema) if name == "$ref" => {
                        if used.insert(schema.to_owned()) {
                            references(&document["components"]["schemas"][schema], document, used);
                        }
                    }
                    _ => references(value, document, used),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, document, used)),
        _ => {}
    }
}

#[test]
fn every_type_that_is_derived_for_the_document_is_in_it() {
    let document = document();
    let mut derived = BTreeMap::new();
    derived_in(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut derived,
    );
    assert!(
        derived.contains_key("GoalView"),
        "the search misses a type that is there"
    );
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let missing: Vec<_> = derived
        .iter()
        .filter(|(name, _)| !schemas.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Maps the schema name of every type below `folder` that derives `ToSchema` to the type's file.
fn derived_in(folder: &Path, derived: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            derived_in(&path, derived);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for attributes in text.split("#[derive(").skip(1) {
                let Some((derives, rest)) = attributes.split_once(")]") else {
                    continue;
                };
                if !derives.contains("ToSchema") {
                    continue;
                }
                // Up to and including the line that opens the item: other attributes, then `struct` or `enum`.
                let item = rest
                    .lines()
                    .take_while(|line| !line.ends_with('{') && !line.ends_with(';'))
                    .chain(
                        rest.lines()
                            .find(|line| line.ends_with('{') || line.ends_with(';')),
                    )
                    .collect::<Vec<_>>()
                    .join("\n");
                let named = item.split_once("as = ").map(|(_, name)| name);
                let name = named.or_else(|| {
                    ["struct ", "enum "]
                        .iter()
                        .find_map(|kind| item.split_once(kind).map(|(_, name)| name))
                });
                let name: String = name
                    .unwrap_or_else(|| panic!("{}: a derive without a type: {item}", path.display()))
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                derived.insert(name, path.display().to_string());
            }
        }
    }
}

#[test]
fn summaries_are_one_short_line_and_responses_say_what_they_are() {
    for (method, path, operation) in operations(&document()) {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(
            !summary.is_empty() && !summary.contains('\n') && summary.len() <= 90,
            "{method} {path}: {summary:?}"
        );
        for (status, response) in operation["responses"].as_object().unwrap() {
            let description = response["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{method} {path} {status}");
        }
    }
}
