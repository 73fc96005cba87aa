//! `check`: checks every setting, credential and connection, and names the next step for each problem.

mod advice;
mod disk;
mod others;

use std::{
    io::{self, Write as _},
    net::TcpListener,
    path::Path,
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::timeout;

use super::{Exit, context, text};
use crate::{
    arms::{
        activity,
        beeminder::{Account, BeeminderArm},
    },
    cli::CheckArgs,
    clock::{self, Clock},
    config::{self, ConfigError, EffectiveSetting, Inputs, Loaded, Settings, Source, StateSettings, Want},
    domain::Observation,
    heuristic::{Expected, Promises},
    notify::channels::{AskError, Channel, OnDoubt},
    outbound::Outbound,
    runtime,
    store::{
        Lock, Store,
        replica::remote::{Remote, RemoteError},
        tables::broken_channels::{self, BrokenChannel},
    },
};

/// The time for each connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Serialize)]
struct Checked {
    ok: bool,
    results: Vec<CheckResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settings: Vec<EffectiveSetting>,
}

#[derive(Clone, Serialize)]
struct CheckResult {
    name: String,
    ok: bool,
    /// Whether this problem is only a warning: the check passes in spite of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    warning: bool,
    detail: String,
}

impl CheckResult {
    fn new(name: &str, result: Result<String, String>) -> Self {
        let ok = result.is_ok();
        Self {
            name: name.to_owned(),
            ok,
            warning: false,
            detail: result.unwrap_or_else(|problem| problem),
        }
    }

    /// A problem that the check passes in spite of.
    fn warning(name: &str, message: String) -> Self {
        Self {
            warning: true,
            ..Self::new(name, Err(message))
        }
    }

    /// A channel that answers, and that refused messages: the two together are not "ok".
    fn but_for(self, broken: &[Self]) -> Self {
        let kind = self.name.rsplit('.').next().unwrap_or_default();
        let mark = format!("channel.{kind}");
        if !self.ok || !broken.iter().any(|result| result.name == mark) {
            return self;
        }
        let detail = format!("{}; and yet messages were refused: see {mark}", self.detail);
        Self::warning(&self.name, detail)
    }

    fn mark(&self) -> &'static str {
        match (self.ok, self.warning) {
            (true, _) => "ok",
            (false, true) => "WARN",
            (false, false) => "FAIL",
        }
    }
}

pub(super) async fn check(config: Option<&Path>, options: &CheckArgs) -> anyhow::Result<Exit> {
    let inputs = Inputs::of_process(config.map(Path::to_owned));
    let checked = match config::wanted(&inputs).filter(|_| options.offline) {
        Some(want) => check_here(&inputs, &want, options),
        None => check_everything(config, options).await,
    };
    match checked {
        Err(error) if options.json && error.is::<ConfigError>() => {
            let problems = error
                .downcast_ref::<ConfigError>()
                .map(|error| error.0.as_slice())
                .unwrap_or_default();
            let results = problems
                .iter()
                .map(|problem| CheckResult::new(&problem.key, Err(problem.to_string())))
                .collect();
            print(
                &Checked {
                    ok: false,
                    results,
                    settings: Vec::new(),
                },
                true,
            )?;
            Ok(Exit::Config)
        }
        checked => checked,
    }
}

