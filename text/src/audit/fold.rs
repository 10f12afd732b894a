//! Events into the books: orders, trades, days. What losses do is in `losses.rs`.

use super::account::{Aim, worth};
use super::book::{Books, Closing, Print};
use super::check::{Check, Finding};
use super::record::Record;
use super::terms::Leg;
use crate::r#where::Error;
use plimsoll_types::Label;

impl Books {
    /// Books one event.
    ///
    /// Errors: a number that does not follow, time that falls, a field that is missing or wrong, a name nobody has
    /// introduced, lots closed that are not held. The books are of no use after one.
    pub fn apply(&mut self, record: &Record<'_>) -> Result<(), Error> {
        self.follow(record)?;
        match record.event.as_ref() {
            "accepted" => self.accepted(record),
            "cancelled" => self.order_gone(record),
            "replaced" => self.replaced(record),
            "trade" => self.trade(record),
            "busted" => self.busted(record),
            "mark" => self.marked(record),
            "settled" => self.settled(record),
            "settlement" => self.settlement(record),
            "listed" => self.terms.list(record).map(drop),
            "delisted" => {
                let instrument = self.terms.instrument(record)?;
                self.terms.drop_symbol(instrument);
                Ok(())
            }
            "expired" => self.expired(record),
            "opened" | "profile" => self.profile(record),
            "deposit" => self.deposit(record),
            "withdrawal" => self.withdrawal(record),
            "tier" => self.tier(record),
            "restricted" | "unrestricted" => {
                let holder = self.holder_of(record)?;
                self.accounts[holder].permission = record.text("permission")?.into();
                Ok(())
            }
            _ => self.loss_event(record),
        }
    }

    fn follow(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let expected = self.seq + 1;
        if record.seq != expected && (self.seq > 0 || self.terms.known()) {
            let expected = match self.seq {
                0 => "1, the first event of the run".to_owned(),
                _ => format!("{expected}, one more than the line before"),
            };
            return Err(Error::new("seq", expected, &record.seq.to_string()));
        }
        if record.ts < self.ts {
            let expected = format!("{} or later", self.ts);
            return Err(Error::new("ts", expected, &record.ts.to_string()));
        }
        (self.seq, self.ts) = (record.seq, record.ts);
        Ok(())
    }

    /// The account a field names.
    pub(super) fn named(&mut self, record: &Record<'_>, key: &str) -> Result<usize, Error> {
        self.account(&record.text(key)?)
    }

    /// Who is meant: the account, or its isolated position.
    pub(super) fn holder_of(&mut self, record: &Record<'_>) -> Result<usize, Error> {
        let account = self.named(record, "account")?;
        let Some(symbol) = record.text_or_none("isolated")? else { return Ok(account) };
        let known = self.isolated(account, &symbol).next();
        if let Some(holder) = known {
            return Ok(holder);
        }
        let expected = "an instrument that is or was traded";
        let found = self.terms.find(&symbol);
        let instrument = found.ok_or_else(|| Error::new("isolated", expected, &symbol))?;
        Ok(self.pocket(account, instrument))
    }

    /// An account's isolated positions in instruments of this symbol, the newest first: those that have gone are settled too.
    pub fn isolated(&self, owner: usize, symbol: &str) -> impl Iterator<Item = usize> {
        let pockets = self.pockets.range((owner, 0)..=(owner, usize::MAX)).rev();
        let named = pockets.filter(move |((_, instrument), _)| {
            *self.terms.instruments[*instrument].symbol == *symbol
        });
        named.map(|(_, &holder)| holder)
    }

    pub(super) fn money(&self, record: &Record<'_>, key: &str) -> Result<i128, Error> {
        record.fixed(key, self.terms.decimals)
    }

    /// Compares what an event says of a holder with the books, where these are whole.
    pub(super) fn check(
        &mut self,
        check: Check,
        record: &Record<'_>,
        holder: usize,
        amounts: &[(&str, i128)],
    ) -> Result<(), Error> {
        let mut findings = Vec::with_capacity(amounts.len());
        for &(key, books) in amounts {
            let event = self.money(record, key)?;
            let what = format!("{key} of {}", self.title(holder));
            findings.push(Finding { seq: record.seq, what, event, books });
        }
        if self.terms.known() {
            self.checks.add(check, &findings);
        }
        Ok(())
    }

    /// An account's name, with the symbol where an isolated position is meant.
    pub fn title(&self, holder: usize) -> String {
        let account = &self.accounts[holder];
        match account.isolated {
            Some(place) => format!("{} in {}", account.name, self.terms.instruments[place].symbol),
            None => account.name.to_string(),
        }
    }

    fn accepted(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let account = self.named(record, "account")?;
        if !self.terms.has_legs() {
            return Ok(());
        }
        let instrument = self.terms.instrument(record)?;
        let id = record.text("id")?;
        let aim = self.closing(record.text_or_none("offset")?.as_deref().unwrap_or(""), instrument);
        if aim != Aim::Open || id.starts_with("liq-") {
            let left = record.steps("qty", self.terms.instruments[instrument].lot)?;
            self.orders.insert((account, id.into()), Closing { aim, left });
        }
        Ok(())
    }

