use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::*;

/// Passes that are numbered as they begin, and end when they are let go.
#[derive(Clone)]
struct Numbered {
    asked: Asked<u32>,
    begun: Arc<AtomicU32>,
    let_go: Arc<Semaphore>,
}

impl Numbered {
    fn new(permits: usize) -> Self {
        Self {
            asked: Asked::default(),
            begun: Arc::default(),
            let_go: Arc::new(Semaphore::new(permits)),
        }
    }

    /// The number of the pass that answers.
    async fn ask(self) -> u32 {
        let Self { asked, begun, let_go } = self;
        let pass = move || async move {
            let number = begun.fetch_add(1, Ordering::SeqCst) + 1;
            let_go.acquire().await.unwrap().forget();
            number
        };
        asked.ask(pass).await
    }

    fn begun(&self) -> u32 {
        self.begun.load(Ordering::SeqCst)
    }

    async fn until_begun(&self, number: u32) {
        while self.begun() < number {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_one_pass_runs_and_one_waits() {
    let passes = Numbered::new(0);
    let first = tokio::spawn(passes.clone().ask());
    passes.until_begun(1).await;
    let mut others: JoinSet<u32> = (0..1_000).map(|_| passes.clone().ask()).collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(passes.begun(), 1, "one at a time");
    passes.let_go.add_permits(2);
    assert_eq!(first.await.unwrap(), 1);
    while let Some(answered) = others.join_next().await {
        assert_eq!(answered.unwrap(), 2, "by the pass that began after they asked");
    }
    assert_eq!(passes.begun(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_asks_in_a_loop_is_answered_by_a_new_pass_each_time_and_waits_for_it() {
    let passes = Numbered::new(1_000);
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < Duration::from_secs(60) {
        number += 1;
        assert_eq!(passes.clone().ask().await, number, "its own pass");
    }
    assert_eq!(number, 18, "six at once, and one each five seconds");
    tokio::time::advance(Duration::from_secs(3_600)).await;
    let start = Instant::now();
    for _ in 0..6 {
        passes.clone().ask().await;
    }
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "an hour later six at once again, and no more"
    );
    passes.clone().ask().await;
    assert_eq!(start.elapsed(), TURN);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_takes_no_answer_away() {
    let passes = Numbered::new(0);
    let first = tokio::spawn(passes.clone().ask());
    passes.until_begun(1).await;
    let leaves = tokio::spawn(passes.clone().ask());
    tokio::task::yield_now().await;
    let stays = tokio::spawn(passes.clone().ask());
    tokio::task::yield_now().await;
    leaves.abort();
    passes.let_go.add_permits(2);
    assert_eq!(first.await.unwrap(), 1);
    assert_eq!(stays.await.unwrap(), 2);
}
