//! One random run: the engine, the model that its commands are drawn from, the feed's builder.

use crate::model::Model;
use crate::model::drive::Driver;
use crate::model::features::Features;
use crate::model::novel;
use plimsoll_gateway::feed::messages::of_phase;
use plimsoll_gateway::feed::{Builder, Fold, Packer, PacketView};
use plimsoll_gateway::{Batch, Engine, Inbound, Memory, Once, UserId};
use plimsoll_types::{InstrumentId, Permission, Side};

pub struct Run {
    pub seed: u64,
    pub engine: Engine,
    pub builder: Builder,
    packer: Packer,
    /// The last batch.
    last: Batch,
    model: Model,
    driver: Driver,
}

pub fn environment(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

impl Run {
    pub fn new(seed: u64) -> Run {
        let (spec, driver) = novel::run_of(seed, novel::features_of(seed, &Features::all()));
        let model = Model::new(&spec);
        let engine = Engine::new(plimsoll_exchange::Exchange::new(spec), &[], 0, Memory::new());
        let mut packer = Packer::stream(seed);
        let builder = Builder::begin(engine.exchange(), &mut packer);
        let last = Batch::default();
        Run { seed, engine, builder, packer, last, model, driver }
    }

    /// The packets that the feed begins with.
    pub fn begun(&mut self) -> Vec<u8> {
        self.packer.take()
    }

    /// Carries some commands out together; their packets.
    pub fn batch(&mut self, commands: u64) -> Vec<u8> {
        let mut batch = Batch::default();
        for _ in 0..commands {
            let (ts, command) = self.driver.next(&self.model);
            let begin = batch.events.len();
            let (user, once) = (UserId::SERVER, Once::Unmarked);
            let inbound = Inbound { received: ts, user, once, tag: 0, command };
            self.engine.carry_out(&inbound, &mut batch);
            self.model.apply(ts, &inbound.command, &mut Vec::new());
            self.model.learn(&batch.events[begin..]);
        }
        self.builder.batch(self.engine.exchange(), &batch, &mut self.packer);
        self.last = batch;
        self.packer.take()
    }

    /// All that is needed to work on a failure: the seed, the last batch, the packet.
    pub fn story(&self, packet: &PacketView<'_>) -> String {
        let mut text = format!("seed {}\n", self.seed);
        for event in &self.last.events {
            text += &format!("    {event:?}\n");
        }
        for message in packet.messages() {
            text += &format!("  > {message:?}\n");
        }
        text
    }

    /// Begins a feed over the exchange as it stands, as a server does that was started again.
    pub fn begin_anew(&mut self) {
        self.packer = Packer::stream(self.packer.session() + 1);
        self.builder = Builder::begin(self.engine.exchange(), &mut self.packer);
    }

    /// That a fold is the exchange's books: levels, lines, the feed's number of each order, and what stands on the door.
    pub fn check(&self, fold: &Fold) {
        let (seed, exchange) = (self.seed, self.engine.exchange());
        assert!(fold.is_whole(), "seed {seed}");
        for n in 0..exchange.spec().instruments.len() {
            let instrument = InstrumentId(n as u16);
            let book = fold.book(n as u16);
            let Some(market) = exchange.market(instrument) else {
                assert!(book.is_none(), "seed {seed}: instrument {n} has gone");
                continue;
            };
            let book = book.unwrap_or_else(|| panic!("seed {seed}: instrument {n} is there"));
            let band = market.band.map(|b| (b.down.ticks() as u32, b.up.ticks() as u32));
            assert_eq!((book.phase, book.band), (of_phase(market.phase), band), "seed {seed}");
            assert_eq!(book.mark, Some(market.mark.ticks() as u32), "seed {seed}");
            assert_eq!(book.permission == 1, market.permission == Permission::Normal);
            let mut total = 0;
            for side in [Side::Buy, Side::Sell] {
                let mut levels = Vec::new();
                let each = &mut |price: plimsoll_types::Price, qty: plimsoll_types::Qty| {
                    levels.push((price.ticks() as u32, qty.lots()));
                };
                exchange.depth(instrument, side, usize::MAX, each);
                assert_eq!(book.levels(side).collect::<Vec<_>>(), levels, "seed {seed} {n}");
                let seen = exchange.standing_orders(instrument).filter(|order| order.is_seen());
                let line: Vec<_> = seen
                    .filter(|order| order.side == side)
                    .map(|order| {
                        let number = self.builder.number(order.account, order.id);
                        let price = order.price.map_or(0, |price| price.ticks() as u32);
                        (number.unwrap_or(0), price, order.shown.lots())
                    })
                    .collect();
                let told: Vec<_> =
                    book.orders(side).map(|order| (order.order, order.price, order.qty)).collect();
                assert_eq!(told, line, "seed {seed} instrument {n} {side:?}");
                total += line.len();
            }
            assert_eq!(book.len(), total, "seed {seed}");
        }
    }
}
