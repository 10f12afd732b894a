//! Worked examples of RULES.md as a trader reads them: each file of `golden/` tells in words what the rule asks for, sets up an
//! instrument, and shows commands (`> `) with exactly the events each gives. The naive model must say the same.
//!
//! `PLIMSOLL_BLESS=1 cargo test --test rules` writes the events the engine gives now; read the difference before keeping it.

use crate::model::Model;
use plimsoll_exchange::Exchange;
use plimsoll_text::{Feed, read_config, write_event};
use plimsoll_types::{Event, EventKind};

/// Around every example: money in hundredths, and five accounts that trade without margin.
const AROUND: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 2
[[account]]
name = "A"
profile = "unlimited"
[[account]]
name = "B"
profile = "unlimited"
[[account]]
name = "C"
profile = "unlimited"
[[account]]
name = "D"
profile = "unlimited"
[[account]]
name = "E"
profile = "unlimited"
"#;

/// Engine and model side by side, fed with lines.
struct Stage {
    engine: Exchange,
    model: Model,
    feed: Feed,
}

impl Stage {
    fn set(name: &str, config: &str) -> Stage {
        let spec =
            read_config(name, &format!("{AROUND}{config}")).unwrap_or_else(|e| panic!("{e}"));
        let (engine, model) = (Exchange::new(spec.clone()), Model::new(&spec));
        Stage { engine, model, feed: Feed::new(name, 0) }
    }

    /// The events of a command, a line each.
    fn send(&mut self, line: &str) -> String {
        let read = self.feed.read(line.as_bytes(), self.engine.spec());
        let read = read.unwrap_or_else(|error| panic!("{error}"));
        let command = read.resolve(&self.engine);
        let (mut events, mut expected) = (Vec::new(), Vec::new());
        self.engine.apply(read.ts, &command, &mut events);
        self.model.apply(read.ts, &command, &mut expected);
        self.model.learn(&events);
        let text = self.print(&events);
        let plain = |events: &[Event]| events.iter().map(without_handle).collect::<Vec<_>>();
        assert_eq!(plain(&events), plain(&expected), "the model says otherwise after {line}");
        text
    }

    fn print(&self, events: &[Event]) -> String {
        let mut text = Vec::new();
        for event in events {
            write_event(&mut text, &self.engine, event);
        }
        String::from_utf8(text).expect("UTF-8")
    }
}

/// The model has no handles.
fn without_handle(event: &Event) -> Event {
    let mut event = event.clone();
    if let EventKind::Accepted { handle, .. }
    | EventKind::Replaced { handle, .. }
    | EventKind::Triggered { handle, .. } = &mut event.kind
    {
        *handle = None;
    }
    event
}

/// Plays a file; what it would look like with the events of now.
fn play(name: &str, golden: &str) -> String {
    let config = golden.find("\n[[").expect("an instrument") + 1;
    let commands = golden.find("\n> ").expect("a command") + 1;
    let mut stage = Stage::set(name, &golden[config..commands]);
    let mut played = golden[..commands].to_owned();
    for line in golden[commands..].lines() {
        // The events that stand there are written anew.
        if let Some(command) = line.strip_prefix("> ") {
            played += &format!("{line}\n{}", stage.send(command));
        } else if !line.starts_with('{') {
            played += &format!("{line}\n");
        }
    }
    played
}

fn check(name: &str, golden: &str) {
    let played = play(name, golden);
    if std::env::var("PLIMSOLL_BLESS").is_ok() {
        let path = format!("{}/tests/rules/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        return std::fs::write(path, played).expect("a file");
    }
    for (number, (now, before)) in played.lines().zip(golden.lines()).enumerate() {
        assert_eq!(now, before, "{name}.txt, line {}", number + 1);
    }
    assert_eq!(played, golden, "{name}.txt ends otherwise");
}

macro_rules! goldens {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!("golden/", stringify!($name), ".txt")));
        })+
    };
}

goldens! {
    rules_3_1_band_rounds_inward,
    rules_3_2_one_sided_market,
    rules_3_3_ladder_seven_ten_twelve,
    rules_3_3_older_way_multiplies,
    rules_3_4_closing_goes_first_at_the_limit,
    rules_3_5_median_price,
    rules_3_6_a_volatility_auction,
    rules_3_6_b_market_protection,
    rules_3_6_c_limit_state,
    rules_4_auction_table_limits,
    rules_4_auction_table_ticks,
    rules_4_nearest_the_reference,
    rules_4_market_orders_first,
    rules_7_1_replace_keeps_its_place,
    rules_7_2_self_match_prevention,
    rules_7_3_stops_cascade,
    rules_7_4_iceberg_goes_to_the_back,
    rules_7_5_fill_or_kill_counts_hidden,
    rules_7_6_post_only,
}
