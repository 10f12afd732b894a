//! What crossing the border costs: the canonical flow straight into the engine, and through the C functions.
//!
//!     cargo bench -p plimsoll-capi --profile release
//!
//! The same operations, over the same book, in turn in one run; the median of seven runs after one of warm-up, nanoseconds an
//! operation. The functions are called through pointers the compiler cannot see through, as a C program calls them. `--test`
//! runs a little of it once.

#[path = "../../benches/exchange_flow.rs"]
#[allow(dead_code, reason = "the exchange is made from a configuration here")]
mod exchange_flow;
#[path = "../../benches/workload.rs"]
mod workload;

use plimsoll_capi::calls::engines::{plimsoll_book_new, plimsoll_exchange_new, plimsoll_free};
use plimsoll_capi::calls::events::{plimsoll_events_discard, plimsoll_events_drain};
use plimsoll_capi::calls::orders::{
    plimsoll_order_cancel, plimsoll_order_replace, plimsoll_order_submit,
};
use plimsoll_capi::calls::reading::plimsoll_best_read;
use plimsoll_capi::{Best, BookOptions, Cancel, Event, Order, Receipt, Replace, Status};
use plimsoll_exchange::Exchange;
use plimsoll_text::read_config;
use plimsoll_types::{Command, Handle, OrderKind, OrderRef, Side};
use std::hint::black_box;
use std::time::Instant;

const ACCOUNTS: u32 = 1_000;

/// Commands between two looks at the events.
const BATCH: usize = 64;

/// A command as the C program has it.
enum Call {
    Submit(Order),
    Cancel(Cancel),
    Replace(Replace),
}

fn side(side: Side) -> u8 {
    match side {
        Side::Buy => 1,
        Side::Sell => 2,
    }
}

/// The number a handle is outside; the tests hold the library to it.
fn outside(handle: &Handle) -> u64 {
    u64::from(handle.generation) << 32 | (u64::from(handle.slot) + 1)
}

fn call(command: &Command) -> Call {
    match command {
        Command::Order(order) => {
            let OrderKind::Limit(price) = order.kind else { unreachable!("limit orders only") };
            Call::Submit(Order {
                account: order.account.0,
                side: side(order.side),
                price: price.ticks(),
                qty: order.qty.lots(),
                ..Order::blank()
            })
        }
        Command::Cancel { account, order: OrderRef::Handle(_, handle) } => {
            Call::Cancel(Cancel { account: account.0, order: outside(handle), ..Cancel::blank() })
        }
        Command::Replace { account, order: OrderRef::Handle(_, handle), price, qty, .. } => {
            Call::Replace(Replace {
                account: account.0,
                order: outside(handle),
                price: price.ticks(),
                qty: qty.lots(),
                ..Replace::blank()
            })
        }
        _ => unreachable!("the flow is orders by handle"),
    }
}

/// The functions, as a linker would hand them over.
struct Library {
    submit: unsafe extern "C" fn(u64, *const Order, *mut Receipt) -> Status,
    cancel: unsafe extern "C" fn(u64, *const Cancel, *mut Receipt) -> Status,
    replace: unsafe extern "C" fn(u64, *const Replace, *mut Receipt) -> Status,
    drain: unsafe extern "C" fn(u64, *mut Event, usize, usize, *mut usize) -> Status,
    discard: extern "C" fn(u64) -> Status,
    best: unsafe extern "C" fn(u64, u32, *mut Best) -> Status,
}

impl Library {
    fn load() -> Library {
        Library {
            submit: black_box(plimsoll_order_submit),
            cancel: black_box(plimsoll_order_cancel),
            replace: black_box(plimsoll_order_replace),
            drain: black_box(plimsoll_events_drain),
            discard: black_box(plimsoll_events_discard),
            best: black_box(plimsoll_best_read),
        }
    }

    #[inline]
    fn carry_out(&self, engine: u64, call: &Call) {
        let mut receipt = Receipt::blank();
        // SAFETY: every pointer is to a live struct of its type.
        let status = unsafe {
            match call {
                Call::Submit(order) => (self.submit)(engine, order, &mut receipt),
                Call::Cancel(cancel) => (self.cancel)(engine, cancel, &mut receipt),
                Call::Replace(replace) => (self.replace)(engine, replace, &mut receipt),
            }
        };
        assert!(status == Status::Ok, "{status:?}");
    }

    /// Nanoseconds an operation; the events are dropped, or taken as records.
    fn time(&self, engine: u64, setup: &[Call], calls: &[Call], records: bool) -> f64 {
        setup.iter().for_each(|call| self.carry_out(engine, call));
        (self.discard)(engine);
        let mut events = vec![Event::BLANK; 1 << 12];
        let started = Instant::now();
        for batch in calls.chunks(BATCH) {
            batch.iter().for_each(|call| self.carry_out(engine, call));
            if records {
                let mut count = events.len();
                while count == events.len() {
                    let (room, size) = (events.as_mut_ptr(), size_of::<Event>());
                    // SAFETY: room for as many events as are said, and a place for the count.
                    unsafe { (self.drain)(engine, room, events.len(), size, &mut count) };
                }
                black_box(&events);
            } else {
                (self.discard)(engine);
            }
        }
        let taken = started.elapsed().as_nanos() as f64 / calls.len() as f64;
        plimsoll_free(engine);
        taken
    }
}

