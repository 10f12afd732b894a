//! Messages out of a stream of bytes: found by their length, proved by their checksum; what is garbled is passed over.

/// Most bytes of a message's body. Longer ones count as garbled.
pub const BODY_MAX: usize = 16 * 1024;

/// The byte that ends a field.
pub const SOH: u8 = 1;

const BEGIN: &[u8] = b"8=FIX";

/// `10=` with its three digits and its end.
const TRAILER: usize = 7;

/// Most bytes before the body: `8=FIXT.1.1|9=123456|` and some.
const HEAD_MAX: usize = 32;

/// Bytes that came and are no message yet.
///
/// Invariant: after [`Framer::message`] gave nothing it holds less than one message of the greatest length.
#[derive(Debug, Default)]
pub struct Framer {
    bytes: Vec<u8>,
    begin: usize,
    /// Starts of messages that were none.
    garbled: u64,
}

/// What the bytes begin with.
enum Seen {
    /// A part of something; more must come.
    Part,
    /// So many bytes that belong to no message.
    Noise(usize),
    /// A start that leads to no message.
    Garbled,
    /// A message of so many bytes.
    Message(usize),
}

impl Framer {
    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.begin > 0 {
            self.bytes.drain(..self.begin);
            self.begin = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message, from `8=` to the end of its checksum. Any split of the bytes gives the same messages.
    ///
    /// Cost: O(bytes) to find and to add up; no allocation.
    pub fn message(&mut self) -> Option<&[u8]> {
        loop {
            match look(&self.bytes[self.begin..]) {
                Seen::Part => return None,
                Seen::Noise(count) => self.begin += count,
                Seen::Garbled => {
                    self.garbled += 1;
                    self.begin += BEGIN.len();
                }
                Seen::Message(len) => {
                    let begin = self.begin;
                    self.begin += len;
                    return Some(&self.bytes[begin..begin + len]);
                }
            }
        }
    }

    /// How many starts of messages led to none.
    pub fn garbled(&self) -> u64 {
        self.garbled
    }

    /// Bytes that wait for more.
    pub fn waiting(&self) -> usize {
        self.bytes.len() - self.begin
    }
}

fn look(bytes: &[u8]) -> Seen {
    if !bytes.starts_with(BEGIN) {
        return noise(bytes);
    }
    let (body, len) = match head(bytes) {
        Head::Part if bytes.len() < HEAD_MAX => return Seen::Part,
        Head::Part | Head::None => return Seen::Garbled,
        Head::Body { begin, len } => (begin, len),
    };
    let end = body + len;
    let Some(trailer) = bytes.get(end..end + TRAILER) else { return Seen::Part };
    let digits = &trailer[3..6];
    let well_formed = bytes[end - 1] == SOH
        && trailer.starts_with(b"10=")
        && trailer[6] == SOH
        && digits.iter().all(u8::is_ascii_digit);
    let told =
        digits.iter().fold(0u32, |sum, digit| sum * 10 + u32::from(digit.wrapping_sub(b'0')));
    if !well_formed || u32::from(checksum(&bytes[..end])) != told {
        return Seen::Garbled;
    }
    Seen::Message(end + TRAILER)
}

/// How much of `bytes` comes before anything that may begin a message.
fn noise(bytes: &[u8]) -> Seen {
    let begins = |rest: &[u8]| rest.starts_with(BEGIN) || BEGIN.starts_with(rest);
    match (0..bytes.len()).find(|&at| bytes[at] == BEGIN[0] && begins(&bytes[at..])) {
        Some(0) => Seen::Part,
        Some(at) => Seen::Noise(at),
        None if bytes.is_empty() => Seen::Part,
        None => Seen::Noise(bytes.len()),
    }
}

/// What stands before the body.
enum Head {
    Part,
    None,
    Body { begin: usize, len: usize },
}

fn head(bytes: &[u8]) -> Head {
    let bytes = &bytes[..bytes.len().min(HEAD_MAX)];
    let Some(version) = bytes.iter().position(|byte| *byte == SOH) else { return Head::Part };
    let rest = &bytes[version + 1..];
    if rest.len() < 2 {
        return if b"9=".starts_with(rest) { Head::Part } else { Head::None };
    }
    let Some(rest) = rest.strip_prefix(b"9=") else { return Head::None };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match rest.get(digits) {
        None if digits <= 6 => Head::Part,
        Some(&SOH) if (1..=6).contains(&digits) => {
            let len =
                rest[..digits].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
            match len {
                1..=BODY_MAX => Head::Body { begin: version + 1 + 2 + digits + 1, len },
                _ => Head::None,
            }
        }
        _ => Head::None,
    }
}

/// The sum of all bytes, modulo 256.
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}
