//! Who bore the loss: what the liquidated lost, by whom it was borne, and the way of the insurance fund.

use super::{View, escape};
use crate::outcome::AccountRecord;
use crate::say::share;
use plimsoll_types::{Money, half_up_div};

/// What liquidated accounts lost, and who bore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Losses {
    /// Out of the accounts' own money, all together; below zero where they have more than after the opening.
    pub own: Money,
    /// Paid by the insurance fund; what it took in elsewhere is not set against it.
    pub fund: Money,
    /// Shared out among those with a profit.
    pub socialised: Money,
    /// How much worse than at the mark the deleveraged were closed, net; below zero where they got more.
    pub haircut: Money,
    /// Owed to the house.
    pub debt: Money,
}

impl Losses {
    /// Those of a run: own = what liquidated accounts had after the opening and paid in, less what they have.
    pub fn of(view: &View<'_>) -> Losses {
        let record = &view.outcome.record;
        let liquidated = view.outcome.liquidated();
        Losses {
            own: liquidated.map(AccountRecord::loss).sum(),
            fund: record.fund.paid,
            socialised: record.socialised,
            haircut: record.haircut,
            debt: record.debt,
        }
    }

    /// Borne by those with a profit.
    pub fn winners(&self) -> Money {
        self.socialised + self.haircut.max(Money::ZERO)
    }

    /// All that was borne by somebody.
    pub fn total(&self) -> Money {
        self.own.max(Money::ZERO) + self.fund + self.winners() + self.debt
    }
}

/// Under "Who bore the loss".
pub fn caption(view: &View<'_>) -> String {
    let losses = Losses::of(view);
    let (own, total) = (losses.own, losses.total());
    let amount =
        |money: Money| format!("{}\u{a0}{}", view.scale.short(money), escape(view.currency));
    let mut out = match (own > Money::ZERO, total > Money::ZERO) {
        (true, _) => format!(
            "Liquidated accounts lost {} in all, {}\u{a0}% of it out of their own money.",
            amount(total),
            share(own, total),
        ),
        (false, false) if own == Money::ZERO => {
            "Liquidated accounts lost nothing on the whole.".to_owned()
        }
        (false, borne) => {
            let gained = format!(
                "Liquidated accounts have {} more at the end than after the opening: on the whole their positions won before or after they were liquidated.",
                amount(-own)
            );
            match borne {
                true => format!("{gained} Others bore {} all the same.", amount(total)),
                false => format!("{gained} Nobody bore a loss."),
            }
        }
    };
    if losses.haircut < Money::ZERO {
        out += &format!(
            " The deleveraged were closed at better prices than the mark: they got {} more than there, on the whole.",
            amount(-losses.haircut)
        );
    }
    out
}

/// One row of bars: class, name, where it begins and how long it is, of the whole.
struct Bar<'a> {
    class: &'a str,
    name: &'a str,
    from: Money,
    amount: Money,
    note: Option<String>,
}

/// Bars one under the other, each beginning where it belongs.
fn bars(view: &View<'_>, whole: Money, rows: &[Bar<'_>]) -> String {
    let whole = whole.units().max(1);
    let mille = |money: Money| half_up_div(money.units().clamp(0, whole) * 1000, whole);
    let row = |row: &Bar<'_>| {
        let (left, width) = (mille(row.from), mille(row.amount));
        let hidden = if row.amount > Money::ZERO { "" } else { " hidden" };
        let note = row.note.as_ref().map_or(String::new(), |note| format!("<small>{note}</small>"));
        format!(
            "<div>{}</div><div class=\"bar {}\"><i style=\"left:{}%;width:{}%\"{hidden}></i></div><div class=\"v\">{}{note}</div>",
            row.name,
            row.class,
            left as f64 / 10.0,
            width as f64 / 10.0,
            view.scale.short(row.amount),
        )
    };
    // The classes stand on the bars; the grid needs all cells in one container.
    format!("<div class=\"fall\">{}</div>", rows.iter().map(row).collect::<String>())
}

/// The loss waterfall: the whole loss, then who bore which part of it. Nothing where nobody bore any.
pub fn waterfall(view: &View<'_>) -> String {
    let losses = Losses::of(view);
    let (own, total) = (losses.own.max(Money::ZERO), losses.total());
    if total == Money::ZERO {
        return String::new();
    }
    let before_debt = own + losses.fund + losses.winners();
    let steps = [
        ("total", "lost in all", Money::ZERO, total),
        ("own", "own money", Money::ZERO, own),
        ("fund", "insurance fund", own, losses.fund),
        ("winners", "those with a profit", own + losses.fund, losses.winners()),
        ("debt", "debt to the house", before_debt, losses.debt),
    ];
    // Most exchanges have either of the last two.
    let shown = |class: &str, amount: Money| {
        class != "winners" || amount > Money::ZERO || losses.haircut != Money::ZERO
    };
    let rows: Vec<Bar<'_>> = steps
        .into_iter()
        .filter(|(class, _, _, amount)| shown(class, *amount))
        .map(|(class, name, from, amount)| {
            let note = Some(format!("{}\u{a0}%", share(amount, total)));
            Bar { class, name, from, amount, note }
        })
        .collect();
    bars(view, total, &rows)
}

