//! The requests that Twilio refuses, and those that only the fake refuses so that a mistake is seen. Each
//! refusal has a reason, for the test that failed.

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};

use super::{calls, create};

type Form = [(String, String)];
type Refusal = (i64, String);

fn refuse<T>(code: i64, why: &str) -> Result<T, Refusal> {
    Err((code, why.to_owned()))
}

fn field<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.as_str())
        .filter(|v| !v.is_empty())
}

fn known_once(form: &Form, parameters: &[&str]) -> Result<(), Refusal> {
    if let Some((name, _)) = form.iter().find(|(name, _)| !parameters.contains(&name.as_str())) {
        return refuse(20001, &format!("unknown parameter {name}"));
    }
    match parameters
        .iter()
        .find(|p| form.iter().filter(|(n, _)| n == *p).count() > 1)
    {
        Some(twice) => refuse(20001, &format!("{twice} given twice")),
        None => Ok(()),
    }
}

/// Validates CreateMessage.
pub(super) fn message(form: &Form) -> Result<(), Refusal> {
    known_once(form, &create::PARAMETERS)?;
    let field = |name| field(form, name);
    let Some(to) = field("To") else {
        return refuse(21604, "no To");
    };
    if !is_e164(number(to)) {
        return refuse(21211, "To is not E.164");
    }
    match (field("From"), field("MessagingServiceSid")) {
        (None, None) => return refuse(21603, "neither From nor MessagingServiceSid"),
        (_, Some(sid)) if !is_sid("MG", sid) => return refuse(21701, "malformed MessagingServiceSid"),
        (Some(from), _) if !is_e164(number(from)) => return refuse(21212, "From is not E.164"),
        (Some(from), _) if is_whatsapp(from) != is_whatsapp(to) => {
            return refuse(21910, "From and To differ in channel");
        }
        _ => {}
    }
    match (field("Body"), field("ContentSid"), field("ContentVariables")) {
        (None, None, _) => return refuse(21602, "neither Body nor ContentSid"),
        (Some(_), Some(_), _) => return refuse(20001, "Body beside ContentSid"),
        (_, None, Some(_)) => return refuse(20001, "ContentVariables without ContentSid"),
        (Some(body), ..) if body.chars().count() > 1600 => return refuse(21617, "Body over 1600 characters"),
        (_, Some(sid), _) if !is_sid("HX", sid) => return refuse(21655, "malformed ContentSid"),
        (_, _, Some(json)) if !are_variables(json) => {
            return refuse(21656, "ContentVariables are no JSON texts");
        }
        _ => {}
    }
    if let Some(validity) = field("ValidityPeriod")
        && !validity
            .parse::<u32>()
            .is_ok_and(|seconds| (1..=36_000).contains(&seconds))
    {
        return refuse(21621, "ValidityPeriod outside 1..=36000");
    }
    Ok(())
}

/// Validates CreateCall. Returns the texts to be read out, one for each `<Say>`.
pub(super) fn call(form: &Form) -> Result<Vec<String>, Refusal> {
    known_once(form, &calls::PARAMETERS)?;
    let Some(to) = field(form, "To") else {
        return refuse(21201, "no To");
    };
    let Some(from) = field(form, "From") else {
        return refuse(21213, "no From");
    };
    if !is_e164(to) {
        return refuse(21217, "To is not E.164");
    }
    if !is_e164(from) {
        return refuse(21212, "From is not E.164");
    }
    let Some(twiml) = field(form, "Twiml") else {
        return refuse(21205, "no Twiml");
    };
    if twiml.chars().count() > 4000 {
        return refuse(20001, "Twiml over 4000 characters");
    }
    said(twiml).map_err(|why| (20001, format!("Twiml: {why}")))
}

/// Reads a document as strictly as Twilio does. It refuses every element that Mecris has no reason to send.
fn said(twiml: &str) -> Result<Vec<String>, String> {
    let mut reader = Reader::from_str(twiml);
    reader.config_mut().check_comments = true;
    let (mut path, mut said, mut words) = (Vec::<String>::new(), Vec::new(), String::new());
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    ["Response"] | ["Response", "Say"] => {}
                    _ => return Err(format!("{path:?} has no place here")),
                }
            }
            Event::Empty(tag) if tag.name().as_ref() == "Pause" && path == ["Response"] => {}
            Event::Empty(tag) => return Err(format!("{tag:?} has no place here")),
            Event::End(_) => {
                if path.pop().as_deref() == Some("Say") {
                    said.push(std::mem::take(&mut words));
                }
            }
            Event::Text(text) if path.last().is_some_and(|tag| tag == "Say") => {
                words.push_str(&text);
            }
            Event::GeneralRef(name) => {
                words.push_str(
                    resolve_predefined_entity(&name).ok_or_else(|| format!("&{}; is not known", &*name))?,
                );
            }
            Event::Comment(_) => {}
            Event::Eof if path.is_empty() && !said.is_empty() => return Ok(said),
            other => return Err(format!("{other:?} has no place here")),
        }
    }
}

/// A JSON object of texts that WhatsApp takes: no text is empty or has a line break.
fn are_variables(json: &str) -> bool {
    let parsed: Option<std::collections::HashMap<String, String>> = serde_json::from_str(json).ok();
    parsed.is_some_and(|all| {
        all.values()
            .all(|text| !text.trim().is_empty() && !text.contains(['\n', '\t']))
    })
}

fn is_whatsapp(address: &str) -> bool {
    address.starts_with("whatsapp:")
}

fn number(address: &str) -> &str {
    address.strip_prefix("whatsapp:").unwrap_or(address)
}

fn is_e164(number: &str) -> bool {
    number
        .strip_prefix('+')
        .is_some_and(|d| (7..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))
}

fn is_sid(prefix: &str, sid: &str) -> bool {
    sid.strip_prefix(prefix)
        .is_some_and(|d| d.len() == 32 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}
