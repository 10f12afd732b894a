//! A table as a Parquet file.

use super::Store;
use crate::medium::Part;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, ParquetMetaData, ParquetMetaDataWriter};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::io::{self, Write};
use std::path::PathBuf;

/// Batches of a row group.
const GROUP_BATCHES: usize = 16;
/// Compression of the pages: the quickest of its kind.
const ZSTD_LEVEL: i32 = 1;

/// One file: nothing of it can be read before its footer, which names the row groups that are whole.
pub struct ParquetFile {
    /// Writes to memory, which cannot fail; whole groups go on to the file.
    writer: ArrowWriter<Vec<u8>>,
    part: Part,
    /// Row groups in the file.
    groups: usize,
    failed: bool,
}

impl ParquetFile {
    /// Begins a file of batches of so many `rows`.
    ///
    /// Errors: a schema Parquet has no types for.
    pub fn new(part: Part, schema: SchemaRef, rows: usize) -> io::Result<ParquetFile> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(trouble)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_BATCHES * rows))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(trouble)?;
        Ok(ParquetFile { writer, part, groups: 0, failed: false })
    }

    /// Hands on to the file what the writer has finished, the bytes it still holds back among it.
    fn hand_on(&mut self) -> io::Result<()> {
        self.writer.sync()?;
        let ready = self.writer.inner_mut();
        let written = self.part.write_all(ready);
        ready.clear();
        match written {
            Ok(()) => {
                self.groups = self.writer.flushed_row_groups().len();
                self.part.keep();
            }
            Err(_) => {
                self.failed = true;
                self.part.forget()?;
            }
        }
        written
    }

    /// A footer that names the groups in the file and no others.
    fn footer_of_whole_groups(&self, all: &ParquetMetaData) -> io::Result<Vec<u8>> {
        let groups = all.row_groups()[..self.groups].to_vec();
        let about = all.file_metadata();
        let about = FileMetaData::new(
            about.version(),
            groups.iter().map(|group| group.num_rows()).sum(),
            about.created_by().map(str::to_owned),
            about.key_value_metadata().cloned(),
            about.schema_descr_ptr(),
            about.column_orders().cloned(),
        );
        let mut footer = Vec::new();
        let whole = ParquetMetaData::new(about, groups);
        ParquetMetaDataWriter::new(&mut footer, &whole).finish().map_err(trouble)?;
        Ok(footer)
    }
}

impl Store for ParquetFile {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(batch).map_err(trouble)?;
        if self.writer.flushed_row_groups().len() == self.groups { Ok(()) } else { self.hand_on() }
    }

    fn path(&self) -> PathBuf {
        self.part.path().to_owned()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        // A writer can be finished once only.
        let all = self.writer.finish().map_err(trouble)?;
        let mut written = Ok(());
        if !self.failed {
            written = self.part.write_all(self.writer.inner());
            if written.is_ok() {
                return self.part.publish();
            }
            self.part.forget()?;
        }
        self.part.write_all(&self.footer_of_whole_groups(&all)?)?;
        self.part.publish()?;
        written
    }
}

/// The disk's own error where it is one.
fn trouble(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