/// Straight into the exchange, its events dropped as often.
#[inline(never)]
fn direct_exchange(config: &str, setup: &[Command], commands: &[Command]) -> f64 {
    let Ok(spec) = read_config("configuration", config) else { unreachable!("it was read before") };
    let mut exchange = Exchange::new(spec);
    let mut events = Vec::new();
    setup.iter().for_each(|command| exchange.apply(0, command, &mut events));
    events.clear();
    let started = Instant::now();
    for batch in commands.chunks(BATCH) {
        batch.iter().for_each(|command| exchange.apply(0, command, &mut events));
        black_box(&events);
        events.clear();
    }
    started.elapsed().as_nanos() as f64 / commands.len() as f64
}

/// Straight into the book, with a sink that counts.
#[inline(never)]
fn direct_book(flow: &workload::Flow, stream: &workload::Stream) -> f64 {
    let (mut book, mut tally) = (workload::new_book(flow), workload::Tally::default());
    for op in &stream.setup {
        workload::apply(&mut book, op, &mut tally);
    }
    let started = Instant::now();
    for op in &stream.ops {
        workload::apply(&mut book, black_box(op), &mut tally);
    }
    black_box(tally);
    started.elapsed().as_nanos() as f64 / stream.ops.len() as f64
}

/// The exchange of `exchange_flow`, as a configuration.
fn configuration(flow: &workload::Flow) -> String {
    let band = workload::new_book(flow).band().map_or(0, |band| band.up.ticks() - workload::MIDDLE);
    let share = band as f64 / workload::MIDDLE as f64;
    let mut text = format!(
        "[exchange]\ncurrency = \"CNY\"\nmoney_decimals = 2\n[[instrument]]\nsymbol = \"IF\"\nkind = \"future\"\n\
         tick_size = \"1\"\nlot_size = \"1\"\nmultiplier = \"10\"\nprev_settlement = \"{}\"\nprice_limit = \"{share}\"\n\
         margin_initial = \"0.12\"\nmargin_maintenance = \"0.1\"\nfee_taker = \"0.000023\"\n[[profile]]\nname = \"standard\"\n\
         measure = \"margin/equity\"\n[[profile.tier]]\nname = \"liquidation\"\nat = \"1.2\"\naction = \"liquidate\"\n\
         [profile.liquidation]\ntarget = \"0.9\"\nselect = [\"largest_loss\"]\nprice = {{ ticks_through = 20 }}\n\
         batch_max = \"50\"\nbook_share = \"0.25\"\ninterval = \"1s\"\nwaterfall = [\"debt\"]\n",
        workload::MIDDLE
    );
    for n in 0..ACCOUNTS {
        let account = format!(
            "[[account]]\nname = \"a{n}\"\nprofile = \"standard\"\ndeposit = \"10000000000000\"\n"
        );
        text.push_str(&account);
    }
    text
}

fn new_exchange(config: &str) -> u64 {
    let mut engine = 0;
    // SAFETY: text with its length, and a place for the handle.
    let status =
        unsafe { plimsoll_exchange_new(config.as_ptr().cast(), config.len(), &mut engine) };
    assert!(status == Status::Ok, "{status:?}");
    engine
}

fn new_book(flow: &workload::Flow) -> u64 {
    let (down, up) =
        workload::new_book(flow).band().map_or((0, 0), |band| (band.down.ticks(), band.up.ticks()));
    let orders = flow.resting as u32 * 3 / 2;
    let (options, mut engine) = (BookOptions { orders, down, up, ..BookOptions::blank() }, 0);
    // SAFETY: a live struct, and a place for the handle.
    let status = unsafe { plimsoll_book_new(&options, &mut engine) };
    assert!(status == Status::Ok, "{status:?}");
    engine
}

/// The cheapest call there is: best prices.
fn reading(library: &Library, flow: &workload::Flow, calls: usize) -> f64 {
    let engine = new_book(flow);
    let mut best = Best::blank();
    let started = Instant::now();
    for _ in 0..calls {
        // SAFETY: a live struct.
        unsafe { (library.best)(engine, 0, &mut best) };
        black_box(&best);
    }
    let taken = started.elapsed().as_nanos() as f64 / calls as f64;
    plimsoll_free(engine);
    taken
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let (ops, runs) = if test { (10_000, 1) } else { (2_000_000, 7) };
    let flow = workload::FLOWS[0];
    let stream = workload::stream(&flow, ops, ACCOUNTS, 1);
    let (setup, commands) = exchange_flow::commands(&stream, &flow);
    let calls = |commands: &[Command]| commands.iter().map(call).collect::<Vec<_>>();
    let (c_setup, c_calls) = (calls(&setup), calls(&commands));
    let config = configuration(&flow);
    let library = Library::load();
    let mut times: [Vec<f64>; 7] = Default::default();
    for run in 0..=runs {
        let engines = || new_exchange(&config);
        let row = [
            direct_book(&flow, &stream),
            library.time(new_book(&flow), &c_setup, &c_calls, false),
            library.time(new_book(&flow), &c_setup, &c_calls, true),
            direct_exchange(&config, &setup, &commands),
            library.time(engines(), &c_setup, &c_calls, false),
            library.time(engines(), &c_setup, &c_calls, true),
            reading(&library, &flow, ops),
        ];
        if run > 0 || test {
            times.iter_mut().zip(row).for_each(|(times, time)| times.push(time));
        }
    }
    let names = [
        "book, Rust, fills counted",
        "book, C, events discarded",
        "book, C, events drained",
        "exchange, Rust, events discarded",
        "exchange, C, events discarded",
        "exchange, C, events drained",
        "best prices of a book, C",
    ];
    println!("ns an operation, flow `{}`, {ops} operations, median of {runs} runs", flow.name);
    for (name, times) in names.iter().zip(times) {
        println!("{name:34} {:7.1}", median(times));
    }
}
