//! Cells of the old files. SQLite keeps values of any type in any column, so each cell is read by its own
//! type. A refusal says where and why.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use sha2::{Digest as _, Sha256};

use super::{Context, when};
use crate::domain::Money;

/// How much of a value a sentence repeats.
const SHOWN: usize = 60;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    /// A blob, or a text that is not UTF-8.
    Bytes(Vec<u8>),
}

impl From<rusqlite::types::ValueRef<'_>> for Cell {
    fn from(value: rusqlite::types::ValueRef<'_>) -> Self {
        use rusqlite::types::ValueRef;
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Real(value) => Self::Real(value),
            ValueRef::Text(text) => {
                String::from_utf8(text.to_vec()).map_or_else(|e| Self::Bytes(e.into_bytes()), Self::Text)
            }
            ValueRef::Blob(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value:?}"),
            Self::Text(text) if text.chars().count() > SHOWN => {
                write!(f, "{:?}...", text.chars().take(SHOWN).collect::<String>())
            }
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "{} bytes that are not a text", bytes.len()),
        }
    }
}

/// Why a row cannot be read.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) column: &'static str,
    pub(super) why: String,
}

impl Bad {
    pub(super) fn new(column: &'static str, why: impl Into<String>) -> Self {
        Self {
            column,
            why: why.into(),
        }
    }
}

/// A table of an old file.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().enumerate().map(|(index, cells)| Row {
            columns: &self.columns,
            cells,
            index,
        })
    }
}

/// A row of an old file.
pub(super) struct Row<'a> {
    columns: &'a [String],
    cells: &'a [Cell],
    index: usize,
}

impl Row<'_> {
    /// How a person finds the row: by its id, else by its place.
    pub(super) fn label(&self) -> String {
        match (self.cell("id"), self.cell("month")) {
            (Some(id), _) => format!("id {id}"),
            (None, Some(month)) => format!("month {month}"),
            (None, None) => format!("row {}", self.index + 1),
        }
    }

    /// The row's identity: the content of these columns.
    pub(super) fn key(&self, columns: &[&str]) -> String {
        let mut hash = Sha256::new();
        for column in columns {
            let mut part = |kind: u8, bytes: &[u8]| {
                hash.update([kind]);
                hash.update(bytes.len().to_le_bytes());
                hash.update(bytes);
            };
            match self.cell(column) {
                // A row of an older file without the column is the same row.
                None | Some(Cell::Null) => part(0, &[]),
                Some(Cell::Integer(value)) => part(1, &value.to_le_bytes()),
                Some(Cell::Real(value)) => part(2, &value.to_le_bytes()),
                Some(Cell::Text(text)) => part(3, text.as_bytes()),
                Some(Cell::Bytes(bytes)) => part(4, bytes),
            }
        }
        hex::encode(hash.finalize())
    }

    /// The cell, if the table has the column at all.
    pub(super) fn cell(&self, column: &str) -> Option<&Cell> {
        let place = self
            .columns
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column))?;
        self.cells.get(place)
    }

    fn required(&self, column: &'static str) -> Result<&Cell, Bad> {
        self.cell(column)
            .ok_or_else(|| Bad::new(column, "the table has no such column"))
    }

    /// A text that is not empty.
    pub(super) fn text(&self, column: &'static str) -> Result<&str, Bad> {
        match self.required(column)? {
            Cell::Text(text) if !text.trim().is_empty() => Ok(text),
            other => Err(Bad::new(column, format!("{other} is not a text"))),
        }
    }

    /// A text that may be missing.
    pub(super) fn optional_text(&self, column: &'static str) -> Result<Option<String>, Bad> {
        match self.cell(column) {
            None | Some(Cell::Null) => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text.clone())),
            Some(Cell::Integer(number)) => Ok(Some(number.to_string())),
            Some(Cell::Real(number)) => Ok(Some(number.to_string())),
            Some(bytes @ Cell::Bytes(_)) => Err(Bad::new(column, format!("{bytes}"))),
        }
    }

    /// Whether a flag is set: Python writes 1 and 0, and older files have none.
    pub(super) fn flag(&self, column: &'static str) -> bool {
        matches!(self.cell(column), Some(Cell::Integer(1..)))
            || matches!(self.cell(column), Some(Cell::Text(text)) if text.eq_ignore_ascii_case("true"))
    }

    /// A count, 0 or more.
    pub(super) fn count(&self, column: &'static str) -> Result<i64, Bad> {
        let cell = self.required(column)?;
        let value = match cell {
            Cell::Integer(value) => Some(*value),
            #[allow(
                clippy::cast_possible_truncation,
                reason = "a whole number below 2^53 is exact"
            )]
            Cell::Real(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
            Cell::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        value
            .filter(|value| *value >= 0)
            .ok_or_else(|| Bad::new(column, format!("{cell} is not a number of 0 or more")))
    }

    /// An amount in dollars; `None` where there is none.
    pub(super) fn optional_money(&self, column: &'static str) -> Result<Option<Money>, Bad> {
        match self.cell(column) {
            None | Some(Cell::Null) => Ok(None),
            Some(cell) => money(cell).map(Some).ok_or_else(|| not_money(column, cell)),
        }
    }

    /// An amount in dollars that may be negative.
    pub(super) fn money(&self, column: &'static str) -> Result<Money, Bad> {
        let cell = self.required(column)?;
        money(cell).ok_or_else(|| not_money(column, cell))
    }

    /// An amount in dollars, 0 or more.
    pub(super) fn spent(&self, column: &'static str) -> Result<Money, Bad> {
        let money = self.money(column)?;
        if money < Money::ZERO {
            Err(Bad::new(column, format!("{money} is less than 0")))
        } else {
            Ok(money)
        }
    }

    /// When something happened.
    pub(super) fn time(&self, column: &'static str, context: &Context) -> Result<Timestamp, Bad> {
        when::instant(self.text(column)?, context).map_err(|why| Bad::new(column, why))
    }

    /// A calendar day.
    pub(super) fn day(&self, column: &'static str) -> Result<Date, Bad> {
        when::day(self.text(column)?).map_err(|why| Bad::new(column, why))
    }
}

fn money(cell: &Cell) -> Option<Money> {
    #[allow(
        clippy::cast_precision_loss,
        reason = "beyond 2^53 dollars it is refused anyway"
    )]
    let usd = match cell {
        Cell::Integer(value) => *value as f64,
        Cell::Real(value) => *value,
        Cell::Text(text) => text.trim().parse().ok()?,
        Cell::Null | Cell::Bytes(_) => return None,
    };
    Money::from_usd(usd).ok()
}

fn not_money(column: &'static str, cell: &Cell) -> Bad {
    Bad::new(column, format!("{cell} is not an amount in dollars"))
}
