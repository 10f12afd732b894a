//! A command as the journal keeps it: who, when, how a copy is known, what. docs/JOURNAL.md draws it.

use crate::inbound::Once;
use plimsoll_types::{Command, Ts};
use serde::{Deserialize, Serialize};

/// One carried-out command: what replay needs and nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Gapless from 1.
    pub number: u64,
    /// The time it was carried out at: never below the record's before it.
    pub ts: Ts,
    /// Whose: [`crate::users::User::key`]; 0 = the server's own.
    pub user: u64,
    /// How a copy is known.
    pub once: Once,
    /// What.
    pub command: Command,
}

impl Record {
    /// Appends a record.
    pub fn write(out: &mut Vec<u8>, number: u64, ts: Ts, user: u64, once: Once, command: &Command) {
        let begin = out.len();
        out.extend_from_slice(&[0; 4]);
        let record = (number, ts, user, once, command);
        match postcard::serialize_with_flavor(&record, Appended(out)) {
            Ok(_) => {}
            Err(error) => plimsoll_types::broken(format_args!("a command: {error}")),
        }
        let len = (out.len() - begin - 4) as u32;
        out[begin..begin + 4].copy_from_slice(&len.to_le_bytes());
    }

    /// Reads the record that `bytes` begin with, and gives what follows it.
    pub fn read(bytes: &[u8]) -> Option<(Record, &[u8])> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        Some((postcard::from_bytes(record).ok()?, rest))
    }
}

/// Writes behind what is there.
struct Appended<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appended<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
