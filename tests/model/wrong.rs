//! Commands that have to be refused, in all ways.

use super::Model;
use super::drive::Driver;
use super::generate::label;
use plimsoll_types::*;

impl Driver {
    /// Names what does not exist, or a number that may not be.
    pub fn wrong(&mut self, model: &Model) -> Command {
        let (account, instrument) = (self.account(model), self.instrument(model));
        let nobody = AccountId(model.accounts.len() as u32 + self.rng.below(3) as u32);
        let nothing = InstrumentId(model.books.len() as u16);
        let price = self.price(model, instrument, 0);
        let qty = self.rng.pick(&[Qty::ZERO, Qty::new(Qty::MAX.lots() + 1)]);
        let amount = Money::new(i128::from(self.rng.between(-2, 0)));
        let unknown = OrderRef::Client(label("nowhere"));
        let mut order = self.order(account, instrument, Side::Buy, OrderKind::Limit(price), 1);
        let rate =
            |nano, units| MarginRate { share: Ratio::from_nano(nano), per_lot: Money::new(units) };
        match self.rng.below(20) {
            0 => order.account = nobody,
            1 => order.instrument = nothing,
            2 | 3 => order.qty = qty,
            4 => return Command::Deposit { account: self.rng.pick(&[nobody, account]), amount },
            5 => return Command::Withdraw { account: self.rng.pick(&[nobody, account]), amount },
            6 => return Command::Fund { amount },
            7 => {
                return Command::Cancel {
                    account: self.rng.pick(&[nobody, account]),
                    order: unknown,
                };
            }
            8 => return Command::CancelAll { account: nobody, instrument: None, side: None },
            9 => return Command::CancelAll { account, instrument: Some(nothing), side: None },
            10 => {
                return Command::Replace {
                    account: self.rng.pick(&[nobody, account]),
                    order: unknown,
                    price,
                    qty,
                    trigger: None,
                };
            }
            11 => match self.open_order(model) {
                Some((account, order, ..)) => {
                    return Command::Replace { account, order, price, qty, trigger: None };
                }
                None => return Command::Mark { instrument: nothing, price },
            },
            12 => {
                let (initial, maintenance) = self.rng.pick(&[
                    (rate(1, 0), rate(2, 0)),
                    (rate(1, 0), rate(1, 1)),
                    (rate(-1, 0), rate(-1, 0)),
                    (rate(Ratio::MAX.nano() + 1, 0), rate(0, 0)),
                    (rate(1, -1), rate(1, -1)),
                ]);
                let instrument = self.rng.pick(&[instrument, nothing]);
                return Command::Margin { instrument, account: None, initial, maintenance };
            }
            13 => return Command::Phase { instrument: nothing, phase: Phase::Halted },
            14 => return Command::Band { instrument: nothing, down: price, up: price },
            15 => return Command::Permission { account: nobody, permission: Permission::Frozen },
            16 => return self.wrong_account(model),
            17 | 18 => {
                // Any handle ever given: of an order that has gone, of somebody else's, of a case's.
                let plain = |place| !model.handles_of_replaced.contains(place);
                let given = model.handles.iter().filter(|(place, _)| plain(place));
                let mut given: Vec<_> = given.map(|(place, entry)| (*entry, *place)).collect();
                given.sort_unstable();
                if given.is_empty() {
                    return Command::Time;
                }
                let (_, (instrument, handle)) = self.rng.pick(&given);
                let order = OrderRef::Handle(instrument, handle);
                return Command::Cancel { account, order };
            }
            _ => return self.refused(model),
        }
        Command::Order(order)
    }

    fn wrong_account(&mut self, model: &Model) -> Command {
        let name = self.rng.pick(&[label("$fund"), label("A0"), label("new")]);
        let profile = ProfileId(model.spec.profiles.len() as u16 - self.rng.below(2) as u16);
        Command::OpenAccount { name, profile }
    }

    /// A line the text edge refused.
    fn refused(&mut self, _model: &Model) -> Command {
        let account =
            self.rng.pick(&[None, Some(label("A0")), Some(label("A1")), Some(label("nobody"))]);
        let reason = self.rng.pick(&[
            Reject::UnknownAccount,
            Reject::UnknownSymbol,
            Reject::UnknownProfile,
            Reject::PriceOffTick,
            Reject::PriceOutOfRange,
            Reject::QuantityNotPositive,
            Reject::QuantityOffLot,
            Reject::AmountOffUnit,
            Reject::InvalidMargin,
        ]);
        let id = self.rng.chance(50).then(|| label("x"));
        Command::Refused { account, id, reason }
    }
}
