//! `include/plimsoll.h` is what cbindgen makes of the source. After a change of the border:
//!
//!     UPDATE_HEADER=1 cargo test -p plimsoll-capi --test header

use cbindgen::{Builder, Config};
use std::path::Path;

/// Where the border is written down, in the order of the header.
const SOURCES: [&str; 10] = [
    "status.rs",
    "words.rs",
    "layout.rs",
    "event.rs",
    "calls/library.rs",
    "calls/engines.rs",
    "calls/orders.rs",
    "calls/events.rs",
    "calls/reading.rs",
    "calls/texts.rs",
];

fn made() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let builder = Builder::new().with_config(config);
    let builder =
        SOURCES.iter().fold(builder, |builder, file| builder.with_src(root.join("src").join(file)));
    let mut text = Vec::new();
    builder.generate().expect("the sources parse").write(&mut text);
    String::from_utf8(text).expect("the header is UTF-8")
}

#[test]
fn the_header_is_what_the_source_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/plimsoll.h");
    let made = made();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&path, &made).expect("the header can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("include/plimsoll.h");
    let differs = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "include/plimsoll.h is not what cbindgen makes, from line {} on; make it anew with\n  \
         UPDATE_HEADER=1 cargo test -p plimsoll-capi --test header",
        differs.map_or(kept.lines().count().min(made.lines().count()), |line| line) + 1
    );
}

#[test]
fn every_call_of_the_source_is_in_the_header() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = made();
    let mut calls = 0;
    for file in std::fs::read_dir(root.join("src/calls")).expect("src/calls") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a source");
        for line in text.lines().filter(|line| line.contains("extern \"C\" fn ")) {
            let name = line.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
            let name = name.expect("a name");
            assert!(header.contains(&format!("{name}(")), "{name} is not in the header");
            calls += 1;
        }
    }
    assert!(calls > 20, "only {calls} calls found");
}
