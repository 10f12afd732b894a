//! Wrong use, on purpose: each mistake is answered with its own status and leaves no trace.

mod rig;

use plimsoll_capi::calls::engines::{
    plimsoll_book_new, plimsoll_book_restore, plimsoll_exchange_new, plimsoll_exchange_restore,
    plimsoll_free, plimsoll_snapshot, plimsoll_state_hash, plimsoll_state_text,
};
use plimsoll_capi::calls::events::{
    plimsoll_events_discard, plimsoll_events_drain, plimsoll_events_drain_text,
};
use plimsoll_capi::calls::library::{
    plimsoll_abi_version, plimsoll_reject_text, plimsoll_status_text, plimsoll_version,
};
use plimsoll_capi::calls::orders::{
    plimsoll_line, plimsoll_order_cancel, plimsoll_order_replace, plimsoll_order_submit,
};
use plimsoll_capi::calls::reading::{
    plimsoll_account_find, plimsoll_account_read, plimsoll_best_read, plimsoll_depth_read,
    plimsoll_info_read, plimsoll_instrument_find, plimsoll_instrument_read, plimsoll_levels_read,
    plimsoll_position_read,
};
use plimsoll_capi::calls::texts::{
    plimsoll_account_name, plimsoll_money_parse, plimsoll_money_text, plimsoll_price_parse,
    plimsoll_price_text, plimsoll_qty_parse, plimsoll_qty_text,
};
use plimsoll_capi::{
    Account, Best, BookOptions, Cancel, Event, Hash, Info, Instrument, Level, Order,
    PLIMSOLL_ABI_VERSION, Receipt, Replace, Status, Wide,
};
use rig::{CONFIG, Engine, Random, limit};
use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

/// What no mistake may change.
fn trace(engine: &Engine) -> ((u64, u64), Info) {
    (engine.hash(), engine.info())
}

/// An exchange in which something has happened.
fn used() -> Engine {
    let engine = Engine::exchange(CONFIG);
    engine.accept(&limit(1, 2, 5_000, 3));
    engine.accept(&limit(0, 1, 5_000, 2));
    engine
}

/// Every call that takes an engine, with good arguments otherwise.
fn every_call(engine: u64) -> Vec<(&'static str, Status)> {
    let mut receipt = Receipt::blank();
    let order = limit(0, 1, 5_000, 1);
    let cancel = Cancel { order: 1, ..Cancel::blank() };
    let replace = Replace { order: 1, price: 1, qty: 1, ..Replace::blank() };
    let line = "{\"ts\":9,\"cmd\":\"time\"}";
    let (mut event, mut level, mut text) = ([Event::BLANK], [Level::default()], [0u8; 4096]);
    let (mut size, mut number, mut signed, mut lots) = (0usize, 0u32, 0i64, 0u64);
    let (mut hash, mut info, mut best) = (Hash::blank(), Info::blank(), Best::blank());
    let (mut instrument, mut account, mut wide) =
        (Instrument::blank(), Account::blank(), Wide::default());
    let (out, room) = (text.as_mut_ptr().cast::<c_char>(), 4096);
    let (word, len) = ("RB".as_ptr().cast::<c_char>(), 2);
    let (digit, one) = ("1".as_ptr().cast::<c_char>(), 1);
    // SAFETY: live structs, text and room with their lengths.
    unsafe {
        vec![
            ("submit", plimsoll_order_submit(engine, &order, &mut receipt)),
            ("cancel", plimsoll_order_cancel(engine, &cancel, &mut receipt)),
            ("replace", plimsoll_order_replace(engine, &replace, &mut receipt)),
            ("line", plimsoll_line(engine, line.as_ptr().cast(), line.len(), &mut receipt)),
            ("drain", plimsoll_events_drain(engine, event.as_mut_ptr(), 1, 256, &mut size)),
            ("drain_text", plimsoll_events_drain_text(engine, out, room, &mut size)),
            ("discard", plimsoll_events_discard(engine)),
            ("snapshot", plimsoll_snapshot(engine, out.cast(), room, &mut size)),
            ("hash", plimsoll_state_hash(engine, &mut hash)),
            ("state", plimsoll_state_text(engine, out, room, &mut size)),
            ("info", plimsoll_info_read(engine, &mut info)),
            ("instrument_find", plimsoll_instrument_find(engine, word, len, &mut number)),
            ("instrument", plimsoll_instrument_read(engine, 0, &mut instrument)),
            ("account_find", plimsoll_account_find(engine, word, len, &mut number)),
            ("account", plimsoll_account_read(engine, 0, &mut account)),
            ("position", plimsoll_position_read(engine, 0, 0, &mut signed)),
            ("best", plimsoll_best_read(engine, 0, &mut best)),
            ("depth", plimsoll_depth_read(engine, 0, 1, 5_000, &mut lots)),
            ("levels", plimsoll_levels_read(engine, 0, 1, level.as_mut_ptr(), 1, 16, &mut size)),
            ("price_parse", plimsoll_price_parse(engine, 0, digit, one, &mut signed)),
            ("qty_parse", plimsoll_qty_parse(engine, 0, digit, one, &mut lots)),
            ("money_parse", plimsoll_money_parse(engine, digit, one, &mut wide)),
            ("price_text", plimsoll_price_text(engine, 0, 1, out, room, &mut size)),
            ("qty_text", plimsoll_qty_text(engine, 0, 1, out, room, &mut size)),
            ("money_text", plimsoll_money_text(engine, wide, out, room, &mut size)),
            ("account_name", plimsoll_account_name(engine, 0, out, room, &mut size)),
        ]
    }
}

