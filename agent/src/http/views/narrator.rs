//! `GET /narrator/context`: everything that a language model needs to talk about the day, in one document.

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{ActivityStatus, Emergency, Reading, emergency::Urgency, runway::Runway};
use crate::domain::Slug;

/// How many Beeminder alerts are shown.
const ALERTS: usize = 5;

/// The context, with all fields of the Python system, and how much it is worth.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NarratorContext {
    /// One line.
    pub summary: String,
    /// Personal goals and where they come from; none are kept yet, so `total` is `null`.
    pub goals_status: GoalsStatus,
    /// What has to be said first.
    pub urgent_items: Vec<String>,
    /// The first emergencies, in words.
    pub beeminder_alerts: Vec<String>,
    /// The goals that run out first.
    pub goal_runway: Vec<Runway>,
    /// Same as `GET /usage`.
    pub budget_status: Value,
    /// What to do.
    pub recommendations: Vec<String>,
    /// The walk; `null`: none is configured.
    pub daily_walk_status: Option<ActivityStatus>,
    /// When this was put together.
    #[schema(value_type = String, format = DateTime)]
    pub last_updated: Timestamp,
    /// When Beeminder was read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Whether there should be a newer reading but is none.
    pub stale: bool,
    /// Why it is stale.
    pub why: Option<String>,
}

/// The personal goals of `/narrator/context`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GoalsStatus {
    /// `null`: nobody keeps them here yet.
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
    /// `GET /usage`, or why it cannot be had.
    pub usage: Result<&'a Value, &'a str>,
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
        let budgets = Budgets::new(usage);
        let walk_goal: Option<&Slug> = walk.map(|walk| &walk.goal_slug);
        Self {
            summary: summary(reading, &budgets),
            goals_status: GoalsStatus {
                total: None,
                sources: Vec::new(),
            },
            urgent_items: urgent_items(reading, &emergencies, &budgets),
            beeminder_alerts: alerts(reading, &emergencies),
            goal_runway: Runway::all(reading, walk_goal, now),
            budget_status: budgets.document.clone(),
            recommendations: recommendations(sources, &emergencies, &budgets, now),
            daily_walk_status: walk.cloned(),
            last_updated: now,
            as_of: reading.as_of,
            stale: reading.doubt.is_some(),
            why: reading.doubt.clone(),
        }
    }
}

/// What `/usage` says, read for prose.
struct Budgets {
    document: Value,
    lines: Vec<(String, String)>,
}

impl Budgets {
    fn new(usage: Result<&Value, &str>) -> Self {
        let document = usage.cloned().unwrap_or_else(unknown_usage);
        let rows = document["providers"].as_array().into_iter().flatten();
        let configured = |row: &&Value| row["source"].as_str() != Some("none");
        let lines = rows.filter(configured).filter_map(|row| {
            Some((
                row["provider"].as_str()?.to_owned(),
                row["budget_health"].as_str()?.to_owned(),
            ))
        });
        let lines = lines.collect();
        Self { document, lines }
    }

    /// How the money of the old top-level fields stands. Days of the period say nothing once it is spent.
    fn days_left(&self) -> String {
        match (
            self.document["remaining_budget"].as_f64(),
            self.document["days_remaining"].as_f64(),
        ) {
            (Some(left), _) if left <= 0.0 => "spent".to_owned(),
            (_, Some(days)) => format!("{days:.1} days left"),
            (_, None) => "unknown".to_owned(),
        }
    }

    fn with(&self, health: &str) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter(move |(_, h)| h == health)
            .map(|(provider, _)| provider.as_str())
    }
}

/// The old fields of `/usage` when nothing is known.
fn unknown_usage(why: &str) -> Value {
    json!({
        "total_budget": null, "remaining_budget": null, "used_budget": null, "days_remaining": null, "today_spend": null,
        "daily_burn_rate": null, "projected_spend": null, "period_end": null, "alerts": [], "budget_health": "UNKNOWN",
        "providers": [], "why": why,
    })
}

