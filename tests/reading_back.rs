//! The record is enough: events written as lines and booked anew from nothing else give the state that the engine has.
//!
//! `PLIMSOLL_BACK_COMMANDS` says how many commands (200,000), `PLIMSOLL_SEED` with which seed to begin (1).

mod model;

use model::Model;
use model::features::Features;
use model::novel;
use plimsoll_exchange::Exchange;
use plimsoll_text::audit::{Books, Record, compare};
use plimsoll_text::{write_event, write_state};
use plimsoll_types::{Command, Event, ExchangeSpec};
use std::fmt::Write;

const COMMANDS: u64 = 200_000;

/// Long enough to come past a thousandth command, short enough to meet many configurations.
const COMMANDS_A_SEED: u64 = 1_000;

/// How often the books are held against the state: every thousandth command of all runs, and at the end of each.
const COMMANDS_A_LOOK: u64 = 1_000;

/// The engine, the model that steers the commands, and the books kept from the engine's lines.
struct Run {
    engine: Exchange,
    model: Model,
    books: Books,
    lines: Vec<u8>,
    events: Vec<Event>,
}

impl Run {
    fn new(spec: &ExchangeSpec) -> Run {
        Run {
            engine: Exchange::new(spec.clone()),
            model: Model::new(spec),
            books: Books::new(Some(spec)),
            lines: Vec::new(),
            events: Vec::new(),
        }
    }

    fn apply(&mut self, ts: u64, command: &Command) -> Result<(), String> {
        self.events.clear();
        self.engine.apply(ts, command, &mut self.events);
        let mut steered = Vec::new();
        self.model.apply(ts, command, &mut steered);
        self.model.learn(&self.events);
        self.lines.clear();
        for event in &self.events {
            write_event(&mut self.lines, &self.engine, event);
        }
        let text = std::str::from_utf8(&self.lines).expect("events are UTF-8");
        for line in text.lines() {
            let read = Record::read(line).and_then(|record| self.books.apply(&record));
            read.map_err(|error| format!("{error}\n    {line}"))?;
        }
        Ok(())
    }

    /// The books against the state as it is written, to the unit.
    fn look(&self) -> Result<(), String> {
        let mut text = Vec::new();
        write_state(&mut text, self.engine.spec(), &self.engine.view());
        let text = String::from_utf8(text).expect("a state is UTF-8");
        let differences = compare(&self.books, &text).map_err(|error| error.to_string())?;
        let mut found = String::new();
        for one in differences.iter().take(8) {
            let _ =
                writeln!(found, "    {}: state {}, events {}", one.place, one.state, one.events);
        }
        for one in self.books.checks.findings.iter().take(8) {
            let _ = writeln!(found, "    {one:?}");
        }
        if self.books.imbalance() != 0 {
            let _ = writeln!(found, "    conservation leaves {}", self.books.imbalance());
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

fn environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn events_alone_give_the_state_of_the_engine() {
    let commands = environment("PLIMSOLL_BACK_COMMANDS").unwrap_or(COMMANDS);
    let first = environment("PLIMSOLL_SEED").unwrap_or(1);
    let features = Features::from_environment();
    let (mut sent, mut cases) = (0, 0);
    for seed in first..first + commands.div_ceil(COMMANDS_A_SEED) {
        let (spec, mut driver) = novel::run_of(seed, novel::features_of(seed, &features));
        let mut run = Run::new(&spec);
        for place in 1..=COMMANDS_A_SEED {
            let (ts, command) = driver.next(&run.model);
            sent += 1;
            let done = run.apply(ts, &command);
            let due = sent % COMMANDS_A_LOOK == 0 || place == COMMANDS_A_SEED;
            let looked = done.and_then(|()| if due { run.look() } else { Ok(()) });
            if let Err(found) = looked {
                panic!(
                    "seed {seed}, command {place}, {command:?}:\n{found}\n\
                     again with PLIMSOLL_SEED={seed} PLIMSOLL_BACK_COMMANDS=1 cargo test --test reading_back"
                );
            }
        }
        cases += run.books.cases_seen();
    }
    assert!(
        cases > commands / 1_000,
        "{cases} cases in {commands} commands are too few to mean anything"
    );
}
