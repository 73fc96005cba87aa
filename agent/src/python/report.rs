use serde::Serialize;

/// The most reasons that a table lists for its skipped rows. Rows with a further reason are only counted.
const REASONS: usize = 50;

/// What was taken over, what was not, and why.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// One entry for each table that the files have.
    pub tables: Vec<TableReport>,
    /// What a person should know about the rows that were taken.
    pub notes: Vec<String>,
    /// What could not be found out, and what was done instead.
    pub doubts: Vec<String>,
}

/// What became of one table. The numbers are rows.
#[derive(Debug, Default, Serialize)]
pub struct TableReport {
    /// Its name in the Python system.
    pub table: String,
    /// All rows of the table, in all files together.
    pub rows: usize,
    /// Taken by this import.
    pub taken: usize,
    /// Taken by an earlier import.
    pub already_there: usize,
    /// Not taken.
    pub skipped: usize,
    /// How many of the skipped rows cannot be read.
    pub unreadable: usize,
    /// Why rows were skipped: the first reasons, each with its number of rows.
    pub skips: Vec<Skip>,
}

/// Rows that were not taken, for the same reason.
#[derive(Debug, Serialize)]
pub struct Skip {
    /// The file.
    pub file: String,
    /// The first of the rows; `None` if the whole table was skipped.
    pub row: Option<String>,
    /// How many rows.
    pub rows: usize,
    /// The column, if a column is to blame.
    pub column: Option<&'static str>,
    /// Why.
    pub why: String,
}

pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) row: Option<String>,
    pub(super) column: Option<&'static str>,
}

impl Report {
    /// Whether something could not be read or found out.
    pub fn something_unknown(&self) -> bool {
        !self.doubts.is_empty() || self.tables.iter().any(|table| table.unreadable > 0)
    }

    /// The entry of a table.
    pub(super) fn table(&mut self, name: &str) -> &mut TableReport {
        let place = self
            .tables
            .iter()
            .position(|table| table.table == name)
            .unwrap_or_else(|| {
                self.tables.push(TableReport {
                    table: name.to_owned(),
                    ..TableReport::default()
                });
                self.tables.len() - 1
            });
        &mut self.tables[place]
    }
}

impl TableReport {
    pub(super) fn skip(&mut self, place: Place<'_>, why: String, unreadable: bool, rows: usize) {
        self.skipped += rows;
        if unreadable {
            self.unreadable += rows;
        }
        let Place { file, row, column } = place;
        let same = |skip: &&mut Skip| skip.file == file && skip.column == column && skip.why == why;
        if let Some(skip) = self.skips.iter_mut().find(same) {
            skip.rows += rows;
        } else if self.skips.len() < REASONS {
            self.skips.push(Skip {
                file: file.to_owned(),
                row,
                rows,
                column,
                why,
            });
        }
    }
}
