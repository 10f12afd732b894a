//! Tables and lines read back by readers that share nothing with the writers, and compared.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
#[cfg(feature = "parquet")]
use std::sync::Arc;

/// The tables of events, and that of the accounts.
const NAMES: [&str; 7] = ["trades", "orders", "risk", "cases", "marks", "market", "accounts"];

/// A folder of its own, gone at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let name = format!("plimsoll-output-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A table's rows: cells that are not null, by column.
#[derive(PartialEq)]
pub struct Table(Vec<Map<String, Value>>);

impl Table {
    pub fn rows(&self) -> usize {
        self.0.len()
    }

    pub fn begins_with(&self, other: &Table) -> bool {
        self.0.starts_with(&other.0)
    }
}

/// One cell, a decimal without zeros at its end.
fn cell(array: &dyn Array, row: usize) -> Value {
    match array.data_type() {
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::Decimal128(..) => {
            plain(&array.as_primitive::<Decimal128Type>().value_as_string(row)).into()
        }
        DataType::Dictionary(key, _) if **key == DataType::UInt8 => {
            let array = array.as_dictionary::<UInt8Type>();
            array.values().as_string::<i32>().value(usize::from(array.keys().value(row))).into()
        }
        DataType::Dictionary(..) => {
            let array = array.as_dictionary::<UInt16Type>();
            array.values().as_string::<i32>().value(usize::from(array.keys().value(row))).into()
        }
        other => panic!("no such column was planned: {other}"),
    }
}

/// A decimal without zeros at its end.
fn plain(decimal: &str) -> String {
    match decimal.contains('.') {
        true => decimal.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => decimal.to_owned(),
    }
}

fn rows(batch: &RecordBatch, into: &mut Vec<Map<String, Value>>) {
    let schema = batch.schema();
    for row in 0..batch.num_rows() {
        let cells = schema.fields().iter().zip(batch.columns());
        let cells = cells.filter(|(_, column)| column.is_valid(row));
        into.push(cells.map(|(field, column)| (field.name().clone(), cell(column, row))).collect());
    }
}

/// A whole table, batch by batch.
fn table(
    name: &str,
    schema: &Schema,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> (String, Table) {
    assert_eq!(schema.metadata()["plimsoll.table"], name);
    assert_eq!(schema.metadata()["plimsoll.seed"], "1");
    let mut found = Vec::new();
    batches.for_each(|batch| rows(&batch.expect("a whole batch"), &mut found));
    (name.to_owned(), Table(found))
}

/// The tables of a folder.
pub fn tables(folder: &Path) -> BTreeMap<String, Table> {
    NAMES.iter().map(|name| arrow_table(folder, name)).collect()
}

/// A table of curves.
pub fn curves(folder: &Path, name: &str) -> Vec<Map<String, Value>> {
    arrow_table(folder, name).1.0
}

fn arrow_table(folder: &Path, name: &str) -> (String, Table) {
    let file = File::open(folder.join(format!("{name}.arrow"))).expect("the table is there");
    let reader = FileReader::try_new(file, None).expect("a whole file");
    table(name, &reader.schema(), reader)
}

/// The tables of a folder, from Parquet files.
#[cfg(feature = "parquet")]
pub fn parquet_tables(folder: &Path) -> BTreeMap<String, Table> {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let read = |name: &&str| {
        let file = File::open(folder.join(format!("{name}.parquet"))).expect("the table is there");
        let file = ParquetRecordBatchReaderBuilder::try_new(file).expect("a whole file");
        let schema = Arc::clone(file.schema());
        table(name, &schema, file.build().expect("readable"))
    };
    NAMES.iter().map(read).collect()
}

/// What can be read of the files that a kill leaves: whole batches up to the cut.
pub fn parts(folder: &Path) -> Vec<Table> {
    let read = |name: &&str| {
        let mut file = File::open(folder.join(format!("{name}.arrow.part"))).ok()?;
        file.seek(SeekFrom::Start(8)).expect("a header");
        let reader = StreamReader::try_new(file, None).expect("a schema");
        let mut found = Vec::new();
        reader.map_while(Result::ok).for_each(|batch| rows(&batch, &mut found));
        Some(Table(found))
    };
    NAMES.iter().filter_map(read).collect()
}

/// Holds every line of a folder's events.jsonl against the tables; returns how many lines there are of every kind.
pub fn compare(folder: &Path) -> BTreeMap<String, u64> {
    let mut tables = tables(folder);
    let accounts = tables.remove("accounts").expect("accounts").0;
    let mut found: BTreeMap<u64, (String, Vec<Map<String, Value>>)> = BTreeMap::new();
    for (name, table) in tables {
        for row in table.0 {
            let seq = row["seq"].as_u64().expect("a number");
            let entry = found.entry(seq).or_insert_with(|| (name.clone(), Vec::new()));
            assert_eq!(entry.0, name, "event {seq} is in two tables");
            entry.1.push(row);
        }
    }
    let mut counts = BTreeMap::new();
    let lines = fs::read_to_string(folder.join("events.jsonl")).expect("lines");
    for line in lines.lines() {
        let event: Map<String, Value> = serde_json::from_str(line).expect("JSON");
        let kind = event["event"].as_str().expect("a word").to_owned();
        let seq = event["seq"].as_u64().expect("a number");
        let (table, rows) = found.remove(&seq).unwrap_or_else(|| panic!("no table has {line}"));
        assert_eq!(table, table_of(&kind), "{line}");
        for (n, row) in rows.iter().enumerate() {
            let said = as_line(&table, row, &accounts);
            assert_eq!(said, as_row(&table, &event, n), "{line}");
        }
        let targets = event.get("targets").map_or(1, |targets| targets.as_array().unwrap().len());
        assert_eq!(rows.len(), targets.max(1), "{line}");
        *counts.entry(kind).or_default() += 1;
    }
    assert!(found.is_empty(), "rows that no line tells of: {found:?}");
    counts
}

fn table_of(kind: &str) -> &'static str {
    match kind {
        "trade" => "trades",
        "accepted" | "cancelled" | "rejected" | "replaced" | "triggered" | "refilled" => "orders",
        "case" => "cases",
        "mark" | "index" | "band" | "phase" => "marks",
        "margin" | "auction" | "indicative" | "settled" | "listed" | "delisted" | "expired"
        | "busted" | "scheduled" | "terms" | "permission" => "market",
        _ => "risk",
    }
}