#[test]
fn no_call_takes_a_handle_that_names_no_engine() {
    let freed = {
        let engine = used();
        engine.0
    };
    let alive = used();
    let next = alive.0 + (1 << 16);
    for handle in [freed, 0, 1, u64::MAX, next, alive.0 ^ 1 << 63, alive.0 | 0xffff] {
        for (name, status) in every_call(handle) {
            assert_eq!(status, Status::StaleEngine, "{name} of {handle:#x}");
        }
        assert_eq!(plimsoll_free(handle), Status::StaleEngine, "free of {handle:#x}");
    }
}

#[test]
fn a_gate_used_again_answers_to_its_new_handle_only() {
    let mut handles = std::collections::HashSet::new();
    for _ in 0..100 {
        let engine = Engine::book(1, 10);
        assert!(handles.insert(engine.0), "a handle came twice");
        assert_eq!(engine.info().seq, 0);
    }
    for handle in handles {
        assert_eq!(plimsoll_free(handle), Status::StaleEngine);
    }
}

#[test]
fn a_bare_book_says_what_it_has_not() {
    let book = Engine::book(1, 10_000);
    book.accept(&limit(0, 1, 5_000, 1));
    let missing = [
        "line",
        "state",
        "account_find",
        "account",
        "position",
        "money_parse",
        "money_text",
        "account_name",
    ];
    for (name, status) in every_call(book.0) {
        let expected = match name {
            _ if missing.contains(&name) => Status::WrongEngine,
            "instrument_find" => Status::NotFound,
            "replace" => Status::Rejected, // the call before it cancelled the order
            _ => Status::Ok,
        };
        assert_eq!(status, expected, "{name}");
    }
}

