//! How a setting is declared. The file of a concern declares its settings beside the struct and the reader.
//!
//! From the declarations come the known names, the defaults, the values that are not shown,
//! `examples/full.toml` and the tables of `docs/CONFIGURATION.md`. After a change, regenerate those two:
//!
//! ```text
//! UPDATE_SETTINGS=1 cargo test --workspace --lib config::tests::declared
//! ```
//!
//! Without the variable the same tests fail when a file on disk differs.

use std::ops::RangeInclusive;

/// One setting.
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "tests make the documentation and the full example from it"
    )
)]
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// `http.listen`. For a line of a [`Form::Lines`] table the last name alone, `model`.
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    /// What the setting means and what is allowed: one line of Markdown.
    pub(super) doc: &'static str,
    /// The default as TOML spells it.
    pub(super) default: Option<&'static str>,
    /// For a setting without a default: what happens without a value, in Markdown.
    pub(super) without: &'static str,
    /// The value in `examples/full.toml`, as TOML spells it; the default if there is none.
    pub(super) example: Option<&'static str>,
    /// Whether the example is a comment, because it excludes another setting or would change what runs.
    pub(super) commented: bool,
    /// Whether the value must not be shown in problems and by `check`.
    pub(super) private: bool,
}

/// The type of a value.
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "tests make the documentation and the full example from it"
    )
)]
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds, which [`super::reader::Reader::count`] checks.
    Integer(RangeInclusive<u32>),
    Number,
    /// `15m`.
    Duration,
    /// `13:00`.
    Time,
    /// `2026-11-01`.
    Day,
    /// Whatever else, as the documentation calls it.
    Other(&'static str),
}

impl Kind {
    /// As the documentation calls it.
    #[cfg(test)]
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Flag => "flag",
            Self::Integer(_) => "integer",
            Self::Number => "number",
            Self::Duration => "duration",
            Self::Time => "time",
            Self::Day => "day",
            Self::Other(name) => name,
        }
    }
}

impl Setting {
    /// A setting that may be missing.
    pub(super) const fn new(key: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            key,
            kind,
            doc,
            default: None,
            without: "",
            example: None,
            commented: false,
            private: false,
        }
    }

    /// With a default.
    pub(super) const fn default(mut self, toml: &'static str) -> Self {
        self.default = Some(toml);
        self
    }

    /// What happens without a value.
    pub(super) const fn without(mut self, markdown: &'static str) -> Self {
        self.without = markdown;
        self
    }

    /// With a value in `examples/full.toml` that is not the default.
    pub(super) const fn example(mut self, toml: &'static str) -> Self {
        self.example = Some(toml);
        self
    }

    /// With a value in `examples/full.toml` that is a comment.
    pub(super) const fn comment(mut self, toml: &'static str) -> Self {
        self.example = Some(toml);
        self.commented = true;
        self
    }

    /// Not shown: where the person can be reached, or where a token is pasted by mistake.
    pub(super) const fn private(mut self) -> Self {
        self.private = true;
        self
    }
}

/// A table of settings.
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "tests make the documentation and the full example from it"
    )
)]
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// `notify.sms`; empty for the settings outside of any table.
    pub(super) name: &'static str,
    /// What the table is about: Markdown without a line break, for `examples/full.toml`.
    pub(super) doc: &'static str,
    pub(super) form: Form,
    pub(super) settings: &'static [Setting],
}

/// When the settings of a table have their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Always.
    Always,
    /// If a layer has the table.
    Optional,
    /// A list of tables is one setting, and its lines have no defaults.
    Lines,
}

/// A section of the documentation.
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "tests make the documentation and the full example from it"
    )
)]
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) tables: &'static [Table],
}