/// A row in the words of a line: names for numbers of accounts, and nothing a line would not say.
fn as_line(
    table: &str,
    row: &Map<String, Value>,
    accounts: &[Map<String, Value>],
) -> Map<String, Value> {
    let mut line = row.clone();
    for key in ["account", "maker", "taker"] {
        if let Some(id) = row.get(key) {
            let known = &accounts[id.as_u64().expect("a number") as usize];
            assert_eq!(&known["account"], id);
            line.insert(key.to_owned(), known["name"].clone());
            if let Some(isolated) = known.get("isolated") {
                line.insert("isolated".to_owned(), isolated.clone());
            }
        }
    }
    match table {
        "trades" => line.insert("event".to_owned(), "trade".into()),
        "cases" => line.insert("event".to_owned(), "case".into()),
        _ => None,
    };
    // The tables name the instrument where the lines leave it to the order or batch.
    let event = line["event"].as_str().unwrap_or_default().to_owned();
    if matches!(event.as_str(), "cancelled" | "replaced" | "triggered")
        || row.get("state").is_some_and(|state| state == "checked")
    {
        line.remove("symbol").expect("an instrument");
    }
    if let Some(name) = line.remove("name") {
        line.insert("account".to_owned(), name);
    }
    // Fees of nothing are not said.
    for key in ["maker_fee", "taker_fee", "fee"] {
        if line.get(key).is_some_and(|fee| fee == "0") {
            line.remove(key);
        }
    }
    line
}

/// A line as its `n`th row would say it: no nulls, objects taken apart, decimals without zeros at their end.
fn as_row(table: &str, event: &Map<String, Value>, n: usize) -> Map<String, Value> {
    let mut row = event.clone();
    row.remove("detail");
    if let Some(Value::Array(targets)) = row.remove("targets")
        && let Some(Value::Object(target)) = targets.get(n)
    {
        row.insert("n".to_owned(), (n + 1).into());
        row.extend(target.clone());
    }
    for key in ["initial", "maintenance"] {
        if let Some(Value::Object(rate)) = row.get(key).cloned() {
            row.insert(key.to_owned(), rate["share"].clone());
            row.insert(format!("{key}_per_lot"), rate["per_lot"].clone());
        }
    }
    if row.get("at").is_some_and(|at| at == "settlement") {
        row.remove("at");
    }
    row.retain(|_, value| !value.is_null());
    let words = ["event", "account", "id", "maker", "maker_id", "taker", "taker_id", "reason"];
    for (key, value) in &mut row {
        let is_word = words.contains(&key.as_str()) || (table != "risk" && key == "kind");
        if let (Value::String(text), false) = (&*value, is_word) {
            *value = plain(text).into();
        }
    }
    row
}
