//! How a WhatsApp message differs from a text message.

use std::collections::BTreeMap;

use super::*;
use crate::config::{ContentTemplate, WhatsAppSettings};

const CONTENT: &str = "HX00000000000000000000000000000003";

fn whatsapp(sender: Sender, variables: Option<&[(&str, &str)]>) -> Requests {
    let template = variables.map(|variables| ContentTemplate {
        content_sid: CONTENT.to_owned(),
        variables: variables
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
    });
    let settings = WhatsAppSettings {
        base_url: "https://api.twilio.com".parse().unwrap(),
        to: "+14155550100".parse().unwrap(),
        sender,
        template,
    };
    Requests::whatsapp(&settings, credentials())
}

fn number() -> Sender {
    Sender::Number("+15005550006".parse().unwrap())
}

fn outgoing(text: &str) -> Outgoing<'_> {
    Outgoing {
        text,
        tag: TAG,
        validity: Some(Duration::from_secs(600)),
        lease: LeaseCheck::new(|| true),
    }
}

#[test]
fn without_a_template_the_text_goes_as_it_is_between_channel_addresses() {
    let call = whatsapp(number(), None).create(&outgoing("Mecris: hello #k7q2x9"), Duration::from_secs(12));
    assert_eq!((call.method.clone(), call.idempotent), (Method::POST, false));
    assert_eq!(
        call.url.as_str(),
        format!("https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    );
    assert_eq!(
        form(&call),
        [
            "To=whatsapp:+14155550100",
            "From=whatsapp:+15005550006",
            "Body=Mecris: hello #k7q2x9",
            "ValidityPeriod=600"
        ]
    );
}

#[test]
fn a_template_is_filled_with_the_text_and_the_tag() {
    let service = Sender::MessagingService("MG00000000000000000000000000000002".to_owned());
    let requests = whatsapp(service, Some(&[("1", "{text}"), ("tag", "No. {tag}")]));
    let call = requests.create(&outgoing("Mecris: hello #k7q2x9"), Duration::from_secs(12));
    assert_eq!(
        form(&call),
        [
            "To=whatsapp:+14155550100",
            "MessagingServiceSid=MG00000000000000000000000000000002",
            "ContentSid=HX00000000000000000000000000000003",
            r##"ContentVariables={"1":"Mecris: hello","tag":"No. #k7q2x9"}"##,
            "ValidityPeriod=600",
        ]
    );
}

#[test]
fn no_text_breaks_out_of_its_variable() {
    let requests = whatsapp(number(), Some(&[("1", "{text} {tag}")]));
    for words in [r#"a "quoted" \\ text"#, r#"", "2": "x"#, "{tag} {text}"] {
        let text = format!("{words} {TAG}");
        let call = requests.create(&outgoing(&text), Duration::from_secs(12));
        let variables = form(&call)
            .into_iter()
            .find_map(|f| f.strip_prefix("ContentVariables=").map(str::to_owned));
        let variables: BTreeMap<String, String> = serde_json::from_str(&variables.unwrap()).unwrap();
        assert_eq!(variables, BTreeMap::from([("1".to_owned(), text)]));
    }
}

#[test]
fn it_is_looked_for_among_the_messages_to_the_channels_address() {
    let requests = whatsapp(number(), None);
    let doubt = doubt();
    let mut search = Search::new(&requests, &doubt);
    let call = search.next_call().unwrap().unwrap();
    assert_eq!(
        call.url.query(),
        Some("To=whatsapp%3A%2B14155550100&PageSize=100")
    );
    let mut found = message("Mecris: x #k7q2x9", "read");
    found["to"] = json!("whatsapp:+14155550100");
    assert_eq!(search.read(&page(&[found], None)).unwrap().as_deref(), Some(SID));
}

#[test]
fn outside_the_session_the_person_is_told_to_configure_a_template() {
    let mut failed = message("x", "failed");
    failed["error_code"] = json!(63016);
    let Status::Failed {
        may_pass, scope, why, ..
    } = status(ChannelKind::WhatsApp, &reply(200, failed)).unwrap()
    else {
        panic!()
    };
    assert_eq!((may_pass, scope), (false, Scope::Channel));
    assert!(why.contains("notify.whatsapp.content_sid"), "{why}");
}
