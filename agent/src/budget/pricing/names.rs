//! Under which name the table of prices has a model. Clients, clouds and routers put dates, versions, regions
//! and vendors around the name, and none of them changes the price.

use std::sync::LazyLock;

use regex_lite::Regex;

/// What stands before a name: a region of Bedrock, a vendor, a cloud, a router.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "^(?:(?:us-gov|us|eu|apac|global|au|jp|ca)\\.|anthropic\\.|[a-z]{2}(?:-gov)?-[a-z]+-[0-9]/|\
         (?:bedrock|bedrock_converse|converse|invoke|claude_platform|vertex_ai|azure_ai|anthropic|openrouter|groq)/)",
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

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are constants, and tests use them all")
}

/// The name under which the table has the model, and whether the name asks for fast mode. The first of these
/// that is listed counts: the name itself; without what stands behind it; without what stands before it; with
/// dashes for dots; with the version in the other place, or with a `-0` as the version; without a build number of
/// three digits or more. (A number of one or two digits is a version, and so another model.)
pub(super) fn listed(model: &str, is_listed: impl Fn(&str) -> bool) -> (Option<String>, bool) {
    let mut name = model.trim().to_lowercase();
    let mut fast = false;
    if is_listed(&name) {
        return (Some(name), fast);
    }
    while let Some(shorter) = shorter(&name, &mut fast) {
        name = shorter;
        if is_listed(&name) {
            return (Some(name), fast);
        }
    }
    let dashes = name.replace('.', "-");
    let spelled_otherwise = [
        Some(dashes.clone()),
        swapped(&VERSION_FIRST, &dashes),
        swapped(&FAMILY_FIRST, &dashes),
        Some(format!("{dashes}-0")),
        without_build(&name),
        without_build(&dashes),
    ];
    let found = spelled_otherwise
        .into_iter()
        .flatten()
        .find(|name| is_listed(name));
    (found, fast)
}

/// The name without one thing behind it, or else without one before it.
fn shorter(name: &str, fast: &mut bool) -> Option<String> {
    if let Some(slow) = name.strip_suffix("-fast") {
        *fast = true;
        return Some(slow.to_owned());
    }
    let found = BEHIND.find(name).or_else(|| BEFORE.find(name))?;
    Some([&name[..found.start()], &name[found.end()..]].concat())
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
