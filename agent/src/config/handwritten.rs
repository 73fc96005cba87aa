//! JSON that a person wrote in an editor: it may begin with a byte order mark, and a name that stands in an
//! object twice is a mistake, of which a parser would silently take the last value.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// The text without the byte order mark that some editors put before it.
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

/// Reads a JSON text.
///
/// # Errors
/// If the text is no JSON, with the category `Syntax` or `Eof`. If an object has a name twice, with the category
/// `Data`. Both say the line.
pub fn json(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(without_bom(text)).map(|Once(value)| value)
}

/// A value whose objects have each name once.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.contains_key(&name) {
                // A misplaced secret may stand where a name belongs, so the name is shown only if it looks
                // like one.
                let shown = if name.len() <= 40 {
                    format!("the name {name:?}")
                } else {
                    "a name".to_owned()
                };
                return Err(A::Error::custom(format_args!("an object has {shown} twice")));
            }
            let Once(value) = fields.next_value()?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{error::Category, json};

    #[test]
    fn json_is_read_as_usual_with_and_without_a_mark_before_it() {
        let value = json!({"a": [1, -2, 0.5, "x", null, true, {"b": {}}], "c": u64::MAX});
        for text in [value.to_string(), format!("\u{feff}{value}")] {
            assert_eq!(super::json(text.as_bytes()).unwrap(), value);
        }
        let error = super::json(b"{\n\"a\": x}").unwrap_err();
        assert_eq!((error.classify(), error.line()), (Category::Syntax, 2));
        assert_eq!(super::json(b"[").unwrap_err().classify(), Category::Eof);
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_with_its_line() {
        for text in [
            "{\"a\": 0,\n\"a\": 0}",
            "[1, {\"b\": {\"a\": 0,\n\"\\u0061\": 9}}]",
        ] {
            let error = super::json(text.as_bytes()).unwrap_err();
            assert_eq!((error.classify(), error.line()), (Category::Data, 2), "{text}");
            assert!(
                error
                    .to_string()
                    .starts_with("an object has the name \"a\" twice"),
                "{error}"
            );
        }
    }
}
