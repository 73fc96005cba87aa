//! Batches of rounds on many accounts side by side, from one seed; and the report when a batch fails.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use fastrand::Rng;
use tokio::time::Instant;

use crate::{
    deck::{Card, Round},
    lane::Lane,
    options::{lanes, number},
    report::{Counts, Tally},
};

/// How often progress is printed.
const PROGRESS: Duration = Duration::from_secs(30);

/// Many batches of one kind.
pub(crate) struct Campaign<'a> {
    /// The test's name, for the command that repeats a batch.
    pub(crate) test: &'a str,
    /// The seed of everything.
    pub(crate) seed: u64,
    /// The least number of rounds.
    pub(crate) rounds: u64,
    /// The cards of one batch.
    pub(crate) deal: &'a (dyn Fn(u64) -> Vec<Card> + Sync),
}

impl Campaign<'_> {
    /// Plays until there were enough rounds, or plays one batch with `MECRIS_CRASH_BATCH`. Fails if a message
    /// was lost or sent twice.
    pub(crate) fn play(&self) -> Counts {
        let (tally, started) = (Tally::default(), Instant::now());
        let (next, dealt, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let told = AtomicU64::new(0);
        let longest =
            number("MECRIS_CRASH_MINUTES").map_or(Duration::MAX, |minutes| Duration::from_secs(60 * minutes));
        let enough = || dealt.load(Ordering::Relaxed) >= self.rounds || started.elapsed() > longest;
        let turn = || {
            while !stop.load(Ordering::Relaxed) && !enough() {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let rounds = self.rounds_of(batch);
                dealt.fetch_add(rounds.len() as u64, Ordering::Relaxed);
                if let Err(why) = self.batch(batch, &rounds, &tally) {
                    stop.store(true, Ordering::Relaxed);
                    tally.lock().failures.push(why);
                }
                let now = started.elapsed().as_secs() / PROGRESS.as_secs();
                if told.swap(now, Ordering::Relaxed) != now {
                    tally.lock().progress(started.elapsed());
                }
            }
        };
        if let Some(batch) = number("MECRIS_CRASH_BATCH") {
            // Every round takes the lock itself, so that it must not be held while the batch is played.
            let failure = self.batch(batch, &self.rounds_of(batch), &tally).err();
            tally.lock().failures.extend(failure);
        } else {
            std::thread::scope(|scope| (0..lanes()).for_each(|_| drop(scope.spawn(turn))));
        }
        let mut counts = tally.into_inner();
        counts.took = started.elapsed();
        println!("{}", counts.table(self.seed));
        assert!(counts.failures.is_empty(), "{}", counts.failures.join("\n\n"));
        assert_eq!((counts.duplicates, counts.lost), (0, 0));
        counts
    }

    fn rounds_of(&self, batch: u64) -> Vec<(Card, Round)> {
        let mut rng = Rng::with_seed(self.seed ^ batch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let cards = (self.deal)(batch).into_iter();
        cards
            .flat_map(|card| card.rounds(&mut rng).into_iter().map(move |round| (card, round)))
            .collect()
    }

    /// Plays an account from its first message to its audit. Every fourth account has its copies in a folder.
    fn batch(&self, batch: u64, rounds: &[(Card, Round)], tally: &Tally) -> Result<(), String> {
        let mut lane = Lane::new(tally, batch % 4 == 3);
        // A pass that is stopped while another one takes over may stand for longer than a pass may take. It would fail
        // for that alone, which `slow` looks at.
        if rounds.iter().any(|(card, _)| matches!(card, Card::TakenOver(_))) {
            for machine in &mut lane.stage.machines {
                machine.config.set("heuristic.deadline", "120s");
            }
        }
        let result = lane.play(rounds);
        result.map_err(|why| {
            let (seed, test) = (self.seed, self.test);
            let keep = |name: &str, text: &str| {
                let kept = std::env::temp_dir().join(format!("mecris-crash-{seed}-{batch}-{name}.txt"));
                let _ = std::fs::write(&kept, text);
                format!("\n    {}", kept.display())
            };
            let mut kept = String::new();
            for (number, machine) in lane.stage.machines.iter().enumerate() {
                let log = std::fs::read(machine.folder().join("agent.log")).unwrap_or_default();
                kept += &keep(&format!("machine-{number}"), &String::from_utf8_lossy(&log));
            }
            let accepted = lane.stage.twilio.accepted();
            let accepted: Vec<String> = accepted
                .iter()
                .map(|m| format!("{:.3}: {}", m.accepted_at, m.body))
                .collect();
            kept += &keep(
                "story",
                &format!(
                    "{}\n\naccepted\n{}\n",
                    lane.history.join("\n"),
                    accepted.join("\n")
                ),
            );
            let last = lane
                .history
                .split_off(lane.history.len().saturating_sub(6))
                .join("\n");
            format!(
                "{why}\n  the last rounds:\n{last}\n  kept:{kept}\n  again: MECRIS_TEST_SEED={seed} \
                 MECRIS_CRASH_BATCH={batch} cargo test --workspace --test crash -- \
                 --include-ignored {test}"
            )
        })
    }
}
