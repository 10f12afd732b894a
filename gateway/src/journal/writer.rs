//! The journal as it is written: batches that wait go to the disk together, with one sync for all of them.

use super::disk::{Disk, FileHandle, write_whole};
use super::scan::End;
use super::segment::{HEADER_BYTES, MARK_BYTES, Mark, MarkKind, SegmentHeader};
use super::supply::Supply;
use super::syncer::Syncer;
use super::walk::{About, segment_name};
use super::{JournalError, Options, Policy, RecoverError};
use crate::batch::{Batch, Durability};
use crate::recorder::{Recorder, RecorderError};
use std::borrow::Borrow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The end that writes. One thread's; no lock on the way of a batch unless the policy is [`Policy::Interval`].
pub struct Journal {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    configuration: u64,
    options: Options,
    supply: Supply,
    syncer: Option<Syncer>,
    segment: Segment,
    /// Number of the last record written.
    last: u64,
    buffer: Vec<u8>,
    /// When a sync was last asked for.
    asked: Instant,
    shut: bool,
}

/// The segment being written.
struct Segment {
    file: Arc<dyn FileHandle>,
    path: PathBuf,
    header: SegmentHeader,
    /// Where the next byte goes.
    at: u64,
    /// Where the last records end.
    records_end: u64,
    /// So far it is known to be synced.
    synced: u64,
    /// Whether a mark says that all records are.
    sealed: bool,
}

impl Journal {
    /// Begins a segment for records after `last` in a directory whose other segments end with it or before, and are synced.
    ///
    /// Errors: [`JournalError::Disk`].
    pub fn begin(
        disk: Arc<dyn Disk>,
        directory: &Path,
        configuration: u64,
        last: u64,
        options: Options,
    ) -> Result<Journal, JournalError> {
        let mut supply = Supply::new(disk.clone(), directory, options.segment_bytes);
        let header = SegmentHeader::new(last + 1, configuration);
        let segment = Segment::begin(&*disk, directory, header, &mut supply)?;
        let syncer = matches!(options.policy, Policy::Interval(_)).then(Syncer::start);
        Ok(Journal {
            disk,
            directory: directory.to_owned(),
            configuration,
            options,
            supply,
            syncer,
            segment,
            last,
            buffer: Vec::new(),
            asked: Instant::now(),
            shut: false,
        })
    }

    /// Number of the last record written.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Writes the records of batches, in order, and syncs if the policy says so: one write and one sync for all of them.
    ///
    /// Cost: one copy of the records, one system call or two; every some hundred thousand records a new segment.
    /// Errors: [`JournalError`]; then nothing of these batches may be told, and every later call says [`JournalError::Shut`].
    pub fn commit<B: Borrow<Batch>>(&mut self, batches: &[B]) -> Result<(), JournalError> {
        self.unless_shut(|journal| {
            let mut last = journal.last;
            journal.buffer.clear();
            journal.buffer.resize(MARK_BYTES, 0);
            for batch in batches {
                let batch = batch.borrow();
                if !batch.log.is_empty() {
                    journal.buffer.extend_from_slice(&batch.log);
                    last = batch.last;
                }
            }
            match last == journal.last {
                true => journal.take_note_of_syncs(),
                false => journal.write(last),
            }
        })
    }

    /// To be called when nothing waits: syncs that are due, and the word that all is synced. Gives how long it may be left alone at most.
    ///
    /// Errors: as [`Journal::commit`].
    pub fn idle(&mut self) -> Result<Option<Duration>, JournalError> {
        self.unless_shut(|journal| {
            journal.take_note_of_syncs()?;
            let segment = &mut journal.segment;
            if segment.synced >= segment.records_end {
                if !segment.sealed {
                    segment.mark(MarkKind::Seal, journal.last)?;
                    segment.sealed = true;
                }
                return Ok(None);
            }
            match journal.options.policy {
                Policy::Interval(interval) => {
                    journal.sync_at(interval)?;
                    Ok(Some(interval))
                }
                _ => Ok(None),
            }
        })
    }

