//! `GET /narrator/context`: everything that a language model needs to talk about the day, in one document.

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ActivityStatus, Emergency, Reading,
    emergency::Urgency,
    runway::Runway,
    usage::{BudgetHealth, ProviderView, UsageView},
};
use crate::{
    domain::{Provider, Slug},
    status::Status,
};

/// How many Beeminder alerts are shown.
const ALERTS: usize = 5;

/// The context, with all fields of the Python system, and how far they can be trusted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NarratorContext {
    /// The day in one line. What no file or setting names is `not_configured`.
    pub summary: String,
    /// Personal goals and where they come from; none are kept yet, so `total` is `null` and nothing is a source.
    pub goals_status: GoalsStatus,
    /// What has to be said first.
    pub urgent_items: Vec<String>,
    /// The first emergencies, in words.
    pub beeminder_alerts: Vec<String>,
    /// The goals that run out first.
    pub goal_runway: Vec<Runway>,
    /// Same as `GET /usage`. If the budgets cannot be read, every figure is unknown and `why` says why.
    pub budget_status: UsageView,
    /// What to do.
    pub recommendations: Vec<String>,
    /// The walk; `null`: none is configured.
    pub daily_walk_status: Option<ActivityStatus>,
    /// Window, last passes, copies and channels; `null`: the state cannot be read at the moment.
    pub machine: Option<Status>,
    /// When this was put together.
    #[schema(value_type = String, format = DateTime)]
    pub last_updated: Timestamp,
    /// When Beeminder was read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Whether there should be a newer reading but is none.
    pub stale: bool,
    /// Why the reading of Beeminder is stale; `null`: it is not.
    pub why: Option<String>,
}

/// The personal goals of `/narrator/context`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GoalsStatus {
    /// Always `null`: no personal goals are kept here yet.
    pub total: Option<u64>,
    /// Where they come from.
    pub sources: Vec<String>,
}

/// What the context is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The account.
    pub reading: &'a Reading,
    /// The walk.
    pub walk: Option<&'a ActivityStatus>,
    /// From when on a missing walk is mentioned, on the local clock.
    pub walk_from: Option<Time>,
    /// When it is too late for one, on the local clock.
    pub walk_until: Option<Time>,
    /// `GET /usage`.
    pub usage: &'a UsageView,
    /// How Mecris stands; `None` if the state cannot be read.
    pub machine: Option<&'a Status>,
    /// The person's zone.
    pub zone: &'a TimeZone,
}

impl NarratorContext {
    /// Puts the context together at an instant.
    pub fn new(sources: Sources<'_>, now: Timestamp) -> Self {
        let Sources {
            reading,
            walk,
            usage,
            zone,
            ..
        } = sources;
        let emergencies = Emergency::all(reading, zone, now);
        let walk_goal: Option<&Slug> = walk.map(|walk| &walk.goal_slug);
        Self {
            summary: summary(reading, usage),
            goals_status: GoalsStatus {
                total: None,
                sources: Vec::new(),
            },
            urgent_items: urgent_items(reading, &emergencies, usage),
            beeminder_alerts: alerts(reading, &emergencies),
            goal_runway: Runway::all(reading, walk_goal, now),
            budget_status: usage.clone(),
            recommendations: recommendations(sources, &emergencies, now),
            daily_walk_status: walk.cloned(),
            machine: sources.machine.cloned(),
            last_updated: now,
            as_of: reading.as_of,
            stale: reading.doubt.is_some(),
            why: reading.doubt.clone(),
        }
    }
}

/// How much time the money of the old top-level fields leaves. Once the money is spent, the days of the
/// period say nothing.
fn days_left(usage: &UsageView) -> String {
    if usage.budget_health == BudgetHealth::NotConfigured {
        return "not_configured".to_owned();
    }
    match (usage.remaining_budget, usage.days_remaining) {
        (Some(left), _) if left <= 0.0 => "spent".to_owned(),
        (_, Some(0)) => "last day of the period".to_owned(),
        (_, Some(days)) => format!("{days}.0 days left"),
        (_, None) => "unknown".to_owned(),
    }
}