/// What the deleveraged and those who shared a loss bore, apart; nothing where nobody did.
pub fn winners(view: &View<'_>) -> String {
    let losses = Losses::of(view);
    let (_, lots) = view.outcome.record.deleveraged;
    let mut parts = Vec::new();
    if lots > 0 {
        let haircut = match losses.haircut.units() {
            ..0 => format!("{} more", view.scale.short(-losses.haircut)),
            0 => "nothing less".to_owned(),
            _ => format!("{} less", view.scale.short(losses.haircut)),
        };
        parts.push(format!(
            "the deleveraged got {haircut} for {} than at the mark of the moment, net (their haircut)",
            crate::say::count(lots, "lot", "lots")
        ));
    }
    if view.scale.short(losses.socialised) != "0" {
        parts.push(format!("{} was shared out", view.scale.short(losses.socialised)));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!("<p class=\"foot\">Those with a profit: {}.</p>", parts.join("; ")),
    }
}

/// What the insurance fund began with, took in, paid out and has left.
pub fn fund(view: &View<'_>) -> String {
    let fund = view.outcome.record.fund;
    let whole = fund.start + fund.taken_in;
    if whole == Money::ZERO {
        return "<p class=\"caption gap\">The insurance fund began with nothing and took in nothing, so that it had nothing to pay.</p>".to_owned();
    }
    if fund.taken_in + fund.paid == Money::ZERO {
        return format!(
            "<p class=\"caption gap\">The insurance fund has {} {}, as at the beginning.</p>",
            view.scale.short(fund.now),
            escape(view.currency)
        );
    }
    let row = |class, name, from, amount| Bar { class, name, from, amount, note: None };
    let rows = [
        row("fund", "the fund began with", Money::ZERO, fund.start),
        row("in", "took in", fund.start, fund.taken_in),
        row("out", "paid out", whole - fund.paid, fund.paid),
        row("left", "has left", Money::ZERO, fund.now),
    ];
    bars(view, whole, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::outcome;
    use crate::scenario::Scenario;

    #[test]
    fn the_fund_began_took_in_and_paid_apart_and_the_haircut_is_the_winners() {
        let mut scenario = Scenario::built_in().expect("the built-in scenario is good");
        scenario.exchange.insurance_fund = Money::ZERO;
        let mut outcome = outcome(&scenario);
        let record = &mut outcome.record;
        let unit = |n: i128| Money::new(n * 100_000_000);
        // It began with nothing, worked off a position with a gain of 30, and paid 12.
        record.fund = crate::record::FundRecord::new(Money::ZERO);
        (record.fund.taken_in, record.fund.paid, record.fund.now) = (unit(30), unit(12), unit(18));
        (record.deleveraged, record.haircut) = ((3, 40), unit(7));
        record.debt = Money::ZERO;
        let view = View::new(&scenario, &outcome);
        let losses = Losses::of(&view);
        assert_eq!((losses.fund, losses.winners()), (unit(12), unit(7)));
        assert_eq!(losses.total(), losses.own + unit(19));
        let page = fund(&view);
        for (name, amount) in [
            ("began with", "0"),
            ("took in", "30.0 m"),
            ("paid out", "12.0 m"),
            ("has left", "18.0 m"),
        ] {
            let row = page.split("<div>").find(|row| row.contains(name)).expect("a row");
            assert!(row.contains(&format!("<div class=\"v\">{amount}<")), "{row}");
        }
        assert!(waterfall(&view).contains("those with a profit"));
        assert!(winners(&view).contains("7.00 m less for 40 lots"));
    }

    #[test]
    fn who_was_liquidated_and_won_has_lost_nothing() {
        let scenario = Scenario::built_in().expect("the built-in scenario is good");
        let mut outcome = outcome(&scenario);
        for account in &mut outcome.accounts {
            account.closing = account.opening + Money::new(100);
        }
        outcome.record.fund = crate::record::FundRecord::new(Money::new(5));
        outcome.record.debt = Money::ZERO;
        let view = View::new(&scenario, &outcome);
        assert!(caption(&view).contains("Nobody bore a loss") && waterfall(&view).is_empty());
        // A loss that others bore is shown without what the liquidated gained.
        outcome.record.debt = Money::new(900);
        let view = View::new(&scenario, &outcome);
        assert_eq!(Losses::of(&view).total(), Money::new(900));
        assert!(caption(&view).contains("Others bore"));
        assert!(waterfall(&view).contains("debt to the house"));
    }
}