#[test]
fn null_is_refused_wherever_something_is_needed() {
    let engine = used();
    let before = trace(&engine);
    let (e, config) = (engine.0, CONFIG.as_ptr().cast::<c_char>());
    let (mut handle, mut size, mut text) = (55, 55, [0u8; 64]);
    let out = text.as_mut_ptr().cast::<c_char>();
    let mut event = Event::BLANK;
    // SAFETY: NULL where nothing else is given; all else live.
    let all = unsafe {
        [
            plimsoll_exchange_new(null(), 5, &mut handle),
            plimsoll_exchange_new(config, CONFIG.len(), null_mut()),
            plimsoll_exchange_restore(config, CONFIG.len(), null(), 5, &mut handle),
            plimsoll_exchange_restore(null(), 5, null(), 0, &mut handle),
            plimsoll_book_new(null(), &mut handle),
            plimsoll_book_new(&BookOptions::blank(), null_mut()),
            plimsoll_book_restore(null(), 1, &mut handle),
            plimsoll_snapshot(e, null_mut(), 5, &mut size),
            plimsoll_snapshot(e, text.as_mut_ptr(), 64, null_mut()),
            plimsoll_state_hash(e, null_mut()),
            plimsoll_state_text(e, null_mut(), 5, &mut size),
            plimsoll_order_submit(e, null(), null_mut()),
            plimsoll_order_cancel(e, null(), null_mut()),
            plimsoll_order_replace(e, null(), null_mut()),
            plimsoll_line(e, null(), 5, null_mut()),
            plimsoll_events_drain(e, null_mut(), 1, 256, &mut size),
            plimsoll_events_drain(e, &mut event, 1, 256, null_mut()),
            plimsoll_events_drain_text(e, null_mut(), 1, &mut size),
            plimsoll_events_drain_text(e, out, 64, null_mut()),
            plimsoll_info_read(e, null_mut()),
            plimsoll_instrument_find(e, null(), 2, &mut 0),
            plimsoll_instrument_find(e, config, 2, null_mut()),
            plimsoll_instrument_read(e, 0, null_mut()),
            plimsoll_account_find(e, null(), 2, &mut 0),
            plimsoll_account_find(e, config, 2, null_mut()),
            plimsoll_account_read(e, 0, null_mut()),
            plimsoll_position_read(e, 0, 0, null_mut()),
            plimsoll_best_read(e, 0, null_mut()),
            plimsoll_depth_read(e, 0, 1, 1, null_mut()),
            plimsoll_levels_read(e, 0, 1, null_mut(), 1, 16, &mut size),
            plimsoll_levels_read(e, 0, 1, &mut Level::default(), 1, 16, null_mut()),
            plimsoll_price_parse(e, 0, null(), 1, &mut 0),
            plimsoll_price_parse(e, 0, config, 1, null_mut()),
            plimsoll_qty_parse(e, 0, config, 1, null_mut()),
            plimsoll_money_parse(e, config, 1, null_mut()),
            plimsoll_price_text(e, 0, 1, null_mut(), 1, null_mut()),
            plimsoll_account_name(e, 0, null_mut(), 1, &mut size),
        ]
    };
    for (n, status) in all.into_iter().enumerate() {
        assert_eq!(status, Status::NullPointer, "call {n}: {}", rig::last_error());
    }
    assert_eq!((handle, size), (55, 55));
    assert_eq!(trace(&engine), before);
}

#[test]
fn a_struct_of_another_size_is_refused_unread() {
    let engine = used();
    let before = trace(&engine);
    let e = engine.0;
    for wrong in [0, 1, 127, 129, 136, u32::MAX] {
        let order = Order { size: wrong, ..limit(0, 1, 5_000, 1) };
        let mut receipt = Receipt { size: wrong, ..Receipt::blank() };
        let good = limit(0, 1, 5_000, 1);
        let mut count = 55;
        // SAFETY: live structs, read no further than their first four bytes.
        let all = unsafe {
            [
                plimsoll_order_submit(e, &order, null_mut()),
                plimsoll_order_submit(e, &good, &mut receipt),
                plimsoll_order_cancel(e, &Cancel { size: wrong, ..Cancel::blank() }, null_mut()),
                plimsoll_order_replace(e, &Replace { size: wrong, ..Replace::blank() }, null_mut()),
                plimsoll_book_new(&BookOptions { size: wrong, ..BookOptions::blank() }, &mut 0),
                plimsoll_state_hash(e, &mut Hash { size: wrong, ..Hash::blank() }),
                plimsoll_info_read(e, &mut Info { size: wrong, ..Info::blank() }),
                plimsoll_instrument_read(
                    e,
                    0,
                    &mut Instrument { size: wrong, ..Instrument::blank() },
                ),
                plimsoll_account_read(e, 0, &mut Account { size: wrong, ..Account::blank() }),
                plimsoll_best_read(e, 0, &mut Best { size: wrong, ..Best::blank() }),
                plimsoll_events_drain(e, &mut Event::BLANK.clone(), 1, wrong as usize, &mut count),
                plimsoll_levels_read(e, 0, 1, &mut Level::default(), 1, wrong as usize, &mut count),
            ]
        };
        for (n, status) in all.into_iter().enumerate() {
            assert_eq!(status, Status::WrongSize, "call {n}, size {wrong}");
        }
        assert_eq!((receipt.size, receipt.last_seq, count), (wrong, 0, 55));
    }
    assert_eq!(trace(&engine), before);
}

