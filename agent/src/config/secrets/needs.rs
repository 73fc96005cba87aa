//! Which secrets a configuration cannot do without.

use super::{SecretName, Secrets};
use crate::{
    config::{Auth, BeeminderSource, SecretsSettings, Settings},
    domain::ChannelKind,
};

/// Where a secret that is missing belongs.
fn place(source: &SecretsSettings) -> String {
    match source {
        SecretsSettings::Env => "the environment or into a file .env".to_owned(),
        SecretsSettings::File(path) => path.display().to_string(),
        SecretsSettings::Credential => "secrets.json, the credential that the unit loads".to_owned(),
        SecretsSettings::SecretsManager(id) => {
            format!("the secret {id} of Secrets Manager, {{\"NAME\": \"value\"}}")
        }
    }
}

impl Secrets {
    /// The secrets that the configured upstreams and channels need and that are missing, a sentence for each.
    pub fn missing_for(&self, settings: &Settings) -> Vec<String> {
        let mut missing = Vec::new();
        let place = place(&settings.secrets);
        let mut need = |name: SecretName, why: &str| {
            if !self.has(name) {
                missing.push(format!(
                    "the secret {name} is missing: {why}; put it into {place}"
                ));
            }
        };
        if matches!(settings.beeminder.source, BeeminderSource::Api { .. }) {
            need(
                SecretName::BeeminderAuthToken,
                "Beeminder cannot be asked without it",
            );
        }
        let wanted = |kind| settings.notify.channels.contains(&kind);
        if wanted(ChannelKind::Sms) || wanted(ChannelKind::WhatsApp) || wanted(ChannelKind::Voice) {
            need(
                SecretName::TwilioAccountSid,
                "Twilio cannot be asked to send anything without it",
            );
            self.twilio_credentials(&mut need);
        }
        if settings.notify.channels.contains(&ChannelKind::Telegram) {
            need(
                SecretName::TelegramBotToken,
                "no Telegram message can be sent without it; @BotFather gives it",
            );
        }
        if settings.notify.channels.contains(&ChannelKind::Slack) {
            need(
                SecretName::SlackWebhookUrl,
                "it is where Slack messages go; an app's Incoming Webhooks page shows it",
            );
        }
        if settings.notify.channels.contains(&ChannelKind::Email) {
            need(
                SecretName::SmtpUrl,
                "no mail can be sent without a server, smtps://user:password@mail.example.org",
            );
        }
        missing
    }

    /// The secrets that only `serve` needs and that are missing, a sentence for each.
    pub fn missing_for_endpoints(&self, settings: &Settings) -> Vec<String> {
        if settings.http.auth != Auth::Token || self.has(SecretName::MecrisApiTokens) {
            return Vec::new();
        }
        let name = SecretName::MecrisApiTokens;
        vec![format!(
            "the secret {name} is missing: http.auth is \"token\", so nobody could call the HTTP endpoints; \
             put {name}=somebody:token into {}",
            place(&settings.secrets)
        )]
    }

    /// An API key, or the account's token. Half a key is no key.
    fn twilio_credentials(&self, need: &mut impl FnMut(SecretName, &str)) {
        if self.has(SecretName::TwilioAuthToken) {
            return;
        }
        match (
            self.has(SecretName::TwilioApiKeySid),
            self.has(SecretName::TwilioApiKeySecret),
        ) {
            (true, true) => {}
            (false, false) => need(
                SecretName::TwilioAuthToken,
                "Twilio needs it, or the pair TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET",
            ),
            (false, true) => need(
                SecretName::TwilioApiKeySid,
                "TWILIO_API_KEY_SECRET is of no use without it",
            ),
            (true, false) => need(
                SecretName::TwilioApiKeySecret,
                "TWILIO_API_KEY_SID is of no use without it",
            ),
        }
    }
}
