//! The rules of WhatsApp: templates, and the day within which a free text is allowed.

use std::collections::HashMap;

use super::{Fate, State};

/// The text that the person will read: the free text, or the template with its variables filled in. A missing
/// variable keeps its name, where a real template would have its own default.
pub(super) fn content(state: &State, fields: &HashMap<String, String>) -> Result<String, i64> {
    let Some(sid) = fields.get("ContentSid") else {
        return Ok(fields.get("Body").cloned().unwrap_or_default());
    };
    let template = state.templates.get(sid).ok_or(21655)?;
    let variables: HashMap<String, String> = fields
        .get("ContentVariables")
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let fill =
        |text: String, (name, value): (&String, &String)| text.replace(&format!("{{{{{name}}}}}"), value);
    Ok(variables.iter().fold(template.clone(), fill))
}

/// The end of a message that is accepted but cannot arrive: a free text more than a day after the person's
/// last message.
pub(super) fn fate(state: &State, to: &str, fields: &HashMap<String, String>) -> Option<Fate> {
    let free = to.starts_with("whatsapp:") && !fields.contains_key("ContentSid");
    (free && !state.sessions.contains(to)).then_some(Fate::Failed(63016))
}
