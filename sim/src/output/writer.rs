//! The writer's side of a run's output.

use super::{Batch, EventsAs, Plan, TablesAs};
use crate::lines::Lines;
use crate::medium::Make;
use crate::names::NameTable;
use crate::outcome::Curves;
#[cfg(feature = "arrow")]
use crate::tables::{About, Format, Tables};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};

/// Bytes set aside on the disk, so that files can be ended, and a summary written, once it is full.
const RESERVE: usize = 4 << 20;

/// What the run tells the writer.
pub(super) enum Message {
    /// Events.
    Batch(Batch),
    /// The run has ended; its curves, if the tables shall have them.
    Finish(Option<Box<Curves>>),
    /// The run did not begin.
    Discard,
}

/// What became of the files.
pub(super) struct Written {
    /// Events written: lines of `events.jsonl` where there is one.
    pub(super) events: u64,
    /// The first trouble of the disk.
    pub(super) result: io::Result<()>,
}

/// Files being written, and the names they need.
pub(super) struct Writer {
    names: NameTable,
    lines: Option<Lines>,
    #[cfg(feature = "arrow")]
    tables: Option<Tables>,
    reserve: Reserve,
    events: u64,
}

impl Writer {
    /// Begins the files of a plan; `None` where there are none.
    pub(super) fn begin(
        plan: &Plan<'_>,
        make: &Make<'_>,
        rows: usize,
    ) -> io::Result<Option<Writer>> {
        if plan.events == EventsAs::Nothing && plan.tables == TablesAs::Nothing {
            return Ok(None);
        }
        let reserve = Reserve::take(plan.folder);
        #[cfg(feature = "arrow")]
        let tables = tables(plan, make, rows)?;
        let lines = match plan.events {
            EventsAs::Jsonl => Lines::create(plan.folder, make).map(Some),
            EventsAs::Nothing => Ok(None),
        };
        #[cfg(feature = "arrow")]
        let (tables, lines) = match (tables, lines) {
            (tables, Ok(lines)) => (tables, lines),
            (tables, Err(error)) => {
                if let Some(tables) = tables {
                    tables.discard();
                }
                return Err(error);
            }
        };
        #[cfg(not(feature = "arrow"))]
        let _ = rows;
        #[cfg(not(feature = "arrow"))]
        let lines = lines?;
        Ok(Some(Writer {
            names: NameTable::new(plan.spec),
            lines,
            #[cfg(feature = "arrow")]
            tables,
            reserve,
            events: 0,
        }))
    }

    /// Writes what comes until the run has ended or the disk fails; then ends the files.
    pub(super) fn work(mut self, filled: &Receiver<Message>, free: &Sender<Batch>) -> Written {
        // A sender that goes without a word is a run that broke: its files end whole all the same.
        while let Ok(message) = filled.recv() {
            match message {
                Message::Batch(mut batch) => {
                    if let Err(error) = self.write(&batch) {
                        let written = self.finish();
                        return Written { result: Err(error), ..written };
                    }
                    batch.news.accounts.clear();
                    batch.news.instruments.clear();
                    batch.events.clear();
                    // The run may have ended meanwhile and want no batch back.
                    let _ = free.send(batch);
                }
                Message::Finish(curves) => {
                    let put = curves.map_or(Ok(()), |curves| self.curves(&curves));
                    let written = self.finish();
                    return Written { result: put.and(written.result), ..written };
                }
                Message::Discard => return self.discard(),
            }
        }
        self.finish()
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        if let Some(lines) = &mut self.lines {
            self.names.learn(&batch.news);
            for event in &batch.events {
                self.names.follow(event);
                lines.put(&self.names, event)?;
            }
        }
        #[cfg(feature = "arrow")]
        if let Some(tables) = &mut self.tables {
            tables.learn(&batch.news)?;
            for event in &batch.events {
                tables.put(event)?;
            }
        }
        self.events += batch.events.len() as u64;
        Ok(())
    }

    #[cfg(feature = "arrow")]
    fn curves(&mut self, curves: &Curves) -> io::Result<()> {
        self.tables.as_mut().map_or(Ok(()), |tables| tables.curves(curves))
    }

    #[cfg(not(feature = "arrow"))]
    fn curves(&mut self, _: &Curves) -> io::Result<()> {
        Ok(())
    }

    fn finish(self) -> Written {
        drop(self.reserve);
        let (events, lines) = match self.lines {
            Some(lines) => lines.finish(),
            None => (self.events, Ok(())),
        };
        #[cfg(feature = "arrow")]
        let tables = self.tables.map_or(Ok(()), Tables::finish);
        #[cfg(not(feature = "arrow"))]
        let tables = Ok(());
        Written { events, result: lines.and(tables) }
    }

    fn discard(self) -> Written {
        if let Some(lines) = self.lines {
            lines.discard();
        }
        #[cfg(feature = "arrow")]
        if let Some(tables) = self.tables {
            tables.discard();
        }
        Written { events: 0, result: Ok(()) }
    }
}

/// Begins the tables of a plan.
#[cfg(feature = "arrow")]
fn tables(plan: &Plan<'_>, make: &Make<'_>, rows: usize) -> io::Result<Option<Tables>> {
    let format = match plan.tables {
        TablesAs::Arrow => Format::Arrow,
        #[cfg(feature = "parquet")]
        TablesAs::Parquet => Format::Parquet,
        TablesAs::Nothing => return Ok(None),
    };
    let Plan { folder, scenario, seed, .. } = *plan;
    let about = About { folder, scenario, seed };
    Tables::create(&about, format, plan.spec, plan.later, rows, make).map(Some)
}

/// Room on the disk that is given back once it is needed.
struct Reserve(PathBuf);

impl Reserve {
    /// Sets it aside; where there is none, the run will see soon enough.
    fn take(folder: &Path) -> Reserve {
        let path = folder.join("reserve.part");
        let _ = fs::write(&path, vec![0x5a; RESERVE]);
        Reserve(path)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