fn summary(reading: &Reading, budgets: &Budgets) -> String {
    let goals = reading
        .trusted()
        .map_or("unknown".to_owned(), |account| account.goals.len().to_string());
    format!(
        "Active goals: unknown, Pending todos: unknown, Beeminder goals: {goals}, Budget: {}",
        budgets.days_left()
    )
}

fn urgent_items(reading: &Reading, emergencies: &[Emergency], budgets: &Budgets) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    if let Some(doubt) = &reading.doubt {
        items.push(format!("BEEMINDER UNKNOWN: {doubt}"));
    }
    let unreadable = reading
        .account
        .as_ref()
        .map_or(0, |account| account.unreadable.len());
    if unreadable > 0 {
        items.push(format!(
            "BEEMINDER UNKNOWN: {unreadable} of the goals cannot be read"
        ));
    }
    let critical = emergencies.iter().filter(|e| e.urgency == Urgency::Immediate);
    items.extend(critical.map(|e| format!("DERAILING: {}", e.goal_slug)));
    for health in ["CRITICAL", "WARNING"] {
        items.extend(budgets.with(health).map(|provider| match provider {
            "groq" => format!("GROQ: budget {health}"),
            _ => format!("BUDGET {health}: {provider}, {}", budgets.days_left()),
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

fn recommendations(
    sources: Sources<'_>,
    emergencies: &[Emergency],
    budgets: &Budgets,
    now: Timestamp,
) -> Vec<String> {
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
        budgets
            .with("UNKNOWN")
            .map(|provider| format!("Find out what {provider} has cost: its budget is unknown")),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn usage() -> Value {
        json!({ "days_remaining": 9, "budget_health": "GOOD", "providers": [
            { "provider": "anthropic", "budget_health": "WARNING" }, { "provider": "groq", "budget_health": "CRITICAL" },
        ] })
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

    fn context(reading: &Reading, done: Option<bool>, usage: Result<&Value, &str>) -> NarratorContext {
        let (walk, zone) = (walk(done), zone());
        let from = Some(jiff::civil::time(14, 0, 0, 0));
        NarratorContext::new(
            Sources {
                reading,
                walk: Some(&walk),
                walk_from: from,
                walk_until: None,
                usage,
                zone: &zone,
            },
            now(),
        )
    }

    #[test]
    fn the_day_is_told_as_it_is() {
        let usage = usage();
        let context = context(&trusted(), Some(false), Ok(&usage));
        assert_eq!(
            context.summary,
            "Active goals: unknown, Pending todos: unknown, Beeminder goals: 6, Budget: 9.0 days left"
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
        assert!(!mentions_walk(context(&trusted(), None, Ok(&usage))));
        assert!(!mentions_walk(context(&trusted(), Some(true), Ok(&usage))));
        let (reading, zone, needed) = (trusted(), zone(), walk(Some(false)));
        let from = Some(jiff::civil::time(14, 30, 0, 0));
        let sources = Sources {
            reading: &reading,
            walk: Some(&needed),
            walk_from: from,
            walk_until: None,
            usage: Ok(&usage),
            zone: &zone,
        };
        assert!(!mentions_walk(NarratorContext::new(sources, now())));
    }

    #[test]
    fn what_is_unknown_is_said_first() {
        let context = context(&doubted(), None, Err("the budget table cannot be read"));
        assert_eq!(context.urgent_items, ["BEEMINDER UNKNOWN: Beeminder is down"]);
        assert_eq!(
            context.beeminder_alerts,
            ["No goal's risk is known: Beeminder is down"]
        );
        assert_eq!(context.budget_status["budget_health"], "UNKNOWN");
        assert_eq!(context.budget_status["why"], "the budget table cannot be read");
        assert!(
            context
                .summary
                .ends_with("Beeminder goals: unknown, Budget: unknown"),
            "{}",
            context.summary
        );
    }
}
