//! Instructions an operation, counted by callgrind: a guard for speed on machines whose clocks are too noisy for one.
//!
//! Each bench carries out as many operations as its case is called (`x2000`), on a book filled as the base flow is.
//! It belongs to the exchange's package: the binary and all that it needs are not built again for it.
//! `.ci/counts` runs it, divides, and compares with `counts.toml`; `.ci/counts --update` writes that file anew.
#![allow(missing_docs)]

use gungraun::{library_benchmark, library_benchmark_group, main};
use plimsoll_exchange::Exchange;
use plimsoll_matching::{Book, Taker};
use plimsoll_types::{Command, Event, Handle, Price, Qty, SelfMatch, Side};
use std::hint::black_box;
use workload::{FLOWS, Op, Random, Stream, Tally};

#[allow(dead_code)]
#[path = "exchange_flow.rs"]
mod exchange_flow;
#[allow(dead_code)]
#[path = "workload.rs"]
mod workload;

const OPS: u64 = 2_000;
const ACCOUNTS: u32 = 10_000;

/// A filled book, the handles in it, and numbers to draw from.
struct Setup {
    book: Book,
    live: Vec<Handle>,
    random: Random,
}

fn filled() -> Setup {
    let mut book = workload::new_book(&FLOWS[0]);
    let setup = workload::stream(&FLOWS[0], 0, ACCOUNTS, 1).setup;
    let live = setup.iter().filter_map(|op| workload::apply(&mut book, op, &mut Tally::default()));
    let live = live.collect();
    Setup { book, live, random: Random::new(7) }
}

impl Setup {
    fn side(&mut self) -> Side {
        if self.random.below(2) == 0 { Side::Buy } else { Side::Sell }
    }

    fn touch(&self, side: Side) -> i64 {
        self.book.best(side).map_or(workload::MIDDLE, |(price, _)| price.ticks())
    }

    /// A price on a side that does not cross.
    fn behind(&mut self, side: Side) -> Price {
        Price::clamped(self.touch(side) - side.sign() * self.random.below(50) as i64)
    }

    fn qty(&mut self) -> u32 {
        1 + self.random.below(100) as u32
    }

    /// A random order that no other operation has named.
    fn pick(&mut self) -> Handle {
        let place = self.random.below(self.live.len() as u64) as usize;
        self.live.swap_remove(place)
    }

    fn add(&mut self) -> Op {
        let side = self.side();
        let owner = self.random.below(u64::from(ACCOUNTS)) as u32;
        Op::Add { owner, side, price: self.behind(side), qty: self.qty() }
    }

    fn replace(&mut self) -> Op {
        let handle = self.pick();
        let side = self.book.find(handle).map_or(Side::Buy, |order| order.side);
        Op::Replace(handle, self.behind(side), self.qty())
    }

    /// Far enough through the touch that nothing of it is left to rest.
    fn cross(&mut self) -> Op {
        let side = self.side();
        let price = Price::clamped(self.touch(side.opposite()) + side.sign() * 20);
        let owner = self.random.below(u64::from(ACCOUNTS)) as u32;
        Op::Cross { owner, side, price, qty: self.qty() }
    }
}

type Draw = fn(&mut Setup) -> Op;

fn draw(draw: Draw) -> (Book, Vec<Op>) {
    let mut setup = filled();
    let ops = (0..OPS).map(|_| draw(&mut setup)).collect();
    (setup.book, ops)
}

fn cancel(setup: &mut Setup) -> Op {
    Op::Cancel(setup.pick())
}

type OnBook = (Book, Vec<Op>, Tally);

fn on_book(one: Draw) -> OnBook {
    let (book, ops) = draw(one);
    (book, ops, Tally::default())
}

// Once for all kinds, so that a count does not depend on where the compiler finds room to inline.
#[inline(never)]
fn run(mut case: OnBook) -> OnBook {
    let (book, ops, tally) = &mut case;
    for op in ops.iter() {
        black_box(workload::apply(book, op, tally));
    }
    case
}

#[library_benchmark]
#[bench::x2000(on_book(Setup::add))]
fn book_add(case: OnBook) -> OnBook {
    run(case)
}

#[library_benchmark]
#[bench::x2000(on_book(cancel))]
fn book_cancel(case: OnBook) -> OnBook {
    run(case)
}

#[library_benchmark]
#[bench::x2000(on_book(Setup::replace))]
fn book_replace(case: OnBook) -> OnBook {
    run(case)
}

#[library_benchmark]
#[bench::x2000(on_book(Setup::cross))]
fn book_cross(case: OnBook) -> OnBook {
    run(case)
}

/// One order that fills 5,000 others whole: the count is for one fill.
fn sweep() -> (Book, Taker) {
    let book = filled().book;
    let lots =
        |price| book.queue(Side::Sell, Some(price)).map(|slot| book.resting(slot).qty.lots());
    let qty = book.levels(Side::Sell).flat_map(|(price, _)| lots(price)).take(5_000).sum();
    let (side, self_match) = (Side::Buy, SelfMatch::None);
    (book, Taker { owner: 0, side, limit: None, qty: Qty::new(qty), self_match })
}

#[library_benchmark]
#[bench::x5000(sweep())]
fn book_sweep((mut book, taker): (Book, Taker)) -> (Book, Tally) {
    let mut tally = Tally::default();
    black_box(book.take(&taker, &mut tally));
    assert_eq!(tally.fills, 5_000);
    (book, tally)
}

type OnExchange = (Exchange, Vec<Command>, Vec<Event>);

/// The same operations through a whole exchange of 10,000 accounts.
fn on_exchange(one: Draw) -> OnExchange {
    let (flow, ops) = (&FLOWS[0], draw(one).1);
    let setup = workload::stream(flow, 0, ACCOUNTS, 1).setup;
    let (setup, commands) = exchange_flow::commands(&Stream { setup, ops }, flow);
    let mut exchange = exchange_flow::exchange(flow, ACCOUNTS);
    let mut events = Vec::with_capacity(1 << 12);
    for command in &setup {
        exchange.apply(0, command, &mut events);
        events.clear();
    }
    (exchange, commands, events)
}

#[inline(never)]
fn apply(mut case: OnExchange) -> OnExchange {
    let (exchange, commands, events) = &mut case;
    for command in commands.iter() {
        exchange.apply(0, command, events);
        black_box(events.as_slice());
        events.clear();
    }
    case
}

#[library_benchmark]
#[bench::x2000(on_exchange(Setup::add))]
fn exchange_add(case: OnExchange) -> OnExchange {
    apply(case)
}

#[library_benchmark]
#[bench::x2000(on_exchange(cancel))]
fn exchange_cancel(case: OnExchange) -> OnExchange {
    apply(case)
}

#[library_benchmark]
#[bench::x2000(on_exchange(Setup::replace))]
fn exchange_replace(case: OnExchange) -> OnExchange {
    apply(case)
}

#[library_benchmark]
#[bench::x2000(on_exchange(Setup::cross))]
fn exchange_cross(case: OnExchange) -> OnExchange {
    apply(case)
}

library_benchmark_group!(
    name = book;
    benchmarks = book_add, book_cancel, book_replace, book_cross, book_sweep
);
library_benchmark_group!(
    name = exchange;
    benchmarks = exchange_add, exchange_cancel, exchange_replace, exchange_cross
);

main!(library_benchmark_groups = book, exchange);
