//! Records the words that other processes left (what a person said: a silence, a vacation, an
//! acknowledgement). The person who asked for a vacation gets no answer from here. So a message tells them
//! what derails while the vacation lasts.

use super::{
    Pickup,
    pickup::{Taken, is_held_back, log},
    spool::Waiting,
};
use crate::{
    heuristic::{Forewarning, HeuristicError},
    silences::{
        asked::{Answer, Asked},
        record::{Begun, Waits},
    },
    store::{
        StoreError,
        tables::{forewarned, silences},
    },
};

impl Pickup {
    /// Records every word, and then announces the vacations that still hold: a later word may have ended one.
    pub(super) async fn take_words(&mut self, words: &[Waiting<Asked>]) {
        let (left, asked): (Vec<_>, Vec<_>) = self
            .readable(words)
            .into_iter()
            .map(|(word, asked)| (word, asked.clone()))
            .unzip();
        if asked.is_empty() {
            return;
        }
        let begun = match self.record(asked).await {
            Ok(begun) => begun,
            Err(error) => {
                return tracing::error!(%error, "cannot record what a person said: trying again");
            }
        };
        for (word, vacation) in left.into_iter().zip(begun) {
            let taken = match vacation {
                Some(vacation) => self.announce(&vacation).await,
                None => Ok(Taken::Settled),
            };
            match taken {
                Ok(taken) => self.end(word, taken),
                Err(error) => {
                    return tracing::error!(%error, "cannot tell what a vacation costs: trying again");
                }
            }
        }
    }

    /// Records words, in one transaction: a pass that runs meanwhile must not see a vacation that a later word
    /// takes back. Returns what each word began, if anything.
    async fn record(&self, words: Vec<Asked>) -> Result<Vec<Option<Begun>>, StoreError> {
        let rules = self.heuristic.rules().clone();
        let answers = self
            .store
            .write_and_copy(self.copy_within, move |tx| {
                words
                    .iter()
                    .map(|word| word.record(tx, &rules, Waits::No))
                    .collect::<Result<Vec<_>, _>>()
            })
            .await?;
        let begun = answers.into_iter().map(|answer| match answer {
            Ok(Answer::Begun(begun)) => Some(*begun),
            Ok(Answer::Ended(_) | Answer::Acknowledged(_)) => None,
            Err(error) => {
                tracing::error!(%error, "what a person said cannot be recorded and is dropped");
                None
            }
        });
        Ok(begun.collect())
    }

    /// Sends a message that says what derails while a vacation lasts, unless the vacation is over or was
    /// taken back meanwhile.
    async fn announce(&self, begun: &Begun) -> Result<Taken, HeuristicError> {
        if begun.forewarning.is_none() {
            return Ok(Taken::Settled);
        }
        let (now, id) = (self.clock.now(), begun.silence.id.clone());
        // If the message was held back, the forewarning of the time when the person asked may be hours old.
        // So it is computed again.
        let (forewarning, recorded) = self.store.read(|connection| {
            let forewarning = Forewarning::of(connection, &begun.silence, self.heuristic.rules(), now)?;
            Ok((forewarning, silences::get(connection, &id)?))
        })?;
        let holds = recorded.is_some_and(|vacation| !vacation.is_over(now));
        let alert = forewarning.alert(&begun.silence, &self.zone, now);
        let Some(condition) = alert.filter(|_| holds) else {
            return Ok(Taken::Settled);
        };
        let (decisions, message) = self.heuristic.alert(vec![condition.clone()]).await?;
        log(&decisions);
        let Some(message) = message else {
            let waits = is_held_back(&decisions) && !self.is_past(&condition);
            return Ok(if waits { Taken::HeldBack } else { Taken::Settled });
        };
        let goals = forewarning.counts_as_said().to_vec();
        self.store
            .write_and_copy(self.copy_within, move |tx| {
                forewarned::insert(tx, &id, &goals, Some(&message), now)
            })
            .await?;
        Ok(Taken::Settled)
    }
}
