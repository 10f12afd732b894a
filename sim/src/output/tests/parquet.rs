//! Parquet files hold the rows that the Arrow files hold, and are whole where the disk fails.

use super::*;

/// Cell by cell, what either way of writing the same run leaves.
fn agree(arrow: &Path, parquet: &Path) -> usize {
    let (arrow, parquet) = (reading::tables(arrow), reading::parquet_tables(parquet));
    assert!(arrow.keys().eq(parquet.keys()));
    for (name, table) in &arrow {
        assert_eq!(table.rows(), parquet[name].rows(), "rows of {name}");
        assert!(*table == parquet[name], "{name}");
    }
    arrow.values().map(Table::rows).sum()
}

#[test]
fn parquet_tables_hold_the_rows_of_the_arrow_tables() {
    let (arrow, parquet) = (Folder::new("as-arrow"), Folder::new("as-parquet"));
    let scenario = small();
    let plan_arrow = plan(&arrow.0, &scenario);
    let one = carry_out(&scenario, Output::create(&plan_arrow).expect("made"));
    let plan = Plan { tables: TablesAs::Parquet, ..plan(&parquet.0, &scenario) };
    let other = carry_out(&scenario, Output::create(&plan).expect("made"));
    assert_eq!((one.ending, &other.ending), (Ending::Complete, &Ending::Complete));
    assert!(agree(&arrow.0, &parquet.0) as u64 >= other.events);
}

#[test]
fn parquet_has_the_columns_of_every_kind_of_event() {
    let scenario = kinds::scenario();
    let (exchange, later, events) = kinds::events(&scenario);
    let folders = [TablesAs::Arrow, TablesAs::Parquet].map(|tables| {
        let folder = Folder::new(&format!("kinds-{tables:?}"));
        let plan = Plan { later: &later, tables, ..plan(&folder.0, &scenario) };
        let mut output = Output::create(&plan).expect("made");
        output.push(&exchange, &events).expect("written");
        assert!(output.finish().expect("there were files").1.is_ok());
        folder
    });
    assert!(agree(&folders[0].0, &folders[1].0) >= kinds::KINDS);
}

#[test]
fn a_disk_that_fails_leaves_parquet_files_that_can_be_read() {
    let scenario = small();
    let whole = Folder::new("parquet-whole");
    let begin = |folder: &Path, make: &Make<'_>| {
        let plan = Plan { tables: TablesAs::Parquet, ..plan(folder, &scenario) };
        Output::create_with(&plan, make, 256).expect("made")
    };
    let (left, make) = fail_at(u64::MAX, false);
    let output = begin(&whole.0, &make);
    let began = u64::MAX - left.load(Ordering::Relaxed);
    carry_out(&scenario, output);
    let writes = u64::MAX - left.load(Ordering::Relaxed);
    let tables = reading::parquet_tables(&whole.0);
    let mut kept = 0;
    for step in 1..=8 {
        let write = began + (writes - began) * step / 8;
        let folder = Folder::new(&format!("parquet-full-{step}"));
        let (_, make) = fail_at(write, false);
        let outcome = carry_out(&scenario, begin(&folder.0, &make));
        assert_eq!(outcome.ending, Ending::Failed("the disk is full".to_owned()), "write {write}");
        for (name, table) in reading::parquet_tables(&folder.0) {
            assert!(tables[&name].begins_with(&table), "{name} after write {write}");
            kept = kept.max(table.rows());
        }
    }
    assert!(kept > 0, "no row group was whole before the disk failed");
}
