//! The demonstration of `scripts/demo`: the real agent, fake upstreams, a day of passes, and what the phone
//! shows.

use std::{
    io::{self, IsTerminal as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use jiff::Timestamp;
use mecris_tests::{
    agent::{Setup, binary},
    beeminder::{Beeminder, Fault, GoalSpec, PointSpec},
    clock::FakeClock,
    twilio::{self, Twilio},
    wait::until,
};

fn main() -> anyhow::Result<()> {
    let demo = Demo::new()?;
    demo.title("A Tuesday in New York, 12:00. \"reading\" has five safe days. \"meditate\" derails tomorrow, and was done at 09:00.");
    demo.beeminder.set_goals([reading(5), meditate()]);
    demo.pass("12:00")?;

    demo.title("15:00. \"reading\" derails tonight. The pass has decided and is killed before Twilio takes the message.");
    demo.beeminder.set_goals([reading(0), meditate()]);
    demo.killed_pass("15:00")?;

    demo.title("15:15. The next pass asks Twilio, finds no message, and sends it.");
    demo.pass("15:15")?;

    demo.title("15:30. Nothing has changed: it stays silent, and says why.");
    demo.pass("15:30")?;

    demo.title(
        "15:45. Beeminder is down. What cannot be read is unknown, never safe. One failure is no news.",
    );
    demo.beeminder.fail(Fault::Html);
    demo.pass("15:45")?;
    demo.title("16:00. Two are not, either.");
    demo.pass("16:00")?;
    demo.title("16:15. The third look in a row is: it is told once, with what was last seen.");
    demo.pass("16:15")?;

    demo.title("17:00. Beeminder is back, and \"reading\" is done.");
    demo.beeminder.clear_faults();
    demo.beeminder
        .set_goals([reading(1).entered([PointSpec::new(0, "16:40", 1.0)]), meditate()]);
    demo.pass("17:00")?;

    demo.title(&format!(
        "That day the phone got {} messages.",
        demo.twilio.accepted_count()
    ));
    demo.wait_for_the_reader()
}

fn reading(safebuf: i64) -> GoalSpec {
    GoalSpec::new("reading", safebuf).walked(Some(2))
}

fn meditate() -> GoalSpec {
    GoalSpec::new("meditate", 1).entered([PointSpec::new(0, "09:00", 1.0), PointSpec::new(1, "09:00", 1.0)])
}

/// The fakes and the installation.
struct Demo {
    clock: FakeClock,
    beeminder: Beeminder,
    twilio: Twilio,
    setup: Setup,
    bold: bool,
}

impl Demo {
    fn new() -> anyhow::Result<Self> {
        let clock = FakeClock::default();
        let beeminder = Beeminder::start(&clock)?;
        let twilio = Twilio::start(&clock)?;
        let mut setup = Setup::new(beeminder.address(), twilio.address());
        for table in ["budget", "walk"] {
            setup.config.remove(table);
        }
        // A pass tries again for as long as it may: nobody wants to watch that for long.
        setup.config.set("heuristic.deadline", "3s");
        let demo = Self {
            clock,
            beeminder,
            twilio,
            setup,
            bold: std::env::var_os("NO_COLOR").is_none() && io::stdout().is_terminal(),
        };
        demo.furnish()?;
        Ok(demo)
    }

    /// Puts what the commands need into the folder: the agent, its configuration and its secrets.
    fn furnish(&self) -> anyhow::Result<()> {
        let folder = self.setup.folder();
        std::fs::write(folder.join("agent.toml"), self.setup.config.to_toml())?;
        let secrets = self
            .setup
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"));
        let secrets = secrets.collect::<String>();
        let mut file = std::fs::OpenOptions::new();
        file.write(true).create_new(true).mode(0o600);
        file.open(folder.join(".env"))?.write_all(secrets.as_bytes())?;
        std::os::unix::fs::symlink(std::path::absolute(binary())?, folder.join("mecris-agent"))?;
        println!("$ cd {}", folder.display());
        Ok(())
    }

    fn title(&self, text: &str) {
        if self.bold {
            println!("\n\x1b[1m{text}\x1b[0m");
        } else {
            println!("\n{text}");
        }
    }

    /// Prints the command of a pass and prepares it. Its environment is empty, so that the reader's own secrets
    /// and settings have no effect.
    fn command(&self, clock_time: &str) -> anyhow::Result<Command> {
        let at = format!("2026-03-03T{clock_time}:00-05:00");
        self.clock.set(at.parse::<Timestamp>()?);
        let arguments = ["--config", "agent.toml", "run", "--at", &at];
        println!("$ ./mecris-agent {}", arguments.join(" "));
        let mut command = Command::new(self.setup.folder().join("mecris-agent"));
        command
            .args(arguments)
            .current_dir(self.setup.folder())
            .env_clear()
            .env("MECRIS_LOG", "error")
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Makes a pass and prints what it prints, and what is new on the phone.
    fn pass(&self, clock_time: &str) -> anyhow::Result<()> {
        let before = self.twilio.accepted_count();
        let output = self.command(clock_time)?.stderr(Stdio::inherit()).output()?;
        io::stdout().write_all(&output.stdout)?;
        println!("exit {}", output.status.code().unwrap_or(-1));
        let messages = self.twilio.accepted().split_off(before);
        for message in &messages {
            println!("The phone {} shows: {}", message.to, message.body);
        }
        if messages.is_empty() {
            println!("The phone stays silent.");
        }
        Ok(())
    }

    /// Makes a pass that is killed while it waits for Twilio, which has not accepted the message.
    fn killed_pass(&self, clock_time: &str) -> anyhow::Result<()> {
        self.twilio.fail_next([twilio::Fault::Hang]);
        let asked = self.twilio.creates();
        let mut pass = self
            .command(clock_time)?
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()?;
        let is_asked = || (self.twilio.creates() > asked).then_some(());
        until(Duration::from_secs(60), is_asked).context("the pass sends nothing")?;
        pass.kill()?;
        pass.wait()?;
        anyhow::ensure!(self.twilio.accepted_count() == 0, "the message was accepted");
        println!("killed (SIGKILL)\nThe phone stays silent.");
        Ok(())
    }

    /// The fakes stop and the folder is removed with this process.
    fn wait_for_the_reader(&self) -> anyhow::Result<()> {
        if !io::stdin().is_terminal() {
            return Ok(());
        }
        println!(
            "\nThe fakes run until you press Enter. Until then each of these commands can be repeated in another \
             terminal, with another time too, and these show what was recorded:\n\
             $ cd {}\n\
             $ ./mecris-agent --config agent.toml status\n\
             $ ./mecris-agent --config agent.toml state export --table decisions",
            self.setup.folder().display()
        );
        io::stdin().read_line(&mut String::new())?;
        Ok(())
    }
}
