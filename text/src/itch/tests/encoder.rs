//! Sessions of TotalView-ITCH 5.0 written message by message; tests/itch.rs writes its files with it as well.

/// Writes messages as the venue does.
#[derive(Default)]
pub struct Encoder {
    /// What is written so far.
    pub bytes: Vec<u8>,
    /// Time of the last message, nanoseconds since midnight.
    pub ts: u64,
}

impl Encoder {
    /// A message of stock 7, a microsecond after the last.
    pub fn message(&mut self, kind: u8, fields: &[&[u8]]) -> &mut Encoder {
        self.ts += 1_000;
        let mut message = vec![kind, 0, 7, 0, 0];
        message.extend_from_slice(&self.ts.to_be_bytes()[2..]);
        message.extend(fields.concat());
        self.raw(&message)
    }

    /// Bytes behind their length.
    pub fn raw(&mut self, message: &[u8]) -> &mut Encoder {
        self.bytes.extend_from_slice(&(message.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(message);
        self
    }

    /// An order of no member (A).
    pub fn add(&mut self, order: u64, side: u8, shares: u32, price: u32) -> &mut Encoder {
        let (order, shares, price) =
            (order.to_be_bytes(), shares.to_be_bytes(), price.to_be_bytes());
        self.message(b'A', &[&order, &[side], &shares, b"ACME    ", &price])
    }

    /// An order of a member (F).
    pub fn add_of_member(&mut self, order: u64, side: u8, shares: u32, price: u32) -> &mut Encoder {
        let (order, shares, price) =
            (order.to_be_bytes(), shares.to_be_bytes(), price.to_be_bytes());
        self.message(b'F', &[&order, &[side], &shares, b"ACME    ", &price, b"MEMB"])
    }

    /// An execution at the order's price (E).
    pub fn executed(&mut self, order: u64, shares: u32) -> &mut Encoder {
        self.message(b'E', &[&order.to_be_bytes(), &shares.to_be_bytes(), &[0; 8]])
    }

    /// An execution at another price (C).
    pub fn executed_at(
        &mut self,
        order: u64,
        shares: u32,
        printed: u8,
        price: u32,
    ) -> &mut Encoder {
        let (order, shares, price) =
            (order.to_be_bytes(), shares.to_be_bytes(), price.to_be_bytes());
        self.message(b'C', &[&order, &shares, &[0; 8], &[printed], &price])
    }

    /// An order loses shares (X).
    pub fn cancel(&mut self, order: u64, shares: u32) -> &mut Encoder {
        self.message(b'X', &[&order.to_be_bytes(), &shares.to_be_bytes()])
    }

    /// An order goes (D).
    pub fn delete(&mut self, order: u64) -> &mut Encoder {
        self.message(b'D', &[&order.to_be_bytes()])
    }

    /// An order goes, another one comes (U).
    pub fn replace(&mut self, order: u64, new: u64, shares: u32, price: u32) -> &mut Encoder {
        let (shares, price) = (shares.to_be_bytes(), price.to_be_bytes());
        self.message(b'U', &[&order.to_be_bytes(), &new.to_be_bytes(), &shares, &price])
    }

    /// The stock trades, or does not (H).
    pub fn state(&mut self, state: u8) -> &mut Encoder {
        self.message(b'H', &[b"ACME    ", &[state, b' '], b"    "])
    }

    /// The stock is listed (R).
    pub fn listed(&mut self) -> &mut Encoder {
        self.message(b'R', &[b"ACME    ", &[b'Q', b'N', 0, 0, 0, 100], &[b' '; 14]])
    }

    /// The opening cross (Q).
    pub fn cross(&mut self, shares: u64, price: u32) -> &mut Encoder {
        let fields: [&[u8]; 5] =
            [&shares.to_be_bytes(), b"ACME    ", &price.to_be_bytes(), &[0; 8], b"O"];
        self.message(b'Q', &fields)
    }
}
