//! A table as an Arrow IPC file.

use super::Store;
use crate::medium::Part;
use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{ArrowError, Schema};
use std::io;
use std::path::PathBuf;

/// Compression of the columns: the quickest of its kind.
const ZSTD_LEVEL: i32 = 1;

/// One file: its batches can be read up to a cut, its footer comes last.
pub struct IpcFile(FileWriter<Part>);

impl IpcFile {
    /// Writes the schema.
    ///
    /// Errors: the disk's.
    pub fn new(part: Part, schema: &Schema) -> io::Result<IpcFile> {
        // Eight bytes of magic and padding, then a stream: what is there of a cut file can be read as one.
        let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)
            .map_err(trouble)?
            .try_with_compression(Some(CompressionType::ZSTD))
            .and_then(|options| options.try_with_compression_level(Some(ZSTD_LEVEL)))
            .map_err(trouble)?;
        let mut writer =
            FileWriter::try_new_with_options(part, schema, options).map_err(trouble)?;
        writer.get_mut().keep();
        Ok(IpcFile(writer))
    }
}

impl Store for IpcFile {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let written = self.0.write(batch);
        match written {
            Ok(()) => self.0.get_mut().keep(),
            // The writer notes a batch once it has written all of it: its footer will not name this one.
            Err(_) => self.0.get_mut().forget()?,
        }
        written.map_err(trouble)
    }

    fn path(&self) -> PathBuf {
        self.0.get_ref().path().to_owned()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let finished = self.0.finish();
        if finished.is_err() {
            self.0.get_mut().forget()?;
            self.0.finish().map_err(trouble)?;
        }
        self.0.into_inner().map_err(trouble)?.publish()?;
        finished.map_err(trouble)
    }
}

/// The disk's own error where it is one.
fn trouble(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}
