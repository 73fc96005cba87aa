//! `/silences`: a person's word that something is not to be said for a while.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use http::StatusCode;
use rusqlite::Transaction;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Reply, detached};
use crate::{
    clock,
    domain::SilenceKind,
    http::{
        ApiError, App, Json,
        args::{Args, Count},
        error::Kind,
        gate::Caller,
        views::{SilenceView, silence::Silences},
    },
    silences::{
        record::{self, Waits},
        request::{self, SilenceError, SilenceRequest},
        shape::{Author, Comment, Length, Subjects, Time},
    },
    store::tables::silences,
};

/// How many silences that have ended come at once.
type Rows = Count<50, 500>;

/// Arguments of `POST /silences`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct NewSilence {
    /// What is to be silent: a subject with `*` for any characters and `?` for one, such as `goal:reading`,
    /// `goal:*` or `*`. A pattern covers what Mecris says about itself only if it spells out the part before
    /// the colon: `upstream:*`, `channel:*`, `run`. A vacation needs none.
    #[param(value_type = Subjects, inline, required = false)]
    subject: Option<String>,
    /// When a vacation begins, written as `until` is; now unless said otherwise.
    #[param(value_type = Time, inline, required = false)]
    from: Option<String>,
    /// Its end: `2026-12-24T18:00` or `2026-12-24` (its first moment) on the person's clock, or with an
    /// offset. At most 90 days away.
    #[param(value_type = Time, inline, required = false)]
    until: Option<String>,
    /// Instead of `until`, how long from its beginning: `2h`, `3d`, `1w 2d`; up to 90 days from now.
    #[param(value_type = Length, inline, required = false)]
    r#for: Option<String>,
    /// A vacation: silent about everything that the person promised.
    #[serde(default)]
    #[param(required = false)]
    vacation: bool,
    /// Who asks for it; the name of the token unless said otherwise.
    #[param(value_type = Author, inline, required = false)]
    author: Option<String>,
    /// Why.
    #[serde(default)]
    #[param(value_type = Comment, inline, required = false)]
    comment: String,
}

/// Arguments of `GET /silences`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Which {
    /// Whether silences that have ended are listed too, after the others, the newest first.
    #[serde(default)]
    #[param(required = false)]
    all: bool,
    /// How many silences that have ended, 1 to 500; 50 unless said otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Rows,
}

/// Arguments of `DELETE /silences/{id}`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Removal {
    /// Who asks for it; the name of the token unless said otherwise.
    #[param(value_type = Author, inline, required = false)]
    author: Option<String>,
}

/// Silences what a pattern covers, from now on; a vacation may begin later.
///
/// The answer to a vacation says which goals derail while it lasts if nothing is entered, by the last reading.
/// For 24 hours, what it says is not said again. If several silences cover one subject, the one that ends last counts.
#[utoipa::path(post, path = "/silences", tag = "silences", params(NewSilence),
    responses((status = 201, body = SilenceView), (status = 409, description = "it would be over already, or last too long")))]
pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Args(new): Args<NewSilence>,
) -> Result<(StatusCode, Json<SilenceView>), ApiError> {
    let now = app.clock.now();
    let NewSilence {
        subject,
        from,
        until,
        r#for: lasting,
        vacation,
        comment,
        ..
    } = new;
    let wish = SilenceRequest {
        subject,
        from,
        until,
        lasting,
        vacation,
        author: author(new.author, &caller)?,
        comment,
    };
    let planned = request::plan(wish, clock::time_ordered_id(now), now, &app.settings.zone)?;
    let rules = app.settings.rules.clone();
    let begun = app
        .note(move |tx| record::silence(tx, &planned, &rules, Waits::Yes))
        .await?;
    Ok((StatusCode::CREATED, Json(SilenceView::answer(begun, now))))
}

/// What is silent and until when. What ends first comes first.
#[utoipa::path(get, path = "/silences", tag = "silences", params(Which),
    responses((status = 200, body = Silences)))]
pub(in crate::http) async fn list(State(app): State<Arc<App>>, Args(which): Args<Which>) -> Reply<Silences> {
    let (now, limit) = (app.clock.now(), which.limit.get());
    let (mut rows, ended) = app.store.read(|connection| {
        let ended = if which.all {
            silences::ended(connection, now, limit)?
        } else {
            Vec::new()
        };
        Ok((silences::not_ended(connection, now)?, ended))
    })?;
    let vacation = rows
        .iter()
        .rfind(|row| row.kind == SilenceKind::Vacation && row.is_active(now));
    let vacation = vacation.map(|row| SilenceView::new(row, now));
    rows.extend(ended);
    Ok(Json(Silences {
        count: rows.len(),
        silences: SilenceView::all(&rows, now),
        vacation,
    }))
}

/// Ends a silence before its time.
///
/// A silence that has ended already stays as it is.
#[utoipa::path(delete, path = "/silences/{id}", tag = "silences",
    params(("id" = String, Path, description = "Its id"), Removal),
    responses((status = 200, body = SilenceView), (status = 404, description = "there is no such silence")))]
pub(in crate::http) async fn remove(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    Args(args): Args<Removal>,
) -> Reply<SilenceView> {
    let (now, zone) = (app.clock.now(), app.settings.zone.clone());
    let author = author(args.author, &caller)?;
    let missing = format!("there is no silence {id}");
    let ended = app
        .note(move |tx| record::unsilence(tx, &id, &author, now, &zone))
        .await?;
    let ended = ended.ok_or_else(|| ApiError::not_found(missing))?;
    Ok(Json(SilenceView::new(&ended, app.clock.now())))
}

/// Who is put on record: who they say they are, else the name of their token.
pub(super) fn author(said: Option<String>, caller: &Caller) -> Result<String, ApiError> {
    match said.map(|said| request::author(&said)).transpose()? {
        Some(author) if !author.is_empty() => Ok(author),
        _ => Ok(caller.0.to_string()),
    }
}

impl App {
    /// Records what a person decided. A client that hangs up does not cut this in two; a state that cannot be
    /// written may be writable later.
    pub(super) async fn note<T: Send + 'static>(
        &self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<T> + Clone + Send + 'static,
    ) -> Result<T, ApiError> {
        let (store, lease) = (self.store.clone(), self.settings.lease);
        let write = async move { store.write_and_copy(lease, work).await };
        detached(async move {
            write
                .await
                .map_err(|error| ApiError::unavailable(error.to_string()))
        })
        .await
    }
}

impl From<SilenceError> for ApiError {
    fn from(error: SilenceError) -> Self {
        if error.is_about_its_time() {
            Self::new(Kind::Conflict, error.to_string())
        } else {
            Self::invalid(error.to_string())
        }
    }
}