/// The providers whose budget has this health.
fn providers_with(usage: &UsageView, health: BudgetHealth) -> impl Iterator<Item = Provider> {
    let rows = usage.providers.iter();
    rows.filter(move |row| row.budget_health == health)
        .map(|row: &ProviderView| row.provider)
}

fn summary(reading: &Reading, usage: &UsageView) -> String {
    let goals = reading
        .trusted()
        .map_or("unknown".to_owned(), |account| account.goals.len().to_string());
    format!(
        "Active goals: not_configured, Pending todos: not_configured, Beeminder goals: {goals}, Budget: {}",
        days_left(usage)
    )
}

fn urgent_items(reading: &Reading, emergencies: &[Emergency], usage: &UsageView) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    if let Some(doubt) = &reading.doubt {
        items.push(format!("BEEMINDER UNKNOWN: {doubt}"));
    }
    let unreadable = reading.account().map_or(0, |account| account.unreadable.len());
    if unreadable > 0 {
        items.push(format!(
            "BEEMINDER UNKNOWN: {unreadable} of the goals cannot be read"
        ));
    }
    let critical = emergencies.iter().filter(|e| e.urgency == Urgency::Immediate);
    items.extend(critical.map(|e| format!("DERAILING: {}", e.goal_slug)));
    for (health, word) in [
        (BudgetHealth::Critical, "CRITICAL"),
        (BudgetHealth::Warning, "WARNING"),
    ] {
        items.extend(providers_with(usage, health).map(|provider| match provider {
            Provider::Groq => format!("GROQ: budget {word}"),
            Provider::Anthropic => format!("BUDGET {word}: {provider}, {}", days_left(usage)),
        }));
    }
    items
}

/// The first emergencies; one sentence for all of them while Beeminder cannot be read.
fn alerts(reading: &Reading, emergencies: &[Emergency]) -> Vec<String> {
    match &reading.doubt {
        Some(doubt) => vec![format!("No goal's risk is known: {doubt}")],
        None => emergencies
            .iter()
            .take(ALERTS)
            .map(|e| e.message.clone())
            .collect(),
    }
}