/// A struct's first four bytes, right before memory that must not be read.
#[test]
fn no_byte_is_read_beyond_the_size_a_struct_says() {
    let engine = used();
    let short = 8u32.to_ne_bytes();
    // SAFETY: four bytes are readable, which is all a wrong size lets be read.
    let status = unsafe { plimsoll_order_submit(engine.0, short.as_ptr().cast(), null_mut()) };
    assert_eq!(
        (status, rig::last_error().as_str()),
        (Status::WrongSize, "plimsoll_order: expected size 128, found 8")
    );
}

#[test]
fn structs_need_no_alignment() {
    let engine = used();
    let order = limit(1, 2, 5_005, 3);
    let (mut bytes, mut answer) = ([0u8; 136], [0u8; 48]);
    for shift in 0..8 {
        // SAFETY: 128 + 7 and 40 + 7 bytes of room.
        let (submitted, receipt) = unsafe {
            let place = bytes.as_mut_ptr().add(shift);
            std::ptr::write_unaligned(place.cast::<Order>(), order);
            let room = answer.as_mut_ptr().add(shift).cast::<Receipt>();
            std::ptr::write_unaligned(room, Receipt::blank());
            let status = plimsoll_order_submit(engine.0, place.cast(), room);
            (status, std::ptr::read_unaligned(room))
        };
        assert_eq!((submitted, receipt.number), (Status::Ok, 3 + shift as u64));
    }
}

#[test]
fn a_buffer_too_small_is_told_what_is_needed_and_loses_nothing() {
    let engine = used();
    let events = engine.info().waiting;
    let mut length = 0;
    let mut text = [7u8; 4096];
    let out = text.as_mut_ptr().cast::<c_char>();
    // SAFETY: room for as many bytes as said.
    let small = unsafe { plimsoll_events_drain_text(engine.0, out, 20, &mut length) };
    assert_eq!((small, engine.info().waiting), (Status::TooSmall, events));
    let needed = length;
    // SAFETY: as above.
    let small = unsafe { plimsoll_events_drain_text(engine.0, out, needed - 1, &mut length) };
    assert_eq!((small, length, text[0]), (Status::TooSmall, needed, 7), "nothing was written");
    // SAFETY: as above.
    let exact = unsafe { plimsoll_events_drain_text(engine.0, out, needed, &mut length) };
    assert_eq!((exact, length, text[length], text[length - 1]), (Status::Ok, needed - 1, 0, b'\n'));
    assert_eq!(engine.info().waiting, events - 1);
    // SAFETY: no room.
    let none = unsafe { plimsoll_events_drain(engine.0, null_mut(), 0, 256, &mut length) };
    assert_eq!((none, length, engine.info().waiting), (Status::Ok, 0, events - 1));

    // SAFETY: room for as many bytes as said.
    let name = |room| unsafe { plimsoll_account_name(engine.0, 0, out, room, &mut length) };
    assert_eq!([4, 5].map(name), [Status::TooSmall, Status::Ok], "anna and a zero byte");
    assert_eq!(length, 4);
    let mut bytes = vec![0; engine.snapshot().len() - 1];
    // SAFETY: as above.
    let status =
        unsafe { plimsoll_snapshot(engine.0, bytes.as_mut_ptr(), bytes.len(), &mut length) };
    assert_eq!((status, length), (Status::TooSmall, bytes.len() + 1));
    assert!(bytes.iter().all(|&byte| byte == 0), "nothing was written");
}

#[test]
fn text_that_is_none_is_refused_before_anything_happens() {
    let engine = used();
    let before = trace(&engine);
    let bad = b"\xff\xfe\"ts\"";
    let (text, mut handle) = (bad.as_ptr().cast::<c_char>(), 55);
    // SAFETY: bytes with their length.
    let all = unsafe {
        [
            plimsoll_exchange_new(text, bad.len(), &mut handle),
            plimsoll_line(engine.0, text, bad.len(), null_mut()),
            plimsoll_instrument_find(engine.0, text, bad.len(), &mut 0),
            plimsoll_account_find(engine.0, text, bad.len(), &mut 0),
            plimsoll_price_parse(engine.0, 0, text, bad.len(), &mut 0),
            engine.submit(&Order { id: [0xff; 40], ..limit(0, 1, 5_000, 1) }).0,
        ]
    };
    let [rest @ .., unended] = all;
    assert_eq!((rest, unended), ([Status::NotUtf8; 5], Status::BadText));
    let mut id = rig::id("abc");
    id[1] = 0xff;
    assert_eq!(engine.submit(&Order { id, ..limit(0, 1, 5_000, 1) }).0, Status::NotUtf8);
    assert_eq!((handle, trace(&engine)), (55, before));
}

