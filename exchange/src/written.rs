//! Where serialised state goes: into bytes, or through a buffer into a hash.

use postcard::ser_flavors::Flavor;
use xxhash_rust::xxh3::Xxh3;

/// Bytes behind those that are there already.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Flavor for Bytes {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// XXH3-128 of all bytes, which are kept nowhere.
pub(crate) struct Hashed {
    hash: Xxh3,
    buffer: Vec<u8>,
}

/// Bytes hashed at once.
const BUFFER: usize = 1 << 16;

impl Hashed {
    pub(crate) fn new() -> Hashed {
        Hashed { hash: Xxh3::new(), buffer: Vec::with_capacity(BUFFER) }
    }

    fn flush(&mut self) {
        self.hash.update(&self.buffer);
        self.buffer.clear();
    }
}

impl Flavor for Hashed {
    type Output = u128;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if self.buffer.len() == BUFFER {
            self.flush();
        }
        self.buffer.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush();
        }
        if bytes.len() > BUFFER {
            self.hash.update(bytes);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<u128> {
        self.flush();
        Ok(self.hash.digest128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_128;

    #[test]
    fn the_hash_is_that_of_the_bytes_however_they_come() {
        let (mut bytes, mut hashed) = (Bytes(Vec::new()), Hashed::new());
        for length in [1, 0, BUFFER - 1, 2, BUFFER, 3 * BUFFER + 5, 7] {
            let part: Vec<u8> = (0..length).map(|n| (n * 31 % 251) as u8).collect();
            for flavor in [&mut bytes as &mut dyn Push, &mut hashed] {
                flavor.put(&part);
            }
        }
        assert_eq!(hashed.finalize().unwrap(), xxh3_128(&bytes.finalize().unwrap()));
    }

    trait Push {
        fn put(&mut self, part: &[u8]);
    }

    impl<F: Flavor> Push for F {
        fn put(&mut self, part: &[u8]) {
            self.try_push(9).unwrap();
            self.try_extend(part).unwrap();
        }
    }
}
