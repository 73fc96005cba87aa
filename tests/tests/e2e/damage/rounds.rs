//! A hundred damages, one after the other, on copies of one installation.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use mecris_tests::{agent::Output, beeminder::GoalSpec, wait};

use super::kinds::{Damage, remove};
use crate::stage::Stage;

const LIST: &str = include_str!("list.txt");
const SEED: u64 = 20_261_130;

/// The most memory that a process of the agent may have had.
const MOST_MEMORY_KIB: u64 = 96 * 1024;

/// How long a command may take. A pass on a copy from just before a message waits until Twilio is sure about it.
const PATIENCE: Duration = Duration::from_secs(180);

/// What became of an installation.
#[derive(Debug)]
enum Outcome {
    /// The next pass was made as if nothing had been.
    Healed,
    /// `state restore --latest` helped.
    Restored,
    /// A pass in another place helped.
    Elsewhere,
    /// No copy can be restored, for this reason.
    Lost(String),
}

impl Outcome {
    const fn name(&self) -> &'static str {
        match self {
            Self::Healed => "healed",
            Self::Restored => "restored by the command",
            Self::Elsewhere => "another place",
            Self::Lost(_) => "lost, and said why",
        }
    }
}

/// Where a damage is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Where {
    File,
    Wal,
    Newest,
    Before,
    Every,
}

fn strikes(line: &str) -> Vec<(Where, Damage)> {
    let read = |strike: &str| {
        let (place, damage) = strike.split_once(": ")?;
        let place = match place {
            "file" => Where::File,
            "wal" => Where::Wal,
            "newest" => Where::Newest,
            "before" => Where::Before,
            "every" => Where::Every,
            _ => return None,
        };
        Some((place, Damage::read(damage)?))
    };
    line.split("; ")
        .map(|strike| read(strike).unwrap_or_else(|| panic!("the list has \"{strike}\"")))
        .collect()
}

/// The installation before the damage: passes of three days, each of which told something and left a copy.
struct Installation {
    stage: Stage,
    copies: PathBuf,
    whole: tempfile::TempDir,
    /// What the newest command printed.
    printed: tempfile::TempDir,
}

impl Installation {
    fn new() -> Self {
        let mut stage = Stage::new();
        let copies = stage.setup.copy_to_a_folder().join("state");
        // A copy from just before the last message makes the pass wait for both of them.
        stage.setup.config.set("notify.lease", "2s");
        stage.setup.config.set("notify.settle", "1s");
        stage.setup.config.remove("walk");
        stage.setup.config.remove("budget");
        stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
        for day in 3..=5 {
            let pass = stage.pass(&format!("2026-03-{day:02}T15:00:00-05:00"));
            assert_eq!(pass.code, 0, "{}", pass.everything());
        }
        assert_eq!(stage.twilio.accepted_count(), 3, "{:?}", stage.texts());
        let whole = tempfile::tempdir().expect("a folder");
        copy_folder(stage.setup.folder(), whole.path());
        let printed = tempfile::tempdir().expect("a folder");
        Self {
            stage,
            copies,
            whole,
            printed,
        }
    }

    fn rebuild(&self) {
        for entry in fs::read_dir(self.stage.setup.folder())
            .expect("a folder")
            .flatten()
        {
            remove(&entry.path());
        }
        copy_folder(self.whole.path(), self.stage.setup.folder());
    }

    /// The copies, the newest first.
    fn generations(&self) -> Vec<PathBuf> {
        let mut found: Vec<_> = fs::read_dir(&self.copies)
            .expect("copies")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        found.sort();
        found.reverse();
        found
    }

    fn strike(&self, place: Where, damage: Damage, rng: &mut fastrand::Rng) {
        let database = self.stage.setup.database();
        match place {
            Where::File => damage.strike(&database, rng),
            Where::Wal => damage.strike(&database.with_file_name("mecris_usage.db-wal"), rng),
            Where::Newest => damage.strike(&self.generations()[0], rng),
            Where::Before => damage.strike(&self.generations()[1], rng),
            Where::Every => {
                for path in self.generations() {
                    damage.strike(&path, rng);
                }
            }
        }
    }

