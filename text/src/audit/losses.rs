//! Events of cases, losses and isolated positions into the books. Source: SEMANTICS 3.3, 7.

use super::account::Aim;
use super::book::{Books, CaseState, FUND};
use super::check::{Check, Finding};
use super::record::Record;
use crate::r#where::Error;

impl Books {
    /// What moves money or lots without a book. Events that move neither are only read as far as they name somebody.
    pub(super) fn loss_event(&mut self, record: &Record<'_>) -> Result<(), Error> {
        match record.event.as_ref() {
            "case" => self.case(record),
            "fund" => self.fund(record),
            "debt" => self.debt(record),
            "socialised" => self.socialised(record),
            "takeover" => self.takeover(record),
            "funding" => {
                let (holder, amount) = (self.holder_of(record)?, self.money(record, "amount")?);
                self.accounts[holder].flows.funding += amount;
                self.accounts[holder].guard()
            }
            "margin_moved" => self.margin_moved(record),
            "phase" | "band" | "margin" | "auction" | "indicative" | "index" | "terms"
            | "scheduled" | "permission" => self.terms.instrument(record).map(drop),
            // Their trades have been booked, or they are about orders alone.
            "rejected" => Ok(()),
            _ => self.named(record, "account").map(drop),
        }
    }

    fn case(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let (holder, case) = (self.holder_of(record)?, record.whole("case")?);
        if record.has("symbol") {
            self.terms.instrument(record)?;
        }
        match record.text("state")?.as_ref() {
            "triggered" => {
                self.last_case = self.last_case.max(case);
                self.accounts[holder].case = Some(case);
            }
            state @ ("restored" | "waterfall" | "closed") => {
                self.accounts[holder].case = None;
                if state == "waterfall" {
                    self.waterfall = Some(CaseState { case, holder });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The fund pays for a case that fell to the waterfall, or takes what its own account has made; by command it is paid in.
    fn fund(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let change = self.money(record, "change")?;
        self.house.fund += change;
        if record.has("case") {
            let case = record.whole("case")?;
            let fallen = self.waterfall.filter(|fallen| fallen.case == case && change < 0);
            let other = match fallen {
                Some(fallen) => fallen.holder,
                None => self.account(FUND)?,
            };
            self.accounts[other].flows.covered -= change;
            self.accounts[other].guard()?;
        } else {
            self.house.deposits += change;
        }
        let (event, books) = (self.money(record, "balance")?, self.house.fund);
        let what = "balance of the fund".to_owned();
        if self.terms.known() {
            self.checks.add(Check::Fund, &[Finding { seq: record.seq, what, event, books }]);
        } else {
            self.house.fund = event;
        }
        Ok(())
    }

    /// Who fell to the waterfall last: what follows is borne for it.
    fn fallen(&self, record: &Record<'_>) -> Result<usize, Error> {
        let expected = "an event after a case that fell to the waterfall";
        let fallen = self.waterfall.map(|fallen| fallen.holder);
        fallen.ok_or_else(|| Error::new("event", expected, &record.event))
    }

    fn debt(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let (account, amount) = (self.named(record, "account")?, self.money(record, "amount")?);
        // An isolated position's debt is its account's.
        let fallen = self.fallen(record).ok();
        let holder = fallen.filter(|&holder| self.accounts[holder].owner == account);
        self.accounts[holder.unwrap_or(account)].flows.covered += amount;
        self.accounts[account].debt += amount;
        self.house.written_off += amount;
        self.accounts[account].guard()
    }

    fn socialised(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let (bears, amount) = (self.holder_of(record)?, self.money(record, "amount")?);
        let fallen = self.fallen(record)?;
        self.accounts[bears].flows.borne += amount;
        self.accounts[fallen].flows.covered += amount;
        self.accounts[bears].guard()?;
        self.accounts[fallen].guard()
    }

    /// A position passes to the fund at a price; the account pays the fee.
    fn takeover(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let holder = self.holder_of(record)?;
        let instrument = self.terms.instrument(record)?;
        let about = &self.terms.instruments[instrument];
        let (price, lots) = (record.steps("price", about.tick)?, record.steps("qty", about.lot)?);
        let side = record.leg("side")?;
        let fee = record.fixed_or_zero("fee", self.terms.decimals)?;
        let (gives, takes) = match self.terms.has_legs() {
            true => (Aim::Close, Aim::Open),
            false => (Aim::Net, Aim::Net),
        };
        let given = self.side(instrument, gives, side.opposite(), price, lots);
        let taken = self.side(instrument, takes, side, price, lots);
        self.fill_held(holder, &given, fee)?;
        let fund = self.account(FUND)?;
        self.fill(fund, &taken, 0)
    }

    fn margin_moved(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let account = self.named(record, "account")?;
        let amount = self.money(record, "amount")?;
        // What is left of a position goes back after its instrument has gone.
        let symbol = record.text("symbol")?;
        let known = self.isolated(account, &symbol).next();
        let pocket = match known {
            Some(pocket) => pocket,
            None => {
                let instrument = self.terms.instrument(record)?;
                self.pocket(account, instrument)
            }
        };
        self.accounts[account].flows.moved -= amount;
        self.accounts[pocket].flows.moved += amount;
        self.accounts[account].guard()?;
        self.accounts[pocket].guard()
    }
}
