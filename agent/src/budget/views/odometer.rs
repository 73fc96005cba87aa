use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// `POST /groq/odometer/record`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReadingRecorded {
    /// Always true: a refusal is an error.
    pub success: bool,
    /// What was recorded.
    pub result: ReadingResult,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// What became of a reading.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReadingResult {
    /// Always true.
    pub recorded: bool,
    /// The month it counts for, `YYYY-MM`.
    pub month: String,
    /// The month's total so far.
    pub cumulative_value: f64,
    /// The first reading of a month, and lower than the last one of the month before: the console started
    /// anew.
    pub reset_detected: bool,
    /// The total by the days it took.
    pub daily_usage_estimate: f64,
    /// What to record next.
    pub reminder_status: ReminderStatus,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// It counts for an earlier month.
    pub historical_record: bool,
    /// A doubt about an accepted reading.
    pub warning: Option<String>,
}

/// Where the odometer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OdometerState {
    /// Read lately.
    Normal,
    /// The last days of the month: the total is about to be lost.
    Approaching,
    /// No reading for this month.
    NeedsReading,
    /// The reading is old.
    Stale,
    /// Groq's budget does not come from an odometer.
    NotUsed,
}

/// What a person should record, and when the console starts anew.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReminderStatus {
    /// Where the odometer stands.
    pub status: OdometerState,
    /// What to record.
    pub reminders: Vec<Reminder>,
    /// Days to the last day of the month.
    pub days_until_reset: i64,
    /// Age of the newest reading of any month.
    pub last_reading_age_days: Option<i64>,
}

/// One thing to record.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reminder {
    /// Which.
    #[serde(rename = "type")]
    pub kind: ReminderKind,
    /// How urgent.
    pub urgency: Urgency,
    /// For a person.
    pub message: String,
}

impl Reminder {
    pub(in super::super) fn new(kind: ReminderKind, urgency: Urgency, message: String) -> Self {
        Self {
            kind,
            urgency,
            message,
        }
    }
}

/// Why a reading is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// The month ends soon.
    MonthEnd,
    /// The newest reading is old.
    StaleData,
    /// This month has none.
    InitialReading,
    /// The month before has none from its end.
    MissedMonthEnd,
}

/// How urgent a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Now.
    High,
    /// Soon.
    Medium,
    /// Some time.
    Low,
}

/// `GET /groq/odometer/status`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OdometerStatusView {
    /// Where the odometer stands, and what to record.
    #[serde(flatten)]
    pub reminders: ReminderStatus,
    /// The present local month, `YYYY-MM`.
    pub current_month: String,
    /// Its total; `null`: no reading yet.
    pub current_cost: Option<f64>,
    /// The total by the days it took.
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
    /// Wrapped twice, as it always was.
    pub groq_context: GroqContext,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// The inner wrapper.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GroqContext {
    /// The content.
    pub groq_tracking: GroqTracking,
}

/// The odometer for a narrator.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GroqTracking {
    /// Where the odometer stands.
    pub status: OdometerState,
    /// This month has a reading.
    pub has_current_data: bool,
    /// Days to the last day of the month.
    pub days_until_reset: i64,
    /// There is something to record.
    pub needs_action: bool,
    /// The first urgent reminder; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent_reminder: Option<String>,
    /// This month's total; absent without a reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_month_spend: Option<f64>,
    /// The total by the days it took; absent without a reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_average: Option<f64>,
}
