//! Command lines for recorded data, written field by field.

use crate::decimal::{write_scaled, write_whole};
use crate::json::write_string;
use plimsoll_types::{Label, Ts};

/// The beginning of a command.
pub(crate) fn head(ts: Ts, command: &str) -> Vec<u8> {
    let mut line = Vec::with_capacity(128);
    line.extend_from_slice(b"{\"ts\":");
    write_whole(&mut line, ts);
    field(&mut line, "cmd", command);
    line
}

/// A field with text in it.
pub(crate) fn field(line: &mut Vec<u8>, key: &str, value: &str) {
    line.push(b',');
    write_string(line, key.as_bytes());
    line.push(b':');
    write_string(line, value.as_bytes());
}

/// A field with `mantissa x 10^-decimals` in it.
pub(crate) fn decimal(line: &mut Vec<u8>, key: &str, mantissa: i128, decimals: u32) {
    line.push(b',');
    write_string(line, key.as_bytes());
    line.extend_from_slice(b":\"");
    write_scaled(line, mantissa, decimals);
    line.push(b'"');
}

/// The end of a command.
pub(crate) fn end(mut line: Vec<u8>) -> Vec<u8> {
    line.extend_from_slice(b"}\n");
    line
}

/// `text` as a name, cut where it is too long for one.
pub(crate) fn name(text: &str) -> Label {
    let cut = &text[..text.floor_char_boundary(Label::MAX_LEN)];
    Label::new(cut).or_else(|| Label::new("?")).unwrap_or_else(|| unreachable!("one byte fits"))
}
