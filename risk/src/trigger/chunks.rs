//! Lists of numbers in pieces of one cache line, from a store that grows a block at a time and never moves.

/// No piece.
pub(crate) const NIL: u32 = u32::MAX;

/// Numbers a piece holds.
pub(crate) const ROOM: usize = 14;

/// A piece of a list.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Chunk {
    entries: [u32; ROOM],
    len: u32,
    next: u32,
}

impl Chunk {
    const EMPTY: Chunk = Chunk { entries: [0; ROOM], len: 0, next: NIL };

    /// The numbers it holds.
    #[inline]
    pub(crate) fn entries(&self) -> &[u32] {
        &self.entries[..(self.len as usize).min(ROOM)]
    }

    /// The piece after it.
    #[inline]
    pub(crate) fn next(&self) -> u32 {
        self.next
    }
}

/// Pieces a block holds: 64 KB.
const BLOCK: usize = 1024;

/// All pieces of all lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunks {
    blocks: Vec<Box<[Chunk]>>,
    /// First of the pieces that no list has.
    spare: u32,
    /// Pieces that have ever been on a list.
    used: u32,
}

impl Chunks {
    pub(crate) fn new() -> Chunks {
        Chunks { blocks: Vec::new(), spare: NIL, used: 0 }
    }

    #[inline]
    pub(crate) fn get(&self, id: u32) -> &Chunk {
        &self.blocks[id as usize / BLOCK][id as usize % BLOCK]
    }

    #[inline]
    fn get_mut(&mut self, id: u32) -> &mut Chunk {
        &mut self.blocks[id as usize / BLOCK][id as usize % BLOCK]
    }

    /// Puts a number on the list that begins at `head`; where the list begins now.
    #[inline]
    pub(crate) fn push(&mut self, head: u32, entry: u32) -> u32 {
        if head != NIL {
            let chunk = self.get_mut(head);
            let len = chunk.len as usize;
            if len < ROOM {
                chunk.entries[len] = entry;
                chunk.len += 1;
                return head;
            }
        }
        let id = self.take();
        let chunk = self.get_mut(id);
        chunk.entries[0] = entry;
        chunk.len = 1;
        chunk.next = head;
        id
    }

    /// Frees a piece; the one after it.
    #[inline]
    pub(crate) fn free(&mut self, id: u32) -> u32 {
        let spare = self.spare;
        let next = std::mem::replace(&mut self.get_mut(id).next, spare);
        self.spare = id;
        next
    }

    fn take(&mut self) -> u32 {
        if self.spare != NIL {
            let id = self.spare;
            self.spare = self.get(id).next;
            return id;
        }
        if self.used as usize == self.blocks.len() * BLOCK {
            self.add_block();
        }
        self.used += 1;
        self.used - 1
    }

    #[cold]
    fn add_block(&mut self) {
        self.blocks.push(vec![Chunk::EMPTY; BLOCK].into_boxed_slice());
    }

    /// Bytes the store takes.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK * size_of::<Chunk>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_what_they_are_given_and_pieces_are_used_again() {
        assert_eq!(size_of::<Chunk>(), 64);
        let mut chunks = Chunks::new();
        for _ in 0..3 {
            let mut heads = [NIL; 3];
            for entry in 0..30_000u32 {
                let head = &mut heads[entry as usize % 3];
                *head = chunks.push(*head, entry);
            }
            for (place, head) in heads.into_iter().enumerate() {
                let (mut found, mut next) = (Vec::new(), head);
                while next != NIL {
                    found.extend_from_slice(chunks.get(next).entries());
                    next = chunks.free(next);
                }
                found.sort_unstable();
                let expected: Vec<u32> = (0..30_000).filter(|n| *n as usize % 3 == place).collect();
                assert_eq!(found, expected);
            }
        }
        assert_eq!(chunks.bytes(), 3 * BLOCK * 64, "30,000 numbers need 2,145 pieces");
    }
}
