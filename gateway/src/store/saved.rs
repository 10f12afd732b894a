//! An engine as bytes: its exchange, its number, and what it remembers of its users. docs/JOURNAL.md draws the file.

use crate::engine::Engine;
use crate::journal::{Disk, JournalError, RecoverError, numbered, write_whole};
use crate::users::{Memory, User};
use plimsoll_exchange::{Exchange, RestoreError, configuration_hash};
use plimsoll_types::{ExchangeSpec, Ts};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"PLIMSNAP";
const VERSION: u32 = 1;
const HEADER: usize = 64;

/// An engine put down: what is taken while readers wait, so nothing is done here that can be done later.
#[derive(Debug)]
pub struct Saved {
    number: u64,
    ts: Ts,
    memory: Memory,
    exchange: Vec<u8>,
}

impl Saved {
    /// Puts an engine down. Cost: O(accounts + orders), one pass; see docs/PERFORMANCE.md.
    pub fn of(engine: &Engine) -> Saved {
        let exchange = engine.exchange();
        let (number, ts) = (engine.number(), exchange.now());
        Saved { number, ts, memory: engine.memory(), exchange: exchange.snapshot() }
    }

    /// Number of the last command carried out.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What stands before the exchange's own snapshot.
    fn front(&self, configuration: u64) -> Vec<u8> {
        let memory = match postcard::to_allocvec(&self.memory) {
            Ok(bytes) => bytes,
            Err(error) => plimsoll_types::broken(format_args!("memory of users: {error}")),
        };
        let mut bytes = Vec::with_capacity(HEADER + memory.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&u64::from(VERSION).to_le_bytes());
        let (memory_len, exchange_len) = (memory.len() as u64, self.exchange.len() as u64);
        for word in [configuration, self.number, self.ts, memory_len, exchange_len, 0] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&memory);
        let checksum = xxh3_64(&bytes);
        bytes[HEADER - 8..HEADER].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

/// A snapshot's bytes, looked at but not taken up.
struct Read<'a> {
    configuration: u64,
    number: u64,
    ts: Ts,
    memory: &'a [u8],
    exchange: &'a [u8],
}

fn read(bytes: &[u8]) -> Result<Read<'_>, RestoreError> {
    let header = bytes.first_chunk::<HEADER>().ok_or(RestoreError::Damaged)?;
    let word = |n: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&header[8 * n..8 * n + 8]);
        u64::from_le_bytes(word)
    };
    if header[..8] != MAGIC[..] {
        return Err(RestoreError::Damaged);
    }
    if word(1) != u64::from(VERSION) {
        return Err(RestoreError::Version(word(1) as u32));
    }
    let (memory_len, exchange_len) = (word(5) as usize, word(6) as usize);
    let whole = HEADER.checked_add(memory_len).and_then(|len| len.checked_add(exchange_len));
    if whole != Some(bytes.len()) {
        return Err(RestoreError::Damaged);
    }
    let (front, exchange) = bytes.split_at(HEADER + memory_len);
    let mut summed = front.to_vec();
    summed[HEADER - 8..HEADER].fill(0);
    if xxh3_64(&summed) != word(7) {
        return Err(RestoreError::Damaged);
    }
    let (configuration, number, ts) = (word(2), word(3), word(4));
    Ok(Read { configuration, number, ts, memory: &front[HEADER..], exchange })
}

impl Engine {
    /// The engine as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let saved = Saved::of(self);
        let mut bytes = saved.front(configuration_hash(&self.exchange().configuration()));
        bytes.extend_from_slice(&saved.exchange);
        bytes
    }

    /// Takes an engine up again: under the configuration it was put down under, for whatever users there are now.
    ///
    /// Errors: [`RestoreError`], where the bytes are no whole snapshot of this version and configuration.
    pub fn restore(
        spec: ExchangeSpec,
        users: &[User],
        bytes: &[u8],
    ) -> Result<Engine, RestoreError> {
        let read = read(bytes)?;
        if read.configuration != configuration_hash(&spec) {
            return Err(RestoreError::OtherConfiguration);
        }
        let memory: Memory =
            postcard::from_bytes(read.memory).map_err(|_| RestoreError::Damaged)?;
        let exchange = Exchange::restore(spec, read.exchange)?;
        Ok(Engine::new(exchange, users, read.number, memory))
    }
}

/// A snapshot file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Number of the last command carried out before it, from its name.
    pub number: u64,
    /// Where it is.
    pub path: PathBuf,
}

/// A directory's snapshots, the oldest first. A directory that is not there has none.
///
/// Errors: [`RecoverError::Disk`].
pub fn snapshots(directory: &Path) -> Result<Vec<SnapshotFile>, RecoverError> {
    let found = numbered(directory, ".snap")?;
    Ok(found.into_iter().map(|(number, path)| SnapshotFile { number, path }).collect())
}

/// Looks whether a snapshot's bytes are whole, without a configuration: its number and time.
///
/// Errors: [`RestoreError`].
pub fn look_at(bytes: &[u8]) -> Result<(u64, Ts), RestoreError> {
    let read = read(bytes)?;
    plimsoll_exchange::check_snapshot(read.exchange)?;
    Ok((read.number, read.ts))
}

/// Writes a snapshot: under another name, synced, then renamed.
///
/// Errors: [`JournalError::Disk`]; then there is none of this number, or one that is whole.
pub fn write_snapshot(
    disk: &dyn Disk,
    directory: &Path,
    configuration: u64,
    saved: &Saved,
) -> Result<PathBuf, JournalError> {
    let path = directory.join(format!("{:020}.snap", saved.number));
    let temporary = path.with_extension("snap.tmp");
    let front = saved.front(configuration);
    disk.create(&temporary)
        .and_then(|file| {
            write_whole(&*file, &front, 0)?;
            let mut at = front.len() as u64;
            for part in saved.exchange.chunks(PART) {
                write_whole(&*file, part, at)?;
                at += part.len() as u64;
            }
            file.sync()
        })
        .and_then(|()| disk.rename(&temporary, &path))
        .and_then(|()| disk.sync_names(directory))
        .map_err(JournalError::at("write it", &path))?;
    Ok(path)
}

/// Bytes written at a time: a system call takes at most 2 GiB.
const PART: usize = 8 << 20;
