//! Records sessions in the state of this machine, or leaves them for the process that has it.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    Sent,
    tally::{Tally, Told},
};
use crate::{
    alerts::Spool,
    budget::{BudgetArm, NewSessions, Recording, Rules},
    clock::{self, Clock},
    commands::context,
    config::Settings,
    domain::{Provider, SessionSource},
    runtime,
    store::{self, Store, StoreError, tables::sessions},
    transcripts::Found,
};

/// The time for copying what was recorded off the machine.
const COPY: Duration = Duration::from_secs(10);

/// How many sessions are left in one file.
const IN_ONE_FILE: usize = 2_000;

/// The state of this machine.
pub(super) struct State {
    settings: Settings,
}

impl State {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub(super) fn path(&self) -> &Path {
        &self.settings.state.path
    }

    /// Whether the state has this request. Sessions that were left for another process are not in it yet, but their files
    /// are beside it.
    pub(super) fn has(&self, request: Option<&str>) -> bool {
        let Some(request) = request else { return true };
        if Spool::of(self.path())
            .sessions()
            .is_ok_and(|left| !left.is_empty())
        {
            return true;
        }
        let found = Store::open_read_only(self.path()).and_then(|state| {
            state.read(|connection| sessions::of_request(connection, Provider::Anthropic, request))
        });
        found.is_ok_and(|found| found.is_some())
    }

    pub(super) async fn record(
        &self,
        found: Vec<Found>,
        billed: bool,
        clock: &Clock,
    ) -> anyhow::Result<Sent> {
        let state = &self.settings.state;
        let store = match runtime::state::open(state, clock, context::REMOTE_TIMEOUT).await {
            Ok(store) => store,
            Err(StoreError::Locked { holder, .. }) => return self.leave(&found, billed, clock, &holder),
            Err(error) => return Err(error.into()),
        };
        let arm = BudgetArm::new(&self.settings.budget, &self.settings.time_zone, store.clone());
        let found: Arc<[Found]> = found.into();
        let write = arm.record_in_one(SessionSource::Transcripts, clock.now(), move |recording| {
            record_all(recording, &found, billed)
        });
        let (tally, _) = write.await?;
        store.save(COPY).await;
        store.gather().await;
        Ok(Sent {
            tally,
            notes: Vec::new(),
            stopped: None,
        })
    }

    /// Leaves the sessions for the process that has the state. What will become of each is tried on a copy.
    fn leave(&self, found: &[Found], billed: bool, clock: &Clock, holder: &str) -> anyhow::Result<Sent> {
        let now = clock.now();
        let mut scratch = store::in_memory()?;
        Store::open_read_only(self.path())?.read(|connection| {
            let backup = rusqlite::backup::Backup::new(connection, &mut scratch)?;
            backup.step(-1).map(drop)
        })?;
        let rules = Rules::new(&self.settings.budget, &self.settings.time_zone);
        let tried = scratch.transaction()?;
        let mut recording = Recording::begin(&rules, &tried, SessionSource::Transcripts, now);
        let tally = record_all(&mut recording, found, billed)?;
        let spool = Spool::of(self.path());
        let mut all = found.iter().flat_map(|found| found.sessions(billed)).peekable();
        while all.peek().is_some() {
            let left = NewSessions {
                source: SessionSource::Transcripts,
                sessions: all.by_ref().take(IN_ONE_FILE).collect(),
            };
            spool.leave_sessions(&clock::time_ordered_id(clock.now()), &left)?;
        }
        let notes = vec![format!(
            "left for the mecris-agent that has the state (process {holder}); that process or its successor records it"
        )];
        Ok(Sent {
            tally,
            notes,
            stopped: None,
        })
    }
}

fn record_all(recording: &mut Recording<'_>, found: &[Found], billed: bool) -> rusqlite::Result<Tally> {
    let mut tally = Tally::default();
    recording.expect(found.iter().flat_map(|found| found.sessions(billed)))?;
    for found in found {
        for session in found.sessions(billed) {
            let told = Told::from(recording.record(&session)?);
            tally.count(found, &session, told);
        }
    }
    Ok(tally)
}