    fn order_gone(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let account = self.named(record, "account")?;
        if self.terms.has_legs() {
            self.orders.remove(&(account, record.text("id")?.into()));
        }
        Ok(())
    }

    /// Only the lots matter, and only of orders that close; the line does not say in what, so any step will do.
    fn replaced(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let account = self.named(record, "account")?;
        if self.terms.has_legs()
            && let Some(order) = self.orders.get_mut(&(account, record.text("id")?.into()))
        {
            // Counted down by trades and taken out by what ends the order: more than it has does no harm.
            order.left = i64::MAX;
        }
        Ok(())
    }

    fn trade(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let instrument = self.terms.instrument(record)?;
        let about = &self.terms.instruments[instrument];
        let (price, lots) = (record.steps("price", about.tick)?, record.steps("qty", about.lot)?);
        let (maker, taker) = (self.named(record, "maker")?, self.named(record, "taker")?);
        let side = record.side("side")?;
        let kind = record.text("kind")?;
        let decimals = self.terms.decimals;
        let fees = ["maker_fee", "taker_fee"].map(|key| record.fixed_or_zero(key, decimals));
        let [maker_fee, taker_fee] = fees;
        let (maker_fee, taker_fee) = (maker_fee?, taker_fee?);
        let made = self.aim_of(maker, &record.text("maker_id")?, lots);
        // In a reduction both sides carry the declared order's id; whoever gives closes.
        let took = match kind.as_ref() {
            "reduction" if made != Aim::Net => Aim::Close,
            _ => self.aim_of(taker, &record.text("taker_id")?, lots),
        };
        let made = self.side(instrument, made, side.opposite(), price, lots);
        let took = self.side(instrument, took, side, price, lots);
        self.fill(maker, &made, maker_fee)?;
        self.fill(taker, &took, taker_fee)?;
        if !matches!(kind.as_ref(), "adl" | "reduction") {
            if self.tape.len() >= self.terms.bust_window() {
                self.tape.pop_front();
            }
            self.tape.push_back(Print { seq: record.seq, sides: [(maker, made), (taker, took)] });
        }
        Ok(())
    }

