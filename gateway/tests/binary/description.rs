//! docs/schema/binary.json says what the structs are, and the tables of docs/PROTOCOL.md what it says.

use plimsoll_gateway::binary::codes;
use plimsoll_gateway::binary::events::{event_layouts, stamp_layout};
use plimsoll_gateway::binary::layout::{FieldLayout, HEAD, MessageLayout};
use plimsoll_gateway::binary::messages::{VERSION, client_layouts, server_layouts};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- tables: made of docs/schema/binary.json -->\n";
const END: &str = "<!-- end of tables -->";

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Compares a file with what it should be; with `PLIMSOLL_BLESS=1` it is written instead.
fn hold(path: &Path, wanted: &str) {
    if std::env::var_os("PLIMSOLL_BLESS").is_some() {
        std::fs::write(path, wanted).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap();
    assert!(
        there == wanted,
        "{} is not what the structs are; PLIMSOLL_BLESS=1 writes it",
        path.display()
    );
}

/// The description, out of the structs: their offsets are the compiler's.
fn description() -> Value {
    let values: Map<String, Value> = codes::all()
        .into_iter()
        .map(|list| {
            let words = list.values.iter().map(|(code, word)| json!({"value": code, "word": word}));
            (list.name.to_owned(), words.collect())
        })
        .collect();
    json!({
        "protocol": "plimsoll binary",
        "version": VERSION,
        "byte_order": "little-endian",
        "head": [
            {"name": "length", "offset": 0, "bytes": 2, "type": "u16", "meaning": "Bytes of the message, the head among them."},
            {"name": "kind", "offset": 2, "bytes": 1, "type": "u8", "meaning": "Which message: a character."},
            {"name": "flags", "offset": 3, "bytes": 1, "type": "u8", "meaning": "Bits: 1 = more messages of this event follow, 2 = the last answer to its command. A client sends 0."},
        ],
        "stamp": stamp_layout(),
        "client": client_layouts(),
        "server": server_layouts(),
        "events": event_layouts(),
        "values": values,
    })
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

/// A table of fields.
fn table(out: &mut String, fields: &Value) {
    out.push_str("| offset | bytes | field | type | meaning |\n|---:|---:|---|---|---|\n");
    for field in fields.as_array().unwrap() {
        let (offset, bytes) = (&field["offset"], &field["bytes"]);
        let values = field.get("values").map_or(String::new(), |list| {
            let list = list.as_str().unwrap();
            format!(" Values: [{list}](#values-{}).", list.replace('_', "-"))
        });
        let (name, kind, meaning) =
            (text(field, "name"), text(field, "type"), text(field, "meaning"));
        writeln!(out, "| {offset} | {bytes} | {name} | {kind} | {meaning}{values} |").unwrap();
    }
    out.push('\n');
}

/// The tables of the document, out of the description alone.
fn tables(description: &Value) -> String {
    let mut out = String::from("\n### Head\n\n");
    table(&mut out, &description["head"]);
    out.push_str("### Stamp: what every event's message has at offset 4\n\n");
    table(&mut out, &description["stamp"]);
    for (key, title) in [
        ("client", "From a client"),
        ("server", "From the server, beside events"),
        ("events", "Events"),
    ] {
        writeln!(out, "## {title}\n").unwrap();
        for message in description[key].as_array().unwrap() {
            let (name, kind) = (text(message, "name"), text(message, "kind"));
            let (bytes, meaning) = (&message["bytes"], text(message, "meaning"));
            writeln!(out, "### {name}: kind `{kind}`, {bytes} bytes\n\n{meaning}\n").unwrap();
            if !message["fields"].as_array().unwrap().is_empty() {
                table(&mut out, &message["fields"]);
            }
        }
    }
    out.push_str("## Values\n\n");
    for (name, values) in description["values"].as_object().unwrap() {
        let words: Vec<String> = values
            .as_array()
            .unwrap()
            .iter()
            .map(|value| format!("{} {}", value["value"], text(value, "word")))
            .collect();
        let title = name.replace('_', "-");
        writeln!(out, "### Values: {title}\n\n{}\n", words.join(", ")).unwrap();
    }
    out
}

#[test]
fn the_description_is_what_the_structs_are() {
    let wanted = format!("{:#}\n", description());
    hold(&docs("schema/binary.json"), &wanted);
}

#[test]
fn the_tables_are_what_the_description_says() {
    let file = std::fs::read_to_string(docs("PROTOCOL.md")).unwrap();
    let (before, rest) = file.split_once(BEGIN).expect("the tables' beginning is marked");
    let (_, after) = rest.split_once(END).expect("their end is marked");
    let kept = std::fs::read_to_string(docs("schema/binary.json")).unwrap();
    let description: Value = serde_json::from_str(&kept).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", tables(&description));
    hold(&docs("PROTOCOL.md"), &wanted);
}

#[test]
fn fields_lie_one_behind_the_other_and_kinds_are_unique() {
    let out: Vec<MessageLayout> = server_layouts().into_iter().chain(event_layouts()).collect();
    for (who, layouts) in [("client", client_layouts()), ("server", out)] {
        let mut kinds: Vec<char> = layouts.iter().map(|layout| layout.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), layouts.len(), "{who}");
        for layout in &layouts {
            assert_eq!(end_of(&layout.fields, HEAD), layout.bytes, "{}", layout.name);
            assert!(!layout.meaning.is_empty());
        }
    }
    let stamp = stamp_layout();
    assert_eq!(end_of(&stamp, 0), stamp.iter().map(|field| field.bytes).sum::<usize>());
}

/// Where fields end that begin at `begin`; none overlaps, nothing lies between.
fn end_of(fields: &[FieldLayout], begin: usize) -> usize {
    fields.iter().fold(begin, |at, field| {
        assert_eq!(field.offset, at, "{}", field.name);
        assert!(!field.meaning.is_empty(), "{} says nothing", field.name);
        at + field.bytes
    })
}

#[test]
fn every_list_of_values_is_there() {
    let lists: Vec<&str> = codes::all().iter().map(|list| list.name).collect();
    let layouts = client_layouts().into_iter().chain(server_layouts()).chain(event_layouts());
    for field in layouts.flat_map(|layout| layout.fields).chain(stamp_layout()) {
        assert!(field.values.is_none_or(|list| lists.contains(&list)), "{field:?}");
    }
}