#[test]
fn a_line_that_is_no_command_says_which_field() {
    let engine = used();
    let before = trace(&engine);
    for (line, status, said) in [
        ("", Status::BadText, "command: line: expected a JSON object, found the end of the line"),
        ("{\"ts\":0}", Status::BadText, "command: cmd: expected a word, found nothing"),
        ("{\"ts\":0,\"cmd\":\"mark\",\"symbol\":\"RB\",\"price\":\"1e3\"}", Status::BadText, ""),
        (
            "{\"ts\":0,\"cmd\":\"funding\",\"symbol\":\"RB\",\"rate\":\"2\"}",
            Status::BadText,
            "command: rate: expected a share from -1 to 1",
        ),
        ("{\"ts\":9223372036854775808,\"cmd\":\"time\"}", Status::BadText, ""),
    ] {
        assert_eq!(engine.line(line).0, status, "{line}: {}", rig::last_error());
        let last = rig::last_error();
        assert!(!last.is_empty() && last.starts_with(said), "{line}: {last}");
    }
    assert_eq!(trace(&engine), before);
}

#[test]
fn a_configuration_is_refused_with_its_line() {
    let text = CONFIG.replace("multiplier = \"10\"", "multiplier = \"-10\"");
    let mut handle = 55;
    // SAFETY: text with its length; a place for the handle.
    let status = unsafe { plimsoll_exchange_new(text.as_ptr().cast(), text.len(), &mut handle) };
    let line = 1 + text.lines().position(|line| line.starts_with("multiplier")).expect("a line");
    assert_eq!((status, handle), (Status::BadText, 55));
    assert!(
        rig::last_error().starts_with(&format!("configuration:{line}: ")),
        "{}",
        rig::last_error()
    );
}

#[test]
fn time_never_runs_back() {
    let engine = used();
    engine.line("{\"ts\":1000,\"cmd\":\"time\"}");
    let before = trace(&engine);
    let order = limit(0, 1, 4_990, 1);
    for ts in [999, 0, 1 << 63, u64::MAX] {
        assert_eq!(engine.submit(&Order { ts, ..order }).0, Status::TimeRunsBack, "{ts}");
        assert_eq!(
            engine.cancel(&Cancel { ts, order: 1, ..Cancel::blank() }).0,
            Status::TimeRunsBack
        );
        assert_eq!(
            engine.replace(&Replace { ts, order: 1, ..Replace::blank() }).0,
            Status::TimeRunsBack
        );
    }
    assert_eq!(engine.line("{\"ts\":999,\"cmd\":\"time\"}").0, Status::TimeRunsBack);
    assert_eq!(trace(&engine), before);
    assert_eq!(engine.submit(&Order { ts: 1_000, ..order }).0, Status::Ok);
    let last = i64::MAX as u64;
    assert_eq!(engine.submit(&Order { ts: last, ..order }).0, Status::Ok);
}

