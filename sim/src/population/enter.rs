//! How clients come to their positions: through the exchange, at each price of the past in turn, and at the opening.
//!
//! Every lot a client buys somebody sells: what they do not take from each other the account `anchor` takes. So money
//! and positions add up from the first command on.

use super::draw::{Client, Draw};
use super::plan::Population;
use super::{answer::Called, history};
use crate::flow::Agent;
use plimsoll_types::{
    AccountId, Band, Command, ExchangeSpec, InstrumentId, InstrumentKind, InstrumentSpec,
    MarginMode, MarkSource, NewOrder, OrderKind, Phase, Price, ProfileId, Qty, Side,
};

/// Who opens accounts and sends commands before the opening.
pub trait Gate {
    /// Opens an account; `agent` hears what happens to it.
    fn open(&mut self, name: &str, profile: ProfileId, agent: u32) -> AccountId;

    /// Sends a command at the opening's time.
    fn send(&mut self, command: &Command);

    /// Whether the run has ended already.
    fn ended(&self) -> bool;
}

/// The clients of one population with their accounts.
pub struct Crowd {
    instrument: InstrumentId,
    anchor: AccountId,
    /// Prices before the opening, then the opening.
    path: Vec<Price>,
    /// The clients, in the order of their numbers.
    pub members: Vec<(AccountId, Client)>,
}

/// Prices at which the population comes in, the opening the last.
pub fn path(plan: &Population, opening: Price, seed: u64) -> Vec<Price> {
    let mut path = plan.entries.as_ref().map_or(Vec::new(), |e| history::path(e, opening, seed));
    path.push(opening);
    path
}

/// The agent that answers for a population.
pub fn listener(plan: &Population, seed: u64) -> Box<dyn Agent> {
    Box::new(Called::new(plan.answers, seed))
}

impl Crowd {
    /// Opens the accounts and pays in. `later` are prices that come after this population's own, before the opening.
    pub fn assemble(
        draw: &Draw<'_>,
        plan: &Population,
        path: Vec<Price>,
        (anchor, listener): (&str, u32),
        gate: &mut dyn Gate,
    ) -> Crowd {
        let anchor = gate.open(anchor, ProfileId::UNLIMITED, u32::MAX);
        let mut members = Vec::with_capacity(plan.accounts as usize);
        for n in 0..u64::from(plan.accounts) {
            // The output may have failed meanwhile, and nobody is opened after that.
            if gate.ended() {
                break;
            }
            let client = draw.client(n);
            let name = format!("{}-{:05}", plan.name, n + 1);
            let account = gate.open(&name, client.profile, listener);
            gate.send(&Command::Deposit { account, amount: client.deposit });
            members.push((account, client));
        }
        Crowd { instrument: plan.instrument, anchor, path, members }
    }

    /// An isolated position takes as margin what its leverage says.
    pub fn choose_leverage(&self, exchange: &ExchangeSpec, gate: &mut dyn Gate) {
        let instrument = self.instrument;
        for &(account, client) in &self.members {
            let profile = &exchange.profiles[client.profile.index()];
            if profile.margin_mode == MarginMode::Isolated {
                let value = client.leverage.max(plimsoll_types::Ratio::ONE);
                gate.send(&Command::Leverage { account, instrument, value });
            }
        }
    }

    /// Whether somebody came in before the opening.
    pub fn has_past(&self) -> bool {
        self.path.len() > 1
    }

    /// Those who came in before the opening do so: an auction at each price of the past, in order of time.
    ///
    /// A future's positions are then settled at the previous settlement, as they were yesterday; the band is `band` again.
    pub fn remember(&self, spec: &InstrumentSpec, band: Option<Band>, gate: &mut dyn Gate) {
        let instrument = self.instrument;
        let last = self.path.len() - 1;
        if band.is_some() {
            let (low, high) = self
                .path
                .iter()
                .fold((self.path[0], self.path[0]), |(l, h), &p| (l.min(p), h.max(p)));
            // Yesterday's prices may lie outside today's band.
            gate.send(&Command::Band { instrument, down: low, up: high });
        }
        let mut of_step: Vec<Vec<usize>> = vec![Vec::new(); last];
        for (n, (_, client)) in self.members.iter().enumerate() {
            if let Some(members) = of_step.get_mut(client.step as usize) {
                members.push(n);
            }
        }
        for (step, members) in of_step.iter().enumerate() {
            if spec.mark != MarkSource::Last {
                gate.send(&Command::Mark { instrument, price: self.path[step] });
            }
            if !members.is_empty() {
                gate.send(&Command::Phase { instrument, phase: Phase::Auction });
                self.meet(members.iter().map(|&n| self.members[n]), self.path[step], gate);
                gate.send(&Command::Phase { instrument, phase: Phase::Continuous });
            }
        }
        if spec.kind == InstrumentKind::Future {
            let price = Some(spec.prev_settlement);
            gate.send(&Command::Settle { instrument: Some(instrument), price });
        } else if spec.mark != MarkSource::Last {
            gate.send(&Command::Mark { instrument, price: self.path[last] });
        }
        if let Some(Band { down, up }) = band {
            gate.send(&Command::Band { instrument, down, up });
        }
    }

    /// Those who come at the opening enter their orders for it.
    pub fn come(&self, gate: &mut dyn Gate) {
        let last = self.path.len() - 1;
        let now = self.members.iter().filter(|(_, client)| client.step as usize == last);
        self.meet(now.copied(), self.path[last], gate);
    }

    /// Orders at one price, the anchor's against what is left over among them.
    fn meet(
        &self,
        members: impl Iterator<Item = (AccountId, Client)>,
        price: Price,
        gate: &mut dyn Gate,
    ) {
        let order = |account, side, lots| {
            let qty = Qty::new(lots);
            Command::Order(NewOrder::limit(account, self.instrument, side, price, qty))
        };
        let mut net = 0;
        for (account, client) in members {
            gate.send(&order(account, client.side, client.lots));
            net += Qty::new(client.lots).signed(client.side);
        }
        let side = if net > 0 { Side::Sell } else { Side::Buy };
        if net != 0 {
            gate.send(&order(self.anchor, side, net.unsigned_abs()));
        }
    }

    /// Stop-losses go to wait, once everybody has a position.
    pub fn protect(&self, gate: &mut dyn Gate) {
        for &(account, client) in &self.members {
            let Some(trigger) = client.stop else { continue };
            let (side, qty) = (client.side.opposite(), Qty::new(client.lots));
            let order = NewOrder::limit(account, self.instrument, side, trigger, qty);
            gate.send(&Command::Order(NewOrder {
                kind: OrderKind::Market(None),
                trigger: Some(trigger),
                reduce_only: true,
                ..order
            }));
        }
    }
}
