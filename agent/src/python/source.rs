use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    LEFT,
    cell::{Cell, Table},
    copy::Copy,
};

/// The tables that rows are taken from.
const TAKEN: [&str; 8] = [
    "usage_sessions",
    "budget_tracking",
    "alert_log",
    "budget_reconciliation",
    "provider_usage",
    "reconciliation_jobs",
    "groq_odometer_readings",
    "groq_monthly_summaries",
];

/// Tables that only our own state has, all of them since its first version.
const OURS: [&str; 2] = ["claims", "notifications"];

/// The old files have tens of kilobytes; a larger file is not one of them.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Why an old file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file does not exist or may not be read, or the copy cannot be written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is empty.
    #[error("{0} is empty: it is not a database of the Python system")]
    Empty(PathBuf),
    /// The file is far larger than a file of the Python system.
    #[error("{0} is larger than 256 MiB: it is not a database of the Python system")]
    TooLarge(PathBuf),
    /// The file is not an SQLite database.
    #[error("{0} is not an SQLite database")]
    NotSqlite(PathBuf),
    /// The file is our own state.
    #[error(
        "{0} is a state of mecris-agent itself, not of the Python system: there is nothing to take over. Name the old mecris_usage.db or mecris_virtual_budget.db."
    )]
    Ours(PathBuf),
    /// The file has none of the Python system's tables.
    #[error(
        "{0} has none of the Python system's tables: name its mecris_usage.db or mecris_virtual_budget.db"
    )]
    Foreign(PathBuf),
    /// The file changed during each try to read it.
    #[error("{0} changes while it is read: stop the Python system, or try again")]
    Busy(PathBuf),
    /// SQLite cannot read the file.
    #[error("{path} is damaged: {source}. `sqlite3 OLD.db .recover` may rescue it.")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Tables by name, with how many rows each has.
type Others = Vec<(String, usize)>;

/// What an old file holds, read whole. The file itself stays as it was.
#[derive(Debug)]
pub struct Source {
    name: String,
    tables: BTreeMap<String, Table>,
    others: Others,
}

impl Source {
    /// Reads an old file, while the Python system may be writing to it.
    ///
    /// # Errors
    /// If the file is not a database of the Python system, or cannot be read.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let io = |source| SourceError::Io {
            path: path.to_owned(),
            source,
        };
        let length = fs::metadata(path).map_err(io)?.len();
        if length == 0 && !crate::durable::beside(path, "-wal").try_exists().unwrap_or(true) {
            return Err(SourceError::Empty(path.to_owned()));
        }
        if length > LARGEST {
            return Err(SourceError::TooLarge(path.to_owned()));
        }
        let copy = Copy::of(path)
            .map_err(io)?
            .ok_or_else(|| SourceError::Busy(path.to_owned()))?;
        let read = Connection::open(copy.database()).and_then(|connection| Self::tables(&connection));
        let (tables, others) = read.map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => SourceError::NotSqlite(path.to_owned()),
            _ => SourceError::Damaged {
                path: path.to_owned(),
                source,
            },
        })?;
        if OURS
            .iter()
            .all(|ours| others.iter().any(|(name, _)| name == ours))
        {
            return Err(SourceError::Ours(path.to_owned()));
        }
        let left = |name: &str| LEFT.iter().any(|(left, _)| *left == name);
        if tables.is_empty() && !others.iter().any(|(name, _)| left(name)) {
            return Err(SourceError::Foreign(path.to_owned()));
        }
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        Ok(Self { name, tables, others })
    }

    /// The file's name, for the report.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// The tables that are not taken, and how many rows each has.
    pub(super) fn others(&self) -> &[(String, usize)] {
        &self.others
    }

    fn tables(connection: &Connection) -> rusqlite::Result<(BTreeMap<String, Table>, Others)> {
        let names: Vec<String> = connection
            .prepare(r"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let (mut tables, mut others) = (BTreeMap::new(), Vec::new());
        for name in names {
            if TAKEN.contains(&name.as_str()) {
                let table = table(connection, &name)?;
                tables.insert(name, table);
            } else {
                let count = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
                // A virtual table of a module that is not built in cannot be read; it counts as empty.
                let rows = connection
                    .query_row(&count, [], |row| row.get::<_, i64>(0))
                    .unwrap_or(0);
                others.push((name, usize::try_from(rows).unwrap_or(0)));
            }
        }
        Ok((tables, others))
    }
}

fn table(connection: &Connection, name: &str) -> rusqlite::Result<Table> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {name}"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let width = columns.len();
    let rows = statement
        .query_map([], |row| {
            (0..width)
                .map(|index| row.get_ref(index).map(Cell::from))
                .collect()
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Table { columns, rows })
}