/// Checks what is on this machine, without settings and secrets in AWS. systemd runs this check before each
/// start: a late network must not cost a start, and a problem in AWS may be mended while `serve` waits.
fn check_here(inputs: &Inputs, want: &Want, options: &CheckArgs) -> anyhow::Result<Exit> {
    let settings = config::load_here(inputs)?;
    let detail =
        format!("the part on this machine is sound; {want} and what depends on it were not read: --offline");
    let mut results = vec![CheckResult::new("configuration", Ok(detail))];
    results.extend(settings.map(|settings| state(&settings.state, true)));
    let ok = results.iter().all(|result| result.ok || result.warning);
    print(
        &Checked {
            ok,
            results,
            settings: Vec::new(),
        },
        options.json,
    )?;
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

async fn check_everything(config: Option<&Path>, options: &CheckArgs) -> anyhow::Result<Exit> {
    let loaded = context::load_silently(config).await?;
    let mut results = vec![CheckResult::new(
        "configuration",
        Ok(format!(
            "{} settings, time zone {}",
            loaded.effective.len(),
            zone_name(&loaded)
        )),
    )];
    results.extend(secrets(&loaded));
    let mut channels = Vec::new();
    if results.iter().all(|result| result.ok) {
        match runtime::channels(&loaded.settings, &loaded.secrets, &Clock::system()) {
            Ok(made) => channels = made,
            Err(error) => results.push(CheckResult::new("secrets", Err(error.to_string()))),
        }
    }
    let configured = results.iter().all(|result| result.ok);
    let warnings = loaded.warnings.iter();
    results.extend(warnings.map(|sentence| CheckResult::warning("secrets", sentence.clone())));
    results.extend(advice::of_secrets(&loaded.settings, &loaded.secrets.get()));
    results.push(endpoints(&loaded));
    let now = Clock::system().now();
    results.extend(advice::of_settings(
        &loaded.settings,
        expected(&loaded.settings, now),
        now,
    ));
    results.push(state(&loaded.settings.state, options.offline));
    let broken = broken_channels(&loaded, options.offline);
    results.extend(broken.iter().cloned());
    if !options.offline
        && let Some(copies) = copies(&loaded).await
    {
        results.push(copies);
    }
    if !options.offline && configured {
        results.extend(beeminder(&loaded).await);
        for channel in channels {
            let channel = channel.as_ref();
            let probed = probe(channel).await.but_for(&broken);
            let others = others::look(&loaded, channel, &probed).await;
            results.push(probed);
            results.extend(others);
        }
    }
    let ok = results.iter().all(|result| result.ok || result.warning);
    let configured = configured && is_sound(&results, "endpoints");
    print(
        &Checked {
            ok,
            results,
            settings: loaded.effective,
        },
        options.json,
    )?;
    Ok(match (ok, configured) {
        (true, _) => Exit::Done,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Config,
    })
}

/// Whether no result of this name is a failure.
fn is_sound(results: &[CheckResult], name: &str) -> bool {
    results
        .iter()
        .all(|result| result.ok || result.warning || result.name != name)
}

/// Whether the state is sound, and can be read and written. Offline a damaged state is only a warning: a service
/// manager runs `check --offline` before each start, and the start replaces it by the newest sound copy.
fn state(settings: &StateSettings, offline: bool) -> CheckResult {
    const NAME: &str = "state";
    match disk::damage(&settings.path) {
        Some(error) => CheckResult {
            warning: offline,
            ..CheckResult::new(
                NAME,
                Err(format!("{error}. {}", context::way_out_of_damage(settings))),
            )
        },
        None => CheckResult::new(NAME, disk::state(&settings.path)),
    }
}

/// The passes that may be expected by those on record; `None`: there is no state that can be read.
fn expected(settings: &Settings, now: Timestamp) -> Option<Expected> {
    let store = Store::open_read_only(&settings.state.path).ok()?;
    let promises = Promises::new(settings);
    store.read(|connection| promises.expected(connection, now)).ok()
}

fn zone_name(loaded: &Loaded) -> &str {
    loaded.settings.time_zone.iana_name().unwrap_or("?")
}

fn secrets(loaded: &Loaded) -> Vec<CheckResult> {
    match context::require_secrets(loaded) {
        Ok(()) => vec![CheckResult::new(
            "secrets",
            Ok("no required secret is missing".to_owned()),
        )],
        Err(error) => error
            .0
            .into_iter()
            .map(|problem| CheckResult::new("secrets", Err(problem.message)))
            .collect(),
    }
}

/// The address and the number of callers. `run` needs no tokens, so it is a warning if there are none; tokens
/// that cannot be read are a mistake.
fn endpoints(loaded: &Loaded) -> CheckResult {
    const NAME: &str = "endpoints";
    let missing = loaded.secrets.get().missing_for_endpoints(&loaded.settings);
    if !missing.is_empty() {
        let missing = missing.join("; ");
        return CheckResult::warning(NAME, format!("`run` does without, `serve` does not: {missing}"));
    }
    let tokens = context::tokens(loaded).map_err(|error| {
        let problems: Vec<_> = error.0.into_iter().map(|problem| problem.message).collect();
        format!("`serve` needs this: {}", problems.join("; "))
    });
    if tokens.is_ok()
        && let Some(error) = taken(&loaded.settings)
    {
        let listen = loaded.settings.http.listen;
        let sentence = format!(
            "`serve` could not listen on {listen}: {error}. Choose another http.listen, or end the program that has it"
        );
        return CheckResult::warning(NAME, sentence);
    }
    let shown = tokens.map(|tokens| {
        let callers = text::counted(tokens.current().value.len(), "known caller");
        format!("{}, {callers}", loaded.settings.http.listen)
    });
    CheckResult::new(NAME, shown)
}

/// Why `serve` could not listen on its address; `None`: it could, or the process that has the state may be the one
/// that listens there.
fn taken(settings: &Settings) -> Option<io::Error> {
    let error = TcpListener::bind(settings.http.listen).err()?;
    let is_ours = Lock::holder(&settings.state.path).is_ok_and(|holder| holder.is_some());
    Some(error).filter(|_| !is_ours)
}

/// The channels on which earlier messages failed. A probe cannot find this out: a provider that answers may
/// still deliver nothing.
///
/// Offline a broken channel is only a warning. A service manager runs `check --offline` before each start,
/// and a daemon with a broken channel is better than no daemon.
fn broken_channels(loaded: &Loaded, offline: bool) -> Vec<CheckResult> {
    let Settings {
        state,
        notify,
        time_zone,
        ..
    } = &loaded.settings;
    // If the state cannot be read, the result "state" says so.
    let broken = Store::open_read_only(&state.path)
        .and_then(|store| store.read(|connection| broken_channels::among(connection, &notify.channels)))
        .unwrap_or_default();
    let result = |mark: BrokenChannel| {
        let channel = mark.channel.as_str();
        let since = clock::local_minute(mark.since, time_zone);
        let detail = format!(
            "broken since {since}: {}; then restart the daemon, or without a daemon try `notify test --channel {channel}`",
            mark.why
        );
        CheckResult {
            warning: offline,
            ..CheckResult::new(&format!("channel.{channel}"), Err(detail))
        }
    };
    broken.into_iter().map(result).collect()
}

/// Lists the copies off the machine and writes a trial object there. `None` without `state.remote`.
async fn copies(loaded: &Loaded) -> Option<CheckResult> {
    let url = loaded.settings.state.remote.as_ref()?;
    let folder = url
        .to_file_path()
        .ok()
        .filter(|folder| url.scheme() == "file" && !folder.exists());
    if let Some(folder) = folder {
        return Some(CheckResult::new(
            "state.remote",
            disk::makeable(&folder, "state.remote"),
        ));
    }
    let now = Clock::system().now();
    let listing = async {
        let remote = Remote::open(url)?;
        let listing = remote.list(0).await?;
        remote.try_out(&clock::time_ordered_id(now)).await?;
        Ok::<_, RemoteError>(listing)
    };
    let found = listing.await.map_err(|error| error.to_string()).map(|listing| {
        let newest = listing.last().map(|newest| {
            let age = now.duration_since(newest.at).as_secs().max(0);
            format!(", the newest is {} ({} ago)", newest.number, text::roughly(age))
        });
        let count = text::counted(listing.len(), "generation");
        format!(
            "{url} can be listed and written: {count}{}",
            newest.unwrap_or_default()
        )
    });
    Some(CheckResult::new("state.remote", found))
}

/// Whether the account can be read, and what of the settings does not fit it.
async fn beeminder(loaded: &Loaded) -> Vec<CheckResult> {
    let clock = Clock::system();
    let arm = BeeminderArm::new(
        &loaded.settings.beeminder,
        &loaded.secrets,
        Outbound::new("beeminder", clock.clone()),
    );
    let now = clock.now();
    match arm.observe(now, CONNECTION_TIMEOUT).await {
        Ok(account) => {
            let mut results = vec![CheckResult::new("beeminder", fits(loaded, &account))];
            results.extend(unknown(&account));
            results.extend(advice::of_account(&loaded.settings, &account));
            results.extend(walk(loaded, &arm, account, now).await);
            results
        }
        Err(problem) => vec![CheckResult::new("beeminder", Err(problem.to_string()))],
    }
}

/// A walk of which no pass can find out whether it was done. A goal that is not there is a result of [`fits`].
async fn walk(loaded: &Loaded, arm: &BeeminderArm, account: Account, at: Timestamp) -> Option<CheckResult> {
    let goal = &loaded.settings.walk.as_ref()?.goal;
    account.goals.iter().find(|known| known.slug == *goal)?;
    let account = Observation::Fresh { value: account, at };
    let zone = &loaded.settings.time_zone;
    match activity::observe(goal, &account, arm, at, zone, CONNECTION_TIMEOUT).await {
        Observation::Unknown { why } => {
            let message = format!("no pass can tell whether there was a walk: {why}");
            Some(CheckResult::warning("walk", message))
        }
        Observation::Fresh { .. } | Observation::Stale { .. } => None,
    }
}

/// What a pass could not judge: it is unknown, and never safe.
fn unknown(account: &Account) -> impl Iterator<Item = CheckResult> {
    let without_a_day = account
        .goals
        .iter()
        .filter(|goal| goal.safebuf.is_none() && goal.losedate.is_none())
        .map(|goal| {
            let slug = goal.slug.as_str();
            format!(
                "{slug}: neither its safebuf nor its losedate can be read, so nobody knows when it derails"
            )
        });
    account
        .unreadable
        .iter()
        .cloned()
        .chain(without_a_day)
        .map(|sentence| CheckResult::warning("beeminder", sentence))
}

fn fits(loaded: &Loaded, account: &Account) -> Result<String, String> {
    if let Some(walk) = &loaded.settings.walk
        && !account.goals.iter().any(|goal| goal.slug == walk.goal)
    {
        let slugs = account.goals.iter().map(|goal| goal.slug.as_str());
        let hint = config::nearest(walk.goal.as_str(), slugs)
            .map(|near| format!(", did you mean {near:?}?"))
            .unwrap_or_default();
        return Err(format!(
            "walk.goal = {:?} is not one of the account's goals{hint}",
            walk.goal.as_str()
        ));
    }
    Ok(format!("{} goals", account.goals.len()))
}

/// Asks the provider for something that needs the credentials, if it offers that. Sends no message.
async fn probe(channel: &dyn Channel) -> CheckResult {
    let name = format!("notify.{}", channel.kind().as_str());
    let doubt = match (channel.reconcilable(), channel.on_doubt()) {
        (true, _) => "",
        (false, OnDoubt::Resend) => "; in doubt it sends again with the same tag (at least once)",
        (false, OnDoubt::GiveUp) => "; in doubt it sends nothing more (at most once)",
    };
    let found = timeout(CONNECTION_TIMEOUT, channel.probe()).await;
    let found = found.unwrap_or_else(|_| Err(AskError::Late(CONNECTION_TIMEOUT)));
    CheckResult::new(
        &name,
        found
            .map(|state| format!("{state}{doubt}"))
            .map_err(|error| error.to_string()),
    )
}

fn print(checked: &Checked, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, checked)?;
        writeln!(out)?;
        return Ok(());
    }
    for result in &checked.results {
        writeln!(out, "{:<5} {:<16} {}", result.mark(), result.name, result.detail)?;
    }
    let failed = checked
        .results
        .iter()
        .filter(|result| result.mark() == "FAIL")
        .count();
    if failed > 0 {
        writeln!(out, "\n{} to be mended", text::counted(failed, "problem"))?;
        return Ok(());
    }
    let (built_in, given): (Vec<_>, Vec<_>) = checked
        .settings
        .iter()
        .partition(|setting| setting.source == Source::Default);
    if !checked.settings.is_empty() {
        writeln!(out, "\nsettings that are not the built-in ones")?;
    }
    for setting in given {
        writeln!(
            out,
            "      {} = {} ({})",
            setting.key, setting.value, setting.source
        )?;
    }
    if !built_in.is_empty() {
        writeln!(out, "      {} more are built in: check --json", built_in.len())?;
    }
    Ok(())
}