    /// Runs a command to its end. The second is the most memory that it had, in KiB.
    fn agent(&self, arguments: &[&str]) -> (Output, u64) {
        let (out, err) = (self.printed.path().join("out"), self.printed.path().join("err"));
        let mut command = self.stage.setup.command(arguments);
        command
            .stdout(fs::File::create(&out).expect("a file"))
            .stderr(fs::File::create(&err).expect("a file"));
        let mut process = command.spawn().expect("the agent starts");
        let status = PathBuf::from(format!("/proc/{}/status", process.id()));
        let mut most = 0;
        let ended = wait::until(PATIENCE, || {
            most = most.max(most_memory(&status).unwrap_or(0));
            process.try_wait().expect("a child")
        });
        let ended = ended.unwrap_or_else(|| panic!("{arguments:?} does not end"));
        let output = Output {
            code: ended.code().unwrap_or(-1),
            stdout: fs::read_to_string(out).expect("text"),
            stderr: fs::read_to_string(err).expect("text"),
        };
        (output, most)
    }

    /// Makes a pass, does what its error says until one succeeds or there is nothing left to do.
    fn follow(&self) -> (Outcome, u64) {
        let (mut outcome, mut most) = (Outcome::Healed, 0);
        for minute in [10, 20, 30] {
            let at = format!("2026-03-05T15:{minute}:00-05:00");
            self.stage.clock.set(at.parse().expect("an instant"));
            let (pass, memory) = self.agent(&["run", "--json", "--at", &at]);
            most = most.max(memory);
            if matches!(pass.code, 0 | 3) {
                return (outcome, most);
            }
            assert_eq!(pass.code, 1, "{}", pass.everything());
            if pass.stderr.contains("`mecris-agent state restore --latest`") {
                let (restored, memory) = self.agent(&["state", "restore", "--latest"]);
                most = most.max(memory);
                if restored.stderr.contains("is no file: move it away") {
                    self.generations()
                        .iter()
                        .filter(|path| !path.is_file())
                        .for_each(|path| remove(path));
                } else if !matches!(restored.code, 0 | 3) {
                    return (Outcome::Lost(restored.everything()), most);
                }
                outcome = Outcome::Restored;
            } else {
                let says = "name a file in state.path";
                let other = "name another file in state.path";
                assert!(
                    pass.stderr.contains(says) || pass.stderr.contains(other),
                    "{}",
                    pass.stderr
                );
                // Another name is a place where there is nothing yet.
                remove(&self.stage.setup.database());
                outcome = Outcome::Elsewhere;
            }
        }
        panic!("what the errors advise does not help");
    }
}

fn most_memory(status: &Path) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Whether a copy is left that knows of the message of the last day: the newest one, or the one before, which was made
/// when that message was about to leave.
fn is_remembered(strikes: &[(Where, Damage)]) -> bool {
    let harmless = |damage: &Damage| *damage == Damage::Renamed;
    let is_sound = |place: Where| {
        strikes
            .iter()
            .all(|(struck, damage)| (*struck != place && *struck != Where::Every) || harmless(damage))
    };
    is_sound(Where::File) || is_sound(Where::Newest) || is_sound(Where::Before)
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let (path, new) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            fs::create_dir_all(&new).expect("a folder");
            copy_folder(&path, &new);
        } else {
            fs::copy(&path, &new).expect("a copy");
        }
    }
}

#[test]
#[ignore = "two minutes"]
fn a_hundred_damages_heal_or_say_why_not_and_repeat_nothing() {
    let installation = Installation::new();
    let lines: Vec<&str> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 100);
    let (mut counts, mut most) = (BTreeMap::new(), 0);
    for (line, seed) in lines.iter().zip(SEED..) {
        installation.rebuild();
        let strikes = strikes(line);
        let mut rng = fastrand::Rng::with_seed(seed);
        for (place, damage) in &strikes {
            installation.strike(*place, *damage, &mut rng);
        }
        let before = installation.stage.twilio.accepted_count();
        let (outcome, memory) = installation.follow();
        let told = installation.stage.twilio.accepted_count() - before;
        println!("{line}: {outcome:?}, {told} told, {memory} KiB");
        most = most.max(memory);
        assert!(memory <= MOST_MEMORY_KIB, "{line}: {memory} KiB");
        let most_told = usize::from(!is_remembered(&strikes));
        assert!(
            told <= most_told,
            "{line}: {told} messages, {most_told} may be told again"
        );
        if let Outcome::Lost(why) = &outcome {
            assert!(!is_remembered(&strikes), "{line}: {why}");
            let says_why = why.contains("damaged") || why.contains("there is no generation in");
            assert!(says_why && why.contains("begins anew"), "{line}: {why}");
        }
        *counts.entry(outcome.name()).or_insert(0) += 1;
    }
    println!("{counts:?}, at most {most} KiB");
}
