//! The agent's configuration as a tree that tests change by dotted key.

use serde_json::{Map, Value, json};

/// A configuration. It starts small and valid, for New York in winter.
#[derive(Clone, Debug)]
pub struct Config(Value);

impl Default for Config {
    fn default() -> Self {
        Self(json!({
            "environment": "development",
            "time_zone": "America/New_York",
            "http": {"auth": "token"},
            "heuristic": {"interval": "15m", "deadline": "10s"},
            "policy": {"max_messages_per_hour": 2, "max_messages_per_day": 6, "quiet_hours": ["22:00", "08:00"]},
            "beeminder": {"username": "me"},
            "walk": {"goal": "bike", "from": "14:00", "until": "18:00"},
            "budget": {"groq": {"source": "odometer", "limit_usd": 5.0, "period": "monthly"}},
            "notify": {
                "channels": ["sms"],
                "sms": {"to": "+14155550100", "messaging_service_sid": crate::twilio::MESSAGING_SERVICE_SID},
            },
        }))
    }
}

impl Config {
    /// An empty configuration.
    pub fn empty() -> Self {
        Self(json!({}))
    }

    /// Sets a dotted key such as `policy.max_messages_per_hour`. Missing tables are made.
    ///
    /// # Panics
    /// If a part of the key names a value instead of a table.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        let mut place = &mut self.0;
        for part in key.split('.') {
            place = place
                .as_object_mut()
                .expect("a table")
                .entry(part)
                .or_insert_with(|| json!({}));
        }
        *place = value.into();
    }

    /// The text of a key; empty if the key is missing or its value is not a text.
    pub fn get(&self, key: &str) -> &str {
        self.0
            .pointer(&format!("/{}", key.replace('.', "/")))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Removes a key, if it exists.
    pub fn remove(&mut self, key: &str) {
        let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
        let pointer = if parent.is_empty() {
            String::new()
        } else {
            format!("/{}", parent.replace('.', "/"))
        };
        let table = self.0.pointer_mut(&pointer);
        if let Some(table) = table.and_then(Value::as_object_mut) {
            table.remove(name);
        }
    }

    /// The configuration as TOML.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        if let Value::Object(root) = &self.0 {
            write_table(root, "", &mut text);
        }
        text
    }
}

/// Writes plain values first, then tables, as TOML requires. Strings, numbers and arrays look the same in
/// JSON and TOML.
fn write_table(table: &Map<String, Value>, path: &str, text: &mut String) {
    for (name, value) in table.iter().filter(|(_, value)| !value.is_object()) {
        text.push_str(&format!("{name} = {value}\n"));
    }
    for (name, value) in table {
        if let Value::Object(inner) = value {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            text.push_str(&format!("\n[{path}]\n"));
            write_table(inner, &path, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_follow_values_and_keys_descend() {
        let mut config = Config(json!({"b": {"x": 1}, "a": "text"}));
        config.set("b.c.d", json!(["22:00", "08:00"]));
        config.remove("b.x");
        assert_eq!(
            config.to_toml(),
            "a = \"text\"\n\n[b]\n\n[b.c]\nd = [\"22:00\",\"08:00\"]\n"
        );
    }
}
