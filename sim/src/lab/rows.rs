//! The table of results: one row a run, the same rows as JSON lines and as a columnar file.

use super::Trouble;
use super::job::{Finished, number};
use super::metrics::METRICS;
use super::store;
use super::work::Cell;
use crate::scenario::reader::{SECOND, duration};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A column of the table.
#[derive(Clone, Debug)]
pub enum Column {
    /// Whole numbers.
    Whole(Vec<u64>),
    /// Numbers, where there are any.
    Number(Vec<Option<f64>>),
    /// Text.
    Text(Vec<String>),
}

/// One row a finished run, in the order of the jobs.
#[derive(Clone, Debug)]
pub struct Rows {
    columns: Vec<(String, Column)>,
    count: usize,
}

impl Rows {
    /// The finished runs; `points` has the cells of each point, `coordinates` the names of their columns.
    pub fn new(
        points: &[Vec<Cell>],
        finished: &[Option<Finished>],
        coordinates: &[String],
    ) -> Rows {
        let done: Vec<(usize, &Finished)> =
            finished.iter().enumerate().filter_map(|(n, f)| Some((n, f.as_ref()?))).collect();
        let point = |job: usize| job % points.len().max(1);
        let jobs = done.iter().map(|(job, _)| *job as u64).collect();
        let places = done.iter().map(|(job, _)| point(*job) as u64).collect();
        let mut columns = vec![
            column("job", Column::Whole(jobs)),
            column("point", Column::Whole(places)),
            column("seed", Column::Whole(done.iter().map(|(_, f)| f.seed).collect())),
        ];
        for (at, name) in coordinates.iter().enumerate() {
            // All points decide, so that a table cut short has the same columns as the whole one.
            let numbers = points.iter().all(|cells| matches!(cells[at], Cell::Number(_)));
            let cells = done.iter().map(|(job, _)| &points[point(*job)][at]);
            columns.push(column(name, of_cells(cells, numbers)));
            if let Some(seconds) = seconds(points, at) {
                let values = done.iter().map(|(job, _)| Some(seconds[point(*job)])).collect();
                columns.push(column(&seconds_name(name), Column::Number(values)));
            }
        }
        for (at, metric) in METRICS.iter().enumerate() {
            let values = done.iter().map(|(_, finished)| finished.values[at]).collect();
            columns.push(column(metric.name, Column::Number(values)));
        }
        let hashes = done.iter().map(|(_, finished)| finished.state_hash.clone()).collect();
        columns.push(column("state_hash", Column::Text(hashes)));
        Rows { columns, count: done.len() }
    }

    /// The rows as JSON lines, keys in the order of the columns.
    pub fn lines(&self) -> String {
        let mut text = String::new();
        for row in 0..self.count {
            for (n, (name, column)) in self.columns.iter().enumerate() {
                let value = match column {
                    Column::Whole(values) => Value::from(values[row]),
                    Column::Number(values) => number(values[row]),
                    Column::Text(values) => Value::from(values[row].as_str()),
                };
                let open = if n == 0 { '{' } else { ',' };
                let _ = write!(text, "{open}{}:{value}", Value::from(name.as_str()));
            }
            text.push_str("}\n");
        }
        text
    }

    /// Writes `<name>.jsonl`, and `<name>.arrow` where the program can, into a folder; returns the files.
    ///
    /// Errors: the disk's.
    pub fn write(&self, folder: &Path, name: &str) -> Result<Vec<PathBuf>, Trouble> {
        let lines = folder.join(format!("{name}.jsonl"));
        store::write(&lines, "part", self.lines().as_bytes())?;
        #[cfg(feature = "arrow")]
        {
            let path = folder.join(format!("{name}.arrow"));
            let bytes = columnar::file(&self.columns)
                .map_err(|error| Trouble::Run(format!("{}: {error}", path.display())))?;
            store::write(&path, "part", &bytes)?;
            Ok(vec![path, lines])
        }
        #[cfg(not(feature = "arrow"))]
        Ok(vec![lines])
    }
}

fn column(name: &str, column: Column) -> (String, Column) {
    (name.to_owned(), column)
}

/// Column of an axis of durations, in seconds.
pub fn seconds_name(axis: &str) -> String {
    format!("{axis}_seconds")
}

/// The durations of an axis in seconds, by point, so that a table can be sorted by them; `None` where any is none.
fn seconds(points: &[Vec<Cell>], at: usize) -> Option<Vec<f64>> {
    let seconds = |cells: &Vec<Cell>| match &cells[at] {
        Cell::Text(text) => duration(text).map(|span| span as f64 / SECOND as f64),
        Cell::Number(_) => None,
    };
    points.iter().map(seconds).collect()
}

fn of_cells<'a>(cells: impl Iterator<Item = &'a Cell>, numbers: bool) -> Column {
    let value = |cell: &Cell| match cell {
        Cell::Number(number) => Some(*number),
        Cell::Text(_) => None,
    };
    let text = |cell: &Cell| match cell {
        Cell::Number(value) => number(Some(*value)).to_string(),
        Cell::Text(text) => text.clone(),
    };
    match numbers {
        true => Column::Number(cells.map(value).collect()),
        false => Column::Text(cells.map(text).collect()),
    }
}

#[cfg(feature = "arrow")]
mod columnar {
    //! The same rows as an Arrow IPC file, compressed with zstd.

    use super::Column;
    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
    use arrow_schema::{ArrowError, DataType, Field, Schema};
    use std::sync::Arc;

    /// The bytes of the file.
    pub fn file(columns: &[(String, Column)]) -> Result<Vec<u8>, ArrowError> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column)| match column {
                Column::Whole(_) => Field::new(name, DataType::UInt64, false),
                Column::Number(_) => Field::new(name, DataType::Float64, true),
                Column::Text(_) => Field::new(name, DataType::Utf8, false),
            })
            .collect();
        let arrays = columns.iter().map(|(_, column)| -> ArrayRef {
            match column {
                Column::Whole(values) => Arc::new(UInt64Array::from(values.clone())),
                Column::Number(values) => Arc::new(Float64Array::from(values.clone())),
                Column::Text(values) => Arc::new(StringArray::from_iter_values(values)),
            }
        });
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), arrays.collect())?;
        let options =
            IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD))?;
        let mut writer = FileWriter::try_new_with_options(Vec::new(), &schema, options)?;
        writer.write(&batch)?;
        writer.into_inner()
    }
}
