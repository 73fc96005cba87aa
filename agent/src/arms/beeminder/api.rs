use std::{convert::Infallible, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{
    error::{BeeminderError, json},
    repair::Document,
};
use crate::{
    config::{RenewableSecrets, SecretName, secrets::Renewable},
    domain::Slug,
    outbound::{Call, Outbound},
};

/// The time for one try: goals.json of a large account takes seconds.
const ONE_TRY: Duration = Duration::from_secs(10);

/// How many datapoints are requested when the walk is in doubt: more than a person records in a day.
pub(super) const NEWEST: u32 = 25;

/// How many datapoints of a goal that is new are requested: several a day for a fortnight.
pub(super) const HISTORY: u32 = 100;

/// Beeminder's API, read-only.
#[derive(Clone)]
pub(super) struct Api {
    base_url: Url,
    username: String,
    token: Renewable<Option<SecretString>>,
    outbound: Outbound,
}

impl Api {
    pub(super) fn new(
        base_url: &Url,
        username: &str,
        secrets: &RenewableSecrets,
        outbound: Outbound,
    ) -> Self {
        let token = Renewable::new::<Infallible>(secrets, |secrets| {
            Ok(secrets.get(SecretName::BeeminderAuthToken).cloned())
        });
        let Ok(token) = token;
        Self {
            base_url: base_url.clone(),
            username: username.to_owned(),
            token,
            outbound,
        }
    }

    /// Reads the user and the goals with two concurrent requests.
    ///
    /// Both are read whole on every pass. The user's `updated_at` cannot tell whether that is needed: it
    /// stays the same when a day rolls over, but safebuf changes. `emaciated` leaves out the road matrices,
    /// which can be huge.
    pub(super) async fn user_and_goals(
        &self,
        within: Duration,
    ) -> Result<(Option<Value>, Document), BeeminderError> {
        let user_file = format!("{}.json", self.username);
        let user_path = ["users", &user_file];
        let user_name = format!("the user {}", self.username);
        let goals_path = ["users", &self.username, "goals.json"];
        let goals_name = format!("the goals of {}", self.username);
        let emaciated = [("emaciated", "true")];
        let (user, goals) = tokio::join!(
            self.get(&user_path, &emaciated, &user_name, within),
            self.get(&goals_path, &emaciated, &goals_name, within),
        );
        let goals = goals?;
        Ok((Some(user?.whole("the user")?), goals))
    }

    /// So many datapoints of the newest days, newest first (`sort` is descending).
    pub(super) async fn datapoints(
        &self,
        slug: &Slug,
        count: u32,
        within: Duration,
    ) -> Result<Document, BeeminderError> {
        let path = ["users", &self.username, "goals", slug.as_str(), "datapoints.json"];
        let name = format!("the datapoints of {slug}");
        let count = count.to_string();
        self.get(&path, &[("sort", "daystamp"), ("count", &count)], &name, within)
            .await
    }

    async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        name: &str,
        within: Duration,
    ) -> Result<Document, BeeminderError> {
        let began = Instant::now();
        let token = self.token.current();
        let answer = self
            .get_with(token.value.as_ref().as_ref(), path, query, name, within)
            .await;
        let Err(BeeminderError::Unauthorized { .. }) = answer else {
            return answer;
        };
        // Perhaps the token was replaced. Every request is read-only, so it can be made twice.
        let left = || within.saturating_sub(began.elapsed());
        if !self.token.refused(token.number, left() / 2).await {
            return answer;
        }
        self.get_with(
            self.token.current().value.as_ref().as_ref(),
            path,
            query,
            name,
            left(),
        )
        .await
    }

    async fn get_with(
        &self,
        token: Option<&SecretString>,
        path: &[&str],
        query: &[(&str, &str)],
        name: &str,
        within: Duration,
    ) -> Result<Document, BeeminderError> {
        let token = token.ok_or(BeeminderError::MissingToken)?;
        let call = Call {
            method: http::Method::GET,
            url: self.url(path, query, token)?,
            basic: None,
            bearer: None,
            form: None,
            json: None,
            lease: None,
            timeout: ONE_TRY.min(within),
            total: within,
            idempotent: true,
        };
        json(&self.outbound.call(call).await?, name, token)
    }

    fn url(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        token: &SecretString,
    ) -> Result<Url, BeeminderError> {
        let mut url = self.base_url.clone();
        url.path_segments_mut()
            .map_err(|()| BeeminderError::BaseUrl(crate::outbound::redact::url(&self.base_url)))?
            .pop_if_empty()
            .extend(path);
        url.query_pairs_mut()
            .append_pair("auth_token", token.expose_secret())
            .extend_pairs(query);
        Ok(url)
    }
}
