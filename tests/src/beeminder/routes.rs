//! The paths of the API that Mecris reads, and the control endpoints under `/_control/`.

use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::{Method, StatusCode},
    middleware::{self, Next},
    response::Response,
    routing::{get, put},
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{
    GoalSpec, Planned, Shared,
    fault::{bad_token, not_found, reply},
};

const USER: &str = include_str!("user.json");

type Parameters = Query<HashMap<String, String>>;

pub(super) fn router(shared: Shared) -> Router {
    let api = Router::new()
        .route("/users/{user}", get(user))
        .route("/users/{user}/goals.json", get(goals))
        .route("/users/{user}/goals/{goal}", get(goal))
        .route("/users/{user}/goals/{goal}/datapoints.json", get(datapoints))
        .fallback(async || not_found())
        .method_not_allowed_fallback(async || {
            reply(StatusCode::METHOD_NOT_ALLOWED, &json!({"errors": "read-only"}))
        })
        .layer(middleware::from_fn_with_state(shared.clone(), gate));
    let control = Router::new()
        .route("/goals", put(set_goals))
        .route("/now", put(set_now))
        .route("/account", put(set_account))
        .route("/fault", put(set_fault).delete(clear_faults))
        .route("/stats", get(stats));
    Router::new()
        .nest("/api/v1", api)
        .nest("/_control", control)
        .with_state(shared)
}

/// Counts the request, checks the token, and applies the planned fault to the handler's answer.
async fn gate(
    State(shared): State<Shared>,
    Query(query): Parameters,
    request: Request,
    next: Next,
) -> Response {
    let (fault, known) = {
        let mut state = shared.lock();
        state.requests += 1;
        if request.method() != Method::GET {
            state.writes += 1;
        }
        (
            state.next_fault(request.uri().path()),
            query.get("auth_token") == Some(&state.token),
        )
    };
    let right = if known {
        next.run(request).await
    } else {
        bad_token()
    };
    match fault {
        Some(fault) => fault.apply(right).await,
        None => right,
    }
}

async fn user(State(shared): State<Shared>, Path(user): Path<String>) -> Response {
    let Some(name) = user.strip_suffix(".json") else {
        return not_found();
    };
    let state = shared.lock();
    let mut body: Map<String, Value> = serde_json::from_str(USER).expect("the template is an object");
    if name != "me" {
        body.insert("username".to_owned(), json!(name));
    }
    body.insert("timezone".to_owned(), json!(state.zone_name));
    body.insert("deadbeat".to_owned(), json!(state.deadbeat));
    body.insert(
        "goals".to_owned(),
        state.goals.iter().map(|g| g.slug.as_str()).collect(),
    );
    body.insert(
        "updated_at".to_owned(),
        json!(shared.clock.now().as_second() - 60),
    );
    body.insert(
        "urgency_load".to_owned(),
        json!(state.goals.iter().map(|g| (7 - g.safebuf).max(0)).sum::<i64>()),
    );
    reply(StatusCode::OK, &Value::Object(body))
}

async fn goals(State(shared): State<Shared>, Query(query): Parameters) -> Response {
    let mut state = shared.lock();
    let now = shared.clock.now();
    state.note_losedates(now);
    let mut goals: Vec<&GoalSpec> = state.goals.iter().collect();
    goals.sort_by_key(|goal| (goal.frozen, goal.losedate(now, &state.zone)));
    let body = goals
        .iter()
        .map(|goal| goal.render(now, &state.zone, emaciated(&query)))
        .collect::<Value>();
    reply(StatusCode::OK, &body)
}

async fn goal(
    State(shared): State<Shared>,
    Path((_, file)): Path<(String, String)>,
    Query(query): Parameters,
) -> Response {
    let state = shared.lock();
    let slug = file.strip_suffix(".json").unwrap_or(&file);
    match state.goals.iter().find(|goal| goal.slug == slug) {
        Some(goal) => reply(
            StatusCode::OK,
            &goal.render(shared.clock.now(), &state.zone, emaciated(&query)),
        ),
        None => not_found(),
    }
}

async fn datapoints(
    State(shared): State<Shared>,
    Path((_, slug)): Path<(String, String)>,
    Query(query): Parameters,
) -> Response {
    let state = shared.lock();
    match state.goals.iter().find(|goal| goal.slug == slug) {
        Some(goal) => {
            let mut points = goal.datapoints(shared.clock.now(), &state.zone);
            let count = query.get("count").and_then(|count| count.parse().ok());
            points.truncate(count.unwrap_or(usize::MAX));
            reply(StatusCode::OK, &Value::Array(points))
        }
        None => not_found(),
    }
}

fn emaciated(query: &HashMap<String, String>) -> bool {
    query.get("emaciated").is_some_and(|value| value == "true")
}

async fn set_goals(State(shared): State<Shared>, Json(goals): Json<Vec<GoalSpec>>) -> StatusCode {
    shared.lock().goals = goals;
    StatusCode::NO_CONTENT
}

async fn set_now(State(shared): State<Shared>, Json(now): Json<Timestamp>) -> StatusCode {
    shared.clock.set(now);
    StatusCode::NO_CONTENT
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    timezone: Option<String>,
    deadbeat: Option<bool>,
}

async fn set_account(
    State(shared): State<Shared>,
    Json(account): Json<Account>,
) -> Result<StatusCode, String> {
    let mut state = shared.lock();
    if let Some(name) = account.timezone {
        state.zone = TimeZone::get(&name).map_err(|error| error.to_string())?;
        state.zone_name = name;
    }
    state.deadbeat = account.deadbeat.unwrap_or(state.deadbeat);
    Ok(StatusCode::NO_CONTENT)
}

async fn set_fault(State(shared): State<Shared>, Json(planned): Json<Planned>) -> StatusCode {
    shared.lock().faults.push_back(planned);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    shared.lock().faults.clear();
    StatusCode::NO_CONTENT
}

async fn stats(State(shared): State<Shared>) -> Json<Value> {
    let state = shared.lock();
    Json(json!({"requests": state.requests, "writes": state.writes}))
}
