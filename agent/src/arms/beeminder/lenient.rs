//! Wrappers for the fields of Beeminder's JSON, so that one odd field does not make a whole goal unreadable.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// A field of foreign JSON. An absent field, null and a value of another type than documented are all `None`:
/// never an error, and never a default that could be mistaken for a fact.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Lenient<T>(pub(super) Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(T::deserialize(value).ok()))
    }
}

/// A field in which null says something: null in `autodata` means that a person enters the data. Null is
/// `Some(None)`. An absent field and a value of another type are `None`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Nullable<T>(pub(super) Option<Option<T>>);

impl<T> Default for Nullable<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(if value.is_null() {
            Some(None)
        } else {
            T::deserialize(value).ok().map(Some)
        }))
    }
}

/// A struct that is read from a JSON object, and from nothing else. serde alone would also take an array for the
/// struct, with the values in the order of the fields in our source.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = serde_json::Map::deserialize(deserializer)?;
        T::deserialize(Value::Object(fields))
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// A whole number, written `1` or `1.0`: Beeminder sends both. `0.5` and `"1"` are no whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Whole(pub(super) i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole = number.as_i64().or_else(|| number.as_f64().and_then(exact));
        whole
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("not a whole number"))
    }
}

/// The number as an integer; `None` if it has a fraction or is beyond 2^53. Up to there a float holds every whole
/// number exactly.
fn exact(number: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "bounded and without a fraction")]
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(json: &str) -> Option<i64> {
        serde_json::from_str::<Lenient<Whole>>(json)
            .unwrap()
            .0
            .map(|whole| whole.0)
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_float_but_is_never_guessed() {
        assert_eq!(
            (whole("3"), whole("-1"), whole("3.0"), whole("1e3")),
            (Some(3), Some(-1), Some(3), Some(1000))
        );
        for other in [
            "0.5",
            "\"3\"",
            "null",
            "true",
            "[3]",
            "{}",
            "1e300",
            "18446744073709551615",
        ] {
            assert_eq!(whole(other), None, "{other}");
        }
    }
}
