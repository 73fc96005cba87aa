use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{UsageView, usd};
use crate::{
    budget::{
        self, BudgetToday, MonthTotal, Odometer, OdometerState, RecordedReading, ReminderKind, Reminders,
        Total, Urgency,
    },
    store::tables::odometer::Reading,
};

/// `POST /groq/odometer/record`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReadingRecorded {
    /// Always true: a refusal is an error.
    pub success: bool,
    /// What was recorded.
    pub result: ReadingResult,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// What became of a reading.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReadingResult {
    /// Always true.
    pub recorded: bool,
    /// Its id: `DELETE /groq/odometer/readings/{id}` takes it back.
    pub id: String,
    /// The month it counts for, `YYYY-MM`.
    pub month: String,
    /// The month's total so far.
    pub cumulative_value: f64,
    /// Whether this is the first reading of a month and lower than the last one of the month before: the
    /// console started anew.
    pub reset_detected: bool,
    /// The total divided by the days it took.
    pub daily_usage_estimate: f64,
    /// What to record next.
    pub reminder_status: ReminderStatus,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Whether it counts for an earlier month.
    pub historical_record: bool,
    /// A doubt about an accepted reading.
    pub warning: Option<String>,
}

/// `DELETE /groq/odometer/readings/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReadingTakenBack {
    /// The month it counted for, `YYYY-MM`.
    pub month: String,
    /// The total that it said.
    pub cumulative_value: f64,
    /// When it had been recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// `GET /usage` without it.
    pub updated_status: UsageView,
}

impl ReadingTakenBack {
    /// A reading that was just taken back, and the budgets without it.
    pub fn new(reading: &Reading, usage: &[BudgetToday]) -> Self {
        Self {
            month: reading.month.to_string(),
            cumulative_value: reading.value.usd(),
            timestamp: reading.at,
            updated_status: UsageView::new(usage),
        }
    }
}

/// What a person should record, and how long this month's total can still be read.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReminderStatus {
    /// Whether the odometer needs a reading, and why.
    pub status: OdometerState,
    /// What to record.
    pub reminders: Vec<Reminder>,
    /// Days from today to the last day of the month; the total resets the day after.
    pub days_until_reset: i64,
    /// Age of the newest reading for this month, else of the newest for the latest earlier month.
    pub last_reading_age_days: Option<i64>,
}

/// One thing to record.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reminder {
    /// Why the reading is asked for.
    #[serde(rename = "type")]
    pub kind: ReminderKind,
    /// How urgent the reading is.
    pub urgency: Urgency,
    /// One sentence for a person.
    pub message: String,
}

/// `GET /groq/odometer/status`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OdometerStatusView {
    /// Whether the odometer needs a reading, and what to record.
    #[serde(flatten)]
    pub reminders: ReminderStatus,
    /// The present local month, `YYYY-MM`.
    pub current_month: String,
    /// Its total; `null`: no reading yet.
    pub current_cost: Option<f64>,
    /// The total divided by the days it took; `null`: no reading yet.
    pub daily_average: Option<f64>,
    /// Every month with readings, newest first.
    pub history: Vec<MonthView>,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// One month's readings.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MonthView {
    /// `YYYY-MM`.
    pub month: String,
    /// The newest total.
    pub cost: f64,
    /// The month is over.
    pub finalized: bool,
    /// How many readings it has.
    pub readings: u32,
}

/// `GET /groq/odometer/context`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OdometerContextView {
    /// The odometer, inside two objects as in the Python system.
    pub groq_context: GroqContext,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// Holds `groq_tracking`. Clients of the Python system expect both levels.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GroqContext {
    /// The odometer.
    pub groq_tracking: GroqTracking,
}

/// The odometer for a narrator.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GroqTracking {
    /// Whether the odometer needs a reading, and why.
    pub status: OdometerState,
    /// This month has a reading.
    pub has_current_data: bool,
    /// Days from today to the last day of the month; the total resets the day after.
    pub days_until_reset: i64,
    /// There is something to record.
    pub needs_action: bool,
    /// The first urgent reminder; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent_reminder: Option<String>,
    /// This month's total; absent without a reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_month_spend: Option<f64>,
    /// The total divided by the days it took; absent without a reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_average: Option<f64>,
}

impl ReadingRecorded {
    /// A reading that was just recorded.
    pub fn new(recorded: RecordedReading) -> Self {
        let RecordedReading {
            reading,
            id,
            reset_detected,
            daily_average,
            reminders,
            historical,
            warning,
        } = recorded;
        Self {
            success: true,
            timestamp: reading.at,
            result: ReadingResult {
                recorded: true,
                id,
                month: reading.month.to_string(),
                cumulative_value: reading.value.usd(),
                reset_detected,
                daily_usage_estimate: daily_average.usd(),
                reminder_status: reminders.into(),
                timestamp: reading.at,
                historical_record: historical,
                warning,
            },
        }
    }
}

impl From<Reminders> for ReminderStatus {
    fn from(reminders: Reminders) -> Self {
        Self {
            status: reminders.state,
            reminders: reminders.due.into_iter().map(Reminder::from).collect(),
            days_until_reset: reminders.days_until_reset,
            last_reading_age_days: reminders.last_reading_age_days,
        }
    }
}

impl From<budget::Reminder> for Reminder {
    fn from(reminder: budget::Reminder) -> Self {
        Self {
            kind: reminder.kind,
            urgency: reminder.urgency,
            message: reminder.message,
        }
    }
}

impl From<MonthTotal> for MonthView {
    fn from(past: MonthTotal) -> Self {
        Self {
            month: past.month.to_string(),
            cost: past.cost.usd(),
            finalized: past.finalized,
            readings: past.readings,
        }
    }
}

impl OdometerStatusView {
    /// The odometer as it stands at `now`.
    pub fn new(odometer: Odometer, now: Timestamp) -> Self {
        Self {
            reminders: odometer.reminders.into(),
            current_month: odometer.month.to_string(),
            current_cost: usd(odometer.total.map(|total| total.value)),
            daily_average: usd(odometer.total.map(|total| total.daily_average)),
            history: odometer.history.into_iter().map(MonthView::from).collect(),
            timestamp: now,
        }
    }
}

impl OdometerContextView {
    /// The odometer as it stands at `now`.
    pub fn new(odometer: Odometer, now: Timestamp) -> Self {
        let Odometer { reminders, total, .. } = odometer;
        let urgent = reminders.due.iter().find(|due| due.urgency == Urgency::High);
        let groq_tracking = GroqTracking {
            status: reminders.state,
            has_current_data: total.is_some(),
            days_until_reset: reminders.days_until_reset,
            needs_action: !reminders.due.is_empty(),
            urgent_reminder: urgent.map(|due| due.message.clone()),
            current_month_spend: usd(total.map(|Total { value, .. }| value)),
            daily_average: usd(total.map(|total| total.daily_average)),
        };
        Self {
            groq_context: GroqContext { groq_tracking },
            timestamp: now,
        }
    }
}
