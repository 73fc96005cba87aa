//! The common parts of all listings: pages, and filters by day.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

/// One page of `rows` as Twilio shows it, under `name`. Only the rows of this page are rendered: tests list
/// pages of thousands of messages.
pub(super) fn page<T>(
    account: &str,
    name: &str,
    filters: &[&str],
    query: &HashMap<String, String>,
    rows: &[&T],
    render: impl Fn(&T) -> Value,
) -> Value {
    let size: usize = query
        .get("PageSize")
        .and_then(|v| v.parse().ok())
        .unwrap_or(50)
        .clamp(1, 1000);
    let number: usize = query.get("Page").and_then(|v| v.parse().ok()).unwrap_or(0);
    let start = number.saturating_mul(size);
    let shown: Vec<Value> = rows
        .iter()
        .skip(start)
        .take(size)
        .map(|row| render(row))
        .collect();
    let resource = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let uri = |page: usize| {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        for filter in filters
            .iter()
            .filter(|n| !matches!(**n, "Page" | "PageSize" | "PageToken"))
        {
            query.get(*filter).inspect(|value| {
                pairs.append_pair(filter, value);
            });
        }
        pairs
            .append_pair("PageSize", &size.to_string())
            .append_pair("Page", &page.to_string());
        if page > 0 {
            pairs.append_pair("PageToken", &format!("PA{page:034x}"));
        }
        format!(
            "/2010-04-01/Accounts/{account}/{resource}.json?{}",
            pairs.finish()
        )
    };
    let end = (start + shown.len()).saturating_sub(1);
    let mut page = json!({
        "first_page_uri": uri(0),
        "next_page_uri": (rows.len() > start + size).then(|| uri(number + 1)),
        "previous_page_uri": (number > 0).then(|| uri(number - 1)),
        "uri": uri(number),
        "page": number,
        "page_size": size,
        "start": start,
        "end": end,
    });
    // Assigned, not part of `json!`, which would copy every row.
    page[name] = Value::Array(shown);
    page
}

/// Whether an instant is on the days that the filters `name`, `name<` and `name>` allow.
pub(super) type DayFilter = Box<dyn Fn(Option<Timestamp>) -> bool + Send>;

/// The filter of a query by days; `None` if a day cannot be parsed. A row without an instant passes no
/// filter.
pub(super) fn day_filter(query: &HashMap<String, String>, name: &str) -> Option<DayFilter> {
    let day = |suffix: &str| match query.get(&format!("{name}{suffix}")) {
        None => Some(None),
        Some(text) => text.get(..10).and_then(|day| day.parse::<Date>().ok()).map(Some),
    };
    let (on, before, after) = (day("")?, day("<")?, day(">")?);
    Some(Box::new(move |at| {
        match at.map(|at| TimeZone::UTC.to_datetime(at).date()) {
            None => on.is_none() && before.is_none() && after.is_none(),
            Some(day) => {
                on.is_none_or(|d| day == d)
                    && before.is_none_or(|d| day <= d)
                    && after.is_none_or(|d| day >= d)
            }
        }
    }))
}
