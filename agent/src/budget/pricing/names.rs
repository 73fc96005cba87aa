//! Under which name the table of prices has a model. Clients, clouds and routers put dates, versions, regions
//! and vendors around the name. None of these changes the price but a region.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::config::Price;

/// What stands before a name: a region of a cloud, a vendor, a cloud, a router.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "^(?:(?:us-gov|us|eu|apac|global|au|jp|ca)\\.|anthropic\\.|[a-z]{2}(?:-gov)?-[a-z]+-[0-9]/|\
         (?:bedrock|bedrock_converse|bedrock_mantle|converse|invoke|claude_platform|vertex_ai|azure_ai|anthropic|\
         openrouter|groq)/)",
    )
});
/// What stands behind a name: a length of context, a version of a cloud, a date, a way of OpenRouter.
static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "(?:\\[[0-9a-z]+\\]|@default|-latest|@latest|[-@][0-9]{8}|-v[0-9]+(?::[0-9]+)?|\
         :(?:beta|thinking|extended|exacto))$",
    )
});
/// Some write the version before the family (`claude-4.5-haiku`), and others behind it.
static VERSION_FIRST: LazyLock<Regex> = LazyLock::new(|| pattern("^claude-([0-9]+(?:-[0-9]+)?)-([a-z]+)$"));
static FAMILY_FIRST: LazyLock<Regex> = LazyLock::new(|| pattern("^claude-([a-z]+)-([0-9]+(?:-[0-9]+)?)$"));
/// The models for which Bedrock asks the same in every region but those of the government.
static SAME_IN_ALL_REGIONS: LazyLock<Regex> =
    LazyLock::new(|| pattern("^claude-(?:v?[123]\\b|instant|(?:opus|sonnet)-4(?:-[01])?$)"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are constants, and tests use them all")
}

/// Where a cloud runs a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Region {
    /// Anywhere, or nobody said.
    #[default]
    Global,
    /// In one region, or in one part of the world.
    One,
    /// In a region of the government of the United States.
    Government,
}

impl Region {
    /// How many tenths of a model's listed price it costs here.
    pub(super) fn tenths(self, line: &str) -> i128 {
        match self {
            Self::Global => 10,
            Self::One if SAME_IN_ALL_REGIONS.is_match(line) => 10,
            Self::One => 11,
            Self::Government => 12,
        }
    }

    fn of(before: &str) -> Self {
        match before {
            _ if before.starts_with("us-gov") => Self::Government,
            "global." | "anthropic." => Self::Global,
            _ if before.ends_with('.') || before.contains('-') => Self::One,
            _ => Self::Global,
        }
    }
}

/// What the name of a model says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The name under which the table has the model. `None`: it does not have it.
    pub(super) listed: Option<String>,
    /// Whether the name asks for fast mode.
    pub(super) is_fast: bool,
    /// Where the name says that the model runs.
    pub(super) region: Region,
}

/// Looks for a model in the table. The first of these that is listed counts: the name, with ever less of what
/// stands before it; the same with ever less of what stands behind it; then, with neither, the name with dashes
/// for dots; with the version in the other place; with `-0` as the version; without a build number of three digits or
/// more. (A number of one or two digits is a version, and so another model.)
pub(super) fn read(model: &str, is_listed: impl Fn(&str) -> bool) -> Name {
    let mut is_fast = false;
    let mut name = Price::model_of(model);
    loop {
        let mut region = Region::Global;
        let mut shorter = name.as_str();
        let listed = loop {
            if is_listed(shorter) {
                break Some(shorter.to_owned());
            }
            let Some(before) = BEFORE.find(shorter) else {
                break None;
            };
            if region == Region::Global {
                region = Region::of(before.as_str());
            }
            shorter = &shorter[before.end()..];
        };
        match ending(&name).filter(|_| listed.is_none()) {
            Some(behind) => {
                is_fast |= behind == FAST;
                name.truncate(name.len() - behind.len());
            }
            None => {
                return Name {
                    listed: listed.or_else(|| spelled_otherwise(shorter, is_listed)),
                    is_fast,
                    region,
                };
            }
        }
    }
}

const FAST: &str = "-fast";

/// One thing that stands behind a name.
fn ending(name: &str) -> Option<&str> {
    if name.ends_with(FAST) {
        return Some(FAST);
    }
    BEHIND.find(name).map(|found| found.as_str())
}

/// The first listed one of the other ways to spell a name.
fn spelled_otherwise(name: &str, is_listed: impl Fn(&str) -> bool) -> Option<String> {
    let dashes = name.replace('.', "-");
    let with_zero = |name: &str| format!("{name}-0");
    let swapped = swapped(&VERSION_FIRST, &dashes);
    let spelled = [
        Some(dashes.clone()),
        swapped.clone(),
        self::swapped(&FAMILY_FIRST, &dashes),
        Some(with_zero(&dashes)),
        swapped.as_deref().map(with_zero),
        without_build(name),
        without_build(&dashes),
    ];
    spelled.into_iter().flatten().find(|name| is_listed(name))
}

/// The two parts of a name, the other way round.
fn swapped(order: &Regex, name: &str) -> Option<String> {
    let parts = order.captures(name)?;
    Some(format!("claude-{}-{}", &parts[2], &parts[1]))
}

/// The name before a dash and a build number.
fn without_build(name: &str) -> Option<String> {
    let (before, build) = name.rsplit_once('-')?;
    let is_build = build.len() >= 3 && build.bytes().all(|byte| byte.is_ascii_digit());
    is_build.then(|| before.to_owned())
}
