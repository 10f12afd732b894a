//! What a session keeps: the messages it has sent, to send them again, and the number it expects. In memory, and in a file where asked.
//!
//! The file is written before the socket is, and not synced: it outlives the process, not the machine. What the exchange has
//! carried out is in the journal; this is only about what was told. A torn tail is cut; after a loss of power numbers may run back,
//! and the client resets the session (field 141).

use super::write::Kind;
use plimsoll_types::Ts;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// How much a session keeps for sending again.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Messages.
    pub messages: usize,
    /// Bytes of their bodies.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { messages: 100_000, bytes: 32 << 20 }
    }
}

/// A message as it was sent, without its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its type.
    pub kind: Kind,
    /// When.
    pub at: Ts,
    /// Its fields; emptied once it is written, where it is never sent again.
    pub body: Box<[u8]>,
}

/// What is kept of one session.
#[derive(Debug)]
pub struct Store {
    bounds: Bounds,
    /// Number of the oldest message kept.
    first: u64,
    sent: VecDeque<Sent>,
    bytes: usize,
    next_in: u64,
    /// `next_in` as the file has it.
    settled: u64,
    file: Option<Log>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    /// Records that wait for [`Store::flush`].
    waiting: Vec<u8>,
    len: usize,
}

const SENT: u8 = b'O';
const NEXT_IN: u8 = b'I';
const RESET: u8 = b'R';

impl Store {
    /// In memory alone.
    pub fn new(bounds: Bounds) -> Store {
        Store {
            bounds,
            first: 1,
            sent: VecDeque::new(),
            bytes: 0,
            next_in: 1,
            settled: 1,
            file: None,
        }
    }