    /// The opposite of a trade, without fees.
    fn busted(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let seq = record.whole("trade")?;
        let place = self.tape.binary_search_by_key(&seq, |print| print.seq);
        let print = place.ok().and_then(|place| self.tape.get(place)).copied();
        let expected = "one of the last trades";
        let print = print.ok_or_else(|| Error::new("trade", expected, &seq.to_string()))?;
        for (account, fill) in print.sides {
            let mut back = fill;
            back.side = fill.side.opposite();
            match fill.aim {
                Aim::Net => self.fill(account, &back, 0)?,
                // Lots that closed are there again, as today's.
                Aim::Close | Aim::CloseToday => {
                    back.aim = Aim::Open;
                    self.fill(account, &back, 0)?;
                }
                // Lots that opened go, the oldest first; what is not there any more opens the other leg.
                Aim::Open => {
                    back.aim = Aim::Close;
                    let there = back.lots.min(self.accounts[account].closable(&back));
                    let beyond = back.lots - there;
                    back.lots = there;
                    if there > 0 {
                        self.fill(account, &back, 0)?;
                    }
                    (back.aim, back.lots) = (Aim::Open, beyond);
                    if beyond > 0 {
                        self.fill(account, &back, 0)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn marked(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let instrument = self.terms.instrument(record)?;
        let about = &mut self.terms.instruments[instrument];
        about.mark = Some(record.steps("price", about.tick)?);
        Ok(())
    }

    /// The instrument of a record, its price, and what a tick of a lot is worth.
    fn priced(&mut self, record: &Record<'_>) -> Result<(usize, i64, i64), Error> {
        let instrument = self.terms.instrument(record)?;
        let about = &self.terms.instruments[instrument];
        Ok((instrument, record.steps("price", about.tick)?, about.value.unwrap_or(0)))
    }

    fn settled(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let (instrument, price, value) = self.priced(record)?;
        for account in &mut self.accounts {
            account.settle(instrument, price, value)?;
        }
        Ok(())
    }

    fn expired(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let (instrument, price, value) = self.priced(record)?;
        for account in &mut self.accounts {
            account.expire(instrument, price, value)?;
        }
        self.terms.drop_symbol(instrument);
        Ok(())
    }

    fn settlement(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let holder = self.settled_holder(record)?;
        let mut by_trade = self.accounts[holder].by_trade();
        if record.has("profit_by_trade") {
            let stated = self.money(record, "profit_by_trade")?;
            by_trade = self.by_trade_of(record, holder, by_trade, stated)?;
        }
        let account = &self.accounts[holder];
        let now = [account.realised, by_trade, account.fees];
        let [profit, by_trade, fees] = std::array::from_fn(|n| now[n] - account.settled[n]);
        let balance = account.balance();
        let mut amounts = vec![("profit", profit), ("fees", fees), ("balance", balance)];
        if record.has("profit_by_trade") {
            amounts.push(("profit_by_trade", by_trade));
        }
        self.check(Check::Settlement, record, holder, &amounts)?;
        let stated = self.money(record, "balance")?;
        self.accounts[holder].settled = now;
        self.accounts[holder].stated = Some(stated);
        Ok(())
    }

    /// Whose settlement it is. Where a symbol came back, the line may mean the position in either instrument: the one it fits.
    fn settled_holder(&mut self, record: &Record<'_>) -> Result<usize, Error> {
        let first = self.holder_of(record)?;
        if self.accounts[first].isolated.is_none() {
            return Ok(first);
        }
        let (profit, balance) = (self.money(record, "profit")?, self.money(record, "balance")?);
        let symbol = record.text("isolated")?;
        let fits = |place: &usize| {
            let account = &self.accounts[*place];
            account.balance() == balance && account.realised - account.settled[0] == profit
        };
        let owner = self.accounts[first].owner;
        Ok(self.isolated(owner, &symbol).find(fits).unwrap_or(first))
    }

    /// The by-trade result a settlement means: at an expiry the lots count as closed, before `expired` says that they are.
    fn by_trade_of(
        &mut self,
        record: &Record<'_>,
        holder: usize,
        open: i128,
        stated: i128,
    ) -> Result<i128, Error> {
        if !record.has("symbol") {
            return Ok(open);
        }
        let instrument = self.terms.instrument(record)?;
        let account = &self.accounts[holder];
        let held = account.positions.iter().filter(|((place, _), _)| *place == instrument);
        let closed = open + held.map(|(_, position)| position.gain).sum::<i128>();
        Ok(if closed - account.settled[1] == stated { closed } else { open })
    }

    /// An account is opened, or put under another profile: its tier is looked at anew from normal.
    fn profile(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let name = record.text("account")?;
        let account = match self.find(&name) {
            Some(account) => account,
            None if record.event == "opened" => self.add(&name),
            None => self.account(&name)?,
        };
        let profile = record.text("profile")?;
        let expected = "a name of 1 to 39 bytes";
        let label =
            Label::new(&profile).ok_or_else(|| Error::new("profile", expected, &profile))?;
        let was_isolated = self.terms.is_isolated(self.accounts[account].profile.as_ref());
        let holders: Vec<usize> = self.holders(account).collect();
        for &holder in &holders {
            self.accounts[holder].profile = Some(label);
            self.accounts[holder].tier = "normal".into();
        }
        if was_isolated && !self.terms.is_isolated(Some(&label)) {
            for holder in holders.into_iter().filter(|&holder| holder != account) {
                self.hand_on(holder, account);
            }
        }
        Ok(())
    }

    /// What an isolated position has realised and paid is its account's once positions are isolated no more. Source: SEMANTICS 3.3.
    fn hand_on(&mut self, pocket: usize, account: usize) {
        let old = &mut self.accounts[pocket];
        let realised = std::mem::take(&mut old.realised);
        let fees = std::mem::take(&mut old.fees);
        let settled = std::mem::take(&mut old.settled);
        // Both balances stay as they are.
        old.flows.moved += realised - fees;
        let new = &mut self.accounts[account];
        new.realised += realised;
        new.fees += fees;
        new.flows.moved -= realised - fees;
        for (sum, part) in new.settled.iter_mut().zip(settled) {
            *sum += part;
        }
    }

    fn deposit(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let account = self.named(record, "account")?;
        let (amount, repaid) = (self.money(record, "amount")?, self.money(record, "repaid")?);
        let to = &mut self.accounts[account];
        to.flows.deposits += amount - repaid;
        to.debt -= repaid;
        to.guard()?;
        self.house.deposits += amount;
        self.house.written_off -= repaid;
        self.state_balance(record, account)
    }

    fn withdrawal(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let account = self.named(record, "account")?;
        let amount = self.money(record, "amount")?;
        self.accounts[account].flows.withdrawals += amount;
        self.accounts[account].guard()?;
        self.house.withdrawals += amount;
        self.state_balance(record, account)
    }

    /// The balance an event ends with, compared and kept.
    fn state_balance(&mut self, record: &Record<'_>, account: usize) -> Result<(), Error> {
        let balance = self.accounts[account].balance();
        self.check(Check::Balance, record, account, &[("balance", balance)])?;
        self.accounts[account].stated = Some(self.money(record, "balance")?);
        Ok(())
    }

    fn tier(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let holder = self.holder_of(record)?;
        let standing = self.standing_of(holder);
        let equity = standing.balance + standing.unrealised;
        self.check(Check::Equity, record, holder, &[("equity", equity)])?;
        self.accounts[holder].tier = record.text("to")?.into();
        Ok(())
    }

    /// Worth of an account's lots of an instrument at a price. Units: money units.
    pub fn worth(&self, holder: usize, instrument: usize, price: i64) -> Option<i128> {
        let value = self.terms.instruments[instrument].value?;
        let legs = (instrument, Leg::Net)..=(instrument, Leg::Short);
        let positions = self.accounts[holder].positions.range(legs);
        positions.map(|(_, position)| worth(price, position.lots, value).ok()).sum()
    }
}