fn recommendations(sources: Sources<'_>, emergencies: &[Emergency], now: Timestamp) -> Vec<String> {
    let mut all = Vec::new();
    if sources.reading.doubt.is_some() {
        all.push("Beeminder cannot be read: look at the goals there yourself".to_owned());
    } else if emergencies.iter().any(|e| e.urgency == Urgency::Immediate) {
        all.push("Address critical Beeminder goals immediately".to_owned());
    }
    let local = now.to_zoned_datetime(sources.zone.clone()).time();
    if let Some(walk) = sources.walk.filter(|walk| walk.status == "needed")
        && sources.walk_from.is_none_or(|from| local >= from)
        && sources.walk_until.is_none_or(|until| local < until)
    {
        all.push(format!(
            "Time for a walk! No activity logged today for {} goal",
            walk.goal_slug
        ));
    }
    all.extend(
        providers_with(sources.usage, BudgetHealth::Unknown)
            .map(|provider| format!("Find out what {provider} has cost: its budget is unknown")),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};
    use crate::{
        budget::{Budget, BudgetToday, Health, Outlook, Recorded},
        config::BudgetSource,
    };

    fn usage() -> UsageView {
        let row = |provider, health| BudgetToday {
            recorded: Recorded {
                budget: Budget {
                    provider,
                    source: Some(BudgetSource::Ledger),
                    limit: None,
                    used: None,
                    spent_today: None,
                    daily_burn: None,
                    bases: crate::domain::Bases::default(),
                    doubt: None,
                    data_from: None,
                    period_start: None,
                    period_end: None,
                    health,
                    as_of: None,
                    why: String::new(),
                },
                refreshed_at: None,
                stale: false,
            },
            outlook: Outlook {
                days_remaining: Some(9),
                ..Outlook::default()
            },
        };
        UsageView::new(&[
            row(Provider::Anthropic, Health::Warning),
            row(Provider::Groq, Health::Critical),
        ])
    }

    fn walk(done: Option<bool>) -> ActivityStatus {
        let unknown = ActivityStatus::unknown(&"bike".parse().unwrap(), None, "down".to_owned());
        match done {
            None => unknown,
            Some(done) => ActivityStatus {
                status: if done { "completed" } else { "needed" },
                ..unknown
            },
        }
    }

    fn context(reading: &Reading, done: Option<bool>, usage: &UsageView) -> NarratorContext {
        let (walk, zone) = (walk(done), zone());
        let from = Some(jiff::civil::time(14, 0, 0, 0));
        NarratorContext::new(
            Sources {
                reading,
                walk: Some(&walk),
                walk_from: from,
                walk_until: None,
                usage,
                machine: None,
                zone: &zone,
            },
            now(),
        )
    }

    #[test]
    fn the_last_day_of_a_period_is_not_told_as_money_that_is_gone() {
        let mut usage = usage();
        usage.days_remaining = Some(0);
        assert_eq!(days_left(&usage), "last day of the period");
        usage.remaining_budget = Some(0.0);
        assert_eq!(days_left(&usage), "spent");
    }

    #[test]
    fn the_day_is_told_as_it_is() {
        let usage = usage();
        let context = context(&trusted(), Some(false), &usage);
        assert_eq!(
            context.summary,
            "Active goals: not_configured, Pending todos: not_configured, Beeminder goals: 6, Budget: 9.0 days left"
        );
        assert_eq!(
            context.urgent_items,
            [
                "DERAILING: reading",
                "GROQ: budget CRITICAL",
                "BUDGET WARNING: anthropic, 9.0 days left"
            ]
        );
        assert_eq!(context.beeminder_alerts.len(), 4);
        assert_eq!(
            context.recommendations,
            [
                "Address critical Beeminder goals immediately",
                "Time for a walk! No activity logged today for bike goal"
            ]
        );
    }

    #[test]
    fn a_walk_is_not_asked_for_early_or_on_a_doubt() {
        let usage = usage();
        let mentions_walk =
            |context: NarratorContext| context.recommendations.iter().any(|r| r.contains("walk"));
        assert!(!mentions_walk(context(&trusted(), None, &usage)));
        assert!(!mentions_walk(context(&trusted(), Some(true), &usage)));
        let (reading, zone, needed) = (trusted(), zone(), walk(Some(false)));
        let from = Some(jiff::civil::time(14, 30, 0, 0));
        let sources = Sources {
            reading: &reading,
            walk: Some(&needed),
            walk_from: from,
            walk_until: None,
            usage: &usage,
            machine: None,
            zone: &zone,
        };
        assert!(!mentions_walk(NarratorContext::new(sources, now())));
    }

    #[test]
    fn what_is_unknown_is_said_first() {
        let unread = UsageView::unknown(Some("the budget table cannot be read".to_owned()));
        let context = context(&doubted(), None, &unread);
        assert_eq!(context.urgent_items, ["BEEMINDER UNKNOWN: Beeminder is down"]);
        assert_eq!(
            context.beeminder_alerts,
            ["No goal's risk is known: Beeminder is down"]
        );
        let budget_status = serde_json::to_value(&context.budget_status).unwrap();
        assert_eq!(budget_status["budget_health"], "UNKNOWN");
        assert_eq!(budget_status["why"], "the budget table cannot be read");
        assert!(
            context
                .summary
                .ends_with("Beeminder goals: unknown, Budget: unknown"),
            "{}",
            context.summary
        );
    }
}