#[test]
fn a_word_that_is_none_is_refused() {
    let engine = used();
    let before = trace(&engine);
    let good = limit(0, 1, 5_000, 1);
    let orders = [
        Order { side: 0, ..good },
        Order { side: 3, ..good },
        Order { order_type: 4, ..good },
        Order { tif: 5, ..good },
        Order { self_match: 5, ..good },
        Order { flags: 4, ..good },
        Order { flags: u32::MAX, ..good },
        Order { offset: 4, ..good },
        Order { reserved: [0, 0, 1], ..good },
        Order { reserved2: 1, ..good },
        Order { trigger: 1, ..good },
        Order { order_type: 2, ..good },
        Order { expires: 1, ..good },
        Order { tif: 4, expires: u64::MAX, ..good },
    ];
    for (n, order) in orders.iter().enumerate() {
        assert_eq!(engine.submit(order).0, Status::BadValue, "order {n}");
    }
    assert_eq!(engine.submit(&Order { offset: 4, ..good }).0, Status::BadValue);
    assert_eq!(
        engine.cancel(&Cancel { order: 1, reserved: 1, ..Cancel::blank() }).0,
        Status::BadValue
    );
    assert_eq!(
        engine.replace(&Replace { order: 1, reserved: 1, ..Replace::blank() }).0,
        Status::BadValue
    );
    for (down, up, orders) in
        [(5, 4, 0), (0, 5, 0), (5, 0, 0), (-1, 5, 0), (1, (1 << 30) + 1, 0), (1, 2, u32::MAX)]
    {
        let options = BookOptions { down, up, orders, ..BookOptions::blank() };
        // SAFETY: a live struct; a place for the handle.
        assert_eq!(unsafe { plimsoll_book_new(&options, &mut 0) }, Status::BadValue);
    }
    let mut lots = 0;
    // SAFETY: a place for the lots.
    assert_eq!(unsafe { plimsoll_depth_read(engine.0, 0, 0, 1, &mut lots) }, Status::BadValue);
    assert_eq!(trace(&engine), before);
}

#[test]
fn a_damaged_snapshot_is_no_snapshot() {
    let engine = used();
    let whole = engine.snapshot();
    let book = Engine::book(1, 9);
    book.accept(&limit(1, 1, 5, 2));
    let bare = book.snapshot();
    for (bytes, other) in [(&whole, &bare), (&bare, &whole)] {
        let restore =
            |bytes: &[u8]| match bytes.starts_with(b"PLIMBOOK") || std::ptr::eq(other, &whole) {
                true => Engine::book_from(bytes).err(),
                false => Engine::exchange_from(CONFIG, bytes).err(),
            };
        assert_eq!(restore(bytes), None);
        for length in 0..bytes.len() {
            assert_eq!(restore(&bytes[..length]), Some(Status::BadSnapshot), "cut at {length}");
        }
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            assert_eq!(restore(&flipped), Some(Status::BadSnapshot), "byte {place}");
        }
        assert_eq!(restore(&[&bytes[..], b"x"].concat()), Some(Status::BadSnapshot), "too long");
    }
    assert_eq!(Engine::exchange_from(CONFIG, &bare).err(), Some(Status::BadSnapshot));
    assert_eq!(Engine::book_from(&whole).err(), Some(Status::BadSnapshot));
    let other = CONFIG.replace("initial = \"10000\"", "initial = \"10001\"");
    assert_eq!(Engine::exchange_from(&other, &whole).err(), Some(Status::BadSnapshot));
    assert_eq!(rig::last_error(), "the snapshot was taken under another configuration");
}

