//! `claims`: at most one alert for a subject and a day.