    /// With a file, which is read first where there is one.
    ///
    /// Errors: whatever the system says. A tail that is no whole record is cut off.
    pub fn open(bounds: Bounds, path: &Path) -> io::Result<Store> {
        let mut store = Store::new(bounds);
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(mut file) => {
                file.read_to_end(&mut bytes)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut rest = bytes.as_slice();
        while let Some((record, after)) = read_record(rest) {
            store.replay(record);
            rest = after;
        }
        store.rewrite(path)?;
        Ok(store)
    }

    /// The number of the oldest message kept, or of the next where none is.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number the next message sent gets.
    pub fn next_out(&self) -> u64 {
        self.first + self.sent.len() as u64
    }

    /// The number the next message received should have.
    pub fn next_in(&self) -> u64 {
        self.next_in
    }

    /// Sets the number the next message received should have.
    pub fn expect(&mut self, next_in: u64) {
        self.next_in = next_in;
    }

    /// Numbers begin anew on both sides; nothing is kept.
    pub fn reset(&mut self) {
        self.clear();
        self.record(RESET, |out| out.extend_from_slice(&1u64.to_le_bytes()));
    }

    /// Keeps a message; the oldest go where there are too many.
    pub fn append(&mut self, kind: Kind, at: Ts, body: &[u8]) {
        self.record(SENT, |out| write_sent(out, kind, at, body));
        self.keep(Sent { kind, at, body: body.into() });
    }

    /// A message, where it is still kept.
    pub fn get(&self, seq: u64) -> Option<&Sent> {
        self.sent.get(usize::try_from(seq.checked_sub(self.first)?).ok()?)
    }

    /// Drops the fields of a message that will not be sent again.
    pub fn written(&mut self, seq: u64) {
        let Some(place) = seq.checked_sub(self.first) else { return };
        if let Some(sent) = self.sent.get_mut(place as usize)
            && !sent.kind.is_kept()
        {
            self.bytes -= sent.body.len();
            sent.body = Box::default();
        }
    }

    /// Writes to the file what waits for it. Messages received from number `unanswered` on do not count there: should the
    /// process end now, whether they are carried out is not known, and they are asked for again.
    ///
    /// Errors: whatever the system says; the session must not go on then, since it could not be resumed.
    pub fn flush(&mut self, unanswered: Option<u64>) -> io::Result<()> {
        let settled = unanswered.map_or(self.next_in, |seq| seq.min(self.next_in));
        // Behind the messages that answer: a torn tail then asks for too much, never for too little.
        if settled != self.settled {
            self.record(NEXT_IN, |out| out.extend_from_slice(&settled.to_le_bytes()));
            self.settled = settled;
        }
        let Some(log) = &mut self.file else { return Ok(()) };
        if log.waiting.is_empty() {
            return Ok(());
        }
        log.file.write_all(&log.waiting)?;
        log.len += log.waiting.len();
        log.waiting.clear();
        // What was dropped from memory goes from the file too, seldom enough to cost nothing.
        if log.len > 4 * self.bounds.bytes.max(1 << 20) {
            let path = log.path.clone();
            self.rewrite(&path)?;
        }
        Ok(())
    }

    /// All messages kept, with their numbers.
    pub fn kept(&self) -> impl Iterator<Item = (u64, &Sent)> {
        (self.first..).zip(&self.sent)
    }

    fn clear(&mut self) {
        self.sent.clear();
        (self.first, self.bytes) = (1, 0);
        (self.next_in, self.settled) = (1, 1);
    }

    fn keep(&mut self, sent: Sent) {
        self.bytes += sent.body.len();
        self.sent.push_back(sent);
        while self.sent.len() > self.bounds.messages || self.bytes > self.bounds.bytes {
            let Some(oldest) = self.sent.pop_front() else { break };
            self.bytes -= oldest.body.len();
            self.first += 1;
        }
    }

    fn record(&mut self, what: u8, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(log) = &mut self.file {
            write_record(&mut log.waiting, what, write);
        }
    }

    fn replay(&mut self, record: &[u8]) {
        let Some((what, rest)) = record.split_first() else { return };
        let number = rest.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        match (*what, number) {
            (NEXT_IN, Some(next_in)) => (self.next_in, self.settled) = (next_in, next_in),
            (RESET, Some(first)) => {
                self.clear();
                self.first = first.max(1);
            }
            (SENT, Some(at)) if rest.len() >= 10 => {
                let letters = if rest[9] == 0 { &rest[8..9] } else { &rest[8..10] };
                if let Some(kind) = Kind::read(letters) {
                    self.keep(Sent { kind, at, body: rest[10..].into() });
                }
            }
            _ => {}
        }
    }

    /// Writes the file anew with what is kept, under another name first.
    fn rewrite(&mut self, path: &Path) -> io::Result<()> {
        let mut bytes = Vec::new();
        write_record(&mut bytes, RESET, |out| out.extend_from_slice(&self.first.to_le_bytes()));
        for sent in &self.sent {
            write_record(&mut bytes, SENT, |out| write_sent(out, sent.kind, sent.at, &sent.body));
        }
        write_record(&mut bytes, NEXT_IN, |out| out.extend_from_slice(&self.settled.to_le_bytes()));
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        std::fs::rename(&beside, path)?;
        let path = path.to_owned();
        self.file = Some(Log { path, file, waiting: Vec::new(), len: bytes.len() });
        Ok(())
    }
}

fn write_sent(out: &mut Vec<u8>, kind: Kind, at: Ts, body: &[u8]) {
    let letters = kind.as_bytes();
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[letters[0], letters.get(1).copied().unwrap_or(0)]);
    if kind.is_kept() {
        out.extend_from_slice(body);
    }
}

/// Length, check, kind, contents; little-endian.
fn write_record(out: &mut Vec<u8>, what: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend_from_slice(&[0; 8]);
    out.push(what);
    write(out);
    let payload = &out[begin + 8..];
    let (len, check) = (payload.len() as u32, check(payload));
    out[begin..begin + 4].copy_from_slice(&len.to_le_bytes());
    out[begin + 4..begin + 8].copy_from_slice(&check.to_le_bytes());
}

fn read_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (told, rest) = rest.split_first_chunk::<4>()?;
    let (payload, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    (check(payload) == u32::from_le_bytes(*told)).then_some((payload, rest))
}

fn check(payload: &[u8]) -> u32 {
    xxhash_rust::xxh3::xxh3_64(payload) as u32
}