/// Structs of noise: nothing breaks, and what is no command leaves no trace.
#[test]
fn noise_breaks_nothing() {
    let mut random = Random(3);
    let edges = [
        0,
        1,
        2,
        3,
        4,
        5,
        99,
        4_600,
        5_000,
        5_001,
        5_400,
        9_999,
        1 << 30,
        1 << 40,
        (1 << 40) - 1,
        1 << 62,
        1 << 63,
        u64::MAX,
        u64::MAX - 1,
        i64::MAX as u64,
        u32::MAX as u64,
    ];
    for engine in [Engine::exchange(CONFIG), Engine::book(4_000, 6_000), Engine::book(0, 0)] {
        let mut handles = vec![0, 1, u64::MAX];
        let (mut tried, mut done) = (0, 0);
        for step in 0..60_000u64 {
            let noise = |random: &mut Random| match random.below(3) {
                0 => random.draw(),
                1 => random.pick(&handles),
                _ => random.pick(&edges),
            };
            // Mostly something sensible, or nothing would ever be carried out.
            let any = |random: &mut Random, sensible: u64| match random.below(8) {
                0 => noise(random),
                _ => sensible,
            };
            let small = |random: &mut Random, below: u64| {
                let sensible = random.below(below);
                if random.below(40) == 0 { noise(random) } else { sensible }
            };
            let mut id = [0; 40];
            if random.below(6) == 0 {
                let len = random.below(41) as usize;
                id[..len].iter_mut().for_each(|byte| *byte = random.pick(b"aaaab\xff\0"));
            }
            let bad_time = random.below(20) == 0;
            let ts = if bad_time { random.pick(&[0, 1 << 63, u64::MAX]) } else { step << 20 };
            let account = small(&mut random, 2) as u32;
            let instrument = small(&mut random, 1) as u32;
            let price = 4_900 + random.below(200);
            let (price, qty) = (any(&mut random, price) as i64, 1 + random.below(9));
            let qty = any(&mut random, qty);
            let known = random.pick(&handles);
            let order = if id[0] == 0 { any(&mut random, known) } else { 0 };
            let before = (step % 16 == 0).then(|| trace(&engine));
            let (status, receipt) = match random.below(4) {
                0 => {
                    engine.cancel(&Cancel { ts, account, instrument, order, id, ..Cancel::blank() })
                }
                1 => {
                    let trigger = any(&mut random, 0) as i64;
                    let replace = Replace {
                        ts,
                        account,
                        instrument,
                        order,
                        price,
                        qty,
                        id,
                        ..Replace::blank()
                    };
                    engine.replace(&Replace { trigger, ..replace })
                }
                _ => {
                    let order_type = random.pick(&[0, 0, 0, 1, 2, 3, 9]);
                    let (stop, tif) = (
                        order_type == 2 || order_type == 3,
                        random.pick(&[0, 0, 0, 1, 2, 3, 4, 9]),
                    );
                    engine.submit(&Order {
                        ts,
                        account,
                        instrument,
                        side: small(&mut random, 2).wrapping_add(1) as u8,
                        order_type,
                        tif,
                        self_match: small(&mut random, 5) as u8,
                        flags: small(&mut random, 4) as u32,
                        price,
                        qty,
                        display: any(&mut random, 0),
                        min_qty: any(&mut random, 0),
                        trigger: any(&mut random, if stop { 5_000 } else { 0 }) as i64,
                        expires: any(&mut random, if tif == 4 { (step + 90) << 20 } else { 0 }),
                        id,
                        ..Order::blank()
                    })
                }
            };
            assert_ne!(status, Status::Broken, "step {step}: {}", rig::last_error());
            tried += 1;
            done += u32::from(status == Status::Ok);
            if receipt.order != 0 && handles.len() < 4_000 {
                handles.push(receipt.order);
            }
            if status as i32 > Status::Rejected as i32
                && let Some(before) = before
            {
                assert_eq!(trace(&engine), before, "step {step}: {status:?}");
            }
            if step % 64 == 0 {
                engine.records();
            }
        }
        assert!(done * 50 > tried, "only {done} of {tried} were carried out");
    }
}

#[test]
fn each_thread_has_its_own_last_error_and_may_use_any_engine() {
    let engine = used();
    let here = {
        engine.submit(&Order { side: 7, ..limit(0, 1, 1, 1) });
        rig::last_error()
    };
    let handle = engine.0;
    let there = std::thread::spawn(move || {
        let fresh = rig::last_error();
        let statuses: Vec<_> = every_call(handle).into_iter().map(|(_, status)| status).collect();
        (fresh, statuses[0])
    })
    .join()
    .expect("the thread ends well");
    assert_eq!(there, (String::new(), Status::Ok));
    assert_eq!(
        (here.as_str(), rig::last_error().as_str()),
        ("side: expected a plimsoll_side", here.as_str())
    );
}

#[test]
fn words_have_texts() {
    let text = |pointer: *const c_char| {
        // SAFETY: the library's own text.
        unsafe { CStr::from_ptr(pointer) }.to_str().expect("UTF-8")
    };
    assert_eq!(text(plimsoll_status_text(Status::StaleEngine as i32)), "stale engine handle");
    assert_eq!([-1, 99].map(|n| text(plimsoll_status_text(n))), ["unknown status"; 2]);
    assert_eq!(
        [0, 1, 9_999].map(|n| text(plimsoll_reject_text(n))),
        ["none", "unknown_account", "other"]
    );
    assert_eq!(text(plimsoll_version()), env!("CARGO_PKG_VERSION"));
    assert_eq!(plimsoll_abi_version(), PLIMSOLL_ABI_VERSION);
}
