//! The walk over what a session has sent: new messages, and those asked for again.

use super::{Link, Session};
use crate::fix::store::Store;
use crate::fix::tag;
use crate::fix::write::{Body, Header, Kind, Parties, write_message};
use plimsoll_types::Ts;

impl Session {
    /// Appends to `out` what is to be written next, until it has `most` bytes or there is nothing more.
    ///
    /// `false`: the reader was so slow that messages it never got are no longer kept; the connection is to be cut.
    pub fn write(&mut self, out: &mut Vec<u8>, most: usize, now: Ts) -> bool {
        let Some(link) = &mut self.link else { return true };
        let next_out = self.store.next_out();
        if link.fresh < self.store.first() {
            return false;
        }
        while out.len() < most && link.cursor < next_out {
            link.last_out = now;
            if link.cursor < link.fresh {
                write_again(out, &self.parties, &self.store, link, now);
                continue;
            }
            let Some(sent) = self.store.get(link.cursor) else { return false };
            let header = Header { seq: link.cursor, at: now, first: None };
            write_message(out, sent.kind, header, &self.parties, &sent.body);
            self.store.written(link.cursor);
            link.cursor += 1;
            link.fresh = link.cursor;
        }
        true
    }
}

/// Writes a message again, or a gap fill over those that are not.
fn write_again(out: &mut Vec<u8>, parties: &Parties, store: &Store, link: &mut Link, now: Ts) {
    let last = link.again_until.map_or(link.fresh - 1, |until| until.min(link.fresh - 1));
    if link.cursor > last {
        link.cursor = link.fresh;
        return;
    }
    let kept = |seq: &u64| store.get(*seq).is_some_and(|sent| sent.kind.is_kept());
    let next = (link.cursor..=last).find(kept).unwrap_or(last + 1);
    if next > link.cursor {
        let mut body = Body::new();
        body.add(tag::GAP_FILL_FLAG, 'Y').add(tag::NEW_SEQ_NO, next);
        let header = Header { seq: link.cursor, at: now, first: Some(now) };
        write_message(out, Kind::SEQUENCE_RESET, header, parties, body.as_bytes());
        link.cursor = next;
    } else if let Some(sent) = store.get(next) {
        let header = Header { seq: next, at: now, first: Some(sent.at) };
        write_message(out, sent.kind, header, parties, &sent.body);
        link.cursor += 1;
    }
}
