//! The feed's description: every message with its offsets, for programs (docs/schema/feed.json) and for people (the tables of docs/FEED.md).

use super::messages::{
    Refusal, control_layouts, feed_layouts, framing_layouts, of_phase, request_layouts,
};
use super::packet::PACKET_MAX;
use crate::binary::codes;
use crate::binary::layout::MessageLayout;
use plimsoll_types::Phase;
use serde::Serialize;
use std::fmt::Write;

/// A list of values that a field takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueList {
    /// Its name.
    pub name: &'static str,
    /// Number and word of each.
    pub values: Vec<(u16, String)>,
}

/// All that a reader must know of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Which protocol.
    pub protocol: &'static str,
    /// Which version of it.
    pub version: u32,
    /// Order of the bytes of a number.
    pub byte_order: &'static str,
    /// Most bytes of a packet.
    pub packet_bytes_max: usize,
    /// What every message begins with: name, offset, bytes, meaning.
    pub head: [(&'static str, usize, usize, &'static str); 3],
    /// What messages travel in.
    pub framing: Vec<MessageLayout>,
    /// What a client says.
    pub requests: Vec<MessageLayout>,
    /// What the server says about the feed.
    pub control: Vec<MessageLayout>,
    /// What the feed says.
    pub messages: Vec<MessageLayout>,
    /// Values of one-byte fields.
    pub values: Vec<ValueList>,
}

/// The description of this version.
pub fn description() -> Description {
    let layouts = [framing_layouts(), request_layouts(), control_layouts(), feed_layouts()];
    let mut used: Vec<&str> = layouts
        .iter()
        .flatten()
        .flat_map(|message| message.fields.iter().filter_map(|field| field.values))
        .collect();
    used.sort_unstable();
    used.dedup();
    let [framing, requests, control, messages] = layouts;
    Description {
        protocol: "plimsoll feed",
        version: 1,
        byte_order: "little-endian",
        packet_bytes_max: PACKET_MAX,
        head: [
            ("length", 0, 2, "bytes of the message, the head among them"),
            ("kind", 2, 1, "which message, a character"),
            ("flags", 3, 1, "a packet's channel; zero elsewhere"),
        ],
        framing,
        requests,
        control,
        messages,
        values: used.into_iter().map(values_of).collect(),
    }
}

fn values_of(name: &'static str) -> ValueList {
    let words = |values: &[(u16, &str)]| {
        values.iter().map(|(number, word)| (*number, (*word).to_owned())).collect()
    };
    let values = match name {
        "phase" => {
            Phase::ALL.iter().map(|p| (u16::from(of_phase(*p)), p.as_str().to_owned())).collect()
        }
        "subscribe" => words(&[(1, "from"), (2, "snapshot"), (3, "live")]),
        "refused" => (1..=u8::MAX)
            .map_while(|code| Some((u16::from(code), Refusal::of(code)?.to_string())))
            .collect(),
        _ => codes::all()
            .into_iter()
            .find(|list| list.name == name)
            .map_or_else(Vec::new, |list| words(&list.values)),
    };
    ValueList { name, values }
}

/// The tables of docs/FEED.md.
pub fn tables() -> String {
    let about = description();
    let mut text = String::new();
    for (title, messages) in [
        ("Packets", &about.framing),
        ("Messages of the feed", &about.messages),
        ("Control messages", &about.control),
        ("Requests", &about.requests),
    ] {
        let _ = writeln!(text, "### {title}\n");
        for message in messages {
            let MessageLayout { name, kind, bytes, meaning, .. } = message;
            let _ = writeln!(text, "**`{name}`**, kind `{kind}`, {bytes} bytes. {meaning}\n");
            let _ = writeln!(text, "| offset | bytes | type | field | |\n|---:|---:|---|---|---|");
            for field in &message.fields {
                let values = field.values.map_or(String::new(), |list| format!(" (list `{list}`)"));
                let (offset, bytes, kind) = (field.offset, field.bytes, &field.kind);
                let (name, meaning) = (field.name, &field.meaning);
                let _ = writeln!(
                    text,
                    "| {offset} | {bytes} | {kind} | `{name}` | {meaning}{values} |"
                );
            }
            let _ = writeln!(text);
        }
    }
    let _ = writeln!(text, "### Lists\n\n| list | values |\n|---|---|");
    for list in &about.values {
        let values: Vec<_> = list.values.iter().map(|(n, word)| format!("{n} {word}")).collect();
        let _ = writeln!(text, "| `{}` | {} |", list.name, values.join(", "));
    }
    text
}
