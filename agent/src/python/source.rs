use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    LEFT,
    cell::{Cell, Table},
    copy::PrivateCopy,
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

/// Two tables that every Mecris state has, since the first schema version, and no file of the Python system has.
const OURS: [&str; 2] = ["claims", "notifications"];

/// A file larger than this limit is not one of the Python system's, which have tens of kilobytes.
pub(super) const LARGEST_BYTES: u64 = 256 * 1024 * 1024;

/// Why an old file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file does not exist or may not be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The private copy of the file cannot be written.
    #[error(
        "no temporary copy can be written in {folder}: {source}. Make room there, or let TMPDIR name another folder."
    )]
    NoCopy {
        /// The system's folder for temporary files.
        folder: PathBuf,
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
        "{0} is mecris-agent's own state, not a file of the Python system, so there is nothing to import. Name the old mecris_usage.db or mecris_virtual_budget.db."
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

/// How many rows each table has that is not taken.
type RowsByOtherTable = Vec<(String, usize)>;

/// What an old file holds, read whole. The file itself stays as it was.
#[derive(Debug)]
pub struct Source {
    name: String,
    tables: BTreeMap<String, Table>,
    others: RowsByOtherTable,
}

impl Source {
    /// Reads an old file, while the Python system may be writing to it.
    ///
    /// # Errors
    /// If the file is not a database of the Python system, or cannot be read.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let io_error = |source| SourceError::Io {
            path: path.to_owned(),
            source,
        };
        let length = fs::metadata(path).map_err(io_error)?.len();
        // Also with a `-wal` beside it: SQLite discards the log of a database without a first page.
        if length == 0 {
            return Err(SourceError::Empty(path.to_owned()));
        }
        if length > LARGEST_BYTES {
            return Err(SourceError::TooLarge(path.to_owned()));
        }
        let copy = PrivateCopy::of(path)?.ok_or_else(|| SourceError::Busy(path.to_owned()))?;
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
        let is_known_and_left = |name: &str| LEFT.iter().any(|(left, _)| *left == name);
        if tables.is_empty() && !others.iter().any(|(name, _)| is_known_and_left(name)) {
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

    fn tables(connection: &Connection) -> rusqlite::Result<(BTreeMap<String, Table>, RowsByOtherTable)> {
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
                let rows = count(connection, &name)?;
                others.push((name, rows));
            }
        }
        Ok((tables, others))
    }
}

/// How many rows a table has. A virtual table counts as empty if its module is not built into this SQLite, because
/// nothing here can read it.
fn count(connection: &Connection, table: &str) -> rusqlite::Result<usize> {
    let count = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
    match connection.query_row(&count, [], |row| row.get::<_, u32>(0)) {
        Ok(rows) => Ok(usize::try_from(rows).unwrap_or(usize::MAX)),
        Err(error) if error.to_string().starts_with("no such module: ") => Ok(0),
        Err(error) => Err(error),
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
