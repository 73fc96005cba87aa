use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600;

fn at(number: u64, hours: i64) -> Generation {
    // A Monday.
    let monday: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    Generation {
        number,
        at: monday + jiff::SignedDuration::from_secs(hours * HOUR),
        bytes: 1,
    }
}

fn kept(listing: &[Generation], damaged: &BTreeSet<u64>) -> Vec<Generation> {
    sort(listing, damaged)
        .into_iter()
        .filter(Place::is_kept)
        .map(|place| place.generation)
        .collect()
}

fn numbers(listing: &[Generation]) -> Vec<u64> {
    listing.iter().map(|generation| generation.number).collect()
}

#[test]
fn a_year_of_thirty_a_day_leaves_a_hundred_a_week_and_a_month() {
    // Thirty generations between 18:00 and 23:00 UTC, every day for a year.
    let listing: Vec<_> = (0_i64..365)
        .flat_map(|day| (0..30).map(move |n| (day, n)))
        .map(|(day, n)| at((day * 30 + n + 1).unsigned_abs(), day * 24 + 18 + n / 6))
        .collect();
    let places = sort(&listing, &BTreeSet::new());
    let count = |test: fn(&Place) -> bool| places.iter().filter(|place| test(place)).count();
    assert_eq!(
        (
            count(|p| p.recent),
            count(|p| p.daily),
            count(|p| p.weekly),
            count(Place::is_kept)
        ),
        (100, 7, 4, 100 + 3 + 2),
        "three days and two weeks end beyond the newest hundred"
    );
    let last = |place: &Place| place.generation.number.is_multiple_of(30);
    assert!(
        places.iter().filter(|place| place.stands()).all(last),
        "the newest of its day"
    );
}

#[test]
fn days_without_any_do_not_count() {
    let listing: Vec<_> = (0..150)
        .map(|n| at(n + 1, i64::try_from(n).unwrap() * 24 * 40))
        .collect();
    let kept = kept(&listing, &BTreeSet::new());
    assert_eq!(
        kept.len(),
        100,
        "one in forty days: the newest hundred are all there is to keep"
    );
    let mut old: Vec<_> = (0..10)
        .map(|n| at(n + 1, i64::try_from(n).unwrap() * 24))
        .collect();
    old.extend((0..100).map(|n| at(n + 11, 24 * 90)));
    let daily: Vec<_> = sort(&old, &BTreeSet::new())
        .into_iter()
        .filter(|place| place.daily)
        .collect();
    assert_eq!(
        numbers(&daily.iter().map(|p| p.generation).collect::<Vec<_>>()),
        [5, 6, 7, 8, 9, 10, 110]
    );
}

#[test]
fn a_damaged_one_is_kept_and_the_one_before_it_takes_its_place() {
    let mut listing: Vec<_> = (1..=5).map(|n| at(n, 0)).collect();
    listing.extend((6..=120).map(|n| at(n, 24 * 60)));
    assert_eq!(numbers(&kept(&listing, &[].into()))[..2], [5, 21]);
    assert_eq!(numbers(&kept(&listing, &[5].into()))[..3], [4, 5, 21]);
    assert_eq!(numbers(&kept(&listing, &[4, 5].into()))[..4], [3, 4, 5, 21]);
    let all = numbers(&kept(&listing, &[1, 2, 3, 4, 5].into()));
    assert_eq!(
        all[..6],
        [1, 2, 3, 4, 5, 21],
        "nothing sound to put in their place: nothing goes"
    );
}

prop_compose! {
    /// Any numbers at any times, also against their order; some of them damaged.
    fn listings()(
        steps in proptest::collection::vec((1_u64..4, -20_i64..60), 0..260),
        damage in proptest::collection::btree_set(0_usize..260, 0..20),
    ) -> (Vec<Generation>, BTreeSet<u64>) {
        let (mut number, mut hours) = (0, 0);
        let listing: Vec<_> = steps
            .into_iter()
            .map(|(step, later)| {
                (number, hours) = (number + step, hours + later);
                at(number, hours)
            })
            .collect();
        let damaged = damage.into_iter().filter_map(|n| listing.get(n)).map(|g| g.number).collect();
        (listing, damaged)
    }
}

fn day(generation: &Generation) -> jiff::civil::Date {
    Offset::UTC.to_datetime(generation.at).date()
}

fn week(generation: &Generation) -> (i16, i8) {
    let week = day(generation).iso_week_date();
    (week.year(), week.week())
}

/// The newest of each of the last `count` groups.
fn newest_of<G: Ord>(listing: &[Generation], count: usize, group: impl Fn(&Generation) -> G) -> Vec<u64> {
    let groups: BTreeSet<G> = listing.iter().map(&group).collect();
    let of = |wanted: &G| {
        listing
            .iter()
            .filter(|g| group(g) == *wanted)
            .map(|g| g.number)
            .max()
    };
    groups.iter().rev().take(count).filter_map(of).collect()
}

proptest! {
    #[test]
    fn the_newest_hundred_and_the_newest_of_each_kept_day_and_week_stay((listing, damaged) in listings()) {
        let kept = numbers(&kept(&listing, &damaged));
        let newest = listing.len().saturating_sub(NEWEST);
        prop_assert!(numbers(&listing[newest..]).iter().all(|number| kept.contains(number)));
        prop_assert!(newest_of(&listing, DAYS, day).iter().all(|number| kept.contains(number)));
        prop_assert!(newest_of(&listing, WEEKS, week).iter().all(|number| kept.contains(number)));
    }

    #[test]
    fn each_kept_day_and_week_that_has_a_sound_one_keeps_a_sound_one((listing, damaged) in listings()) {
        let sound: Vec<_> = kept(&listing, &damaged).into_iter().filter(|g| !damaged.contains(&g.number)).collect();
        let days: BTreeSet<_> = listing.iter().map(day).collect();
        for day_kept in days.iter().rev().take(DAYS) {
            let has_one = listing.iter().any(|g| day(g) == *day_kept && !damaged.contains(&g.number));
            prop_assert_eq!(has_one, sound.iter().any(|g| day(g) == *day_kept));
        }
        let weeks: BTreeSet<_> = listing.iter().map(week).collect();
        for week_kept in weeks.iter().rev().take(WEEKS) {
            let has_one = listing.iter().any(|g| week(g) == *week_kept && !damaged.contains(&g.number));
            prop_assert_eq!(has_one, sound.iter().any(|g| week(g) == *week_kept));
        }
    }

    #[test]
    fn nothing_more_than_that_stays_where_nothing_is_damaged((listing, _) in listings()) {
        prop_assert!(kept(&listing, &BTreeSet::new()).len() <= NEWEST + DAYS + WEEKS);
    }

    #[test]
    fn a_second_time_changes_nothing((listing, damaged) in listings()) {
        let once = kept(&listing, &damaged);
        prop_assert_eq!(kept(&once, &damaged), once);
    }

    #[test]
    fn what_goes_never_comes_back_and_pruning_now_and_then_keeps_what_pruning_at_the_end_keeps(
        (listing, damaged) in listings(),
        earlier in 0_usize..260,
    ) {
        let (old, new) = listing.split_at(earlier.min(listing.len()));
        let pruned_between: Vec<_> = kept(old, &damaged).into_iter().chain(new.iter().copied()).collect();
        prop_assert_eq!(kept(&pruned_between, &damaged), kept(&listing, &damaged));
    }
}
