//! `goals`: the account as Mecris sees it by the last reading, and when it will speak of each goal.

use std::{
    io::{self, Write},
    path::Path,
};

use super::{Exit, context, recorded::Recorded};
use crate::{
    cli::JsonArgs,
    clock::Clock,
    domain::{GoalState, Money, Reason, Severity},
    heuristic::standing::{GoalStanding, Standing},
};

pub(super) async fn goals(config: Option<&Path>, options: &JsonArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let recorded = Recorded::open(&settings.state).await?;
    let (view, ()) = recorded.view(&settings, Clock::system().now(), |_, _| Ok(()))?;
    let mut out = io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &view.standing)?;
        writeln!(out)?;
    } else {
        print(&mut out, &view.standing)?;
    }
    Ok(if view.standing.is_reliable() {
        Exit::Done
    } else {
        Exit::Unknown
    })
}

fn print(out: &mut impl Write, standing: &Standing) -> io::Result<()> {
    heading(out, standing)?;
    let (active, rest): (Vec<_>, Vec<_>) = standing
        .goals
        .iter()
        .partition(|goal| goal.state == GoalState::Active);
    for goal in active {
        print_goal(out, standing, goal)?;
    }
    for goal in rest {
        writeln!(out, "{:<14} {}", goal.slug.as_str(), goal.state)?;
    }
    if standing.read_at.is_some() && standing.goals.is_empty() && standing.unreadable.is_empty() {
        writeln!(out, "NO GOALS       Beeminder lists none")?;
    }
    Ok(())
}

/// How much the rest is worth.
pub(super) fn heading(out: &mut impl Write, standing: &Standing) -> io::Result<()> {
    match standing.read_at {
        None => writeln!(out, "NEVER READ     Beeminder has not been read yet")?,
        Some(at) => writeln!(out, "as of {}", standing.past(at))?,
    }
    if let Some(why) = &standing.trouble {
        writeln!(
            out,
            "UNREADABLE     the newest try to read Beeminder failed: {why}"
        )?;
    }
    for unreadable in &standing.unreadable {
        writeln!(out, "UNREADABLE     {unreadable}")?;
    }
    if let (true, Some(last)) = (standing.overdue, standing.last_pass) {
        writeln!(out, "OVERDUE        no pass since {}", standing.past(last))?;
    }
    match standing.next_chance {
        Some(at) => writeln!(out, "next chance to speak {}", standing.when(at)),
        None => writeln!(
            out,
            "no pass is expected: passes come from `serve`, from window.passes, or from a crontab once it has run at one \
             time on two days"
        ),
    }
}

fn print_goal(out: &mut impl Write, standing: &Standing, goal: &GoalStanding) -> io::Result<()> {
    let derails = match goal.derails_at {
        _ if goal.derail_risk == Severity::Unknown => format!("UNKNOWN: {}", goal.evidence),
        Some(at) if at > standing.at => format!("derails {}", standing.when(at)),
        Some(at) => format!("losedate was {}", standing.past(at)),
        None => "derails at an unknown time".to_owned(),
    };
    let stake = goal.stake.map_or("unknown".to_owned(), Money::short);
    let entered = match goal.entered_today {
        Some(true) => ", entered today",
        Some(false) => "",
        None => ", not known whether it was entered today",
    };
    writeln!(
        out,
        "{:<14} {derails}, stake {stake}{entered}",
        goal.slug.as_str()
    )?;
    let usual = match &goal.usual.time {
        Some(time) => format!("usual time {time} ({})", goal.usual.got_from),
        None => format!("no usual time ({})", goal.usual.got_from),
    };
    let reminders = goal
        .reminders_start
        .as_ref()
        .map(|time| format!(", reminders from {time}"))
        .unwrap_or_default();
    let ends = match goal.day_ends.as_str() {
        "00:00" => "at midnight",
        time => time,
    };
    writeln!(out, "{:<14} day ends {ends}{reminders}, {usual}", "")?;
    let last_day = goal
        .last_day
        .map_or("no last day".to_owned(), |day| format!("last day {day}"));
    let step = goal
        .step
        .map_or("nothing to say yet".to_owned(), |step| format!("step {step}"));
    writeln!(out, "{:<14} {last_day}, {step}, {}", "", speaks(standing, goal))
}

fn speaks(standing: &Standing, goal: &GoalStanding) -> String {
    match goal.next {
        Some(next) => format!("speaks {} ({})", standing.when(next.at), next.step),
        None if standing.next_chance.is_none() => match goal.reason {
            Some(Reason::FirstOfDay | Reason::Escalated) => "speaks at the next pass".to_owned(),
            Some(reason) => format!("no pass is expected; one now would not speak of it ({reason})"),
            None => "no pass is expected; speaks at the next one that finds it due".to_owned(),
        },
        None if goal.derails_at.is_some_and(|at| at <= standing.at) => {
            "it derailed or was renewed, which the next reading shows".to_owned()
        }
        None => match goal.reason {
            Some(reason) => format!("will not speak before it derails ({reason})"),
            None => "will not speak before it derails".to_owned(),
        },
    }
}
