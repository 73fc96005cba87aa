//! A stage with every channel that has a fake.

use mecris_tests::{
    slack::Slack,
    smtp::Smtp,
    telegram::{self, Telegram},
};

use crate::stage::Stage;

/// The stage of the daemon, and the fakes of the channels beside text messages.
pub(crate) struct Everywhere {
    pub(crate) stage: Stage,
    pub(crate) telegram: Telegram,
    pub(crate) slack: Slack,
    pub(crate) smtp: Smtp,
}

impl Everywhere {
    /// A stage with these channels, in this order.
    pub(crate) fn new(channels: &[&str]) -> Self {
        let mut stage = Stage::of_the_daemon();
        let telegram = Telegram::start().expect("a free port");
        let slack = Slack::start().expect("a free port");
        let smtp = Smtp::start().expect("a free port");
        let setup = &mut stage.setup;
        setup.config.set("notify.channels", serde_json::json!(channels));
        // A connection is opened in a quarter of the lease, on a machine that is busy with other tests.
        setup.config.set("notify.lease", "2s");
        setup.config.set("notify.telegram.base_url", telegram.base_url());
        setup.config.set("notify.telegram.chat_id", telegram::CHAT_ID);
        setup.config.set("notify.email.from", "mecris@example.org");
        setup.config.set("notify.email.to", "me@example.net");
        setup.set_env("TELEGRAM_BOT_TOKEN", telegram::TOKEN);
        setup.set_env("SLACK_WEBHOOK_URL", &slack.webhook_url());
        setup.set_env("SMTP_URL", &smtp.url());
        Self {
            stage,
            telegram,
            slack,
            smtp,
        }
    }

    /// How many messages reached the person by text message, Telegram, Slack and mail.
    pub(crate) fn told(&self) -> [usize; 4] {
        [
            self.stage.twilio.accepted_count(),
            self.telegram.messages().len(),
            self.slack.texts().len(),
            self.smtp.letters().len(),
        ]
    }
}

impl Drop for Everywhere {
    /// Holds at the end of every test.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.telegram.violations(),
                Vec::<String>::new(),
                "Telegram was asked something wrong"
            );
            assert_eq!(
                self.slack.violations(),
                Vec::<String>::new(),
                "Slack was asked something wrong"
            );
            assert_eq!(
                self.smtp.violations(),
                Vec::<String>::new(),
                "the mail server was asked something wrong"
            );
        }
    }
}