    /// Syncs everything and ends the segment.
    ///
    /// Errors: [`JournalError`].
    pub fn close(mut self) -> Result<(), JournalError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        let ended = self.unless_shut(Journal::end_segment);
        self.shut = true;
        ended
    }

    fn unless_shut<R>(
        &mut self,
        work: impl FnOnce(&mut Journal) -> Result<R, JournalError>,
    ) -> Result<R, JournalError> {
        if self.shut {
            return Err(JournalError::Shut);
        }
        let done = work(self);
        self.shut = done.is_err();
        done
    }

    /// Writes what is in the buffer behind a hole for the mark.
    fn write(&mut self, last: u64) -> Result<(), JournalError> {
        let room = self.options.segment_bytes.saturating_sub(self.segment.at);
        if self.last >= self.segment.header.first && room < (self.buffer.len() + MARK_BYTES) as u64
        {
            self.end_segment()?;
            let header = SegmentHeader::new(self.last + 1, self.configuration);
            self.segment = Segment::begin(&*self.disk, &self.directory, header, &mut self.supply)?;
        }
        let segment = &mut self.segment;
        let (at, synced) = (segment.at, segment.synced);
        let mark = Mark { kind: MarkKind::Group, last: self.last, at, synced };
        self.buffer[..MARK_BYTES].copy_from_slice(&mark.bytes(segment.header.salt));
        segment.append(&self.buffer)?;
        segment.records_end = segment.at;
        segment.sealed = false;
        self.last = last;
        match self.options.policy {
            Policy::Always => segment.sync(),
            Policy::Interval(interval) => self.sync_at(interval),
            Policy::Never => Ok(()),
        }
    }

    /// Has the other thread sync where the last time is long ago.
    fn sync_at(&mut self, interval: Duration) -> Result<(), JournalError> {
        self.take_note_of_syncs()?;
        if let Some(syncer) = &self.syncer
            && self.asked.elapsed() >= interval
        {
            self.asked = Instant::now();
            syncer.want(&self.segment.file, (self.segment.header.first, self.segment.at));
        }
        Ok(())
    }

    fn take_note_of_syncs(&mut self) -> Result<(), JournalError> {
        let Some(syncer) = &self.syncer else { return Ok(()) };
        let reached = syncer.reached().map_err(JournalError::at("sync it", &self.segment.path))?;
        if let Some((first, synced)) = reached
            && first == self.segment.header.first
        {
            self.segment.synced = self.segment.synced.max(synced);
        }
        Ok(())
    }

    /// Ends the segment, all of it synced: a later one proves that this one was whole.
    fn end_segment(&mut self) -> Result<(), JournalError> {
        if let Some(syncer) = &self.syncer {
            syncer.rest();
        }
        self.take_note_of_syncs()?;
        let segment = &mut self.segment;
        segment.mark(MarkKind::End, self.last)?;
        let cut = segment.file.set_len(segment.at);
        cut.map_err(JournalError::at("cut it", &segment.path))?;
        segment.sync()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // As if the process had been killed here: what was promised has been synced.
        let _ = self.finish();
    }
}

impl Recorder for Journal {
    fn durability(&self) -> Durability {
        self.options.policy.durability()
    }

    fn commit(&mut self, batches: &[Arc<Batch>]) -> Result<(), RecorderError> {
        Ok(Journal::commit(self, batches)?)
    }

    fn idle(&mut self) -> Result<Option<Duration>, RecorderError> {
        Ok(Journal::idle(self)?)
    }
}

/// Ends a segment that was left open: what is not good is cut off, and all of it is on the disk afterwards.
pub(crate) fn end_tail(disk: &dyn Disk, about: &About) -> Result<(), RecoverError> {
    let file_error = || RecoverError::disk(&about.path);
    if about.end == End::Closed && about.good == about.bytes {
        return Ok(());
    }
    let mut header = [0; HEADER_BYTES];
    std::fs::File::open(&about.path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut header))
        .map_err(file_error())?;
    let file = about.path.clone();
    let header = SegmentHeader::read(&header).map_err(|_| RecoverError::NoSegment { file })?;
    let file = disk.open(&about.path).map_err(file_error())?;
    file.set_len(about.good).map_err(file_error())?;
    if about.end != End::Closed {
        let (last, at) = (about.last, about.good);
        let mark = Mark { kind: MarkKind::End, last, at, synced: at };
        write_whole(&*file, &mark.bytes(header.salt), at).map_err(file_error())?;
    }
    file.sync().map_err(file_error())
}

impl Segment {
    /// Makes a segment: its header is on the disk before it gets its name.
    fn begin(
        disk: &dyn Disk,
        directory: &Path,
        header: SegmentHeader,
        supply: &mut Supply,
    ) -> Result<Segment, JournalError> {
        let path = directory.join(segment_name(header.first));
        let blank = supply.take().map_err(JournalError::at("allocate it", &path))?;
        write_whole(&*blank.file, &header.bytes(), 0)
            .and_then(|()| blank.file.sync())
            .and_then(|()| disk.rename(&blank.path, &path))
            .and_then(|()| disk.sync_names(directory))
            .map_err(JournalError::at("begin it", &path))?;
        let at = HEADER_BYTES as u64;
        let (records_end, synced) = (at, at);
        Ok(Segment { file: blank.file, path, header, at, records_end, synced, sealed: true })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        write_whole(&*self.file, bytes, self.at)
            .map_err(JournalError::at("write to it", &self.path))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn mark(&mut self, kind: MarkKind, last: u64) -> Result<(), JournalError> {
        let mark = Mark { kind, last, at: self.at, synced: self.synced };
        self.append(&mark.bytes(self.header.salt))
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.file.sync().map_err(JournalError::at("sync it", &self.path))?;
        self.synced = self.at;
        Ok(())
    }
}
