//! `[notify.email]`.

use lettre::message::Mailbox;

use super::ON_DOUBT;
use crate::{
    config::{
        reader::Reader,
        setting::{Form, Kind, Setting, Table},
    },
    domain::OnDoubt,
};

pub(in crate::config) const TABLE: Table = Table {
    name: "notify.email",
    doc: "A mail server. Its URL is the secret `SMTP_URL`.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "notify.email.from",
            Kind::Other("e-mail address"),
            "`\"me@example.org\"` or `\"Mecris <mecris@example.org>\"`, ASCII",
        )
        .without("required for email")
        .example("\"Mecris <mecris@example.org>\"")
        .private(),
        Setting::new(
            "notify.email.to",
            Kind::Other("e-mail address"),
            "as `notify.email.from`",
        )
        .without("required for email")
        .example("\"me@example.org\"")
        .private(),
        Setting::new(
            "notify.email.subject",
            Kind::Text,
            "one line of 1 to 78 characters; the text of the message is in the body",
        )
        .default("\"Mecris\""),
        Setting::new(
            "notify.email.on_doubt",
            Kind::Text,
            "after a lost answer: `\"resend\"` may send a message twice, `\"give_up\"` perhaps not at all",
        )
        .default("\"resend\""),
    ],
};

/// `[notify.email]`. By which server is the secret `SMTP_URL`.
#[derive(Clone, Debug)]
pub struct EmailSettings {
    /// The sender.
    pub from: Mailbox,
    /// The person.
    pub to: Mailbox,
    /// The subject; the text is in the body.
    pub subject: String,
    /// After doubt.
    pub on_doubt: OnDoubt,
}

const ADDRESS: &str = "an e-mail address such as \"me@example.org\" or \"Mecris <mecris@example.org>\"";
const SUBJECT: &str = "one line of 1 to 78 characters";

/// The two `Option`s are those of every channel: see `notify`.
pub(super) fn read(reader: &mut Reader, wanted: bool) -> Option<Option<EmailSettings>> {
    let from = mailbox(reader, "notify.email.from", wanted);
    let to = mailbox(reader, "notify.email.to", wanted);
    // RFC 5322, 2.1.1: a line should have no more than 78 characters.
    let subject = reader.parsed("notify.email.subject", SUBJECT, |text| {
        let fits = (1..=78).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| text.to_owned())
    });
    let on_doubt = reader.choice("notify.email.on_doubt", ON_DOUBT);
    let (from, to, subject, on_doubt) = (from?, to?, subject?, on_doubt?);
    Some(from.zip(to).filter(|_| wanted).map(|(from, to)| EmailSettings {
        from,
        to,
        subject,
        on_doubt,
    }))
}

/// The outer `None` is a problem; the inner `None` means that the address is not set and the channel is not
/// used.
fn mailbox(reader: &mut Reader, key: &str, wanted: bool) -> Option<Option<Mailbox>> {
    if !wanted && !reader.has(key) {
        return Some(None);
    }
    // Addresses in other letters need servers that speak SMTPUTF8; names are encoded.
    let parse = |text: &str| {
        text.parse()
            .ok()
            .filter(|mailbox: &Mailbox| mailbox.email.to_string().is_ascii())
    };
    reader.parsed(key, ADDRESS, parse).map(Some)
}
